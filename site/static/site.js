// What a kernel does in JupyterLab: explorers move, traces step, quizzes answer, cards turn. Nothing leaves the page.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const dataOf = root => JSON.parse(root.querySelector('script[type="application/json"]').textContent);

/** An element: attributes (a function listens, null is left out), then children; `html` is set as it is. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "html") element.innerHTML = value;
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const button = (words, press, attributes = {}) => make("button", {type: "button", click: press, ...attributes}, words);

// Explorers: one input for each control, and a frame for where they stand.

function explorer(root) {
  const {start, pieces, frames} = dataOf(root);
  const form = root.querySelector("form"), controls = all(".site-control", form);
  const picture = root.querySelector(".site-picture > .cl"), words = root.querySelector(".site-words > p");
  const read = control => Number((control.querySelector("input:checked") ?? control.querySelector("[type=range], select")).value);
  const put = (control, place) => {
    const radio = control.querySelector(`[type=radio][value="${place}"]`);
    if (radio) radio.checked = true;
    else control.querySelector("[type=range], select").value = place;
  };
  const draw = moved => {
    let places = controls.map(read);
    if (!frames[places.join()]) {  // only one control at a time has frames
      places = controls.map((control, i) => control === moved ? places[i] : start[i]);
      controls.forEach((control, i) => put(control, places[i]));
    }
    for (const slider of all("[type=range]", form)) {
      const shown = JSON.parse(slider.dataset.shown)[slider.value];
      slider.setAttribute("aria-valuetext", shown);
      slider.parentElement.querySelector(".site-value").textContent = shown;
    }
    const [numbers, text] = frames[places.join()];
    picture.innerHTML = numbers.map(n => pieces[n]).join("<");
    words.innerHTML = text;
  };
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("input", event => draw(event.target.closest(".site-control")));
  form.reset();  // a browser that goes back fills in what was there
  form.hidden = false;
  draw(null);
}

// Traces: the stages stand below each other; here one is seen.

function trace(root) {
  const stages = all(".cl-stage", root), heads = stages.map(stage => stage.previousElementSibling);
  const said = make("p", {role: "status", class: "site-where"});
  let at = 0;
  const go = place => {
    at = Math.min(Math.max(place, 0), stages.length - 1);
    stages.forEach((stage, i) => { stage.hidden = i !== at; });
    all("button", list).forEach((one, i) => one.setAttribute("aria-current", i === at ? "step" : "false"));
    said.innerHTML = `Stage ${at + 1} of ${stages.length}: ${heads[at].querySelector("b").innerHTML.replace(/^\d+\. /, "")}`;
  };
  const list = make("div", {class: "site-stages"}, ...heads.map((head, i) => button(head.textContent, () => go(i))));
  const row = make("div", {class: "site-buttons"}, button("Previous", () => go(at - 1)), button("Next", () => go(at + 1)), said);
  const seen = make("div", {class: "site-stage"}, ...stages);
  heads.forEach(head => head.remove());
  root.querySelector(".cl").append(row, make("div", {class: "site-steps"}, seen, list));
  go(0);
}

// Predictions: what was committed to is said again where it came out.

function prediction(root) {
  const options = JSON.parse(root.dataset.options);
  const revealed = all(".site-said").find(said => root.compareDocumentPosition(said) & Node.DOCUMENT_POSITION_FOLLOWING);
  const commit = chosen => {
    buttons.forEach((one, i) => {
      one.setAttribute("aria-pressed", i === chosen);
      one.textContent = `${i === chosen ? "●" : "○"} ${options[i]}`;
    });
    if (revealed) revealed.textContent = `You said: ${options[chosen]}.`;
  };
  const buttons = options.map((option, i) => button(`○ ${option}`, () => commit(i), {"aria-pressed": "false"}));
  root.querySelector(".cl-note").nextElementSibling.replaceChildren(make("div", {class: "cl-options"}, ...buttons));
}

// Quizzes: drawn as in a notebook, easy to hard, and marked here.

const shuffled = items => items.map(item => [Math.random(), item]).sort(([a], [b]) => a - b).map(([, item]) => item);

function drawn(bank, count) {
  const levels = ["easy", "medium", "hard"], pool = shuffled(bank);
  const easy = Math.round(0.3 * count + 0.01), hard = Math.round(0.3 * count - 0.01);
  const wanted = [easy, count - easy - hard, hard];
  const picked = levels.flatMap((level, i) => pool.filter(q => q.level === level).slice(0, wanted[i]));
  picked.push(...pool.filter(q => !picked.includes(q)).slice(0, count - picked.length));
  return picked.sort((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
}

function quiz(root) {
  const bank = JSON.parse(document.getElementById(root.dataset.bank).textContent);
  const test = root.dataset.kind === "test", name = test ? "Mastery test" : "Quiz";
  const begin = () => {
    const questions = drawn(bank, Number(root.dataset.count)), results = [];
    const next = at => at < questions.length ? ask(questions[at], at) : end();
    const ask = (question, at) => {
      const title = `${name}: question ${at + 1} of ${questions.length}, ${question.level}`;
      one(root, title, question, {hint: !test, done: result => results.push({question, ...result}), next: () => next(at + 1)});
    };
    const end = () => {
      const right = results.filter(r => r.right).length, wrong = results.filter(r => !r.right);
      const mistakes = [...new Set(results.flatMap(r => r.mistakes))];
      const verdict = !test ? "" : right >= 0.8 * results.length ? "✓ Mastered. " : "○ Not mastered yet; eight of ten are. ";
      root.replaceChildren(make("div", {class: "cl cl-note", role: "status", tabindex: "-1"},
        make("p", {}, make("b", {}, `${name}: done`)), make("p", {}, `${verdict}${right} of ${results.length} right.`),
        ...(wrong.length ? [make("p", {}, "Read again: ", ...headings(wrong.map(r => r.question.about)))] : []),
        ...(mistakes.length ? [make("p", {}, `Mistakes to look out for: ${mistakes.join("; ")}.`)] : [])),
        make("div", {class: "site-buttons"}, button("Other questions", () => { begin(); root.querySelector("button").focus(); })));
      root.firstElementChild.focus();
    };
    next(0);
  };
  begin();
}

/** Links to the headings of this page that have these texts. */
function headings(names) {
  const found = [...new Set(names)].map(name => {
    const heading = all("h2, h3").find(h => h.textContent.replace(/#$/, "").trim() === name);
    return heading ? make("a", {href: `#${heading.closest("section").id}`}, name) : name;
  });
  return found.flatMap((link, i) => i ? ["; ", link] : [link]);
}

/** One question: `done` gets the verdict, `next` goes on. */
function one(root, title, question, {hint, done, next}) {
  const {kind} = question, number = kind === "number", order = kind === "order";
  const texts = order ? question.lines : number ? [] : question.options.map(option => option.text);
  const places = [...texts.keys()];
  let shown = kind === "bug_line" ? places : shuffled(places);
  while (order && question.rights.some(right => right.join() === shown.join())) shown = shuffled(places);
  const label = place => kind === "bug_line" ? `${place + 1}` : String.fromCharCode(65 + place);
  let chosen = [], answered = false;
  const sign = i => order ? (chosen.includes(i) ? chosen.indexOf(i) + 1 : "·")
    : kind === "several" ? (chosen.includes(i) ? "☑" : "☐") : chosen.includes(i) ? "●" : "○";
  const draw = () => buttons.forEach((option, place) => {
    const i = shown[place], dot = question.kind === "bug_line" ? " " : ".";
    option.textContent = order ? `${sign(i)}  ${texts[i]}` : `${sign(i)} ${label(place)}${dot} ${texts[i]}`;
    option.setAttribute("aria-pressed", chosen.includes(i));
    option.setAttribute("aria-disabled", answered);
  });
  const choose = i => {
    if (answered) return;
    if (chosen.includes(i)) chosen = chosen.filter(other => other !== i);
    else chosen = kind === "several" || order ? [...chosen, i] : [i];
    draw();
  };
  const buttons = shown.map(i => button("", () => choose(i)));
  const box = make("input", {type: "text", "aria-label": "Your number", placeholder: "your number", autocomplete: "off"});
  const say = (...parts) => feedback.replaceChildren(...parts);
  const check = event => {
    event?.preventDefault();
    if (answered) return;
    const result = number ? markNumber(question, box.value) : order ? markOrder(question, chosen) : markOptions(question, chosen, shown, label);
    if (result.problem) return say(note(result.problem));
    answered = true;
    box.readOnly = true;
    draw();
    done(result);
    const rows = result.rows.map(row => make("div", {class: `cl-note ${row.right ? "cl-passed" : row.chosen ? "cl-failed" : ""}`},
      make("b", {}, row.head), ...(row.text ? [question.code ? make("pre", {}, row.text) : `: ${row.text}`] : []),
      make("div", {html: row.why})));
    say(make("p", {}, make("b", {}, result.right ? "✓ Right. " : "✗ Not right. "), make("span", {html: result.message})), ...rows,
      make("p", {class: "cl-small"}, "Read more under: ", ...headings([question.about]), ". Source: ", make("span", {html: question.source})));
  };
  const go = () => {
    if (!answered) return say(note("Answer first: choose, then Check."));
    next();
    root.querySelector(".cl-options button, input")?.focus();
  };
  const feedback = make("div", {role: "status", class: "cl"});
  root.replaceChildren(make("div", {class: "cl"}, make("p", {}, make("b", {}, title)), make("div", {html: question.ask})),
    number ? make("form", {submit: check}, box) : make("div", {class: `cl-options ${question.code ? "cl-code" : ""}`}, ...buttons),
    make("div", {class: "site-buttons"}, button("Check", check), button("Next", go),
      ...(hint ? [button("Hint", () => answered || say(make("div", {class: "cl-note cl-hint", html: question.hint})))] : [])), feedback);
  draw();
}

const note = words => make("div", {class: "cl-note"}, words);

function markOptions({kind, options}, chosen, shown, label) {
  if (!chosen.length) return {problem: "Choose an answer first."};
  const bug = kind === "bug_line";
  const missing = options.filter((option, i) => option.right && !chosen.includes(i)).length;
  const wrong = chosen.filter(i => !options[i].right).length;
  const rightLabel = label(shown.findIndex(i => options[i].right));
  const message = !missing && !wrong ? "" : kind !== "several" ? (bug ? `The bug is in line ${rightLabel}.` : `${rightLabel} is right.`)
    : [wrong && `${wrong} of your choices ${wrong === 1 ? "is" : "are"} wrong`, missing && `${missing} right ${missing === 1 ? "one is" : "ones are"} missing`]
      .filter(Boolean).join(" and ") + ".";
  const rows = shown.map((i, place) => {
    const {right, text, why} = options[i], mine = chosen.includes(i);
    const word = bug ? (right ? "the bug" : "no bug") : right ? "right" : "wrong";
    return {right, text, why, chosen: mine, head: `${right ? "✓" : mine || !bug ? "✗" : "·"} ${label(place)}, ${word}${mine ? ", your answer" : ""}`};
  });
  return {right: !missing && !wrong, message, rows, mistakes: chosen.map(i => options[i].mistake).filter(Boolean)};
}

function markOrder({lines, rights, why, mistakes}, chosen) {
  if (chosen.length < lines.length) return {problem: "Choose every line, in order."};
  const agree = right => right.filter((line, place) => line === chosen[place]).length;
  const nearest = rights.reduce((best, right) => agree(right) > agree(best) ? right : best);
  const rows = chosen.map((line, place) => {
    const right = line === nearest[place];
    const here = make("code", {}, lines[nearest[place]].trim()).outerHTML;
    return {right, chosen: true, text: lines[line], why: right ? "" : `<p>Here belongs ${here}.</p>`,
      head: `${right ? "✓" : "✗"} ${place + 1}, ${right ? "in place" : "out of place"}`};
  });
  const known = mistakes.filter(m => m.order.join() === chosen.join()), right = agree(nearest) === lines.length;
  const out = right ? [] : [`${rows.filter(row => !row.right).length} lines are out of place.`];
  return {right, rows, mistakes: known.map(m => m.mistake), message: [...known.map(m => m.why), ...out, why].join(" ")};
}

function markNumber({answer, tolerance, unit, why, mistakes}, typed) {
  const [top, bottom = "1", ...more] = typed.trim().replace(unit && new RegExp(`${unit.replace(/[^\w ]/g, "\\$&")}$`), "").split("/").map(part => part.trim());
  const value = Number(top || NaN) / Number(bottom || NaN);
  if (more.length || !Number.isFinite(value)) return {problem: "Expected a number with a point, such as 0.5 or 2/3."};
  const near = (a, b) => Math.abs(a - b) <= Math.max(tolerance * (1 + 1e-9), 1e-9 * Math.max(Math.abs(a), Math.abs(b)));
  const shown = number => `${Number(number.toPrecision(6))} ${unit}`.trim();
  const right = near(value, answer), known = right ? undefined : mistakes.find(m => near(value, m.answer));
  const rows = [{right, chosen: true, head: `${right ? "✓" : "✗"} Your answer`, text: shown(value),
    why: `<p>${right ? why : known?.why ?? "This is not the number."}</p>`}];
  if (!right) rows.push({right: true, chosen: false, head: "✓ Right", text: shown(answer), why: `<p>${why}</p>`});
  return {right, rows, mistakes: known ? [known.mistake] : [], message: right ? "" : `It is ${shown(answer)}.`};
}

// Cards: those not known come again.

function cards(root) {
  let pile = shuffled(dataOf(root));
  const front = make("div", {role: "status", class: "cl cl-note cl-hint"});
  const back = make("div", {role: "status"});
  const deal = () => {
    back.replaceChildren();
    front.innerHTML = `<p><b>Flashcards: ${pile.length ? `${pile.length} to go` : "all turned"}</b></p>${pile[0]?.front ?? ""}`;
    known.hidden = again.hidden = !pile.length;
    show.textContent = pile.length ? "Show answer" : "Once more";
  };
  const turn = () => {
    if (!pile.length) { pile = shuffled(dataOf(root)); return deal(); }
    back.innerHTML = `<div class="cl cl-note cl-passed">${pile[0].back}<p class="cl-small">Source: ${pile[0].source}</p></div>`;
    known.focus();
  };
  const rate = keep => {
    if (!back.firstChild) return back.replaceChildren(make("div", {class: "cl cl-note"}, "Look at the answer first: Show answer."));
    const [card, ...rest] = pile;
    pile = keep ? [...rest, card] : rest;
    deal();
    show.focus();
  };
  const show = button("Show answer", turn), known = button("I knew it", () => rate(false)), again = button("Again later", () => rate(true));
  root.prepend(front, make("div", {class: "site-buttons"}, show, known, again), back);
  deal();
}

// Terms of the glossary: pointing or tabbing to one shows what it means; Escape takes it away.

function terms() {
  const tip = make("div", {role: "tooltip", id: "site-tip", class: "cl", hidden: "hidden"});
  document.body.append(tip);
  let of = null;
  const hide = () => { tip.hidden = true; of = null; };
  const show = term => {
    tip.textContent = term.dataset.means;
    tip.hidden = false;
    of = term;
    const at = term.getBoundingClientRect(), width = tip.offsetWidth;
    tip.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8))}px`;
    tip.style.top = at.bottom + tip.offsetHeight + 4 < innerHeight ? `${at.bottom}px` : `${at.top - tip.offsetHeight}px`;
  };
  for (const term of all("a.site-term")) {
    term.dataset.means = term.title;
    term.removeAttribute("title");  // else the browser would show it a second time
    term.setAttribute("aria-describedby", "site-tip");
    for (const event of ["mouseenter", "focus"]) term.addEventListener(event, () => show(term));
    for (const event of ["mouseleave", "blur"]) term.addEventListener(event, () => setTimeout(() => tip.matches(":hover") || hide(), 100));
  }
  tip.addEventListener("mouseleave", hide);
  document.addEventListener("keydown", event => event.key === "Escape" && hide());
  document.addEventListener("scroll", () => of && show(of), {passive: true});
}

// The error index: as `explain` does it, what matches more of the message is the more specific.

function errors(root) {
  const matches = JSON.parse(document.getElementById("site-matches").textContent).map(match => new RegExp(match));
  const entries = all("article section section section"), groups = all("article section section").filter(s => !entries.includes(s));
  const found = document.getElementById("site-found");
  const look = text => {
    const flat = text.replace(/\x1b\[[0-9;]*m/g, "").split(/\s+/).filter(Boolean).join(" ");
    const hits = matches.map((match, i) => ({i, hit: match.exec(flat)})).filter(({hit}) => hit).sort((a, b) => b.hit[0].length - a.hit[0].length);
    const kept = [];
    for (const one of hits) {
      const end = ({hit}) => hit.index + hit[0].length;
      if (!kept.some(other => one.hit.index < end(other) && other.hit.index < end(one))) kept.push(one);
    }
    entries.forEach((entry, i) => { entry.hidden = Boolean(flat) && !kept.some(one => one.i === i); });
    groups.forEach(group => { group.hidden = !entries.some(entry => group.contains(entry) && !entry.hidden); });
    found.textContent = !flat ? "" : kept.length ? `Found: ${kept.length}, below.`
      : "The course doesn't teach this error. Paste the last lines of the message, the ones that begin with the error's name.";
  };
  root.hidden = false;
  root.querySelector("textarea").addEventListener("input", event => look(event.target.value));
}

for (const [selector, start] of Object.entries({
  ".site-explorer": explorer, ".site-trace": trace, ".site-predict": prediction, ".site-quiz": quiz, ".site-cards": cards, ".site-errors": errors,
})) all(selector).forEach(start);
terms();
// What scrolls sideways can be reached by keyboard.
const reach = () => all("pre, .highlight, .site-picture, .cell_output .output, .pst-scrollable-table-container").forEach(box => {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
});
reach();
addEventListener("resize", reach);

"""The site in Chromium: one lesson's furniture, built here; or a whole site, in the folder that COURSE_SITE names."""

import functools
import http.server
import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from course_lib.classroom import style
from course_lib.classroom.explaining import known_errors
from course_lib.classroom.explorers.explorer import Slider
from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import arrange, key, mark, mark_typed
from course_lib.errors import InputError
from course_lib.lessons.eval_mode import switchboard, trace_modes

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
LESSON = "01_eval_mode"
FURNITURE = re.compile(
    r"\b(begin|predict|check|trace_modes|switchboard|quiz|mastery_test|flashcards|finish)\(|NotImplementedError"
)
MORE = (
    ("code", "from course_lib.classroom import came_out\n\ncame_out('0.536')"),
    ("code", "import matplotlib.pyplot as plt\n\nplt.plot([1, 2], label='loss')\nplt.title('Learning')\nplt.legend();"),
    ("markdown", r"The survivors grow by $\frac{1}{1 - p}$."),
)


def miniature() -> nbformat.NotebookNode:
    """A lesson without what takes long: its texts and its furniture, a revealed prediction, a figure, a formula."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{LESSON}.ipynb", as_version=4)
    notebook.cells = [c for c in notebook.cells if c.cell_type == "markdown" or FURNITURE.search(c.source)]
    at = 1 + next(i for i, c in enumerate(notebook.cells) if c.source.startswith("predict("))
    new = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    notebook.cells[at:at] = [new[kind](source) for kind, source in MORE]
    return notebook


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A built site."""
    if built := os.environ.get("COURSE_SITE"):
        return Path(built)
    home = tmp_path_factory.mktemp("site")
    nbformat.write(miniature(), home / f"{LESSON}.ipynb")
    command = [
        sys.executable,
        "-m",
        "tools.site",
        LESSON,
        "--notebooks",
        home,
        "--work",
        home / "work",
        "--to",
        home / "to",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "to"


@pytest.fixture(scope="module")
def url(folder):
    """The site on a server of this machine, as Pages would serve it: in a folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def translate_path(self, path):
            return super().translate_path(path.removeprefix("/course"))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/course/"
        server.shutdown()


@pytest.fixture(scope="module")
def visit(browser, url):
    """Opens a page of the site; whatever goes wrong on any of them is a failure."""
    troubles, contexts = [], []

    def open_page(name=f"{LESSON}.html", *, width=1200, dark=False, scripts=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda m: m.type in ("error", "warning") and troubles.append(f"{name}: {m.text}"))
        page.on("pageerror", lambda error: troubles.append(f"{name}: {error}"))
        if (
            scripts
        ):  # else the browser gives up those it had begun to fetch; what is aborted was on its way when a test left
            page.on("requestfailed", lambda r: "ABORTED" in r.failure or troubles.append(f"{name}: failed: {r.url}"))
        page.on("response", lambda r: r.status >= 400 and troubles.append(f"{name}: {r.status} for {r.url}"))
        page.on("request", lambda r: r.url.startswith((url, "data:")) or troubles.append(f"{name}: asks {r.url}"))
        page.goto(url + name)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def names(folder):
    return sorted(path.name for path in folder.glob("*.html"))


def test_every_page_is_small_and_whole(folder, visit):
    """Widths, headings, alternatives, names of our folders, and links with their anchors."""
    ids, links = {}, []
    for name in names(folder):
        text = (folder / name).read_text(encoding="utf-8")
        assert len(text.encode()) < 1_000_000, name
        assert "Error displaying widget" not in text
        # What only a notebook can do.
        assert not re.search(r"run the cell again for|exercise is linked below|>Flashcards come back", text), name
        assert not [word for word in (str(ROOT), "/tmp/") if word in text], name
        page = visit(name, width=390)
        # A lesson names the next itself, in the course's order.
        assert page.locator(".prev-next-area").count() == 0, name
        shared = page.evaluate(
            "performance.getEntriesByType('resource').filter(r => r.name.includes('_static')).reduce((n, r) => n + r.decodedBodySize, 0)"
        )
        assert shared < 1_000_000, (name, shared)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        levels = [
            int(tag[1])
            for tag in page.eval_on_selector_all(
                "main :is(h1,h2,h3,h4)", "all => all.filter(h => h.offsetParent).map(h => h.tagName)"
            )
        ]
        assert levels.count(1) == 1, (name, levels)
        assert all(after <= before + 1 for before, after in pairwise([0, *levels])), (name, levels)
        assert page.eval_on_selector_all("img", "all => all.filter(i => !i.alt.trim()).length") == 0, name
        ids[name] = set(page.eval_on_selector_all("[id]", "all => all.map(e => e.id)"))
        links += [
            (name, href) for href in page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
        ]
        page.close()
    broken = []
    for name, href in links:
        path, anchor = urldefrag(urljoin(name, href))
        if re.match(r"[a-z]+:", path) or (not anchor and (folder / path).is_file()):
            continue
        if path not in ids or unquote(anchor) not in ids[path]:
            broken.append(f"{name} -> {href}")
    assert links
    assert broken == []


def test_the_graded_quiz_stays_out(folder):
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.suffix in (".html", ".js"))
    text = text.replace("\\u003c", "<").replace('\\"', '"')
    asked = load_bank(ROOT / "lessons" / LESSON / "graded_quiz.yaml").questions
    assert not [q.id for q in asked for option in q.options if style.markdown(option.why)[3:60] in text]
    assert style.markdown(load_bank("eval_mode").questions[0].options[0].why)[3:60] in text


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(folder, visit, dark):
    found = []
    for name in names(folder):
        if dark and not (name[0].isdigit() or name == "errors.html"):
            continue  # nothing of ours that has colours
        page = visit(name, dark=dark)
        page.wait_for_load_state("networkidle")
        rules = {"runOnly": ["color-contrast"]} if dark else {}  # all else is the same in the dark
        # Of a whole site's code, ten thousand coloured words, the miniature's stands for the rest.
        within = {"exclude": [[".highlight"]]} if "COURSE_SITE" in os.environ else None
        result = Axe().run(page, context=within, options={"preload": False, **rules})
        for violation in result.response["violations"]:
            if violation["impact"] in ("serious", "critical"):
                found += [f"{name}: {violation['id']}: {node['html'][:120]}" for node in violation["nodes"]]
        page.close()
    assert found == []


def test_the_explorer_moves_by_keyboard_and_says_what_python_says(visit):
    page, explorer = visit(), switchboard()
    here = page.locator(".site-explorer")
    slider, words = here.get_by_label("Passes"), here.get_by_role("status")
    assert words.inner_text() == style.bare(explorer.state.text())
    before = here.locator("svg").inner_html()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert words.inner_text() == style.bare(replace(explorer.state, passes=explorer.state.passes + 1).text())
    assert here.locator("svg").inner_html() != before
    page.keyboard.press("End")
    passes = next(c.high for c in explorer.controls.values() if isinstance(c, Slider))
    here.get_by_label("eval()").check()
    state = replace(explorer.state, passes=passes, training=False)
    assert words.inner_text() == style.bare(state.text())
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', arguments[0])".replace("arguments[0]", "`<p id=own></p>`")
    )
    same = (
        "svg => { own.innerHTML = svg; return own.innerHTML === document.querySelector('.site-picture .cl').innerHTML }"
    )
    assert page.evaluate(same, state.svg())


# Of every frame of an explorer and every stage of a trace: words that leave their picture or their cell of a table.
OVERFULL = """() => {
  const found = new Set(), board = document.createElement('div');
  board.style.cssText = 'position: absolute; width: 2000px';
  document.body.append(board);
  const look = html => {
    board.innerHTML = html;
    for (const svg of board.querySelectorAll('svg')) {
      const all = svg.getBoundingClientRect(), cells = [...svg.querySelectorAll('rect')].map(r => r.getBoundingClientRect());
      for (const text of svg.querySelectorAll('text')) {
        const at = text.getBoundingClientRect(), x = at.x + at.width / 2, y = at.y + at.height / 2;
        if (at.left < all.left - 2 || at.right > all.right + 2) found.add(text.textContent);
        const cell = cells.find(c => c.height < 40 && Math.abs(c.x + c.width / 2 - x) < 2 && c.top < y && y < c.bottom);
        if (cell && at.width > cell.width + 1) found.add(text.textContent);
      }
    }
  };
  for (const svg of document.querySelectorAll('.site-trace svg')) look(svg.outerHTML);
  for (const data of document.querySelectorAll('.site-explorer script')) {
    const {pieces, frames} = JSON.parse(data.textContent);
    for (const [numbers] of Object.values(frames)) look(numbers.map(n => pieces[n]).join('<'));
  }
  board.remove();
  return [...found].slice(0, 5);
}"""


def test_words_stay_in_their_pictures_and_cells(folder, visit):
    overfull = {}
    for name in names(folder):
        if name[0].isdigit():
            page = visit(name)
            overfull[name] = page.evaluate(OVERFULL)
            page.close()
    assert overfull
    assert {name: words for name, words in overfull.items() if words} == {}


def test_without_scripts_all_is_there_and_nothing_moves(visit):
    page = visit(scripts=False)
    assert page.locator(".site-explorer svg").is_visible()
    assert not page.locator(".site-controls").is_visible()
    assert page.locator(".site-trace .cl-stage:visible").count() == len(trace_modes().stages)


def test_the_trace_steps(visit):
    trace = visit().locator(".site-trace")
    assert trace.locator(".cl-stage:visible").count() == 1
    trace.get_by_role("button", name="Next").press("Enter")
    assert trace.get_by_role("status").inner_text() == f"Stage 2 of 8: {trace_modes().stages[1].title}"
    trace.get_by_role("button", name=re.compile("^8")).click()
    trace.get_by_role("button", name="Next").click()
    assert trace.get_by_role("status").inner_text().startswith("Stage 8 of 8")


def test_a_prediction_is_said_again_where_it_came_out(visit):
    page = visit()
    page.locator(".site-predict").get_by_role("button").nth(1).press("Space")
    assert page.locator(".site-said").first.inner_text().startswith("You said: about 0.93")


def test_check_says_where_it_works(visit):
    assert visit().get_by_text("In JupyterLab you write still_training in the cell above").is_visible()


def test_a_quiz_goes_from_question_to_score_by_keyboard(visit):
    page = visit()
    quiz = page.locator(".site-quiz").first
    for number in range(1, 6):
        assert f"question {number} of 5" in quiz.inner_text()
        quiz.get_by_role("button", name="Check", exact=True).press("Enter")
        assert "Source:" not in quiz.inner_text()  # nothing is chosen yet
        if (box := quiz.get_by_label("Your number")).count():
            box.fill("12345")
            box.press("Enter")
        else:
            for option in quiz.locator(".cl-options button").all():
                option.press("Space")
            quiz.get_by_role("button", name="Check", exact=True).press("Enter")
        assert re.search("(✓ R|✗ Not r)ight", quiz.inner_text())
        assert "Source:" in quiz.inner_text()
        quiz.get_by_role("button", name="Next", exact=True).press("Enter")
    assert re.search(r"\d of 5 right", quiz.inner_text())
    quiz.get_by_role("button", name="Other questions").press("Enter")
    assert "question 1 of 5" in quiz.inner_text()


def answers(question):
    """Right and wrong answers of every sort, as `mark` takes them."""
    if question.kind == "number":
        return [question.answer, question.answer + 2 * question.tolerance + 1, *(m.answer for m in question.mistakes)]
    if question.kind == "order":
        lines = range(len(question.lines))
        return [tuple(lines), tuple(reversed(lines)), *question.also_right, *(m.answer for m in question.mistakes)]
    if question.kind == "several":
        every = range(len(question.options))
        return [sorted(key(question)), list(every), [0], [every[-1]]]
    return list(range(len(question.options)))


@pytest.mark.parametrize(
    "bank", [ROOT / "tests/classroom/data/example_bank.yaml", "eval_mode"], ids=["example", "eval_mode"]
)
def test_the_browser_marks_as_python_does(visit, bank):
    from tools.site.in_kernel import question as as_data

    page, kinds = visit(), set()
    for question in load_bank(bank).questions:
        kinds.add(question.kind)
        shown = [*arrange(question)]
        for answer in answers(question):
            data = [as_data(question), str(answer) if question.kind == "number" else answer, shown]
            if question.kind not in ("number", "order") and isinstance(answer, int):
                data[1] = [answer]
            call = {
                "number": "([q, a]) => markNumber(q, a)",
                "order": "([q, a]) => markOrder(q, a)",
            }.get(
                question.kind,
                "([q, a, s]) => markOptions(q, a, s, p => q.kind == 'bug_line' ? `${p + 1}` : 'ABCDEFG'[p])",
            )
            got, wanted = page.evaluate(call, data), mark(question, answer, shown=shown)
            assert got["right"] == wanted.right, (question.id, answer)
            assert got["mistakes"] == [*wanted.mistakes]
            assert [row["right"] for row in got["rows"]] == [row.right for row in wanted.explanations]
            if not wanted.right:
                assert got["message"] == style.inline(wanted.message)
    assert kinds == {"one", "several", "prints", "bug_line", "order", "number"}


def test_the_browser_reads_numbers_as_python_does(visit):
    from tools.site.in_kernel import question as as_data

    number = next(q for q in load_bank("eval_mode").questions if q.kind == "number")
    number, page = replace(number, answer=0.5, tolerance=0.0, unit="ms"), visit()
    for typed in ("0.5", " 1/2 ", "5e-1", "12 ms", "1/0", "half", "", "1/2/3", "1,5"):
        got = page.evaluate("([q, a]) => markNumber(q, a)", [as_data(number), typed])
        try:
            wanted = mark_typed(number, typed)
        except InputError:
            assert got.keys() == {"problem"}, typed
        else:
            assert got["right"] == wanted.right, typed


def test_cards_turn_and_come_again(visit):
    cards = visit().locator(".site-cards")
    of = len(load_bank("eval_mode").cards)
    assert f"{of} to go" in cards.inner_text()
    cards.get_by_role("button", name="I knew it").click()
    assert "Look at the answer first" in cards.inner_text()
    for keep, left in (("Again later", of), ("I knew it", of - 1)):
        cards.get_by_role("button", name="Show answer").press("Enter")
        assert "Source:" in cards.inner_text()
        cards.get_by_role("button", name=keep).press("Enter")
        assert f"{left} to go" in cards.inner_text()


def test_a_term_says_what_it_means(visit):
    page = visit()
    term, tip = page.locator("a.site-term", has_text="dropout").first, page.get_by_role("tooltip")
    assert not tip.is_visible()
    term.focus()
    assert tip.inner_text().startswith("A layer that, in training mode, sets values to zero")
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    term.hover()
    assert tip.is_visible()
    term.click()
    page.wait_for_url("**/glossary.html#term-dropout")
    assert page.locator("#term-dropout").is_visible()


def test_the_error_index_finds_what_explain_finds(visit):
    page = visit("errors.html")
    entries = page.locator("article section section section")
    every = entries.count()
    error = next(e for e in known_errors() if e.id == "batch-of-one")
    message = "ValueError: Expected more than 1 value per\n channel when training, got input size torch.Size([1, 3])"
    page.get_by_label("The message").fill(f"Traceback (most recent call last):\n  File ...\n{message}")
    assert entries.locator("visible=true").filter(has_text=error.cause[:30]).count() >= 1
    assert page.locator("article section section section:visible").count() == 1
    page.get_by_role("link", name=error.about).locator("visible=true").click()
    page.wait_for_url(f"**/{LESSON}.html#learn-what-the-switch-does")
    page.go_back()
    page.get_by_label("The message").fill("KeyError: 7")
    assert page.locator("article section section section:visible").count() == 0
    assert "doesn't teach this error" in page.locator("#site-found").inner_text()
    page.get_by_label("The message").fill("")
    assert page.locator("article section section section:visible").count() == every


def test_an_error_s_message_is_read_on_a_phone_without_pushing_it(visit):
    too_wide = "all => all.filter(pre => pre.scrollWidth > pre.clientWidth).map(pre => pre.textContent)"
    messages = visit("errors.html", width=390).locator(".highlight-text .highlight")
    assert messages.count() >= 1
    assert messages.evaluate_all(too_wide) == []


def test_every_pattern_of_an_error_is_one_for_browsers_too(visit):
    patterns = [error.match.replace("(?P<", "(?<") for error in known_errors()]
    assert visit().evaluate("all => all.map(one => new RegExp(one)).length", patterns) == len(patterns)


def test_a_cheat_sheet_is_one_sheet_of_paper(folder, visit):
    sheets = [name for name in names(folder) if name.startswith("cheat_sheet")]
    assert sheets
    for name in sheets:
        printed = visit(name).pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1, name


def test_the_search_finds_a_lesson(visit):
    page = visit("search.html?q=dropout")
    page.locator("#search-results a", has_text="Two switches").first.wait_for()  # results come one by one


def test_a_search_for_a_term_finds_its_meaning_and_then_the_lesson_that_introduces_it(folder, visit):
    for term, lesson in (("eval mode", LESSON), ("missing keys", "08_loading_errors")):
        if f"{lesson}.html" in names(folder):
            page = visit(f"search.html?q={term.replace(' ', '+')}")
            found = page.locator("#search-results li > a")
            found.nth(1).wait_for()
            places = [link.get_attribute("href").partition("#")[0].partition("?")[0] for link in found.all()[:2]]
            assert places == ["glossary.html", f"{lesson}.html"], term


def test_a_figure_has_words_and_a_formula_needs_no_script(visit):
    if "COURSE_SITE" in os.environ:
        pytest.skip("the miniature has them")
    page = visit()
    assert page.locator("article img").get_attribute("alt") == "Figure. Learning; curves: loss."
    assert page.locator("article math mfrac").is_visible()

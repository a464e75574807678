"""What the cells of a lesson show on the site, where nothing runs behind them.

`install` is called in the kernel before a lesson's first cell. From then on explorers, quizzes and cards come out as
HTML that site.js moves, and what needs a learner's own code says where to do that.
"""

import html
import itertools
import json
from typing import Any

from IPython.core import pylabtools

from course_lib import classroom
from course_lib.classroom import style
from course_lib.classroom.explorers.explorer import Explorer
from course_lib.classroom.explorers.trace import Trace
from course_lib.classroom.quizzes.bank import Question, key, load_bank
from course_lib.classroom.quizzes.marking import stem
from course_lib.classroom.quizzes.view import Quiz
from course_lib.classroom.recall import Deck
from tools.site.frames import explorer_html

_numbers = itertools.count(1)
_banks: set[str] = set()  # that are on the page already


def install() -> None:
    """Replace what needs a kernel behind it."""
    for shown, form in ((Explorer, _explorer), (Trace, _trace), (Quiz, _quiz), (Deck, _deck)):
        shown._repr_mimebundle_ = lambda self, form=form, **_: {"text/html": form(self), "text/plain": repr(self)}
    classroom.predict, classroom.came_out = _predict, _came_out
    classroom.check = lambda answer: _say(
        f"In JupyterLab you write `{answer.__name__}` in the cell above and run this one: `check` tries it on several "
        "cases and says what it saw. Start with `make lab` in the course's folder."
    )
    classroom.dashboard = lambda: _say("In JupyterLab a table of the lessons stands here: done, scores, what next.")
    print_figure = pylabtools.print_figure
    pylabtools.print_figure = lambda figure, **how: (print_figure(figure, **how), {"alt": alternative(figure)})


def alternative(figure: Any) -> str:
    """What a figure of matplotlib shows, in words: titles, axes, what is written in it."""
    said = []
    for axes in figure.axes:
        said += [f"{axes.get_title()}"] if axes.get_title() else []
        said += [
            f"{where}: {label}" for where, label in (("across", axes.get_xlabel()), ("up", axes.get_ylabel())) if label
        ]
        for where, ticks in (("columns", axes.get_xticklabels()), ("rows", axes.get_yticklabels())):
            names = [tick.get_text() for tick in ticks]
            if any(name and not name.replace(".", "").replace("−", "").isdigit() for name in names):
                said.append(f"{where}: {', '.join(names)}")
        said += [f"curves: {', '.join(axes.get_legend_handles_labels()[1])}"] if axes.get_legend() else []
        said += [f"written in it: {', '.join(text.get_text() for text in axes.texts)}"] if axes.texts else []
    return f"Figure. {'; '.join(said)}."


def _say(text: str) -> None:
    style.show(style.note_bundle("note", text))


def _explorer(explorer: Explorer) -> str:
    return explorer_html(explorer, f"explorer-{next(_numbers)}")


def _trace(trace: Trace) -> str:
    return f'<div class="site-trace">{trace.static()}</div>'


def _quiz(quiz: Quiz) -> str:
    bank = (
        "" if quiz.slug in _banks else _data(f"bank-{quiz.slug}", list(map(question, load_bank(quiz.slug).questions)))
    )
    _banks.add(quiz.slug)
    here = f'data-bank="bank-{quiz.slug}" data-kind="{quiz.kind}" data-count="{len(quiz.state.questions)}"'
    return f'<div class="site-quiz" {here}><noscript>{quiz.static()}</noscript></div>{bank}'


def _deck(deck: Deck) -> str:
    cards = [
        {
            "front": style.markdown(c.card.front),
            "back": style.markdown(c.card.back),
            "source": style.inline(c.card.source),
        }
        for c in deck.state.cards
    ]
    return f'<div class="site-cards"><noscript>{deck.static()}</noscript>{_data("", cards)}</div>'


def question(asked: Question) -> dict[str, Any]:
    """A question with its key, as site.js takes it; texts are HTML."""
    code = asked.kind in ("prints", "bug_line", "order")
    made: dict[str, Any] = {
        "kind": asked.kind,
        "level": asked.level,
        "ask": style.markdown(stem(asked)),
        "hint": style.markdown(asked.hint),
        "about": style.bare(asked.about),
        "source": style.inline(asked.source),
        "code": code,
    }
    right = key(asked)
    if asked.kind == "number":
        mistakes = [{"answer": m.answer, "why": style.inline(m.why), "mistake": m.mistake} for m in asked.mistakes]
        return {
            **made,
            **{"answer": right, "tolerance": asked.tolerance, "unit": asked.unit, "why": style.inline(asked.why)},
            "mistakes": mistakes,
        }
    if asked.kind == "order":
        mistakes = [{"order": m.answer, "why": style.inline(m.why), "mistake": m.mistake} for m in asked.mistakes]
        rights = [right, *asked.also_right]
        return {**made, "lines": asked.lines, "rights": rights, "why": style.inline(asked.why), "mistakes": mistakes}
    rights = right if isinstance(right, frozenset) else {right}
    made["options"] = [
        {
            "text": option.text.strip("\n") if code else style.bare(option.text),
            "why": style.markdown(option.why),
            "right": i in rights,
            "mistake": option.mistake,
        }
        for i, option in enumerate(asked.options)
    ]
    return made


def _data(name: str, value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json"{f" id={name!r}" if name else ""}>{text}</script>'


def _predict(question: str, options: list[str]) -> None:
    asked = style.note("note", style.markdown(question), title="Predict")
    rows = "".join(f"<p>○ {style.inline(option)}</p>" for option in options)
    how = style.box("Commit to one before you read on. In JupyterLab you run the next cell yourself.", "cl-small")
    names = html.escape(json.dumps([style.bare(option) for option in options]), quote=True)
    text = "\n".join([style.bare(question), *options])
    style.show(
        style.bundle(f'<div class="site-predict" data-options="{names}">{asked}{style.box(rows)}{how}</div>', text)
    )


def _came_out(result: object) -> None:
    body = f'<p class="site-said"></p>{style.markdown(f"It came out: {result}.")}'
    style.show(style.bundle(style.note("note", body, title="Prediction"), f"It came out: {result}."))

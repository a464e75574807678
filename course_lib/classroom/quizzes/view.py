"""Quizzes in a notebook, from plain ipywidgets: by mouse, or by Tab and Space.

`state` decides, this shows. No button is ever taken away or disabled while it has the focus, so the keyboard
stays where it is: Check, then Tab, then Next.
"""

import asyncio
import html
import os
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from course_lib.classroom import progress, style
from course_lib.classroom.quizzes.bank import Question, load_bank
from course_lib.classroom.quizzes.marking import Explanation, Marked, as_markdown, draw, labels, stem
from course_lib.classroom.quizzes.state import QuizState
from course_lib.classroom.widgets import block, focus, status
from course_lib.errors import InputError

_SESSION = os.urandom(8).hex()  # options come in another order for every learner, and stay until the kernel goes


def quiz(slug: str, *, n: int = 5, seed: int | None = None) -> "Quiz":
    """A short quiz on a lesson; call it again for other questions.

    Args:
        slug: the lesson, such as "eval_mode".
        n: how many questions.
        seed: draws the same questions every time; by default they vary.
    """
    return _start(slug, "quiz", n, seed)


def mastery_test(slug: str, *, seed: int | None = None) -> "Quiz":
    """Ten questions, easy to hard, without hints: have you mastered the lesson, and what should you revisit?"""
    return _start(slug, "test", 10, seed)


def _start(slug: str, kind: str, n: int, seed: int | None) -> "Quiz":
    seed_here = os.urandom(8).hex() if seed is None else seed
    earlier = [event for event in progress.events() if event["lesson"] == slug and event["kind"] == kind]
    avoid = earlier[-1].get("questions", ()) if earlier and seed is None else ()
    questions = draw(load_bank(slug), n=n, seed=seed_here, avoid=avoid)
    return Quiz(slug, questions, kind=kind, seed=_SESSION if seed is None else seed)


class Quiz:
    """A quiz as widgets. In a notebook, make it the last line of a cell.

    Args:
        slug: the lesson it is on.
        questions: what to ask, in order.
        kind: "quiz", or "test": no hints, and the verdict says whether the lesson is mastered.
        seed: for the order of the options.
    """

    def __init__(self, slug: str, questions: Sequence[Question], *, kind: str = "quiz", seed: int | str = 0) -> None:
        self.slug, self.kind = slug, kind
        self.state = QuizState(questions, seed=seed)
        self._feedback_text = ""
        self._drawing = self._entered = False
        # One set of buttons for all questions: a button that stays keeps the focus, and can be given it.
        most = max((len(q.options or q.lines) for q in questions), default=0)
        self.options = [widgets.ToggleButton(layout=widgets.Layout(width="100%")) for _ in range(most)]
        for place, option in enumerate(self.options):
            option.observe(lambda change, place=place: self._on_option(place), "value")
        self.number = widgets.Text(placeholder="your number, then Enter", continuous_update=False)
        self.number.on_msg(self._on_number_message)  # on_submit is deprecated in ipywidgets 8, this isn't
        self.number.observe(lambda _: self._entered and self._on_check(), "value")
        self.check, self.next, self.hint = (widgets.Button(description=d) for d in ("Check", "Next", "Hint"))
        self.check.on_click(lambda _: self._on_check())
        self.next.on_click(lambda _: self._on_next())
        self.hint.on_click(lambda _: self._on_hint())
        self.question_html, self.feedback, self.notice = status(), status(), status()
        self._box = widgets.VBox(self.options).add_class("cl-options")
        buttons = [self.check, self.next] + ([self.hint] if kind == "quiz" else [])
        row = widgets.HBox(buttons).add_class("cl-buttons")
        self.view = block("quiz", self.question_html, self._box, self.number, row, self.notice, self.feedback)
        self._draw()

    def __repr__(self) -> str:
        if self.state.over:
            return f"{self._title()}\n\n{self._verdict()[1]}"
        text = f"{self._title()}\n\n{as_markdown(self.state.question, shown=self.state.shown)}"
        return text + (f"\n\n{self._feedback_text}" if self._feedback_text else "")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return style.bundle(self.static(), repr(self), view=self.view)

    def static(self) -> str:
        """The question and its options as HTML that needs no widgets; nothing in it says which is right."""
        if self.state.over:
            return style.STYLE + self._question_html()
        rows = [html.escape(self._option_text(i)) for i in self.state.shown]
        listing = "<pre>" + "\n".join(rows) + "</pre>" if self._in_code else "".join(f"<p>{row}</p>" for row in rows)
        foot = style.box("In a running notebook you can answer it.", "cl-small")
        return style.STYLE + self._question_html() + style.box(listing) + foot

    # what the learner does

    def _on_option(self, place: int) -> None:
        if not self._drawing:
            self.state.choose(self.state.shown[place])
            self._draw_options()

    def _on_number_message(self, _widget: object, content: dict, _buffers: object) -> None:
        """On Enter the front end says "submit" first and sends what was typed after it: wait for that."""
        if content.get("event") == "submit":
            self._entered = True
            try:
                asyncio.get_running_loop().call_later(0.3, self._on_unchanged_number)
            except RuntimeError:  # no loop, so nothing is under way
                self._on_check()

    def _on_unchanged_number(self) -> None:
        if self._entered:  # Enter was pressed again on what had been sent before
            self._on_check()

    def _on_check(self) -> None:
        self._entered = False
        if self.state.over or self.state.answered:
            return
        try:
            self.state.check(self.number.value)
        except InputError as error:
            self._say("note", str(error))
            return
        question, marked = self.state.question, self.state.marked
        if marked is None:
            self._say("note", self.state.problem)
        else:
            details = {"right": marked.right, "mistakes": list(marked.mistakes)}
            progress.record("answered", self.slug, question.id, tell=self._tell, **details)
            self._feedback_text = _marked_text(question, marked)
            self.feedback.value = _marked_html(question, marked)
        if question.kind == "number":
            focus(self.check)  # the box that has the focus is about to be disabled
        self._draw_options()

    def _on_next(self) -> None:
        if self.state.over:
            return
        if not self.state.answered:
            self._say("note", "Answer first: choose, then Check.")
            return
        self.state.next()
        if self.state.over and self.state.results:
            ids = [question.id for question, _ in self.state.results]
            details = {"right": self.state.right, "of": len(ids), "questions": ids}
            progress.record(self.kind, self.slug, self.kind, tell=self._tell, **details)
        self._draw()
        if not self.state.over:
            focus(self.number if self.state.question.kind == "number" else self.options[0])

    def _on_hint(self) -> None:
        if not self.state.over and not self.state.answered:
            self._say("hint", self.state.question.hint)

    # what the learner sees

    def _draw(self) -> None:
        self._feedback_text = self.feedback.value = ""
        self.question_html.value = self._question_html()
        if self.state.over:
            self.next.description = "Done"  # it stays, for it has the focus
            self.check.layout.display = self.hint.layout.display = "none"
        else:
            self.number.value = ""
        self._draw_options()

    def _question_html(self) -> str:
        title = f"<p><b>{html.escape(self._title())}</b></p>"
        if not self.state.over:
            return style.box(title + style.markdown(stem(self.state.question)))
        kind, text = self._verdict()
        return style.box(title + style.markdown(text), f"cl-note {kind}")

    @property
    def _in_code(self) -> bool:
        """Whether the options are code: shown as it is typed."""
        return not self.state.over and self.state.question.kind in ("prints", "bug_line", "order")

    def _draw_options(self) -> None:
        """Bring the buttons in line with the state."""
        over = self.state.over
        count = 0 if over else len(self.state.shown)
        self.number.layout.display = "none" if over or self.state.question.kind != "number" else None
        self.number.disabled = over or self.state.answered
        (self._box.add_class if self._in_code else self._box.remove_class)("cl-code")
        self._drawing = True
        for place, option in enumerate(self.options):
            option.layout.display = None if place < count else "none"
            if place < count:
                index = self.state.shown[place]
                option.description = self._option_text(index)
                option.value = index in self.state.chosen
            option.disabled = over or self.state.answered
        self._drawing = False

    def _option_text(self, index: int) -> str:
        """An option as its button says it, with a sign for its state: colour alone says nothing."""
        question, chosen = self.state.question, index in self.state.chosen
        if question.kind == "order":
            place = str(self.state.chosen.index(index) + 1) if chosen else "·"
            return f"{place}  {question.lines[index]}"
        label = labels(question, self.state.shown)[index]
        sign = ("☑" if chosen else "☐") if question.kind == "several" else "●" if chosen else "○"
        text = question.options[index].text.strip("\n")
        if question.kind == "bug_line":
            return f"{sign} {label:>2}  {text}"
        return f"{sign} {label}. {text if question.kind == 'prints' else style.bare(text)}"

    def _title(self) -> str:
        name = "Mastery test" if self.kind == "test" else "Quiz"
        if self.state.over:
            return f"{name}: done"
        place = f"question {self.state.at + 1} of {len(self.state.questions)}"
        return f"{name}: {place}, {self.state.question.level}"

    def _verdict(self) -> tuple[str, str]:
        """The CSS class and the text of the end."""
        right, of = self.state.right, len(self.state.results)
        text = self.state.summary()
        if self.kind == "quiz":
            return "", text + "\n\nRun the cell again for other questions."
        if progress.Score(right, of).mastered:
            return "cl-passed", f"✓ Mastered. {text}"
        return "cl-waiting", f"○ Not mastered yet; eight of ten are. {text}\n\nRead, then run the cell again."

    def _say(self, kind: str, text: str) -> None:
        self._feedback_text = style.note_text(kind, text)
        self.feedback.value = style.note(kind, style.markdown(text))

    def _tell(self, note: str) -> None:
        self.notice.value = style.note("note", style.markdown(note))


def _words(question: Question, row: Explanation) -> str:
    """An explained option in words, with an icon: its label, whether it is right, whether it was chosen."""
    icon = "✓" if row.right else "✗" if row.chosen or question.kind != "bug_line" else "·"
    if question.kind == "number":
        return f"{icon} {row.label}"
    right, wrong = {"bug_line": ("the bug", "no bug"), "order": ("in place", "out of place")}.get(
        question.kind, ("right", "wrong")
    )
    chosen = ", your answer" if row.chosen and question.kind != "order" else ""
    return f"{icon} {row.label}, {right if row.right else wrong}{chosen}"


def _marked_text(question: Question, marked: Marked) -> str:
    rows = [f"{_words(question, row)}\n    {row.text}\n    {row.why}".rstrip() for row in marked.explanations]
    return "\n".join([_head(marked), *rows, f"Source: {question.source}"])


def _head(marked: Marked) -> str:
    """The verdict in a line: an icon, a word, and what there is to say."""
    verdict = "✓ Right" if marked.right else "✗ Not right"
    return f"{verdict}. {marked.message}".removesuffix(" Right.")


def _marked_html(question: Question, marked: Marked) -> str:
    verdict, _, message = _head(marked).partition(".")
    head = f"<p><b>{verdict}.</b> {style.inline(message)}</p>"
    code = question.kind in ("prints", "bug_line", "order")
    rows = []
    for row in marked.explanations:
        text = f"<pre>{html.escape(row.text)}</pre>" if code else f": {style.inline(row.text)}"
        kind = "cl-passed" if row.right else "cl-failed" if row.chosen else ""
        body = f"<b>{_words(question, row)}</b>{text}{style.markdown(row.why)}"
        rows.append(f'<div class="cl-note {kind}">{body}</div>')
    foot = (
        f'<p class="cl-small">Read more under: {style.inline(question.about)}. Source: {style.inline(question.source)}'
    )
    return style.box(head + "".join(rows) + foot + "</p>")

"""`check_quiz`: typed answers to a graded quiz, marked at once for whoever learns alone, recorded for a class.

The key is `lessons/NN_slug/graded_quiz.yaml`. The whole course has it; the copy that an instructor hands out
comes without `lessons/`, and the key stays with the grader.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from course_lib.classroom import progress, style
from course_lib.classroom.quizzes.bank import Question, load_bank
from course_lib.classroom.quizzes.marking import mark_typed
from course_lib.classroom.tasks.checking import OBSERVATIONS_MIME, SECRET_VARIABLE, Points
from course_lib.errors import ContentError, InputError
from course_lib.syllabus import ROOMS, load_syllabus


class TypedAnswer(NamedTuple):
    """One typed answer, marked.

    Attributes:
        typed: what was typed.
        outcome: "right", "wrong", "empty", "no answer" (it can't be one), or "not marked" (this machine can't).
        mistakes: the names of the mistakes that a wrong answer reveals.
        line: what is said of it, in markdown.
    """

    typed: str
    outcome: str
    mistakes: tuple[str, ...]
    line: str


def check_quiz(lesson: str, **answers: Any) -> float | None:
    """Hand in typed quiz answers. Where the key is at hand, they are marked, with reasons.

    Args:
        lesson: the lesson's slug.
        answers: `q1="B"` and so on; without any, the variables q1, q2, ... of the notebook, where one whose cell
            was not run is an empty answer.

    Returns:
        The points they earn; None where they are only recorded: while grading, and in a copy of the course that
        has no key.

    Raises:
        InputError: there is no such lesson, or its quiz no such question.
    """
    about = load_syllabus().lesson(lesson)
    asked = [f"q{i}" for i in range(1, about.quiz_points + 1)]
    variables = sys._getframe(1).f_globals
    given = answers or {name: variables.get(name, "") for name in asked}
    typed = {name: str(value).strip()[:100] for name, value in given.items()}
    if os.environ.get(SECRET_VARIABLE):
        style.show({OBSERVATIONS_MIME: {"quiz": lesson, "answers": typed}, "text/plain": "Recorded for grading."})
        return None
    key = ROOMS.parents[1] / "lessons" / about.name / "graded_quiz.yaml"
    if not key.is_file():
        _show_recorded(typed)
        return None
    if unknown := [name for name in typed if name not in asked]:
        questions = f"has the questions {', '.join(asked)}" if asked else "has no questions"
        raise InputError(f"The quiz of {lesson} {questions}; got an answer to {', '.join(unknown)}.")
    marked = mark_answers(load_bank(key).questions, typed)
    right = sum(one.outcome == "right" for one in marked)
    outcome = "passed" if right == len(asked) else "failed" if any(typed.values()) else "not attempted"
    earned = Points(right)  # one point a question
    progress.record("checked", lesson, "quiz", outcome=outcome, earned=float(earned), of=about.quiz_points)
    title = f"Quiz, {right} of {about.quiz_points} points"
    style.show(style.note_bundle(outcome, "\n\n".join(one.line for one in marked), title=title))
    return earned


def mark_answers(questions: Sequence[Question], typed: Mapping[str, str], *, reasons: bool = True) -> list[TypedAnswer]:
    """Mark the answers to a quiz; no line names a right answer that wasn't given.

    Args:
        questions: of the quiz; the first is q1.
        typed: what was typed, by `q1` and so on; a missing one is empty.
        reasons: say also why, and give the hint.
    """
    return [_mark_answer(q, f"q{i}", typed.get(f"q{i}", ""), reasons) for i, q in enumerate(questions, start=1)]


def _mark_answer(question: Question, name: str, text: str, reasons: bool) -> TypedAnswer:
    if not text:
        return TypedAnswer("", "empty", (), f"○ `{name}` is empty: no answer.")
    shown = text.replace("`", "'")
    answer = f'`{name} = "{shown}"`'
    try:
        marked = mark_typed(question, text)
    except InputError as error:
        return TypedAnswer(text, "no answer", (), f"○ {answer} can't be an answer. {error}")
    except ContentError as error:
        return TypedAnswer(text, "not marked", (), f"○ {answer} can't be marked on this machine. {error}")
    line = f"✓ {answer} is right." if marked.right else f"✗ {answer} is not right."
    if reasons:
        line += f" {marked.remark}" + ("" if marked.right else f"\n\nHint: {question.hint}")
    return TypedAnswer(text, "right" if marked.right else "wrong", marked.mistakes, line)


def _show_recorded(typed: Mapping[str, str]) -> None:
    empty = [name for name, value in typed.items() if not value]
    listing = ", ".join(f"{name} = {value}" for name, value in typed.items() if value) or "nothing yet"
    text = f"Recorded: {listing}." + (
        f" Still empty: {', '.join(empty)}." if empty else " This copy of the course has no key; your grader has it."
    )
    style.show(style.note_bundle("not attempted" if empty else "note", text, title="Quiz"))

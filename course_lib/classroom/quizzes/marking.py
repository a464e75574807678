"""What a learner sees of a question, and what an answer is worth. Pure: no widgets, no files, no clock.

An *answer* is the index of an option (one, prints, bug_line), a set of indices (several), the indices of the
lines in the learner's order (order), or a number. Indices count from 0 in the bank's order; `shown` is the
order in which they were shown, and only the labels depend on it.
"""

import math
import random
import re
import string
from collections.abc import Collection, Sequence
from typing import NamedTuple

from course_lib.classroom.quizzes.bank import LEVELS, Bank, Question, key
from course_lib.errors import InputError

Answer = int | float | Collection[int] | Sequence[int]


class Explanation(NamedTuple):
    """One option explained: `label` is its letter, its line or its place."""

    label: str
    text: str
    chosen: bool
    right: bool
    why: str


class Marked(NamedTuple):
    """The verdict on one answer.

    Attributes:
        right: whether it is.
        explanations: every option explained, for who is done with the question.
        mistakes: the names of the mistakes that the answer reveals.
        message: the verdict in a sentence; it may name the right answer.
        remark: what can be said to who may try again: why what they chose is right or wrong, and not the key.
    """

    right: bool
    explanations: tuple[Explanation, ...]
    mistakes: tuple[str, ...]
    message: str
    remark: str


def draw(bank: Bank, *, n: int = 10, seed: int | str = 0, avoid: Collection[str] = ()) -> list[Question]:
    """Draw questions, easy to hard: of ten, three are easy, four medium, three hard.

    Where a level has too few, the others fill in.

    Args:
        bank: where from.
        n: how many; all of a smaller bank.
        seed: the same seed draws the same questions.
        avoid: ids to draw only when nothing else is left, such as those of the last draw.

    Raises:
        InputError: n is less than one.
    """
    if n < 1:
        raise InputError(f"Draw at least one question; got n={n!r}.")
    shuffled = random.Random(seed).sample(bank.questions, len(bank.questions))
    shuffled.sort(key=lambda q: q.id in avoid)
    wanted = {"easy": round(0.3 * n + 0.01), "hard": round(0.3 * n - 0.01)}
    wanted["medium"] = n - sum(wanted.values())
    drawn = [q for level, count in wanted.items() for q in [q for q in shuffled if q.level == level][:count]]
    drawn += [q for q in shuffled if q not in drawn][: n - len(drawn)]
    return sorted(drawn, key=lambda q: LEVELS.index(q.level))


def arrange(question: Question, seed: int | str | None = None) -> tuple[int, ...]:
    """The order in which options or lines are shown.

    The lines of a program with a bug stay as they are. Lines to be ordered never come in an order that is right.
    Without a seed options keep the bank's order (for a printed quiz), and lines are shuffled by the question's id.
    """
    n = len(question.lines) or len(question.options)
    order = tuple(range(n))
    if question.kind == "order":
        shuffler = random.Random(f"{seed} {question.id}")
        while order in _right_orders(question):
            order = tuple(shuffler.sample(range(n), n))
    elif question.kind != "bug_line" and seed is not None:
        order = tuple(random.Random(f"{seed} {question.id}").sample(range(n), n))
    return order


def labels(question: Question, shown: Sequence[int]) -> dict[int, str]:
    """The label of every option or line as shown: letters, or numbers where lines of code are meant.

    >>> from course_lib.classroom.quizzes.bank import Option, Question
    >>> options = (Option("4", ""), Option("5", ""))
    >>> labels(Question("sum", "one", "easy", "2 + 2?", "", "", "", options), (1, 0))
    {1: 'A', 0: 'B'}
    """
    names = string.ascii_uppercase if question.kind in ("one", "several", "prints") else range(1, 100)
    return {i: str(name) for i, name in zip(shown, names, strict=False)}


def stem(question: Question) -> str:
    """The question without its options, in markdown; what is to be done is said at the end."""
    parts = [question.ask.strip()]
    if question.setup:
        parts.append(f"Already run:\n\n```python\n{question.setup.rstrip()}\n```")
    if question.kind == "prints":
        parts.append(f"```python\n{question.program.rstrip()}\n```")
    unit = f" in {question.unit}" if question.unit else ""
    todo = {
        "several": "Choose every right answer.",
        "order": "Choose the lines in the order in which they run.",
        "bug_line": "Choose the line with the bug.",
        "number": f"A number{unit}, such as 0.5 or 2/3.",
    }
    return "\n\n".join([*parts, *([todo[question.kind]] if question.kind in todo else [])])


def as_markdown(question: Question, *, shown: Sequence[int] | None = None) -> str:
    """The question with its labelled options, to print in a notebook or a terminal."""
    shown = arrange(question) if shown is None else shown
    names = labels(question, shown)
    texts = question.lines or tuple(option.text.strip("\n") for option in question.options)
    if question.kind in ("order", "bug_line"):
        listing = "\n".join(f"{names[i]:>2}  {texts[i]}" for i in shown)
        return f"{stem(question)}\n\n```text\n{listing}\n```"
    rows = []
    for i in shown:
        text = f"`{texts[i]}`" if question.kind == "prints" and "\n" not in texts[i] else texts[i]
        if "\n" in text:
            text = "\n\n  ```text\n" + "".join(f"  {line}\n" for line in text.splitlines()) + "  ```"
        rows.append(f"- **{names[i]}** {text}")
    return "\n\n".join([stem(question), "\n".join(rows)]).rstrip()


def mark(question: Question, answer: Answer, *, shown: Sequence[int] | None = None) -> Marked:
    """Mark an answer.

    Raises:
        InputError: the answer is not of the kind that the question asks for.
        ContentError: the question's own program doesn't do here what its bank says.
    """
    shown = arrange(question) if shown is None else shown
    if question.kind == "number":
        return _mark_number(question, answer)
    if question.kind == "order":
        return _mark_order(question, answer)
    return _mark_options(question, answer, shown)


def mark_typed(question: Question, typed: object, *, shown: Sequence[int] | None = None) -> Marked:
    """Mark what a learner typed: "B"; "A, C"; "0.5"; "2 1 3" for an order; "4" for the line with the bug.

    Capitals, spaces and commas don't matter. Labels are those of `shown`, by default `arrange(question)`.

    Raises:
        InputError: this is no answer to the question; the message says what an answer looks like.
    """
    shown = arrange(question) if shown is None else shown
    text = str(typed) if isinstance(typed, str | int | float) else ""
    if question.kind == "number":
        return mark(question, _number(question, text), shown=shown)
    of = {label: i for i, label in labels(question, shown).items()}
    parts = re.findall(r"[A-Z]" if "A" in of else r"\d+", text.upper())
    junk = re.sub(r"[A-Z\d\s,;.()]", "", text.upper())
    single = question.kind in ("one", "prints", "bug_line")
    number_fits = len(parts) == (1 if single else len(of)) or (question.kind == "several" and parts)
    if junk or not number_fits or len(set(parts) & set(of)) < len(parts):
        example = {"several": "A, C", "order": " ".join(reversed(of))}.get(question.kind, max(of))
        raise InputError(f"Expected {_EXPECTED[question.kind]}, such as {example!r}; got {str(typed)[:80]!r}.")
    chosen = [of[part] for part in parts]
    return mark(question, chosen[0] if single else chosen, shown=shown)


def typed_key(question: Question, *, shown: Sequence[int] | None = None) -> str:
    """How the right answer is typed: what `mark_typed` calls right.

    Args:
        question: of any kind.
        shown: the order that the labels follow, by default `arrange(question)`.
    """
    found, names = key(question), labels(question, arrange(question) if shown is None else shown)
    if question.kind == "number":
        return repr(found)
    if question.kind == "order":
        return " ".join(names[i] for i in found)
    return ", ".join(sorted(names[i] for i in found)) if question.kind == "several" else names[found]


_EXPECTED = {
    "one": "one letter",
    "prints": "one letter",
    "several": "one or more letters",
    "order": "the number of each line once, the line that runs first in front",
    "bug_line": "the number of one line",
}


def _mark_options(question: Question, answer: Answer, shown: Sequence[int]) -> Marked:
    chosen = set(answer) if isinstance(answer, Collection) else {answer}
    if not chosen or not chosen <= set(shown) or (question.kind != "several" and len(chosen) > 1):
        how_many = "one or more" if question.kind == "several" else "one"
        raise InputError(f"Choose {how_many} of the {len(shown)} options, 0 to {len(shown) - 1}; got {answer!r}.")
    rights = key(question) if question.kind == "several" else {key(question)}
    names = labels(question, shown)
    rows = []
    for i in shown:
        option = question.options[i]
        rows.append(Explanation(names[i], option.text.strip("\n"), i in chosen, i in rights, option.why))
    missing, wrong = len(rights - chosen), len(chosen - rights)
    if not missing and not wrong:
        message = "Right."
    elif question.kind == "several":
        parts = [f"{wrong} of your choices {'is' if wrong == 1 else 'are'} wrong"] if wrong else []
        parts += [f"{missing} right {'one is' if missing == 1 else 'ones are'} missing"] if missing else []
        message = f"{' and '.join(parts)}."
    else:
        name = names[min(rights)]
        message = f"The bug is in line {name}." if question.kind == "bug_line" else f"{name} is right."
    mistakes = tuple(m for i in shown if i in chosen - rights and (m := question.options[i].mistake))
    right = not missing and not wrong
    return Marked(right, tuple(rows), mistakes, message, _remark(question, rows, "" if right else message))


def _remark(question: Question, rows: Sequence[Explanation], message: str) -> str:
    chosen = [row for row in rows if row.chosen]
    if question.kind != "several":
        return chosen[0].why
    # Of several wrong choices only the first is explained: else whoever chooses everything has the key.
    said = [row for row in chosen if not row.right][:1] if message else chosen
    return " ".join([message, *(f"{row.label}: {row.why}" for row in said)]).strip()


def _right_orders(question: Question) -> tuple[tuple[int, ...], ...]:
    return (key(question), *question.also_right)


def _mark_order(question: Question, answer: Answer) -> Marked:
    order = tuple(answer) if isinstance(answer, Collection) else ()
    if set(order) != set(range(len(question.lines))) or len(order) != len(question.lines):
        raise InputError(f"Expected each of the {len(question.lines)} lines once, from 0; got {answer!r}.")
    rights = _right_orders(question)
    # compare with the right order that is nearest to the learner's
    target = max(rights, key=lambda right: sum(a == b for a, b in zip(right, order, strict=True)))
    rows = []
    for place, (mine, wanted) in enumerate(zip(order, target, strict=True), 1):
        why = "" if mine == wanted else f"Here belongs `{question.lines[wanted].strip()}`."
        rows.append(Explanation(str(place), question.lines[mine], True, mine == wanted, why))
    right = order in rights
    known = [m for m in question.mistakes if m.answer == order]
    misplaced = sum(not row.right for row in rows)
    remark = " ".join([*(m.why for m in known), question.why if right else f"{misplaced} lines are out of place."])
    message = remark if right else f"{remark} {question.why}"
    return Marked(right, tuple(rows), tuple(m.mistake for m in known), message, remark)


def _mark_number(question: Question, answer: Answer) -> Marked:
    if isinstance(answer, bool) or not isinstance(answer, int | float) or not math.isfinite(answer):
        raise InputError(f"Expected a number; got {answer!r}.")
    right = _near(question, answer, question.answer)
    known = [] if right else [m for m in question.mistakes if _near(question, answer, m.answer)][:1]
    why = question.why if right else " ".join(m.why for m in known) or "This is not the number."
    rows = [Explanation("Your answer", _with_unit(question, answer), True, right, why)]
    if not right:
        rows.append(Explanation("Right", _with_unit(question, question.answer), False, True, question.why))
    message = "Right." if right else f"It is {_with_unit(question, question.answer)}."
    return Marked(right, tuple(rows), tuple(m.mistake for m in known), message, why)


def _near(question: Question, a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=question.tolerance * (1 + 1e-9))


def _with_unit(question: Question, number: float) -> str:
    return f"{number:.6g} {question.unit}".strip()


def _number(question: Question, text: str) -> float:
    """Read "0.5", "1e-3", "2/3" or "12 ms" (where ms is the unit)."""
    top, _, bottom = "".join(text.removesuffix(question.unit).split()).partition("/")
    try:
        return float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise InputError(f"Expected a number with a point, such as 0.5 or 2/3; got {text!r}.") from None

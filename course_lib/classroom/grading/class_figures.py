"""What a class's answers say: how hard each item was and how well it tells, which mistakes were shared, who is stuck."""

import math
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.classroom.grading.class_evidence import (
    ERROR,
    PARTLY,
    RIGHT,
    UNTOUCHED,
    WRONG,
    Answer,
    ClassEvidence,
    Item,
    Student,
)

ENOUGH = 10
"""Students, below which a correlation says nothing."""

_LOW = 0.6


@dataclass(frozen=True)
class Figures:
    """How an item went.

    Attributes:
        item: which.
        known: how many students' answers are known.
        mean: their mean share of the points; None where none is known.
        discrimination: correlation of the item with the rest of the score, -1 to 1; None if there is none.
        why: there is none.
        states: how many are right, partly right and so on.
    """

    item: Item
    known: int
    mean: float | None
    discrimination: float | None
    why: str
    states: Counter[str]


@dataclass(frozen=True)
class Misconception:
    """A mistake, and who made it.

    Attributes:
        items: the names of the items where it was seen.
        belief: what a wrong answer to a question is named after; empty for a task.
        example: what one of them was told, or answered.
        hint: the hint that fits, for a task.
        students: who.
        alike: whether all were told the same, or only have the hint in common.
    """

    items: tuple[str, ...]
    belief: str
    example: str
    hint: str
    students: tuple[str, ...]
    alike: bool = True


@dataclass(frozen=True)
class Finding:
    """Something that the class didn't understand, in a sentence of markdown, and what may help."""

    count: int
    sentence: str
    help: str = ""


@dataclass(frozen=True)
class Stuck:
    """A student who may not get on alone: what is seen of it, and the first thing to say."""

    student: Student
    seen: tuple[str, ...]
    first: str


def share(student: Student, items: Sequence[Item], without: str = "") -> float | None:
    """The part of the known points that a student earned, one item left out if it is named; None if none is known."""
    known = [(i.points, a.share) for i in items if i.name != without and (a := student.answers.get(i.name))]
    most = sum(points for points, part in known if part is not None)
    return sum(points * part for points, part in known if part is not None) / most if most else None


def figures(evidence: ClassEvidence) -> list[Figures]:
    """How each item went, among those whose answer is known."""
    found = []
    for item in evidence.items:
        answers = {s: a for s in evidence.graded if (a := s.answers.get(item.name))}
        pairs = [(a.share, share(s, evidence.items, item.name)) for s, a in answers.items() if a.share is not None]
        mean = statistics.fmean(part for part, _ in pairs) if pairs else None
        together, why = discrimination([(part, rest) for part, rest in pairs if rest is not None])
        states = Counter(answer.state for answer in answers.values())
        found.append(Figures(item, len(pairs), mean, together, why, states))
    return found


def discrimination(pairs: Sequence[tuple[float, float]]) -> tuple[float | None, str]:
    """Pearson's correlation of an item's share with the share of the rest; or None, and why."""
    if len(pairs) < ENOUGH:
        return None, "too few"
    item, rest = ([round(value, 9) for value in column] for column in zip(*pairs, strict=True))  # sums differ in a bit
    if len(set(item)) == 1:
        return None, "all alike"
    if len(set(rest)) == 1:
        return None, "rest all alike"
    return statistics.correlation(item, rest), ""


def give_or_take(students: int) -> float:
    """How far a correlation near 0 may be off, in 95 of 100 classes of this size (Fisher's transformation)."""
    return math.tanh(1.96 / math.sqrt(students - 3))


def misconceptions(evidence: ClassEvidence) -> list[Misconception]:
    """Wrong answers that have one cause, the most frequent first.

    A task's go together by the hint that its judge chose and the error that was raised, or else by the message without its
    numbers and names; a question's by the name of the mistake, in whichever question it shows, or else by the answer.
    """
    found: dict[tuple[str, ...], list[tuple[Item, Student, Answer]]] = {}
    for item in evidence.items:
        for student in evidence.graded:
            answer = student.answers.get(item.name)
            if answer and answer.state in (PARTLY, WRONG):
                for key in _causes(item, answer):
                    found.setdefault(key, []).append((item, student, answer))
    listed = []
    for (kind, _, what, *_), seen in found.items():
        item, _, answer = seen[0]
        told = Counter(pattern(a.message) for *_, a in seen)
        common = told.most_common(1)[0][0]
        example = next(a.message for *_, a in seen if pattern(a.message) == common)
        names = tuple(dict.fromkeys(i.name for i, *_ in seen))
        who = tuple(dict.fromkeys(s.row.student for _, s, _ in seen))
        belief, hint = what if kind == "belief" else "", item.hints.get(what, "") if kind == "hint" else ""
        if item.is_question:
            example = f"Answered: {answer.typed}"
        listed.append(Misconception(names, belief, example, hint, who, item.is_question or len(told) == 1))
    return sorted(listed, key=lambda m: (-len(m.students), m.items, m.belief))


def _causes(item: Item, answer: Answer) -> list[tuple[str, ...]]:
    if item.is_question:
        return [("belief", "", one) for one in answer.mistakes] or [("typed", item.name, answer.typed.upper())]
    if answer.hint:
        raised = re.search(r"\braised (?:an? )?(\w+)", answer.message)
        return [("hint", item.name, answer.hint, raised[1] if raised else "")]
    return [("said", item.name, pattern(answer.message))] if answer.message else []


def pattern(message: str) -> str:
    """A message without what differs from student to student: code, quoted text, numbers.

    >>> pattern("`a`, `b` were off by 0.25; expected [1, 2].") == pattern("`c` was off by 3; expected [4, 5, 6].")
    True
    """
    text = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\[[^\]]*\]", "…", message)
    text = re.sub(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?%?", "#", text)
    return re.sub(r"…(?:(?:, | and )…)*(?: (?:was|were|is|are)\b)?", "…", " ".join(text.split()))[:200]


def findings(evidence: ClassEvidence) -> list[Finding]:
    """What the class didn't understand, by how many it concerns: a tenth of the class, and at least two."""
    of = sum(share(student, evidence.items) is not None for student in evidence.graded)
    enough, found, covered = max(2, math.ceil(of / 10)), [], set()
    for one in misconceptions(evidence):
        count, names = len(one.students), " and ".join(f"`{name}`" for name in one.items)
        if count < enough or not (one.belief or one.example):
            continue
        covered |= set(one.items)
        if one.belief:
            found.append(Finding(count, f"**{count} of {of}** answered {names} as if: {one.belief}."))
        elif re.fullmatch(r"`q\d+`", names):
            found.append(Finding(count, f"**{count} of {of}** gave the same wrong answer to {names}. {one.example}."))
        else:
            what = "made the same mistake in" if one.alike else "would be helped by the same hint in"
            said = f"**{count} of {of}** {what} {names}. One was told: {one.example}"
            found.append(Finding(count, said, one.hint))
    for one in figures(evidence):
        name, untouched, errors = f"`{one.item.name}`", one.states[UNTOUCHED], one.states[ERROR]
        if untouched >= enough and untouched >= of / 4:
            covered.add(one.item.name)
            found.append(Finding(untouched, f"**{untouched} of {of}** did not attempt {name}.", _first_hint(one.item)))
        if errors >= enough:
            covered.add(one.item.name)
            found.append(
                Finding(errors, f"**{errors} of {of}** left nothing to judge in {name}: an error, or no such name.")
            )
        if one.mean is not None and one.mean < 0.5 and one.known >= enough and one.item.name not in covered:
            missed = one.known - one.states[RIGHT]
            sentence = f"**{missed} of {of}** missed something in {name}, for different reasons; the class earned {one.mean:.0%} of it."
            found.append(Finding(missed, sentence))
    return sorted(found, key=lambda finding: -finding.count)


def _first_hint(item: Item) -> str:
    return next(iter(item.hints.values()), "")


def stuck(evidence: ClassEvidence) -> list[Stuck]:
    """Graded students who may not get on alone, the lowest share first. Who waits for a person isn't among them."""
    shares = {s: part for s in evidence.graded if (part := share(s, evidence.items)) is not None}
    middle = statistics.median(shares.values()) if shares else 0.0
    found = []
    for student, part in sorted(shares.items(), key=lambda pair: (pair[1], pair[0].row.student)):
        known = [(item, a) for item in evidence.items if (a := student.answers.get(item.name)) and a.share is not None]
        errors = [pair for pair in known if pair[1].state == ERROR]
        untouched = [pair for pair in known if pair[1].state == UNTOUCHED]
        seen = []
        if errors:
            seen.append(f"nothing to judge in {_names(errors)}")
        if untouched and 2 * len(untouched) >= len(known):
            seen.append(f"{len(untouched)} of {len(known)} items not attempted")
        if part < _LOW * middle:
            seen.append(f"{part:.0%} of the points, the middle of the class {middle:.0%}")
        if seen:
            found.append(Stuck(student, tuple(seen), _first_thing(known, errors, untouched)))
    return found


def _names(pairs: Sequence[tuple[Item, Answer]]) -> str:
    return ", ".join(f"`{item.name}`" for item, _ in pairs)


def _first_thing(known: list[tuple[Item, Answer]], errors: list, untouched: list) -> str:
    """What to say first: the error in the way, then where to begin, then the mistake that cost most."""
    if errors:
        item, answer = errors[0]
        why = answer.message.removeprefix("Nothing could be judged, so nothing is earned. ")
        return f"There is nothing to judge in `{item.name}`: {why}"
    if untouched and 2 * len(untouched) >= len(known):
        item, _ = untouched[0]
        return f"Begin with `{item.name}`, up to its first check. " + _first_hint(item)
    wrong = [(item, a) for item, a in known if a.state in (PARTLY, WRONG)]
    if not wrong:
        return "Ask what was in the way."
    item, answer = max(wrong, key=lambda pair: pair[0].points * (1 - pair[1].share))
    if item.is_question:
        belief = f" The answer says: {answer.mistakes[0]}." if answer.mistakes else ""
        return f"Ask how `{item.name}` was meant.{belief}"
    return f"Ask for an explanation of `{item.name}`. {item.hints.get(answer.hint) or answer.message}".strip()

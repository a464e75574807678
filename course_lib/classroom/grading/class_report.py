"""`course class-report ASSIGNMENT`: one page on what a class did and didn't understand, from what grading left."""

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from course_lib.classroom import style
from course_lib.classroom.grading import class_figures
from course_lib.classroom.grading.class_evidence import (
    ERROR,
    PARTLY,
    RIGHT,
    UNTOUCHED,
    WAITING,
    WRONG,
    Answer,
    ClassEvidence,
    Item,
    Student,
    read_class,
)
from course_lib.classroom.grading.gradebook import Course
from course_lib.classroom.grading.unusual import unusual
from course_lib.errors import CourseError

_MOST = 8
"""Sentences on top."""

_SHOWN = 25
"""Rows of a table that says something of each; what comes after is counted, and named where it is a person."""

_RARE = 5
"""Things that an unusual answer uses, named on the page."""

_JOINERS = "\u200c\u200d"
"""Invisible characters that names are written with."""


def main(options: argparse.Namespace) -> int:
    """Write the page and say the first things on it; the exit code."""
    try:
        course = Course(options.folder)
        evidence = read_class(course, options.assignment)
    except CourseError as e:
        print(e, file=sys.stderr)
        return 2
    output = options.output or course.folder / f"class_report_{options.assignment}.html"
    try:
        output.write_text(page(evidence), encoding="utf-8")
    except OSError as e:
        print(f"{output} can't be written: {e}", file=sys.stderr)
        return 2
    for finding in class_figures.findings(evidence)[:_MOST]:
        print(f"- {clean(style.bare(finding.sentence))}")
    print(f"{len(evidence.graded)} graded submissions; the report is {output}. It names students: keep it to yourself.")
    return 0


def page(evidence: ClassEvidence) -> str:
    """The whole page: no script, nothing to load, everything that came from outside escaped."""
    graded = evidence.graded
    figures, wrong = class_figures.figures(evidence), class_figures.misconceptions(evidence)
    known = max((one.known for one in figures), default=0)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"md": markdown, "clean": clean, "percent": _percent, "cell": _cell}
    template = environment.from_string(files(__package__).joinpath("class_report.html").read_text(encoding="utf-8"))
    found = class_figures.findings(evidence)
    return template.render(
        assignment=evidence.assignment,
        stale=evidence.stale,
        dropped=evidence.dropped,
        counts=_counts(evidence),
        findings=found[:_MOST],
        more_findings=len(found[_MOST:]),
        late=[s for s in graded if s.row.seconds_late > 0],
        people=_by_reason(graded),
        waiting=[s for s in evidence.students if s.handed_in and not s.graded],
        absent=[s for s in evidence.students if not s.handed_in],
        start=next((item for item in evidence.items if item.hints), None),
        scores=_scores(graded),
        tasks=[one for one in figures if not one.item.is_question],
        questions=[one for one in figures if one.item.is_question],
        about=1 if known < class_figures.ENOUGH else class_figures.give_or_take(known),
        enough=class_figures.ENOUGH,
        states=(RIGHT, PARTLY, WRONG, UNTOUCHED, ERROR),
        quiz_states=(RIGHT, WRONG, UNTOUCHED),
        misconceptions=[one for one in wrong if len(one.students) > 1],
        single=sum(len(one.students) == 1 for one in wrong),
        unusual=_unusual(evidence.items, graded),
        stuck=class_figures.stuck(evidence),
        shown=_SHOWN,
        rare=_RARE,
        items=evidence.items,
        graded=graded,
    )


def clean(text: Any) -> str:
    r"""Text without what can't be seen: control characters, marks that turn the direction, halves of characters.

    >>> clean("a\x00b\u202ec")
    'a�b�c'
    """
    spaced = " ".join(str(text).split())
    return "".join(c if c.isprintable() or c in _JOINERS else "\N{REPLACEMENT CHARACTER}" for c in spaced)


def markdown(text: str, most: int = 400) -> Markup:
    """The little markdown of messages and hints as HTML, escaped and not too long."""
    text = clean(text)
    return Markup(style.inline(text if len(text) <= most else f"{text[:most].rpartition(' ')[0] or text[:most]} …"))


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _cell(answer: Answer | None) -> str:
    """What the table of everybody says of an answer."""
    if answer is None:
        return ""
    words = {UNTOUCHED: "none", ERROR: "error", WAITING: "waits"}
    return words.get(answer.state) or f"{100 * (answer.share or 0.0):.0f}"


def _by_reason(graded: Sequence[Student]) -> list[tuple[str, list[Student]]]:
    """Who waits for a person, by why."""
    found: dict[str, list[Student]] = {}
    for student in filter(lambda student: student.manual, graded):
        found.setdefault(student.manual, []).append(student)
    return list(found.items())


def _counts(evidence: ClassEvidence) -> Mapping[str, int]:
    return {
        "in the class": len(evidence.students),
        "handed in": sum(s.handed_in for s in evidence.students),
        "graded": len(evidence.graded),
        "late": sum(s.row.seconds_late > 0 for s in evidence.graded),
        "need a person's eye": sum(bool(s.manual) for s in evidence.graded),
    }


def _scores(graded: Sequence[Student]) -> Mapping[str, Any]:
    """The scores after penalties: how many in each tenth of the points, and their middle."""
    most = graded[0].row.max_score
    shares = [min(max(s.row.score / most, 0.0), 1.0) if most else 0.0 for s in graded]
    tenths = [0] * 10
    for share in shares:
        tenths[min(int(10 * share + 1e-9), 9)] += 1
    points = sorted(s.row.score for s in graded)
    return {
        "most": f"{most:.10g}",
        "tenths": tenths,
        "mean": f"{statistics.fmean(points):.3g}",
        "median": f"{statistics.median(points):.3g}",
        "low": f"{points[0]:.3g}",
        "high": f"{points[-1]:.3g}",
    }


def _unusual(items: Sequence[Item], graded: Sequence[Student]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Task, student, and what only this one of the right answers uses."""
    found = []
    for item in items:
        right = {s.row.student: a for s in graded if (a := s.answers.get(item.name)) and a.state == RIGHT}
        sources = {student: answer.source for student, answer in right.items() if answer.source}
        found += [(item.name, student, things) for student, things in unusual(sources)]
    return found

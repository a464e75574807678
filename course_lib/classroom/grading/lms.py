"""Grades as a file that a learning platform imports."""

import csv
import io
from collections.abc import Mapping, Sequence

from course_lib.classroom.grading.gradebook import Row

FORMATS = ("plain", "canvas", "moodle")


def as_csv(rows: Sequence[Row], assignment: str, what: Mapping[str, str], form: str = "plain") -> str:
    """The rows as CSV.

    Args:
        rows: of the class.
        assignment: its name: the column's heading.
        what: student -> what happened.
        form: "canvas" (Grades, Import: students are found by SIS Login ID), "moodle" (Grades, Import, CSV file: map
            Username to username) or "plain".
    """
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    if form == "canvas":
        write(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment])
        write(["    Points Possible", "", "", "", "", _number(rows[0].max_score) if rows else ""])
        for row in rows:
            write([_cell(row.name), "", "", _cell(row.student), "", _number(row.score)])
    elif form == "moodle":
        write(["Username", "First name", "Last name", "Email address", assignment, "Feedback"])
        for row in rows:
            names = (row.student, row.first_name, row.last_name, row.email)
            write([*map(_cell, names), _number(row.score), _cell(what.get(row.student, ""))])
    else:
        write(["student", "name", "score", "max_score", "seconds_late", "needs_person", "what_happened"])
        for row in rows:
            score = [_number(row.score), _number(row.max_score), _number(row.seconds_late)]
            last = ["yes" if row.needs_person else "", _cell(what.get(row.student, ""))]
            write([_cell(row.student), _cell(row.name), *score, *last])
    return text.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text

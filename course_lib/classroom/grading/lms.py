"""Grades as a file that a learning platform imports."""

import csv
import io
from collections.abc import Mapping, Sequence

from course_lib.classroom.grading.gradebook import Row

FORMATS = ("plain", "canvas", "moodle")


def as_csv(classes: Mapping[str, Sequence[Row]], form: str = "plain") -> str:
    """The rows as CSV.

    Args:
        classes: assignment -> the row of every student; the assignment's name is a column's heading.
        form: "canvas" (Grades, Import: students are found by SIS Login ID), "moodle" (Grades, Import, CSV file: map
            Username to username) or "plain" (a line for each student and assignment).
    """
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    together = list(zip(*classes.values(), strict=True))  # a class has the same students in every assignment
    if form == "canvas":
        write(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *classes])
        write(
            ["    Points Possible", "", "", "", "", *(_number(rows[0].max_score) for rows in classes.values() if rows)]
        )
        for of_one in together:
            scores = [_number(row.score) for row in of_one]
            write([_cell(of_one[0].name), "", "", _cell(of_one[0].student), "", *scores])
    elif form == "moodle":
        write(["Username", "First name", "Last name", "Email address", *classes])
        for of_one in together:
            about = (of_one[0].student, of_one[0].first_name, of_one[0].last_name, of_one[0].email)
            write([*map(_cell, about), *(_number(row.score) for row in of_one)])
    else:
        write(["student", "name", "assignment", "score", "max_score", "seconds_late", "needs_person", "what_happened"])
        for name, rows in classes.items():
            for row in rows:
                score = [_number(row.score), _number(row.max_score), _number(row.seconds_late)]
                last = ["yes" if row.needs_person else "", _cell(row.what)]
                write([_cell(row.student), _cell(row.name), name, *score, *last])
    return text.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text

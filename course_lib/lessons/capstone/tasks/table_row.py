"""Your turn: one row of a table in HTML, escaped."""

import html
from typing import Any, ClassVar

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class TableRow(Task):
    """Name and value between the tags, each escaped once."""

    visible: ClassVar = {
        "a number": {"fact": ("accuracy", 0.95812)},
        "a count": {"fact": ("images", 3000)},
        "signs in both": {"fact": ('digits <3 & "8"', "<b>R&D</b>")},
        "a float in a list": {"fact": ("rates", [0.5, 0.25])},
    }
    hints: ClassVar = {
        "escape": "`html.escape(text)` once for the name, once for the text of the value; not for the whole row, whose tags "
        "are meant.",
        "float": 'Ask `isinstance(value, float)`; `f"{value:.3f}"` has three digits after the point.',
        "tags": 'An f-string in single quotes can hold the `"` of `scope="row"`.',
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """One row."""
        return observe(answer, *case.fact)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The row as the clauses give it."""
        name, value = case.fact
        if seen.error:
            return failed(f"`table_row` raised {first_line(seen.error)}.", hint="escape")
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
        row = '<tr><th scope="row">{}</th><td>{}</td></tr>'
        wanted = row.format(html.escape(name), html.escape(shown))
        got = seen.value
        if not isinstance(got, str):
            return failed(f"Expected text; got a {seen.type}.", hint="tags")
        if got.replace("&#34;", "&quot;") == wanted:  # two spellings of one sign
            return passed("Escaped, and rounded where it should be.")
        escaped, twice = html.escape, html.escape(html.escape(shown))
        for what, text, hint in (
            ("nothing is escaped: its signs become tags", row.format(name, shown), "escape"),
            ("the name is not escaped", row.format(name, escaped(shown)), "escape"),
            ("the value is not escaped", row.format(escaped(name), shown), "escape"),
            ("the value is escaped twice, and shows `&amp;`", row.format(escaped(name), twice), "escape"),
            ("the tags are escaped too", html.escape(row.format(name, shown)), "escape"),
            ("the value has all its digits", row.format(escaped(name), escaped(str(value))), "float"),
        ):
            if got == text:
                return failed(f"Got `{got[:120]}`: {what}.", hint=hint)
        return failed(f"Expected `{wanted[:120]}`; got `{got[:120]}`.", hint="float" if "." in got else "tags")

"""Your turn: one row of a table in HTML, escaped."""

import html
import re
from typing import Any, ClassVar

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed

ROW = re.compile(r'<tr><th scope="row">(.*)</th><td>(.*)</td></tr>', flags=re.DOTALL)
BARE = re.compile(r"<|&(?!#?\w+;)")
"""A sign that begins a tag, or that may begin a reference."""


class TableRow(Task):
    """Name and value between the tags, each escaped once."""

    visible: ClassVar = {
        "a number": {"fact": ("accuracy", 0.95812)},
        "zeros at the end": {"fact": ("temperature", 12.5)},
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
        wanted = f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(shown)}</td></tr>'
        got = seen.value
        if not isinstance(got, str):
            return failed(f"Expected text; got a {seen.type}.", hint="tags")
        parts = ROW.fullmatch(got)
        if not parts:
            if html.unescape(got).startswith("<tr>") and not got.startswith("<tr>"):
                return failed(f"Got `{got[:120]}`: the tags are escaped too.", hint="escape")
            return failed(f"Expected `{wanted[:120]}`; got `{got[:120]}`.", hint="tags")
        bare = [what for what, part in zip(("name", "value"), parts.groups(), strict=True) if BARE.search(part)]
        if bare:
            what = "nothing is escaped: its signs become tags" if len(bare) == 2 else f"the {bare[0]} is not escaped"
            return failed(f"Got `{got[:120]}`: {what}.", hint="escape")
        for what, part, text in zip(("name", "value"), parts.groups(), (name, shown), strict=True):
            read = html.unescape(part)  # as a browser shows it: &#34; and &quot; are two spellings of one sign
            if read == text:
                continue
            if html.unescape(read) == text:
                return failed(f"Got `{got[:120]}`: the {what} is escaped twice, and shows `&amp;`.", hint="escape")
            if isinstance(value, float) and what == "value":
                digits = "has all its digits" if read == str(value) and len(read) > len(text) else f"is `{read[:20]}`"
                return failed(
                    f"Got `{got[:120]}`: the value {digits}; with three after the point: {text}.", hint="float"
                )
            hint = "float" if read.replace(".", "").isdigit() or "." in read else "tags"
            return failed(f"Expected `{wanted[:120]}`; got `{got[:120]}`.", hint=hint)
        return passed("Escaped, and rounded where it should be.")

"""YAML that remembers its lines, so that an author's mistake is reported with file, line and question.

Scalars stay the text that was typed: `no` is a word and `1e-5` is itself. Reading goes on after a mistake; the
document collects them all.
"""

import ast
import difflib
import math

import yaml

from course_lib.errors import ContentError

REMEDIES = {
    "why": "Every option explains itself: add a line 'why: ...'.",
    "hint": "Help without giving the answer away: add a line 'hint: ...'.",
    "about": "Name the heading of the lesson to read again: add a line 'about: ...'.",
    "source": "Say where the fact comes from: add a line 'source: ...'.",
    "mistake": "Name the mistake that this wrong answer reveals: add a line 'mistake: ...'.",
}


class Document:
    """The text of a file and what is wrong with it."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text, self.lines = name, text, text.splitlines()
        self.errors: set[tuple[int, str]] = set()  # line, message

    def top(self) -> "Entry":
        """The mapping that is the whole file.

        Raises:
            ContentError: it isn't YAML, or isn't a mapping.
        """
        # BaseLoader leaves every scalar a string; the C version is ten times faster where it exists.
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        try:
            node = yaml.compose(self.text, Loader=loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{self.name}, line {mark.line + 1}" if mark else self.name
            raise ContentError(
                f"{where}: this is not YAML ({getattr(error, 'problem', error)}). Text that contains ': ' or "
                "begins with a special sign goes in quotes, longer text and code under 'key: |'."
            ) from None
        if not isinstance(node, yaml.MappingNode):
            raise ContentError(f"{self.name}, line 1: a bank begins with 'lesson: <slug>' and 'questions:'.")
        return Entry(self, node, "the bank")

    def raise_errors(self) -> None:
        """Raise what was collected, in the order of the lines.

        Raises:
            ContentError: there was something.
        """
        if self.errors:
            raise ContentError("\n".join(message for _, message in sorted(self.errors)))


class Entry:
    """A mapping in the file: reads its fields and complains with the line. `part` is such as "option 2 "."""

    def __init__(self, file: Document, node: yaml.Node, who: str, part: str = "") -> None:
        self.file, self.line, self.who, self.part = file, node.start_mark.line + 1, who, part
        self.where = f"{file.name}, line {self.line}, {who}"
        self.fields: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            self.wrong("is not a list of 'key: value' lines. Put its keys below each other, indented alike.")
            return
        for key_node, value in node.value:
            key = str(key_node.value)
            if key in self.fields:
                self.wrong(f"has '{key}' twice. Keep one.", key)
            self.fields[key] = value

    def wrong(self, what: str, key: str = "") -> None:
        """Note a mistake: `what` begins with a verb; `key` is the field whose line is named."""
        line = self.fields[key].start_mark.line + 1 if key else self.line
        self.file.errors.add((line, f"{self.file.name}, line {line}, {self.who}: {self.part}{what}"))

    def allow(self, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
        """Complain about what is missing and what is unknown."""
        for key in needed:
            if key not in self.fields:
                remedy = REMEDIES.get(key, f"Add a line '{key}: ...'.")
                self.wrong(f"has no '{key}'. {remedy}")
        known = (*needed, *optional)
        for key in self.fields:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                advice = f"Did you mean '{near[0]}'?" if near else f"It may have: {', '.join(known)}."
                self.wrong(f"has an unknown key '{key}'. {advice}", key)

    def text(self, key: str) -> str:
        """The value of a field; empty where it is missing, which `allow` has said already."""
        return self._scalar(self.fields[key], key) if key in self.fields else ""

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of a list."""
        return tuple(self._scalar(node, key) for node in self.items(key))

    def _scalar(self, node: yaml.Node, key: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(f"has something else than text in '{key}'. Put text with ': ' or brackets in quotes.", key)
            return ""
        end = node.end_mark
        if not node.value.strip():
            self.wrong(f"has an empty '{key}'. {REMEDIES.get(key, 'Write it, or take the line out.')}", key)
        elif not node.style and "#" in "".join(self.file.lines[end.line : end.line + 1])[end.column :]:
            self.wrong(f"has a '#' in '{key}', where YAML drops the rest of the line. Use quotes.", key)
        return node.value

    def one_of(self, key: str, known: tuple[str, ...]) -> str:
        """The value, if it is one of the known ones; else empty."""
        value = self.text(key)
        if value in known:
            return value
        if value:
            self.wrong(f"has {key} {value!r}; expected {' or '.join(known)}.", key)
        return ""

    def number(self, key: str) -> float:
        """The value as a finite number; 0 where it is none."""
        value = self.text(key)
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if key in self.fields and not math.isfinite(number):
            self.wrong(f"has {key} {value!r}; expected a number such as 0.5 or 1e-3.", key)
        return number if math.isfinite(number) else 0.0

    def items(self, key: str) -> list[yaml.Node]:
        """The nodes of a list; none where it is missing."""
        node = self.fields.get(key)
        if node is None:
            return []
        if isinstance(node, yaml.SequenceNode) and node.value:
            return node.value
        self.wrong(f"has no list under '{key}'. Begin every entry with '- '.", key)
        return []

    def entries(self, key: str, noun: str) -> list["Entry"]:
        """The mappings in a list. Questions and cards are called by their id, options by their place."""
        made = []
        for i, node in enumerate(self.items(key), 1):
            if noun in ("question", "card"):
                ids = [v.value for k, v in node.value if k.value == "id"] if node.id == "mapping" else []
                made.append(Entry(self.file, node, f"{noun} {ids[0]!r}" if ids else f"{noun} {i}"))
            else:
                made.append(Entry(self.file, node, self.who, f"{noun} {i} "))
        return made

    def permutation(self, node: yaml.Node | None, n: int) -> tuple[int, ...]:
        """An order of n lines, counted from 1 in the file and from 0 in the result."""
        typed = [str(item.value) for item in node.value] if isinstance(node, yaml.SequenceNode) else []
        if sorted(typed) == [str(i) for i in range(1, n + 1)]:
            return tuple(int(i) - 1 for i in typed)
        if node is not None:
            shown = f"[{', '.join(typed)}]"
            self.wrong(f"has the order {shown}; expected each of 1 to {n} once, such as {list(range(n, 0, -1))}.")
        return ()

    def check_code(self, key: str, *, asserts: bool = False) -> None:
        """Complain unless the field is Python (and asserts something, where it must)."""
        if key not in self.fields:
            return
        try:
            tree = ast.parse(self.text(key))
        except SyntaxError as error:
            self.wrong(f"has a {key} that is not Python (its line {error.lineno}: {error.msg}).", key)
        else:
            if asserts and not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
                self.wrong(f"has a {key} that asserts nothing. Write what must hold as 'assert ...'.", key)

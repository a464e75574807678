"""Put what was handed in back into the shape of the assignment: every graded cell once, as the assignment has it.

nbgrader goes by the ids in a notebook's metadata, which editors copy, drop and mix up. Here they are a first guess:
an answer is found by the name that it defines, a check always has the assignment's own text, and nobody's metadata but
the assignment's is kept. nbgrader's own passes then find nothing to complain of.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.classroom.grading.submission import PlainCell, Submission


@dataclass(frozen=True)
class TemplateCell:
    """A cell of the assignment. `metadata` is nbgrader's; empty for a cell that it doesn't know."""

    kind: str
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grade_id(self) -> str:
        """Its id; empty for a cell that nbgrader doesn't know."""
        return self.metadata.get("grade_id", "")

    @property
    def name(self) -> str:
        """What its id names: the task, the written answer, or "quiz"."""
        return self.grade_id.partition("-")[2]

    @property
    def kept_by_us(self) -> bool:
        """Whether its text is the assignment's, whatever was handed in."""
        return bool(self.metadata.get("locked") or self.metadata.get("grade")) and not self.metadata.get("solution")


@dataclass(frozen=True)
class Template:
    """An assignment's notebook as it was released."""

    notebook: str
    cells: tuple[TemplateCell, ...]

    @property
    def names(self) -> list[str]:
        """The names that its answers define."""
        return [cell.name for cell in self.cells if cell.grade_id.startswith(("solution-", "check-"))]

    def digest(self) -> str:
        """The same for the same assignment: its text, points and all."""
        return sha256(repr([(c.kind, c.source, sorted(c.metadata.items())) for c in self.cells]).encode()).hexdigest()


def rebuild(submission: Submission, template: Template) -> NotebookNode:
    """The submission as a notebook that nbgrader can grade, with a first cell that says what was odd.

    Cells of the assignment that run and were deleted, such as the imports, come back in front.
    """
    cells = [cell for cell in submission.cells if cell.source.strip() or cell.grade_id]
    given = _given(cells, template)
    built = [_built(cell, given.get(number)) for number, cell in enumerate(cells)]
    for number, missing in _missing(cells, given, template):
        built.insert(number, _built(PlainCell(missing.kind, missing.source), missing))
    remarks = [*submission.remarks]
    if deleted := _deleted(cells, template):
        built[:0] = [
            new_code_cell(f"# From the assignment: it was missing here, or changed.\n{cell.source}") for cell in deleted
        ]
    if submission.unreadable:
        remarks.append(f"{submission.unreadable} Somebody will look at it.")
    if remarks:
        text = "\n".join(f"- {re.sub(r'[^ -~]|[<>`]', '?', remark)}" for remark in remarks[:20])
        built.insert(0, new_markdown_cell(f"**While grading**\n\n{text}"))
    for number, cell in enumerate(built):
        cell["id"] = f"cell-{number}"
    return new_notebook(cells=built, metadata={"language_info": {"name": "python"}})


def _given(cells: Sequence[PlainCell], template: Template) -> dict[int, TemplateCell]:
    """Which cell handed in stands for which cell of the assignment."""
    given: dict[int, TemplateCell] = {}
    for wanted in filter(lambda cell: cell.grade_id, template.cells):
        same_id = [i for i, cell in enumerate(cells) if cell.grade_id == wanted.grade_id and i not in given]
        if wanted.kept_by_us:
            same_text = [
                i for i, c in enumerate(cells) if c.kind == "code" and c.source.strip() == wanted.source.strip()
            ]
            found = same_id or [i for i in same_text if i not in given]
        elif wanted.grade_id.startswith("solution-"):
            defining = [i for i, cell in enumerate(cells) if i not in given and _defines(cell, wanted.name)]
            changed = [i for i in defining if cells[i].source.strip() != wanted.source.strip()]
            found = [i for i in changed if i in same_id] or changed or defining or same_id
        else:
            changed = [i for i in same_id if cells[i].source.strip() != wanted.source.strip()]
            found = changed or same_id or _written(cells, given, wanted, template)
        if found:
            given[found[-1]] = wanted
    return given


def _defines(cell: PlainCell, name: str) -> bool:
    n = re.escape(name)
    pattern = rf"^(?:async\s+def|def|class)\s+{n}\b|^{n}\s*(?::[^=\n]+)?=[^=]|^from\s.*\bimport\b.*\b{n}\b"
    return cell.kind != "markdown" and re.search(pattern, cell.source, flags=re.M) is not None


def _written(
    cells: Sequence[PlainCell], given: Mapping[int, TemplateCell], wanted: TemplateCell, template: Template
) -> list[int]:
    """A written answer that has lost its id: the text after the cell that asks for it."""
    place = template.cells.index(wanted)
    asked = template.cells[place - 1].source.strip() if place else ""
    known = {cell.source.strip() for cell in template.cells} - {wanted.source.strip()}
    for number, cell in enumerate(cells[:-1]):
        after = cells[number + 1]
        fits = after.kind != "code" and after.source.strip() not in known and number + 1 not in given
        if asked and cell.source.strip()[:200] == asked[:200] and fits:
            return [number + 1]
    return []


def _built(cell: PlainCell, wanted: TemplateCell | None) -> NotebookNode:
    kind = wanted.kind if wanted else cell.kind
    source = wanted.source if wanted and wanted.kept_by_us else cell.source
    built = new_code_cell(source) if kind == "code" else new_markdown_cell(source)
    if kind == "raw":  # shown as it is: it neither runs nor counts
        built = new_markdown_cell(f"```\n{source}\n```")
    if wanted:
        built.metadata["nbgrader"] = dict(wanted.metadata)
    return built


def _missing(
    cells: Sequence[PlainCell], given: Mapping[int, TemplateCell], template: Template
) -> list[tuple[int, TemplateCell]]:
    """Graded cells that nobody handed in, with the place where each belongs; the last place first."""
    place_of = {cell.grade_id: number for number, cell in given.items()}
    places, after = [], len(cells)
    wanted = [cell for cell in template.cells if cell.grade_id]
    for cell in reversed(wanted):
        if cell.grade_id in place_of:
            after = place_of[cell.grade_id]
            continue
        if not (cell.metadata.get("grade") or cell.metadata.get("task")):
            continue
        before = place_of.get(f"solution-{cell.name}")
        places.append((before + 1 if before is not None else after, cell))
    return sorted(places, key=lambda place: -place[0])


def _deleted(cells: Sequence[PlainCell], template: Template) -> list[TemplateCell]:
    """Code of the assignment that is no longer there, not even half of it. A quiz answer's cell is not meant.

    Imports are to be there as they were: with `import seaborn` above them, none of them may have come about.
    """
    whole = {cell.source.strip() for cell in cells if cell.kind == "code"}
    here = [set(cell.source.split("\n")) for cell in cells if cell.kind == "code"]

    def is_here(source: str) -> bool:
        lines = [line for line in source.split("\n") if line.strip()]
        if re.search(r"^(?:import|from)\s", source, flags=re.M):
            return source.strip() in whole
        return any(2 * sum(line in other for line in lines) >= len(lines) for other in here)

    plain = [cell for cell in template.cells if cell.kind == "code" and not cell.grade_id]
    given = [cell for cell in plain if not re.fullmatch(r'q\d+ = ""', cell.source.strip())]
    return [cell for cell in given if not is_here(cell.source)]

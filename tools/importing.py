"""An edit made in JupyterLab, back into its source."""

import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.classroom.sources import Cell, as_stub, read_cells, to_text
from course_lib.errors import ContentError
from tools import ROOT, short
from tools.exercises import MARKERS
from tools.tree import build, source_of


def import_notebook(path: Path, root: Path = ROOT) -> Path:
    """Bring an edit made in JupyterLab back into its source; the source's path.

    Raises:
        ContentError: the notebook is a release (its solutions are gone), or has no source folder, or a *Your turn*
            was edited there, where its solution isn't; or an edited cell is no Python.
    """
    relative = path.resolve().relative_to(root.resolve())
    if relative.parts[0] == "exercises" and relative.parts[1] != "source":
        raise ContentError(
            f"{relative} has no solutions in it, so it can't become a source. Edit exercises/source/{path.stem}/{path.name} instead."
        )
    source = root / source_of(relative)
    if not source.parent.is_dir():
        raise ContentError(
            f"{relative}: there is no folder lessons/{path.stem}. Run `python tools/check_course.py --new {path.stem}`."
        )
    fresh = build(root).get(relative)
    made_of = {cell.id: cell.source for cell in nbformat.reads(fresh, as_version=4).cells} if fresh else {}
    turns = {cell.metadata["turn"]: cell for cell in read_cells(source) if "turn" in cell.metadata}
    cells = []
    for cell in nbformat.read(path, as_version=4).cells:
        if turn := cell.metadata.get("course", {}).get("turn"):
            cells.append(_turn(turns.get(turn), cell, f"lessons/{path.stem}/{source.name}"))
        elif not cell.metadata.get("course", {}).get("generated"):
            cells.append(_authored(cell))
        elif made_of.get(cell.id, cell.source) != cell.source:
            print(
                f"{relative}: the generated cell that begins {cell.source[:40]!r} is not imported; its text comes from "
                "course_lib/course.toml or graded_quiz.yaml.",
                file=sys.stderr,
            )
    source.write_text(to_text(cells), encoding="utf-8", newline="\n")
    ruff = [sys.executable, "-m", "ruff", "format", "--quiet", str(source)]
    done = subprocess.run(ruff, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContentError(f"Wrote {short(source)}, but ruff can't format it. Mend this there:\n{done.stderr.strip()}")
    return source


def _authored(cell: NotebookNode) -> Cell:
    marker, _, name = cell.metadata.get("nbgrader", {}).get("grade_id", "").partition("-")
    metadata = {marker: name} if marker in MARKERS else {}
    if tags := cell.metadata.get("tags"):
        metadata["tags"] = list(tags)
    return Cell("markdown" if cell.cell_type == "markdown" else "code", cell.source, metadata=metadata)


def _turn(cell: Cell | None, edited: NotebookNode, source: str) -> Cell:
    """The source's cell, with its solution, as long as the notebook shows its stub."""
    if cell is None or as_stub(cell.source) != edited.source:
        raise ContentError(
            f"The notebook has no solution of a 'Your turn', so the cell that begins {edited.source[:40]!r} can't be "
            f"imported. Undo your edit there and make it in {source}."
        )
    return cell

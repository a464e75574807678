"""In the formgrader, below each written answer, its rubric and model answer. They never get into a student's notebook."""

import re
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.coursedir import CourseDirectory

_SOLUTION = re.compile(r"^### BEGIN SOLUTION\n(.*?)^### END SOLUTION", flags=re.M | re.S)


class ShowRubric(Preprocessor):
    """Adds to the page that a grader looks at what stands between the marks of a solution in the assignment's source."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Add the rubrics where the formgrader shows a submission; leave every other page alone, feedback above all."""
        if "submission_id" not in resources:
            return nb, resources
        course = CourseDirectory(config=self.config)
        folder = course.format_path(course.source_directory, ".", resources["assignment_id"])
        rubrics, cells = _rubrics(Path(folder, f"{resources['notebook_id']}.ipynb")), []
        for cell in nb.cells:
            cells.append(cell)
            if text := rubrics.get(cell.metadata.get("nbgrader", {}).get("grade_id")):
                cells.append(new_markdown_cell(f"> *Only you see this.*\n\n{text}"))
        nb.cells = cells
        return nb, resources


def _rubrics(source: Path) -> dict[str, str]:
    """By grade_id, of the written answers of an assignment; none where its source isn't there."""
    if not source.is_file():
        return {}
    cells = nbformat.read(source, as_version=4).cells
    written = [cell for cell in cells if cell.cell_type == "markdown" and "nbgrader" in cell.metadata]
    return {c.metadata.nbgrader.grade_id: found[1] for c in written if (found := _SOLUTION.search(c.source))}

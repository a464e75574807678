"""The pages that nbgrader makes of a graded notebook: the formgrader's, where you mark, and the student's feedback.

Both show what a student wrote, and the formgrader's shows it to somebody who may change every grade: no HTML of a
student's gets through, from a text cell as little as from an output.
"""

import re
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades
from traitlets.config import Config

_SOLUTION = re.compile(r"^### BEGIN SOLUTION\n(.*?)^### END SOLUTION", flags=re.M | re.S)
_NEARBY_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?![a-z]+:)[^)]*\)")

_TEXT = SanitizeHTML(
    tags=[
        "a", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p",
        "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
    ],
    attributes={"a": ["href", "title"], "ol": ["start"], "span": ["class"], "td": ["align"], "th": ["align"]},
)  # fmt: skip


def markdown2html(source: str) -> str:
    """Markdown as HTML that shows text and does nothing: other tags are shown as they were typed."""
    rendered = MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source)
    return _TEXT.sanitize_html_tags(rendered)


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


class GetMarks(GetGrades):
    """Nbgrader's grades and comments for feedback, and which marks are still to come.

    A link to the course's other files leads nowhere where a student opens the page: its text stays. The score, which a
    check's last output is for nbgrader, stands in the cell's heading.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Add the grades, and leave out what would be noise."""
        nb, resources = super().preprocess(nb, resources)
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                cell.source = _NEARBY_LINK.sub(r"\1", cell.source)
            elif cell.metadata.get("nbgrader", {}).get("grade"):
                cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
        return nb, resources

    def _get_score(self, cell: NotebookNode, resources: Any) -> None:
        super()._get_score(cell, resources)
        found = self.gradebook.find_grade(
            cell.metadata.nbgrader.grade_id, self.notebook_id, self.assignment_id, self.student_id
        )
        cell.metadata.nbgrader["waits"] = bool(found.needs_manual_grade)


class FeedbackExporter(HTMLExporter):
    """A student's feedback as one page: nothing to load, nothing that runs, and it prints."""

    @property
    def default_config(self) -> Config:
        """With our template, whichever nbgrader asks `HTMLExporter` for."""
        folders = [str(Path(__file__).parent / "templates")]
        ours = Config(FeedbackExporter={"template_name": "course_feedback", "extra_template_basedirs": folders})
        ours.merge(super().default_config)
        return ours

"""Our place in nbgrader: what reads a submission, what executes it, what saves its grades.

All three are named in `exercises/nbgrader_config.py`, so that `nbgrader autograde`, the formgrader's button and
`course grade` do the same. nbgrader's files, database and other commands stay as they are.
"""

import glob
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Grade, Gradebook, MissingEntry
from nbgrader.converters import Autograde, base
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Bool, Dict, Float, Integer, List, Unicode

from course_lib.classroom.grading import receipts
from course_lib.classroom.grading.grade import Graded, Settings, grade
from course_lib.classroom.grading.plan import Deadlines
from course_lib.classroom.grading.repair import Template, TemplateCell, rebuild
from course_lib.classroom.grading.sandbox import Limits
from course_lib.classroom.grading.submission import Submission, other_files, read_submission
from course_lib.classroom.grading.workers import Done
from course_lib.errors import InputError


class SubmissionExporter(NotebookExporter):
    """Reads what was handed in, broken or not, and hands nbgrader a notebook in the assignment's shape."""

    ready: ClassVar[dict[str, tuple[NotebookNode, Submission, Graded]]] = {}
    """By student, what `course grade` has graded already, for nbgrader to save."""

    def __init__(self, config: Any = None, **kwargs: Any) -> None:
        super().__init__(config=config, **kwargs)
        self.optimistic_validation = True  # once a pass, not after each of its twelve steps
        self.handed_in: dict[str, Submission] = {}
        self.templates: dict[str, Template] = {}
        self.graded: dict[str, Graded] = {}
        if isinstance(self.parent, Autograde):
            _expect_notebooks(self.parent, self)
            _leave_receipts(self.parent, self)

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> tuple[NotebookNode, Any]:
        """Read a submission in nbgrader's first pass; in its second, read what the first wrote."""
        if not isinstance(self.parent, Autograde) or not self.parent._sanitizing:
            return super().from_filename(filename, resources=resources, **kwargs)
        about = resources["nbgrader"]
        if about["student"] in self.ready:
            notebook, self.handed_in[about["student"]], self.graded[about["student"]] = self.ready[about["student"]]
            return self.from_notebook_node(notebook, resources=resources)
        template = self.template(about["assignment"], about["notebook"])
        submission = read_submission(Path(filename).parent, template.notebook, template.names)
        self.handed_in[about["student"]] = submission
        return self.from_notebook_node(rebuild(submission, template), resources=resources)

    def leave_receipt(self, path: Path, assignment: str, student: str) -> None:
        """Write the receipt of what was graded here; `course grade` writes its own, and several notebooks have none."""
        if student in self.ready or student not in self.graded or len(self.templates) != 1:
            return
        done = Done(student, submission=self.handed_in[student], graded=self.graded[student])
        about = receipts.basis(*self.templates.values(), GradedExecute(parent=self).settings(), assignment)
        receipts.write(path, receipts.receipt(done, about))

    def template(self, assignment: str, notebook: str) -> Template:
        """The assignment's notebook, as nbgrader released it."""
        if notebook not in self.templates:
            coursedir = self.parent.coursedir
            folder = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
            self.templates[notebook] = read_template(coursedir.db_url, assignment, notebook, folder)
        return self.templates[notebook]


class GradedExecute(NbGraderPreprocessor):
    """Run a submission in its sandbox on the secret cases, and put verdicts into its graded cells."""

    secret_file = Unicode("grading_secret.txt", help="Holds the secret of the graded cases; made on first use.").tag(
        config=True
    )
    lessons = Unicode("lessons", help="The folder whose NN_slug/graded_quiz.yaml files hold the keys.").tag(config=True)
    sandbox = Bool(True, help="Shut submissions in. Without, they can read, write and send what you can.").tag(
        config=True
    )
    timeout = Float(60, help="Seconds that a cell may take.").tag(config=True)
    notebook_timeout = Float(240, help="Seconds that a notebook may take.").tag(config=True)
    memory_mb = Integer(4096, help="Memory that a submission may use, all of its processes together.").tag(config=True)
    readable = List(Unicode(), help="Folders that submissions may read besides the system, such as data.").tag(
        config=True
    )
    dropped = Dict(
        help="Assignment -> tasks and questions that don't count: everybody who handed in has their points."
    ).tag(config=True)

    def secret(self) -> str:
        """The secret that the inputs of graded cases follow from: the same for a whole class, and for regrading."""
        path = Path(self.secret_file)
        if not path.exists():
            path.write_text(secrets.token_hex(16), encoding="utf-8")
            path.chmod(0o600)
        return path.read_text(encoding="utf-8").strip()

    def settings(self) -> Settings:
        """How this class is graded."""
        keys, secret = Path(self.lessons).resolve(), Path(self.secret_file).resolve()
        return Settings(
            secret=self.secret(),
            keys=keys,
            sandbox=self.sandbox,
            deadlines=Deadlines(self.timeout, self.notebook_timeout),
            limits=Limits(memory_bytes=self.memory_mb * 2**20, cpu_seconds=int(2 * self.notebook_timeout) + 60),
            readable=tuple(Path(folder).resolve() for folder in self.readable),
            hidden=(keys, secret.parent),
            dropped={assignment: tuple(names) for assignment, names in self.dropped.items()},
        )

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Run and judge, or take what was run and judged already; the outputs are the notebook's afterwards."""
        about, exporter = resources["nbgrader"], self.parent
        if not self.config.Execute.get("enabled", True):
            raise InputError("--no-execute would believe the outputs that were handed in. Grade without it.")
        if not isinstance(exporter, SubmissionExporter):
            raise InputError(
                "GradedExecute needs c.Autograde.exporter_class = 'course_lib.classroom.grading.SubmissionExporter'."
            )
        graded = exporter.graded.get(about["student"])
        if graded is None:
            if not self.sandbox:
                self.log.warning("Grading %s WITHOUT a sandbox: it can do what you can.", about["student"])
            with tempfile.TemporaryDirectory(prefix="grading-") as folder:
                submission = exporter.handed_in[about["student"]]
                graded = grade(nb, submission, about["assignment"], self.settings(), folder=folder)
            exporter.graded[about["student"]] = graded
        for remark in graded.remarks:
            self.log.warning("%s: %s", about["student"], remark)
        for number, outputs in graded.outputs.items():
            nb.cells[number].outputs = outputs
        resources["course"] = graded
        return nb, resources


class SaveGrades(SaveAutoGrades):
    """Save the grades; what nobody could read or mark waits for a person.

    A person's mark stays, and is up for review only if the submission or the score that it replaces is another one now:
    nbgrader puts all of a class's into the queue again, whatever was graded again.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Save, then put what has a reason into the queue for manual grading."""
        about, exporter = resources["nbgrader"], self.parent
        known = receipts.before(_receipt(exporter.parent.coursedir, about["assignment"], about["student"]))
        self._same = known.get("submission_digest") == exporter.handed_in[about["student"]].digest
        self._reviewed: set[str] = set()
        nb, resources = super().preprocess(nb, resources)
        graded = resources.get("course")
        if graded is not None and graded.manual:
            with Gradebook(about["db_url"]) as book:
                found = book.find_submission_notebook(about["notebook"], about["assignment"], about["student"])
                for one in found.grades:
                    one.needs_manual_grade = one.name not in self._reviewed
                book.db.commit()
        return nb, resources

    def _add_score(self, cell: NotebookNode, resources: Any) -> None:
        name = cell.metadata.nbgrader.grade_id
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        score, waits = grade.auto_score, grade.needs_manual_grade
        try:
            super()._add_score(cell, resources)
        except ValueError:  # an instructor's own test cell that gave more than its points, or no number
            cell.outputs = [{"output_type": "error", "ename": "NoScore", "evalue": "no score", "traceback": []}]
            super()._add_score(cell, resources)
        if self._same and not waits and grade.manual_score is not None and grade.auto_score == score:
            grade.needs_manual_grade = False
            self._reviewed.add(name)
            self.gradebook.db.commit()


def read_template(db_url: str, assignment: str, notebook: str, source: Path) -> Template:
    """The assignment's notebook as nbgrader's database has it, with the plain code cells of its source.

    Args:
        db_url: of the gradebook.
        assignment: its name.
        notebook: the notebook's name, without .ipynb.
        source: the assignment's folder in `source/`.
    """
    with Gradebook(db_url) as book:
        found = book.find_notebook(notebook, assignment)
        graded = {cell.name: cell for cell in [*found.grade_cells, *found.task_cells]}
        solutions = {cell.name for cell in found.solution_cells}
        known = {}
        for cell in found.source_cells:
            points = {"points": float(graded[cell.name].max_score)} if cell.name in graded else {}
            task = cell.name in {one.name for one in found.task_cells}
            about = {
                "schema_version": 3,
                "grade_id": cell.name,
                "cell_type": cell.cell_type,
                "locked": cell.locked,
                "grade": cell.name in graded and not task,
                "solution": cell.name in solutions,
                "task": task,
                "checksum": cell.checksum,
                **points,
            }
            known[cell.name] = TemplateCell(cell.cell_type, cell.source, about)
    path, ordered = source / f"{notebook}.ipynb", []
    if path.is_file():
        for cell in json.loads(path.read_text(encoding="utf-8")).get("cells", ()):
            grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
            text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            plain = TemplateCell(cell["cell_type"], text)
            ordered.append(known.pop(grade_id, plain) if grade_id else plain)
    return Template(f"{notebook}.ipynb", (*ordered, *known.values()))


def _expect_notebooks(converter: Autograde, exporter: SubmissionExporter) -> None:
    """Have nbgrader look for every notebook of the assignment in every submission, whatever is in there."""
    coursedir = converter.coursedir
    coursedir.get_existing_timestamp = partial(_timestamp, coursedir.get_existing_timestamp)
    with Gradebook(coursedir.db_url, coursedir.course_id) as book:
        names = [n.name for n in book.find_assignment(coursedir.assignment_id).notebooks]
    wanted = [name for name in names if coursedir.notebook_id in ("*", name)]
    who = next(iter(exporter.ready), None)
    asked = converter._format_source(coursedir.assignment_id, who or coursedir.student_id)
    for folder in glob.glob(glob.escape(asked) if who else asked):  # a student's name may look like a pattern: [a-z]*
        converter.assignments[folder] = [os.path.join(folder, f"{name}.ipynb") for name in wanted]
    copy = converter.init_assignment

    def init_assignment(assignment_id: str, student_id: str) -> None:
        """Copy the files that the reader takes: nbgrader follows links, and takes hours for thousands of files."""
        receipts.withdraw(_receipt(coursedir, assignment_id, student_id))
        folder = Path(converter._format_source(assignment_id, student_id))
        is_named = all((folder / f"{name}.ipynb").is_file() for name in names)
        find, base.find_all_files = base.find_all_files, lambda *_: []
        try:
            # Of a notebook that has another name nbgrader believes that it wasn't handed in, and sets its scores to 0.
            with nullcontext() if is_named else _kept_scores(coursedir, assignment_id, student_id):
                copy(assignment_id, student_id)
        finally:
            base.find_all_files = find
        for name, content in other_files(folder).items():
            place = Path(converter._format_dest(assignment_id, student_id), name)
            if not place.exists():  # the assignment's own files come first
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)

    converter.init_assignment = init_assignment


@contextmanager
def _kept_scores(coursedir: CourseDirectory, assignment: str, student: str) -> Iterator[None]:
    """What the gradebook has of a student's cells before the block, it has after it."""
    known: dict[str, Any] = {}
    with Gradebook(coursedir.db_url, coursedir.course_id) as book, suppress(MissingEntry):
        grades = [grade for one in book.find_submission(assignment, student).notebooks for grade in one.grades]
        known = {grade.id: (grade.auto_score, grade.needs_manual_grade) for grade in grades}
    yield
    with Gradebook(coursedir.db_url, coursedir.course_id) as book:
        for grade in book.db.query(Grade).filter(Grade.id.in_(known)):
            grade.auto_score, grade.needs_manual_grade = known[grade.id]
        book.db.commit()


def _leave_receipts(converter: Autograde, exporter: SubmissionExporter) -> None:
    """Have a receipt written when all else of a submission is: without one, `course grade` grades it again."""
    finish = converter.set_permissions

    def set_permissions(assignment_id: str, student_id: str) -> None:
        finish(assignment_id, student_id)
        exporter.leave_receipt(_receipt(converter.coursedir, assignment_id, student_id), assignment_id, student_id)

    converter.set_permissions = set_permissions


def _receipt(coursedir: CourseDirectory, assignment: str, student: str) -> Path:
    return receipts.place(Path(coursedir.root), assignment, student)


def _timestamp(read: Callable[[str], Any], folder: str) -> Any:
    """When it was handed in; unknown where the file that says so says anything else."""
    path = os.path.join(folder, "timestamp.txt")
    try:
        return read(folder) if not os.path.lexists(path) or _regular(path) else None
    except Exception:
        return None


def _regular(path: str) -> bool:
    return stat.S_ISREG(os.lstat(path).st_mode)

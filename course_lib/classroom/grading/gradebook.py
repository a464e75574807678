"""The one writer: nbgrader's own autograding with what the workers found, one submission after another."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Assignment, Gradebook, MissingEntry, Notebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.converters import Autograde, NbGraderException, autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import latesubmissions, overwritecells, overwritekernelspec, saveautogrades
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader
from traitlets.log import get_logger

from course_lib.classroom.grading import execute
from course_lib.classroom.grading.execute import GradedExecute, SubmissionExporter, read_template
from course_lib.classroom.grading.grade import Settings
from course_lib.classroom.grading.repair import Template
from course_lib.classroom.grading.workers import Done, Job
from course_lib.errors import InputError

CONFIG = "nbgrader_config.py"
_NEEDLESS = ("ClearOutput", "DeduplicateIds", "OverwriteCells", "CheckCellMetadata")
"""Of nbgrader's steps, those that mend metadata: a notebook from `rebuild` has the assignment's, and no outputs."""

LOCKED_SECONDS = 60
"""How long to wait for a gradebook that another program holds."""


@dataclass(frozen=True)
class Row:
    """One student's line in the gradebook, for one assignment."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    score: float | None = None
    max_score: float = 0.0
    seconds_late: float = 0.0
    needs_person: bool = False
    what: str = ""
    """What happened to the submission, in a few words."""

    @property
    def name(self) -> str:
        """As a register has it: "Last, First"; the id where nothing is known."""
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.student


class Course:
    """An nbgrader course: its configuration, its folders, its gradebook.

    Args:
        folder: where `nbgrader_config.py` lies; without, it is looked for here and in exercises/.
        sandbox: False grades without one, whatever the configuration says.

    Raises:
        InputError: there is no course.
    """

    def __init__(self, folder: Path | None = None, *, sandbox: bool = True):
        places = [folder] if folder else [Path.cwd(), Path.cwd() / "exercises"]
        found = next((p for p in places if (p / CONFIG).is_file()), None)
        if found is None:
            raise InputError(f"There is no {CONFIG} in {' or '.join(map(str, places))}. Go to the course's exercises/.")
        self.folder = found.resolve()
        self.config: Config = PyFileConfigLoader(CONFIG, path=str(self.folder)).load_config()
        if not sandbox:
            self.config.GradedExecute.sandbox = False
        self.config.Autograde.force = True
        for name in ("sanitize_preprocessors", "autograde_preprocessors"):
            listed = self.config.Autograde.get(name, getattr(Autograde, name).default())
            self.config.Autograde[name] = [one for one in listed if _name(one) not in _NEEDLESS]
        self.directory = CourseDirectory(config=self.config)

    def settings(self) -> Settings:
        """How this class is graded."""
        return GradedExecute(config=self.config).settings()

    def template(self, assignment: str) -> Template:
        """The assignment's notebook as it was released.

        Raises:
            InputError: it wasn't, or it has several notebooks.
        """
        with self._gradebook() as book:
            try:
                notebooks = [one.name for one in book.find_assignment(assignment).notebooks]
            except MissingEntry:
                notebooks = []
        if len(notebooks) != 1:
            what = f"has {len(notebooks)} notebooks" if notebooks else "is not in the gradebook"
            raise InputError(f"{assignment} {what}. Run: nbgrader generate_assignment {assignment}")
        source = Path(self.directory.format_path(self.directory.source_directory, ".", assignment))
        return read_template(self.directory.db_url, assignment, notebooks[0], source)

    def submissions(self, assignment: str) -> dict[str, Path]:
        """The folders that were handed in, by student."""
        pattern = Path(self.directory.format_path(self.directory.submitted_directory, "*", assignment))
        place = pattern.parts.index("*")
        root, rest = Path(*pattern.parts[:place]), Path(*pattern.parts[place + 1 :])
        folders = sorted(root.iterdir()) if root.is_dir() else []
        return {f.name: f / rest for f in folders if f.is_dir() and not f.is_symlink() and (f / rest).is_dir()}

    def autograded(self, student: str, assignment: str) -> Path:
        """Where nbgrader keeps the graded copy of a submission."""
        return Path(self.directory.format_path(self.directory.autograded_directory, student, assignment))

    def save(self, done: Done, job: Job) -> str:
        """Write one graded submission: the notebook with its outputs, and its grades.

        Returns:
            What went wrong; empty if nothing did.
        """
        self.directory.assignment_id, self.directory.student_id = job.assignment, done.student
        until = time.monotonic() + LOCKED_SECONDS
        while True:
            SubmissionExporter.ready = {done.student: (done.notebook, done.submission, done.graded)}
            try:
                with _captured() as log, _one_connection():
                    _Ready(coursedir=self.directory, config=self.config).start()
                return ""
            except (NbGraderException, SQLAlchemyError, OSError) as e:
                locked = "database is locked" in "\n".join([*log, str(e)])
                if not locked or time.monotonic() > until:
                    why = "the gradebook is locked by another program" if locked else str(e)
                    last = next((line for line in reversed("\n".join(log).splitlines()) if "Error" in line), "")
                    return f"{why} {last}".strip()[:500]
                time.sleep(0.5)
            finally:
                SubmissionExporter.ready = {}

    def assign_penalties(self, assignment: str) -> None:
        """Let penalties follow the deadline, extensions and marks as they are now: nbgrader's are those of the grading."""
        penalties = latesubmissions.AssignLatePenalties(config=self.config)
        with self._gradebook() as book:
            found = (
                book.db.query(SubmittedAssignment, Notebook.name, SubmittedNotebook.late_submission_penalty)
                .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
                .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
                .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
                .filter(Assignment.name == assignment)
            )
            about = [
                {"student": one.student_id, "assignment": assignment, "notebook": name}
                for one, name, penalty in found
                if one.total_seconds_late > 0 or penalty
            ]
        with _captured(), _one_connection():
            for one in about:
                resources = {"nbgrader": {**one, "db_url": self.directory.db_url}}
                penalties.preprocess(NotebookNode(cells=[]), resources)

    def rows(self, assignment: str) -> list[Row]:
        """Every student of the class, with the grade where there is one."""
        with self._gradebook() as book:
            most = float(book.find_assignment(assignment).max_score)
            of_all = (  # asked at once: each is a query of its own where a submission is asked for it
                SubmittedAssignment.score,
                SubmittedAssignment.late_submission_penalty,
                SubmittedAssignment.needs_manual_grade,
            )
            graded = book.db.query(SubmittedAssignment, *of_all).join(Assignment).filter(Assignment.name == assignment)
            found, rows = {one.student_id: (one, *rest) for one, *rest in graded}, []
            for student in book.students:
                about = (student.id, student.first_name or "", student.last_name or "", student.email or "")
                if student.id not in found:
                    rows.append(Row(*about, max_score=most))
                    continue
                one, points, penalty, waits = found[student.id]
                score = round(max(0.0, float(points) - float(penalty)), 2)
                rows.append(Row(*about, score, most, float(one.total_seconds_late), bool(waits)))
        return sorted(rows, key=lambda row: row.student)

    def _gradebook(self) -> Gradebook:
        until = time.monotonic() + LOCKED_SECONDS
        while True:
            try:
                return _Opened(self.directory.db_url, self.directory.course_id)
            except OperationalError as e:
                if "locked" not in str(e):
                    raise
                if time.monotonic() > until:
                    raise InputError(f"The gradebook can't be opened: {e.orig}. Close what uses it.") from None
                time.sleep(0.5)


class _Ready(Autograde):
    """Nbgrader's converter for a submission that was read already, whatever lies in its folder."""

    def init_notebooks(self) -> None:
        """What to expect, `SubmissionExporter` says."""
        self.assignments, self.notebooks = {}, []


def _name(preprocessor: Any) -> str:
    return preprocessor.rpartition(".")[2] if isinstance(preprocessor, str) else preprocessor.__name__


class _Opened(Gradebook):
    """A gradebook that lets go of its file if it can't be opened: nbgrader's keeps it until it is collected."""

    def __init__(self, db_url: str, course_id: str = "default_course"):
        try:
            super().__init__(db_url, course_id)
        except SQLAlchemyError:
            Gradebook.close(self)
            raise


class _Kept(_Opened):
    """A gradebook whose connection outlives a `with`: nbgrader makes nine for each student, 40 ms each."""

    def close(self) -> None:
        """End the session; the next one starts from what the database holds then."""
        self.db.remove()


_kept: dict[str, _Kept] = {}


def _gradebook(db_url: str, course_id: str = "default_course") -> Gradebook:
    if db_url not in _kept:
        _kept[db_url] = _Kept(db_url, course_id)
    return _kept[db_url]


@contextmanager
def _one_connection() -> Iterator[None]:
    """Inside, all of nbgrader's autograding shares one connection to the gradebook."""
    users = (autograde, latesubmissions, overwritecells, overwritekernelspec, saveautogrades, execute)
    for module in users:
        module.Gradebook = _gradebook
    try:
        yield
    finally:
        for module in users:
            module.Gradebook = Gradebook


@contextmanager
def _captured() -> Iterator[list[str]]:
    """What nbgrader logs, kept instead of shown."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: Any) -> None:
            lines.append(record.getMessage())

    log = get_logger()
    before, level = log.handlers[:], log.level
    log.handlers[:] = [Keep()]
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SQLAlchemy's, of nbgrader's way with it
            yield lines
    finally:
        log.handlers[:] = before
        log.setLevel(level)

"""The one writer: nbgrader's own autograding with what the workers found, one submission after another."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader
from traitlets.log import get_logger

from course_lib.classroom.grading.execute import GradedExecute, SubmissionExporter, read_template
from course_lib.classroom.grading.grade import Settings
from course_lib.classroom.grading.repair import Template
from course_lib.classroom.grading.workers import Done, Job
from course_lib.errors import InputError

CONFIG = "nbgrader_config.py"
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
                with _captured() as log:
                    Autograde(coursedir=self.directory, config=self.config).start()
                return ""
            except (NbGraderException, OSError) as e:
                locked = "database is locked" in "\n".join(log)
                if not locked or time.monotonic() > until:
                    why = "the gradebook is locked by another program" if locked else str(e)
                    last = next((line for line in reversed("\n".join(log).splitlines()) if "Error" in line), "")
                    return f"{why} {last}".strip()[:500]
                time.sleep(0.5)
            finally:
                SubmissionExporter.ready = {}

    def rows(self, assignment: str) -> list[Row]:
        """Every student of the class, with the grade where there is one."""
        with self._gradebook() as book:
            most = float(book.find_assignment(assignment).max_score)
            found = {one.student_id: one for one in book.assignment_submissions(assignment)}
            rows = []
            for student in book.students:
                one = found.get(student.id)
                about = (student.id, student.first_name or "", student.last_name or "", student.email or "")
                if one is None:
                    rows.append(Row(*about, max_score=most))
                    continue
                penalty = sum(n.late_submission_penalty or 0 for n in one.notebooks)
                score = max(0.0, float(one.score) - penalty)
                late = float(one.total_seconds_late)
                rows.append(Row(*about, round(score, 2), most, late, bool(one.needs_manual_grade)))
        return sorted(rows, key=lambda row: row.student)

    def _gradebook(self) -> Gradebook:
        return Gradebook(self.directory.db_url, self.directory.course_id)


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
        yield lines
    finally:
        log.handlers[:] = before
        log.setLevel(level)

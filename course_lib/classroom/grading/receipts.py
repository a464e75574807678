"""Receipts: what was graded, with what, and what came out. Grading the same thing again gives the same receipt."""

import hashlib
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

from course_lib.classroom.grading.grade import Settings, seed_of
from course_lib.classroom.grading.judging import Judged
from course_lib.classroom.grading.repair import Template
from course_lib.classroom.grading.workers import Done, Job
from course_lib.syllabus import ROOMS, load_syllabus

_PACKAGES = ("evaluate-save-load", "torch", "numpy", "scikit-learn", "ipython", "nbgrader")


def basis(template: Template, settings: Settings, assignment: str) -> dict[str, Any]:
    """What a grade follows from besides the submission: the same basis and submission give the same grade."""
    keys = sorted(settings.keys.glob(f"{assignment}/graded_quiz.yaml"))
    return {
        "assignment": assignment,
        "assignment_digest": template.digest(),
        "tasks_digest": _digest(*_task_files(template)),
        "key_digest": _digest(*keys),
        "secret_digest": hashlib.sha256(f"receipt {settings.secret}".encode()).hexdigest()[:16],
        "dropped": sorted(settings.dropped.get(assignment, ())),
        "sandbox": settings.sandbox,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Of this Python and of what a grade depends on."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _task_files(template: Template) -> list[Path]:
    """The code of the lessons that the assignment's tasks belong to: another one's change concerns nobody here."""
    lessons = {lesson.slug for lesson in load_syllabus().known if {*template.names} & {*lesson.tasks, *lesson.turns}}
    return sorted(path for slug in lessons for path in (ROOMS / slug).rglob("*.py"))


def receipt(done: Done, about: dict[str, Any]) -> dict[str, Any]:
    """The receipt of a graded submission."""
    graded = done.graded
    return {
        "student": done.student,
        "submission_digest": done.submission.digest,
        "seed": seed_of(done.submission),
        "verdicts": {grade_id: _verdict(judged) for grade_id, judged in graded.judged.items()},
        "remarks": graded.remarks,
        "needs_a_person": graded.manual,
        **about,
    }


def _verdict(judged: Judged) -> dict[str, Any]:
    found = {name: getattr(judged, name) for name in ("score", "outcome", "right", "of", "message", "hint", "case")}
    if judged.dropped:
        found["dropped"] = list(judged.dropped)
    if judged.answers:
        found["answers"] = {
            name: {"typed": one.typed, "outcome": one.outcome, "mistakes": list(one.mistakes)}
            for name, one in judged.answers.items()
        }
    return found


def place(course: Path, assignment: str, student: str) -> Path:
    """Where a student's receipt lies."""
    return course / "receipts" / assignment / f"{student}.json"


def withdraw(path: Path) -> None:
    """Take a receipt back while its submission is graded again; what was graded before stays known until then."""
    if path.exists():
        os.replace(path, path.with_suffix(".before"))


def before(path: Path) -> dict[str, Any]:
    """The receipt that was withdrawn; empty if there is none."""
    return read(path.with_suffix(".before"))


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a receipt whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    path.with_suffix(".before").unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a file whole, or leave what was there."""
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():  # such as /dev/stdout
        path.write_text(text, encoding="utf-8")
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read(path: Path) -> dict[str, Any]:
    """A receipt; empty where there is none that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_current(content: dict[str, Any], job: Job, about: dict[str, Any]) -> bool:
    """Whether a receipt is for what lies there now, graded as it would be now."""
    if any(content.get(name) != value for name, value in about.items()):
        return False
    return content.get("submission_digest") == job.read().digest


def _digest(*paths: Path) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"{path.name}\0".encode() + path.read_bytes())
    return whole.hexdigest()[:16]

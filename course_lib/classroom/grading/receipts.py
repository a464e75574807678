"""Receipts: what was graded, with what, and what came out. Grading the same thing again gives the same receipt."""

import hashlib
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

from course_lib.classroom.grading.grade import Settings
from course_lib.classroom.grading.repair import Template
from course_lib.classroom.grading.workers import Done, Job

_PACKAGES = ("evaluate-save-load", "torch", "numpy", "scikit-learn", "ipython", "nbgrader")


def basis(template: Template, settings: Settings, assignment: str) -> dict[str, Any]:
    """What a grade follows from besides the submission: the same basis and submission give the same grade."""
    keys = sorted(settings.keys.glob(f"{assignment}/graded_quiz.yaml"))
    return {
        "assignment": assignment,
        "assignment_digest": template.digest(),
        "tasks_digest": _digest(*sorted(Path(__file__).parents[2].glob("lessons/*/tasks/*.py"))),
        "key_digest": _digest(*keys),
        "secret_digest": hashlib.sha256(f"receipt {settings.secret}".encode()).hexdigest()[:16],
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


def receipt(done: Done, about: dict[str, Any]) -> dict[str, Any]:
    """The receipt of a graded submission."""
    graded = done.graded
    verdicts = {
        grade_id: {
            "score": judged.score,
            "outcome": judged.outcome,
            "right": judged.right,
            "of": judged.of,
            "message": judged.message,
        }
        for grade_id, judged in graded.judged.items()
    }
    return {
        "student": done.student,
        "submission_digest": done.submission.digest,
        "seed": int(done.submission.digest[:8] or "0", 16) >> 1,
        "verdicts": verdicts,
        "remarks": graded.remarks,
        "needs_a_person": graded.manual,
        **about,
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a receipt whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


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

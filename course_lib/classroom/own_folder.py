"""The learner's own folder: the course's notebooks are copied there, and what a learner changed there stays.

One rule a notebook, given three digests: the course's edition now, the copy now, and the edition given last.

    no copy              -> copy it                       (also after the learner deleted it)
    copy = edition       -> it is up to date
    given = edition      -> nothing new: the copy is the learner's business
    copy = given         -> untouched: put the new edition in its place
    otherwise            -> touched: it stays, and the new edition lands beside it, once

A digest covers what a notebook says, not what running and saving add to it. Without a record, every copy that isn't
today's edition counts as touched. A notebook that the course dropped stays.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import date
from glob import escape
from pathlib import Path

from course_lib.errors import InputError

COURSE = Path(__file__).parents[2]
RECORD = ".course.json"
"""In the learner's folder: for each notebook, the digest of the edition given last."""
_WORKED_IN = "worked in"  # no digest looks like this


def update(folder: Path, course: Path = COURSE, *, tell: Callable[[str], object] = print) -> None:
    """Bring the course's notebooks into the learner's folder; nothing that was changed there is overwritten.

    The layout is the course's own, so links between notebooks work. Killed at any moment, it leaves whole files,
    and the next call finishes.

    Args:
        folder: the learner's folder; it is made where it is missing.
        course: the course, with `notebooks/` and `exercises/release/`.
        tell: is given each sentence for the learner.

    Raises:
        InputError: the course has no notebooks, or the folder is the course itself or can't be written.
    """
    sources = list(_sources(course))
    if not sources:
        raise InputError(
            f"Expected the course's notebooks in {course / 'notebooks'}; there are none. Install the course from a "
            'copy of its repository: in its folder, python -m pip install -c constraints.txt -e ".[lab]"'
        )
    if folder.resolve() == course.resolve():
        raise InputError(f"{folder} is the course itself, which updates overwrite. Choose another with --folder.")
    given, new, fresh, locked = _read_record(folder / RECORD, tell), 0, [], []
    try:
        for path in sources:
            name = path.relative_to(course).as_posix()
            edition, copy = _digest(path), folder / name
            if edition is None:
                tell(f"{path} is damaged and is left out. Fetch the course anew.")
                continue
            was, here = given.get(name), _digest(copy)
            if was != edition:
                given[name] = _WORKED_IN if _was_run(path) else edition
            try:
                if not os.path.lexists(copy):
                    _put(copy, path.read_bytes())
                    new += 1
                elif here == edition or was == edition:
                    pass
                elif here is not None and here == was:
                    _put(copy, path.read_bytes())
                    fresh.append(name)
                elif beside := _put_beside(copy, path.read_bytes(), edition):
                    tell(f"You changed {name}, so it stays; the newer edition lies beside it: {beside.name}")
            except PermissionError:  # one notebook that another program holds open must not stop the others
                if was is None:
                    raise
                given[name] = was
                locked.append(name)
        if new:
            tell(f"Copied {new} notebook{'s' if new > 1 else ''} into {folder}.")
        if fresh:
            tell(f"Brought up to date, because you had not changed them: {', '.join(fresh)}")
        if locked:
            tell(f"Not brought up to date, because they can't be written now: {', '.join(locked)}")
        _put(folder / RECORD, json.dumps(given, indent=1).encode())
    except OSError as error:
        raise InputError(
            f"Your notebooks can't be written in {folder}: {error.strerror or error}. What is there is kept. "
            "Make room or choose another folder: course lab --folder PATH"
        ) from error


def _sources(course: Path) -> Iterator[Path]:
    for pattern in ("notebooks/*.ipynb", "exercises/release/*/*.ipynb"):
        yield from sorted(course.glob(pattern))


def _digest(path: Path) -> str | None:
    """What a notebook says, as a digest; None for what is no notebook. Shift+Enter at its end adds empty cells."""
    try:
        cells = [
            (cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("nbgrader")) for cell in _cells(path)
        ]
        said = [cell for cell in cells if cell[1].strip() or cell[2]]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _was_run(path: Path) -> bool:
    """Whether somebody works in the course's own notebook: then its copy is theirs, too."""
    return any(cell.get("execution_count") for cell in _cells(path))


def _cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def _read_record(path: Path, tell: Callable[[str], object]) -> dict[str, str]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(digest, str) for digest in record.values()):
            raise ValueError("every value is a digest")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError):
        tell(f"{path} can't be read, so every notebook in that folder counts as changed by you and stays.")
        return {}
    return record


def _put_beside(copy: Path, content: bytes, edition: str) -> Path | None:
    """Write a newer edition beside a touched copy; None when it lies there already."""
    stem = f"{copy.stem} (edition of "
    if any(_digest(other) == edition for other in copy.parent.glob(f"{escape(stem)}*.ipynb")):
        return None
    beside, number = copy.with_name(f"{stem}{date.today()}).ipynb"), 2
    while beside.exists():
        beside, number = copy.with_name(f"{stem}{date.today()}, {number}).ipynb"), number + 1
    _put(beside, content)
    return beside


def _put(path: Path, content: bytes) -> None:
    """Write a file that is whole or not there. (`checkpoints.durable` does more, and imports torch.)"""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")  # hidden, should a crash leave it behind
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

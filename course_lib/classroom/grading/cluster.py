"""A class graded on a Dask cluster: submissions go out with all that a worker needs, and what became of them comes back.

A worker needs the same course and nothing of the instructor's machine: no folder, no key, no gradebook. Only the
instructor's command writes. What a Dask worker is asked to do, it does in a grader process of its own (`do_apart`): it
has threads, and signals that mean other things.
"""

import contextlib
import itertools
import logging
import pickle
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from course_lib.classroom.grading.grade import Settings
from course_lib.classroom.grading.judging import quiz_lesson
from course_lib.classroom.grading.receipts import versions
from course_lib.classroom.grading.workers import Done, Job, do_apart
from course_lib.errors import CourseError, InputError
from course_lib.syllabus import load_syllabus

CONNECT_SECONDS = 15
ALONE_SECONDS = 60
"""How long a class waits for workers once all of them are gone."""

_INSTALL = "pip install -c constraints.txt -e '.[grading,cluster]'"
_SAME = f"Install the same course there ({_INSTALL}), start the worker again, and run the command again."


def grade_on(address: str, jobs: Iterable[Job], settings: Settings) -> Iterator[Done]:
    """Grade submissions on a cluster; what is done comes as it is done.

    Args:
        address: the scheduler's, such as tcp://10.0.0.5:8786.
        jobs: what to grade. A submission is read here, shortly before it goes out.
        settings: of the class.

    Raises:
        InputError: there is no scheduler, no worker, or one that can't grade this class.
    """
    todo = list(jobs)
    if not todo:
        return
    client = _client(address)
    from distributed import wait

    waiting, running, alone_since = iter(todo), {}, None
    try:
        while True:
            slots = sum(client.nthreads().values())
            for job in itertools.islice(waiting, max(max(2 * slots, 1) - len(running), 0)):
                try:
                    call = _Call(replace(job, folder=Path(), submission=job.read()), settings)
                except Exception as e:  # the class goes on, whatever one submission does to the reader
                    yield Done(job.student, failed=f"{type(e).__name__}: {e}"[:500])
                    continue
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that a submission with its data is large
                    running[client.submit(pickle.loads, pickle.dumps(call), pure=False)] = job
            if not running:
                return
            try:
                wait(list(running), timeout=5, return_when="FIRST_COMPLETED")
            except CancelledError:  # with the scheduler gone, all of them are
                pass
            except TimeoutError:
                alone_since = None if slots else alone_since or time.monotonic()
                if alone_since and time.monotonic() - alone_since > ALONE_SECONDS:
                    raise InputError(
                        f"All workers are gone. Start some (dask worker {address}) and run the same command again."
                    ) from None
                continue
            for future in [one for one in running if one.done()]:
                yield _taken(future, running.pop(future))
    except OSError as e:
        raise InputError(f"The scheduler at {address} is gone ({e}). Run the same command again.") from None
    finally:
        with contextlib.suppress(Exception):
            client.cancel(list(running))
        client.close()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(f"--scheduler needs Dask: {_INSTALL}") from None
    for name in ("distributed", "distributed.client"):  # Dask's own configuration gives the second a level, too
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it, we say
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as e:
        raise InputError(
            f"No Dask scheduler answers at {address} ({str(e) or type(e).__name__}). "
            f"Start one with: dask scheduler; then on each machine: dask worker {address}"
        ) from None
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        client.close()
        raise InputError(f"The scheduler has no workers. Start some with: dask worker {address}") from None
    return client


def _taken(future: Any, job: Job) -> Done:
    """What a task ended with."""
    from distributed import KilledWorker

    error = future.exception() if future.status == "error" else None
    if isinstance(error, KilledWorker):
        return Done(job.student, failed="The workers that graded it died, one after another.")
    if isinstance(error, ImportError | AttributeError):
        return Done(job.student, failed=f"A worker has another course or none: {error}. {_SAME}", stop=True)
    if error is not None:
        return Done(job.student, failed=f"On a worker: {type(error).__name__}: {error}"[:500])
    if future.status != "finished":
        return Done(job.student, failed="The scheduler is gone. Run the same command again.", stop=True)
    done = future.result()
    return Done(job.student, failed=done, stop=True) if isinstance(done, str) else done


class _Call:
    """Pickled, a call of `grade_here`. To Dask it is bytes: a scheduler needs no course, and a worker without one says so."""

    def __init__(self, job: Job, settings: Settings):
        keys = {name: (settings.keys / name / _KEY).read_bytes() for name in _quizzes(job, settings.keys)}
        self._arguments = _identity(), pickle.dumps((job, settings, keys))

    def __reduce__(self) -> tuple:
        return grade_here, self._arguments


def grade_here(theirs: dict[str, str], asked: bytes) -> Done | str:
    """Grade one submission, on a Dask worker.

    Args:
        theirs: what the instructor's machine grades with.
        asked: the pickled job, settings and keys.

    Returns:
        What became of it, or why this worker can't grade at all.
    """
    from distributed import get_worker

    worker, ours = get_worker(), _identity()
    if differing := [
        f"{name} {ours.get(name)} instead of {theirs[name]}" for name in theirs if ours.get(name) != theirs[name]
    ]:
        return f"The worker at {worker.address} has {', '.join(differing)}. {_SAME}"
    job, settings, keys = pickle.loads(asked)
    here = Path(__file__).resolve().parents[3]
    folder = Path(worker.local_directory, f"keys-{sha256(repr(sorted(keys.items())).encode()).hexdigest()[:16]}")
    with _writing:
        if not folder.exists():
            fresh = folder.with_name(f"{folder.name}.new")
            fresh.mkdir(mode=0o700, exist_ok=True)
            for name, text in keys.items():
                (fresh / name).mkdir(exist_ok=True)
                (fresh / name / _KEY).write_bytes(text)
            fresh.rename(folder)
    # Nobody sees the solutions and keys of a course that is checked out here.
    hidden = (*settings.hidden, folder, here / "lessons", here / "exercises")
    done = do_apart(job, replace(settings, keys=folder, hidden=hidden))
    return f"The worker at {worker.address} can't grade: {done.failed}" if done.stop else done


_KEY = "graded_quiz.yaml"
_writing = threading.Lock()


def _quizzes(job: Job, keys: Path) -> list[str]:
    """The lessons whose quizzes the assignment asks for, as their folders are called, if their key is there."""
    found = []
    for cell in job.template.cells:
        if cell.grade_id == "check-quiz":
            try:
                found.append(load_syllabus().lesson(quiz_lesson(cell.source, job.assignment)).name)
            except CourseError:
                continue
    return [name for name in found if (keys / name / _KEY).is_file()]


@cache
def _identity() -> dict[str, str]:
    """What this machine grades with."""
    whole, root = sha256(), Path(__file__).parents[2]
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".yaml", ".toml")):
        whole.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return {**versions(), "distributed": version("distributed"), "course_lib": whole.hexdigest()[:12]}

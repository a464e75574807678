"""Grader processes, each grading one submission after another; one that dies costs its submission a second try.

A worker runs no learner code: it starts a sandboxed process for each submission, and judges. It ends when the process
that started it is gone.
"""

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from course_lib.classroom.grading.grade import Graded, Settings, grade
from course_lib.classroom.grading.repair import Template, rebuild
from course_lib.classroom.grading.server import share_server, warm
from course_lib.classroom.grading.submission import Submission, read_submission
from course_lib.errors import CourseError

TRIES = 2


@dataclass(frozen=True)
class Job:
    """One student's submission of one notebook."""

    student: str
    folder: Path
    template: Template
    assignment: str


@dataclass
class Done:
    """A graded submission, or why there is none.

    Attributes:
        student: whose.
        notebook: in the assignment's shape, before its outputs.
        submission: what was read.
        graded: what came of it.
        failed: why there is nothing; then the rest is None.
        stop: whether the others would fail too.
    """

    student: str
    notebook: NotebookNode | None = None
    submission: Submission | None = None
    graded: Graded | None = None
    failed: str = ""
    stop: bool = False


def do(job: Job, settings: Settings) -> Done:
    """Grade one submission, in this process and a sandboxed one."""
    try:
        submission = read_submission(job.folder, job.template.notebook, job.template.names)
        notebook = rebuild(submission, job.template)
        with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as folder:
            graded = grade(notebook, submission, job.assignment, settings, folder=folder)
    except CourseError as e:
        return Done(job.student, failed=str(e), stop=True)
    except Exception as e:  # the class goes on, whatever one submission does to the grader
        return Done(job.student, failed=f"{type(e).__name__}: {e}"[:500])
    submission.files.clear()  # they stay where they lie
    return Done(job.student, notebook, submission, graded)


def grade_all(
    jobs: Iterable[Job], settings: Settings, workers: int, work: Callable[[Job, Settings], Done] = do
) -> Iterator[Done]:
    """Grade submissions side by side; what is done comes as it is done.

    Args:
        jobs: what to grade.
        settings: of the class.
        workers: how many processes.
        work: what each does with a job.
    """
    waiting = [(job, 1) for job in jobs][::-1]
    busy: dict[Connection, tuple[Any, Job, int]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                _give(*_started(settings, work), waiting.pop(), busy)
            for pipe in wait(list(busy)):
                process, job, tries = busy.pop(pipe)
                try:
                    done = pipe.recv()
                except (EOFError, OSError):
                    pipe.close()
                    process.join()
                    if tries < TRIES:
                        waiting.append((job, tries + 1))
                        continue
                    done = Done(job.student, failed=f"The grader's own process died {TRIES} times.")
                else:
                    if waiting:
                        _give(process, pipe, waiting.pop(), busy)
                    else:
                        pipe.close()
                yield done
    finally:
        for pipe, (process, *_) in busy.items():
            pipe.close()
            process.kill()


def _give(process: Any, pipe: Connection, what: tuple[Job, int], busy: dict[Connection, tuple[Any, Job, int]]) -> None:
    busy[pipe] = (process, *what)
    try:
        pipe.send(what[0])
    except OSError:  # it died; `wait` sees that at once
        return


def _started(settings: Settings, work: Callable[[Job, Settings], Done]) -> tuple[Any, Connection]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("forkserver").Process(target=_worker, args=(theirs, settings, work))
    with warm():
        process.start()
    theirs.close()
    return process, ours


def _worker(pipe: Connection, settings: Settings, work: Callable[[Job, Settings], Done]) -> None:
    share_server()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the command; it ends us by hanging up
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            os._exit(0)
        done = work(job, settings)
        try:
            pipe.send(done)
        except OSError:
            os._exit(0)

"""Grader processes, each grading one submission after another; one that dies costs its submission a second try.

A worker runs no learner code: it starts a sandboxed process for each submission, and judges. It ends when the process
that started it is gone.
"""

import contextlib
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
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
    """One student's submission of one notebook.

    Attributes:
        student: whose.
        folder: where it lies.
        template: the assignment's notebook.
        assignment: the assignment's name.
        submission: what was read there already, for a machine that doesn't have the folder.
    """

    student: str
    folder: Path
    template: Template
    assignment: str
    submission: Submission | None = None

    def read(self) -> Submission:
        """What was handed in."""
        return self.submission or read_submission(self.folder, self.template.notebook, self.template.names)


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
        submission = job.read()
        notebook = rebuild(submission, job.template)
        temporary = tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True)
        with contextlib.nullcontext("") if settings.sandbox else temporary as folder:
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
    busy: dict[Any, tuple[_Worker, Job, int]] = {}

    def give(worker: _Worker) -> None:
        job, tries = waiting.pop()
        worker.give(job, settings)
        busy[worker.pipe] = worker, job, tries

    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                give(_Worker(work))
            for pipe in wait(list(busy)):
                worker, job, tries = busy.pop(pipe)
                done = worker.take()
                if done is None and tries < TRIES:
                    waiting.append((job, tries + 1))
                    continue
                if done is None or not waiting:
                    worker.end()
                else:
                    give(worker)
                yield done or _died(job)
    finally:
        for worker, *_ in busy.values():
            worker.end()


_idle: list["_Worker"] = []


def do_apart(job: Job, settings: Settings) -> Done:
    """Grade one submission in a worker that is kept for the next: for a program with threads and signals of its own."""
    for _ in range(TRIES):
        try:
            worker = _idle.pop()
        except IndexError:
            worker = _Worker(do)
        worker.give(job, settings)
        done = worker.take()
        if done is not None:
            _idle.append(worker)
            return done
    return _died(job)


def _died(job: Job) -> Done:
    return Done(job.student, failed=f"The grader's own process died {TRIES} times.")


class _Worker:
    """A grader process, and our end of the pipe to it."""

    def __init__(self, work: Callable[[Job, Settings], Done]):
        self.pipe, theirs = multiprocessing.Pipe()
        # daemon: what is left of them when this process ends is ended too
        self._process = multiprocessing.get_context("forkserver").Process(
            target=_work, args=(theirs, work), daemon=True
        )
        with warm():
            self._process.start()
        theirs.close()

    def give(self, job: Job, settings: Settings) -> None:
        """Have it grade a submission."""
        with contextlib.suppress(OSError):  # it died; `take` sees that at once
            self.pipe.send((job, settings))

    def take(self) -> Done | None:
        """What came of it; nothing if the process died."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self.end()
            return None

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.pipe.close()
        self._process.kill()
        self._process.join()


def _work(pipe: Any, work: Callable[[Job, Settings], Done]) -> None:
    share_server()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the command; it ends us by hanging up
    while True:
        try:
            job, settings = pipe.recv()
        except EOFError:
            os._exit(0)
        done = work(job, settings)
        try:
            pipe.send(done)
        except OSError:
            os._exit(0)

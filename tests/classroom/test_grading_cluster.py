"""A class on a Dask cluster: the grades and receipts of a run on this machine, whatever becomes of the workers."""

import contextlib
import io
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import types
from dataclasses import replace
from pathlib import Path

import pytest
from attempts import ROOT
from submissions import hand_in, make_course, receipts, right_answers

from course_lib.__main__ import main
from course_lib.classroom.grading import cluster
from course_lib.classroom.grading.gradebook import Course
from course_lib.classroom.grading.workers import Job, grade_all

pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.grading,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux"),
]
NAME, STUDENTS = "01_eval_mode", ("ada", "ben", "cleo", "dan")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A class that this machine has graded; ben's notebook reads a file of his, and cleo's answer is wrong."""
    exercises = make_course(tmp_path_factory.mktemp("cluster"), NAME, STUDENTS)
    answers = right_answers(NAME)
    hand_in(
        exercises, "ben", NAME, {**answers, "predict": f"assert open('mine.txt').read() == 'x'\n{answers['predict']}"}
    )
    (exercises / "submitted" / "ben" / NAME / "mine.txt").write_text("x")
    hand_in(
        exercises, "cleo", NAME, {**answers, "predict": "def predict(model, images, **options):\n    return images"}
    )
    assert main(["grade", NAME, "--folder", str(exercises), "--workers", "2"]) == 0
    return exercises


@contextlib.contextmanager
def dask(folder: Path, *workers: dict[str, str]):
    """A scheduler and workers, as an instructor starts them; its address, and the workers' own processes."""
    file, started = folder / "scheduler.json", []

    def start(*arguments: str, **more: str) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", **more}
        arguments = (*arguments, "--scheduler-file", str(file), "--no-dashboard")
        with open(folder / f"{len(started)}.log", "w") as log:
            started.append(
                subprocess.Popen([sys.executable, "-m", "dask", *arguments], cwd=folder, env=environment, stderr=log)
            )
        return started[-1]

    start("scheduler", "--host", "127.0.0.1", "--port", "0")
    nannies = [start("worker", "--nthreads", "1", "--name", str(i), **more) for i, more in enumerate(workers)]
    try:
        while not file.exists() or not file.read_text().endswith("}"):
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"], nannies
    finally:
        for process in started[::-1]:
            process.terminate()
        for process in started:
            process.wait(30)


def grade(course: Path, capsys, *options: str) -> tuple[int, str]:
    code = main(["grade", NAME, "--folder", str(course), *options])
    said = capsys.readouterr()
    return code, said.out + said.err


def forget(course: Path) -> None:
    shutil.rmtree(course / "receipts", ignore_errors=True)


def test_a_worker_that_is_killed_costs_nothing_but_time(course, tmp_path):
    local = receipts(course, NAME)
    assert local["ben"]["verdicts"]["check-predict"]["score"] == 5
    grades = (course / "grades.csv").read_text()
    forget(course)
    with dask(tmp_path, {}, {}) as (address, nannies):
        arguments = ["-m", "course_lib", "grade", NAME, "--folder", str(course), "--scheduler", address]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        running = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=-1, stderr=-2, text=True)
        worker = None
        while worker is None and running.poll() is None:
            worker = next(filter(None, map(grading, nannies)), None)
            time.sleep(0.05)
        assert worker, running.stdout.read()
        os.kill(worker, signal.SIGKILL)
        said, _ = running.communicate(timeout=200)
    assert running.returncode == 0, said
    assert "4 graded now, 0 before" in said
    assert receipts(course, NAME) == local
    assert (course / "grades.csv").read_text() == grades


def grading(nanny: subprocess.Popen) -> int | None:
    """A nanny's worker, if it is grading: its fork server has forked a grader, and a process for a submission."""
    for worker in children(nanny.pid):
        if any(len(children(server)) > 1 for server in children(worker)):
            return worker
    return None


def children(pid: int) -> list[int]:
    found = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, listed.read_text().split())
    return found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"torch": "1.0"}, "The worker at tcp://there has torch"),
        ({"course_lib": "other"}, "has course_lib"),
    ],
)
def test_a_worker_with_something_else_says_what(change, said, monkeypatch, tmp_path):
    here = types.SimpleNamespace(address="tcp://there", local_directory=str(tmp_path))
    monkeypatch.setattr("distributed.get_worker", lambda: here)
    answer = cluster.grade_here({**cluster._identity(), **change}, b"is not looked at")
    assert said in answer
    assert "instead of" in answer
    assert "pip install" in answer


def test_what_ends_a_task(course):
    from distributed import KilledWorker

    def taken(error=None, result=None, status="error"):
        future = types.SimpleNamespace(status=status, exception=lambda: error, result=lambda: result)
        return cluster._taken(future, types.SimpleNamespace(student="ada"))

    assert taken(ModuleNotFoundError("No module named 'course_lib'")).stop
    assert not taken(KilledWorker("task", None, 3)).stop
    assert "died" in taken(KilledWorker("task", None, 3)).failed
    assert not taken(MemoryError()).stop
    assert taken(status="cancelled").stop
    refused = taken(result="The worker at tcp://there can't grade", status="finished")
    assert refused.stop
    assert "can't grade" in refused.failed


def test_nobody_there(course, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 2)
    forget(course)
    code, said = grade(course, capsys, "--scheduler", "tcp://127.0.0.1:1")
    assert code == 2
    assert "dask scheduler" in said
    code, said = grade(course, capsys, "--scheduler", "nonsense://")
    assert code == 2
    assert "dask scheduler" in said
    with dask(tmp_path) as (address, _):
        code, said = grade(course, capsys, "--scheduler", address)
    assert code == 2
    assert f"dask worker {address}" in said
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, said = grade(course, capsys, "--scheduler", address)
    assert code == 2
    assert "[grading,cluster]" in said


def test_what_comes_back_is_made_of_our_own_classes(course):
    own = Course(course)
    job = Job("ben", own.submissions(NAME)["ben"], own.template(NAME), NAME)
    sent = replace(job, folder=Path(), submission=job.read())
    (done,) = grade_all([sent], own.settings(), 1)
    assert done.graded.judged["check-predict"].score == 5
    used = set()

    class Reads(pickle.Unpickler):
        def find_class(self, module, name):
            used.add(module.split(".")[0])
            return super().find_class(module, name)

    assert Reads(io.BytesIO(pickle.dumps(done))).load() == done
    assert used == {"course_lib", "nbformat"}

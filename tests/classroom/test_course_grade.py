"""`course grade`: what it says and writes, and that nothing graded is lost, whatever is killed."""

import csv
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from attempts import ROOT
from submissions import add_assignment, hand_in, make_course, receipts, right_answers

from course_lib.__main__ import main

pytestmark = [pytest.mark.grading, pytest.mark.timeout(900)]
NAME, STUDENTS = "01_eval_mode", ("ada", "ben", "cleo", "dan")
ANSWERS = right_answers(NAME)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    exercises = make_course(tmp_path_factory.mktemp("grade"), NAME, STUDENTS)
    (exercises / "submitted" / "dan" / NAME / "timestamp.txt").write_text("2026-01-03 00:00:00 UTC")
    return exercises


def scores(course: Path) -> dict[str, float]:
    with open(course / "grades.csv", newline="") as f:
        return {row["student"]: float(row["score"]) for row in csv.DictReader(f) if row["score"]}


def grade(course: Path, capsys, *options: str, also: tuple[str, ...] = ()) -> tuple[int, str]:
    code = main(["grade", NAME, *also, "--folder", str(course), "--workers", "2", *options])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_killed_in_the_middle_it_goes_on_where_it_stopped(course, capsys):
    command = [sys.executable, "-m", "course_lib", "grade", NAME, "--folder", str(course), "--workers", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 300
    while not receipts(course, NAME) and time.monotonic() < until:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    first = receipts(course, NAME)
    assert 0 < len(first) < len(STUDENTS)
    code, said = grade(course, capsys)
    assert code == 0, said
    assert f"{len(STUDENTS) - len(first)} graded now, {len(first)} before" in said
    assert scores(course) == dict.fromkeys(STUDENTS, 20.0)
    assert {s: receipts(course, NAME)[s] for s in first} == first
    assert "24.0 h late" in said


def test_the_same_again_gives_the_same_receipt_and_a_change_is_graded_again(course, capsys):
    before = receipts(course, NAME)
    code, said = grade(course, capsys, "--students", "ada", "ben")
    assert code == 0, said
    assert receipts(course, NAME) == before
    verdict = before["ada"]["verdicts"]["check-predict"]
    assert verdict["score"] == 5
    assert verdict["right"] == verdict["of"]
    assert before["ada"]["versions"]["torch"]
    hand_in(course, "cleo", NAME, {**ANSWERS, "predict": "def predict(model, images, **options):\n    return images"})
    code, said = grade(course, capsys, "--format", "moodle")
    assert "1 graded now, 3 before" in said
    rows = list(csv.reader((course / "grades.csv").read_text().splitlines()))
    assert rows[0][:2] == ["Username", "First name"]
    assert {row[0]: row[4] for row in rows[1:]} == {"ada": "20", "ben": "20", "cleo": "15", "dan": "20"}


def test_canvas_and_who_handed_in_nothing(course, capsys):
    code, said = grade(course, capsys, "--students", "eve")
    assert code == 2
    assert "eve handed in nothing" in said
    grade(course, capsys, "--format", "canvas")
    rows = list(csv.reader((course / "grades.csv").read_text().splitlines()))
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", NAME]
    assert rows[1][5] == "20"
    assert ["ada", "20"] in [[row[3], row[5]] for row in rows]


def test_two_assignments_in_one_run_are_two_columns(course, capsys):
    other = "00_start_here"
    add_assignment(course, other)
    for student in ("ada", "fay"):  # fay handed in nothing else
        hand_in(course, student, other, right_answers(other))
    code, said = grade(course, capsys, "--format", "canvas", also=(other,))
    assert code == 0, said
    assert "2 graded now, 4 before" in said
    rows = list(csv.reader((course / "grades.csv").read_text().splitlines()))
    assert rows[0][5:] == [NAME, other]
    assert rows[1][5:] == ["20", "2"]
    found = {row[3]: row[5:] for row in rows[2:]}
    assert (found["ada"], found["ben"], found["fay"]) == (["20", "2"], ["20", ""], ["", "2"])
    grade(course, capsys, "--format", "moodle", also=(other,))
    heading = (course / "grades.csv").read_text().splitlines()[0].split(",")
    assert heading[4:] == [NAME, other]
    grade(course, capsys, also=(other,))
    with open(course / "grades.csv", newline="") as f:
        plain = {(row["student"], row["assignment"]): row["what_happened"] for row in csv.DictReader(f)}
    assert plain["fay", NAME] == "nothing handed in"
    assert plain["fay", other] == "graded"


def test_a_locked_gradebook_is_waited_for(course, capsys):
    lock = sqlite3.connect(course / "gradebook.db", check_same_thread=False)
    lock.execute("begin exclusive")
    threading.Timer(12, lock.rollback).start()
    shutil.rmtree(course / "receipts")
    code, said = grade(course, capsys, "--students", "ada")
    lock.close()
    assert code == 0, said
    assert set(receipts(course, NAME)) == {"ada"}


def test_a_worker_that_dies_costs_nothing_but_time(course, capsys, monkeypatch, tmp_path):
    from course_lib.classroom.grading import command, workers

    monkeypatch.setenv("KILL_ONCE", str(tmp_path / "killed"))
    marker = tmp_path / "killed"
    real = workers.grade_all

    def grade_all(jobs, settings, number):
        return real(jobs, settings, number, work=_Dies(str(marker)))

    monkeypatch.setattr(command, "grade_all", grade_all)
    code, said = grade(course, capsys)
    assert code == 0, said
    assert marker.exists()
    assert set(receipts(course, NAME)) == set(STUDENTS)


class _Dies:
    """Work that kills its own worker once."""

    def __init__(self, marker: str):
        self.marker = marker

    def __call__(self, job, settings):
        from course_lib.classroom.grading.workers import do

        if not os.path.exists(self.marker):
            open(self.marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return do(job, settings)


class Killed(BaseException):
    """As SIGKILL: nothing of ours is there to catch it."""


def test_killed_between_gradebook_and_receipt_or_grades_it_gives_the_same(course, capsys, monkeypatch):
    from course_lib.classroom.grading import receipts as module

    grade(course, capsys)
    before, graded = receipts(course, NAME), scores(course)

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, "write", killed)
        with pytest.raises(Killed):
            grade(course, capsys, "--students", "ada")
    assert set(before) - set(receipts(course, NAME)) == {"ada"}
    with monkeypatch.context() as patch:
        real = module.write_whole
        patch.setattr(module, "write_whole", lambda path, text: (killed if path.suffix == ".csv" else real)(path, text))
        with pytest.raises(Killed):
            grade(course, capsys)
    code, said = grade(course, capsys)
    assert code == 0
    assert f"0 graded now, {len(STUDENTS)} before" in said
    assert receipts(course, NAME) == before
    assert scores(course) == graded


def test_a_course_that_is_not_there(tmp_path, capsys):
    assert main(["grade", NAME, "--folder", str(tmp_path)]) == 2
    assert "nbgrader_config.py" in capsys.readouterr().err

"""A disk that fills while a class is graded: nothing graded is lost, and who isn't graded is named."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from submissions import make_course, receipts

from course_lib.__main__ import main
from course_lib.classroom.grading import command

pytestmark = [pytest.mark.grading, pytest.mark.timeout(600)]
NAME, STUDENTS = "01_eval_mode", ("ada", "ben", "cleo", "dan")


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A small file system that holds a course, all of it."""
    folder = tmp_path_factory.mktemp("disk")
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as e:
        pytest.skip(f"needs root, to mount a small disk ({e})")
    try:
        make_course(folder, NAME, STUDENTS)
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def leave(disk: Path, size_bytes: int) -> None:
    """Fill the disk up to so many bytes."""
    (disk / "filler").unlink(missing_ok=True)
    room = os.statvfs(disk)
    with open(disk / "filler", "wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - size_bytes)


def grade(course: Path, capsys) -> tuple[int, str]:
    code = main(["grade", NAME, "--folder", str(course), "--workers", "1"])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_a_full_disk_loses_nothing(disk, capsys):
    course = disk / "exercises"
    shutil.copyfile(course / "gradebook.db", disk / "empty.db")
    code, said = grade(course, capsys)
    assert code == 0, said
    wanted, grades = receipts(course, NAME), (course / "grades.csv").read_text()
    shutil.copyfile(disk / "empty.db", course / "gradebook.db")
    for name in ("receipts", "autograded"):
        shutil.rmtree(course / name)
    (course / "grades.csv").write_text("of last time")
    counts = []
    for size_bytes in (0, 4096, 16384, 65536, 131072, 229376):
        before = receipts(course, NAME)
        leave(disk, size_bytes)
        code, said = grade(course, capsys)
        now = receipts(course, NAME)
        counts.append(len(now))
        assert now == {student: wanted[student] for student in now}
        assert before.keys() <= now.keys()
        if code == 0:
            break
        assert "The disk is full" in said
        assert "Make room, then run the same command again" in said
        assert "Traceback" not in said
        assert {s for s in STUDENTS if f"NOT graded: {s}" in said} == set(STUDENTS) - set(now), said
        assert (course / "grades.csv").read_text()
        assert not list(course.rglob("*.tmp"))
    assert counts[0] == 0
    assert len(set(counts)) > 1, counts
    (disk / "filler").unlink()
    code, said = grade(course, capsys)
    assert code == 0, said
    assert f"{len(STUDENTS) - len(now)} graded now, {len(now)} before" in said
    assert receipts(course, NAME) == wanted
    assert (course / "grades.csv").read_text() == grades


def test_no_room_for_what_the_grader_itself_needs(disk, capsys, monkeypatch):
    def no_room(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield

    monkeypatch.setattr(command, "grade_all", no_room)
    shutil.rmtree(disk / "exercises" / "receipts", ignore_errors=True)
    code, said = grade(disk / "exercises", capsys)
    assert code == 2
    assert "The disk is full" in said

"""The progress log: written at once from many processes, torn, damaged, on a full disk; and what follows from it."""

import errno
import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_lib.classroom import event_log, overview, progress
from course_lib.classroom.overview import Dashboard, dashboard, earned, next_step
from course_lib.classroom.progress import LessonProgress, Score, events, record, summary
from course_lib.errors import InputError
from course_lib.syllabus import load_syllabus


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(progress, "_told", set())
    return tmp_path / "data"


@pytest.fixture
def log(folder):
    return folder / "progress.jsonl"


# writing and reading


def test_what_is_recorded_comes_back_in_order(log):
    assert events() == []
    record("opened", "eval_mode")
    record("answered", "eval_mode", "q1", right=False, mistakes=["a", "é"])
    first, second = events()
    assert (first["kind"], first["lesson"], first["name"]) == ("opened", "eval_mode", "")
    assert (second["right"], second["mistakes"]) == (False, ["a", "é"])
    assert abs((datetime.now(UTC) - datetime.fromisoformat(second["at"])).total_seconds()) < 10
    assert log.read_bytes().count(b"\n") == 2


def test_an_unknown_kind_is_an_input_error(log):
    with pytest.raises(InputError, match="Unknown kind of event 'open'. Use one of: opened"):  # noqa: RUF043
        record("open", "eval_mode")
    assert not log.exists()


def test_without_the_variable_the_folder_is_the_systems(monkeypatch):
    monkeypatch.delenv("COURSE_DATA_DIR")
    assert progress.data_dir().is_absolute()
    assert "evaluate-save-load" in str(progress.data_dir())


def run_python(code, **kwargs):
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, **kwargs)


def test_kernels_that_write_at_once_lose_nothing(log):
    code = """
        import sys
        from course_lib.classroom.progress import events, record
        for i in range(100):
            record("answered", "eval_mode", f"{sys.argv[1]}-{i}", long="x" * 5000)
            if i % 20 == 0:
                events(tell=lambda note: sys.exit(note))  # a reader in between repairs nothing
    """
    code = textwrap.dedent(code)
    kernels = [subprocess.Popen([sys.executable, "-c", code, str(k)]) for k in range(4)]
    assert [kernel.wait(timeout=60) for kernel in kernels] == [0] * 4
    names = [event["name"] for event in events(tell=pytest.fail)]
    assert sorted(names) == sorted(f"{k}-{i}" for k in range(4) for i in range(100))


def test_a_repair_loses_nothing_that_others_write_meanwhile(log):
    code = """
        import sys
        from course_lib.classroom import progress
        for i in range(60):
            progress.record("answered", "eval_mode", f"{sys.argv[1]}-{i}")
            if i % 5 == 0:
                with open(progress.data_dir() / "progress.jsonl", "ab") as file:
                    file.write(b"garbage\\n")
                progress.events(tell=lambda note: None)
    """
    code = textwrap.dedent(code)
    kernels = [subprocess.Popen([sys.executable, "-c", code, str(k)]) for k in range(4)]
    assert [kernel.wait(timeout=60) for kernel in kernels] == [0] * 4
    names = [event["name"] for event in events(tell=lambda note: None)]
    assert sorted(names) == sorted(f"{k}-{i}" for k in range(4) for i in range(60))


def test_a_stopped_kernel_that_holds_the_lock_does_not_stop_the_others(log):
    fcntl = pytest.importorskip("fcntl")
    record("opened", "eval_mode")
    with open(log.with_suffix(".lock"), "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        record("read", "eval_mode", tell=pytest.fail)
    assert [event["kind"] for event in events()] == ["opened", "read"]


# damage


@pytest.mark.parametrize(
    "garbage",
    [
        b'{"at": "2030-01-01T00:00:00+00:00", "kind": "opened", "les',
        b"\xff\xfe\x00garbage",
        b"[1, 2]",
        b'"text"',
        b"{}",
        b'{"at": "yesterday", "kind": "opened", "lesson": "a", "name": ""}',
        b'{"at": "2030-01-01T00:00:00", "kind": "opened", "lesson": "a", "name": ""}',
        b'{"at": "2030-01-01T00:00:00+00:00", "kind": "opened", "lesson": 3, "name": ""}',
        b'{"at": "2030-01-01T00:00:00+00:00", "kind": "test", "lesson": "a", "name": "", "right": 3, "of": 2}',
        b'{"at": "2030-01-01T00:00:00+00:00", "kind": "test", "lesson": "a", "name": "", "right": "3", "of": "4"}',
        b'{"at": "2030-01-01T00:00:00+00:00", "kind": "quiz", "lesson": "a", "name": ""}',
        b'{"at": "2030-01-01T00:00:00+00:00", "kind": "card", "lesson": "a", "name": "c", "rating": 5}',
        b"[" * 100_000,
    ],
    ids=lambda g: repr(g[:60]),
)
def test_a_bad_line_is_set_aside_and_the_rest_kept(folder, log, garbage):
    record("opened", "a")
    with open(log, "ab") as file:
        file.write(garbage + b"\n")
    record("read", "a")
    before, notes = log.read_bytes(), []
    assert [event["kind"] for event in events(tell=notes.append)] == ["opened", "read"]
    (aside,) = folder.glob("progress.damaged-*.jsonl")
    assert aside.read_bytes() == before
    assert notes == [f"1 line of your progress can't be read; the other 2 are kept. The file as it was is now {aside}."]
    assert [event["kind"] for event in events(tell=pytest.fail)] == ["opened", "read"]  # told once, mended for good
    assert log.read_bytes().count(b"\n") == 2


def test_a_file_of_garbage_leaves_an_empty_log_that_works(folder, log):
    folder.mkdir()
    log.write_bytes(os.urandom(5000))
    notes = []
    assert events(tell=notes.append) == []
    assert len(notes) == 1
    record("opened", "a", tell=pytest.fail)
    assert len(events(tell=pytest.fail)) == 1


def test_a_torn_last_line_does_not_take_the_next_one_with_it(log):
    record("opened", "a")
    log.write_bytes(log.read_bytes()[:-10])  # the power went
    record("read", "a")
    assert [event["kind"] for event in events(tell=lambda note: None)] == ["read"]


def test_kinds_of_a_later_version_are_kept_and_ignored(log):
    record("opened", "a")
    with open(log, "ab") as file:
        file.write(b'{"at": "2030-01-01T00:00:00+00:00", "kind": "flown", "lesson": "a", "name": ""}\n')
    assert len(events(tell=pytest.fail)) == 2
    assert summary(events()) == {"a": LessonProgress(opened=True)}


def test_damage_that_cannot_be_mended_now_still_gives_the_good_lines(folder, log, monkeypatch):
    record("opened", "a")
    log.write_bytes(log.read_bytes() + b"garbage\n")
    before = log.read_bytes()

    def no_space(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(event_log.os, "replace", no_space)
    notes = []
    assert len(events(tell=notes.append)) == 1
    assert len(events(tell=notes.append)) == 1
    assert len(notes) == 1
    assert "can't be mended now: No space left on device" in notes[0]
    assert log.read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["progress.jsonl", "progress.lock"]  # nothing half done


# a disk that says no


def test_on_a_full_disk_one_note_is_given_and_the_log_keeps_what_it_had(log):
    pytest.importorskip("resource")
    record("opened", "a", padding="x" * 400)
    before = log.read_bytes()
    code = f"""
        import resource
        from course_lib.classroom.progress import record
        # the kernel lets this file grow by 30 bytes, then refuses: a short write, as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 30}, resource.RLIM_INFINITY))
        for _ in range(3):
            record("read", "a")
    """
    process = run_python(code)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert printed.count("can't be saved") == 1
    assert "what was saved before is kept" in printed
    assert log.read_bytes() == before
    record("read", "a")
    assert [event["kind"] for event in events(tell=pytest.fail)] == ["opened", "read"]


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EIO])
def test_a_folder_that_cannot_be_written_gives_one_note(log, monkeypatch, capsys, code):
    record("opened", "a")

    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(event_log.os, "open", refuse)
        record("read", "a")
        record("read", "a")
    assert capsys.readouterr().out.count(os.strerror(code)) == 1
    assert [event["kind"] for event in events()] == ["opened"]


def test_a_failing_fsync_takes_the_line_back(log, monkeypatch):
    record("opened", "a")
    before = log.read_bytes()

    def fail(file):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(event_log.os, "fsync", fail)
    notes = []
    record("read", "a", tell=notes.append)
    assert "Input/output error" in notes[0]
    assert log.read_bytes() == before


def test_a_path_that_is_no_folder_gives_a_note(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file"))
    notes = []
    record("opened", "a", tell=notes.append)
    assert events(tell=notes.append) == []
    assert len(notes) == 2
    assert "can't be saved" in notes[0]
    assert "can't be read" in notes[1]


# what follows from the events


def event(kind, lesson="a", name="", **details):
    return {"at": "2030-01-01T00:00:00+00:00", "kind": kind, "lesson": lesson, "name": name, **details}


def test_a_summary_keeps_the_best_quiz_and_the_last_test():
    log = [
        event("opened"),
        event("passed", name="t1"),
        event("passed", name="t1"),
        event("passed", name="t2"),
        event("checked", name="t3", outcome="failed"),
        event("quiz", right=2, of=5),
        event("quiz", right=4, of=5),
        event("quiz", right=7, of=10),
        event("test", right=9, of=10),
        event("test", right=6, of=10),
        event("read", lesson="b"),
    ]
    assert summary(log) == {
        "a": LessonProgress(True, False, frozenset({"t1", "t2"}), Score(4, 5), Score(6, 10)),
        "b": LessonProgress(True, True),
    }
    assert summary([]) == {}


def lesson(number, slug, title, minutes, *, tasks=(), written=(), quiz_points=0):
    """One lesson of the real syllabus with these fields."""
    fields = {"number": number, "slug": slug, "title": title, "minutes": minutes}
    return replace(
        load_syllabus().lessons[0], **fields, tasks=dict(tasks), written=dict(written), quiz_points=quiz_points
    )


LESSON = lesson(1, "a", "Two <switches>", 35, tasks={"t1": 3, "t2": 4}, written={"why": 2}, quiz_points=4)
LAST = lesson(2, "b", "Metrics", 20)
READ = LessonProgress(opened=True, read=True)


@pytest.mark.parametrize(
    ("done", "step"),
    [
        (LessonProgress(), "Open lesson 1, Two <switches> (35 minutes)."),
        (LessonProgress(opened=True), "Read lesson 1, Two <switches>, to its end."),
        (READ, "Do the exercise of lesson 1; still open: t1, t2."),
        (LessonProgress(True, True, frozenset({"t1"})), "Do the exercise of lesson 1; still open: t2."),
        (LessonProgress(True, True, frozenset({"t1", "t2"}), last_test=Score(7, 10)), "Take the mastery test of lesson 1"),
        (LessonProgress(True, True, frozenset({"t1", "t2"}), last_test=Score(8, 10)), ""),
    ],
)  # fmt: skip
def test_the_next_step_is_the_first_that_is_open(done, step):
    assert next_step(LESSON, done, has_test=True).startswith(step)
    assert bool(next_step(LESSON, done, has_test=True)) == bool(step)


ALL_OF_A = [
    event("read"),
    *(event("passed", name=name) for name in ("t1", "t2", "gone")),
    event("quiz", right=4, of=5),
    event("test", right=9, of=10),
]


def test_the_dashboard_says_done_points_scores_next_and_cards():
    log = [*ALL_OF_A, event("checked", name="quiz", earned=2.5, of=4)]
    shown = Dashboard([LESSON, LAST], log, with_test=["a"], cards="3 flashcards are due.")
    assert shown.rows == [
        ("01 Two <switches>", "✓ done", "2 of 2", "9.5 of 13", "4 of 5", "9 of 10"),
        ("02 Metrics", "○ not started", "none", "none", "none", "none"),
    ]
    assert shown.next == "Open lesson 2, Metrics (20 minutes)."
    assert repr(shown).endswith("3 flashcards are due.")
    assert "Two &lt;switches&gt;" in shown._repr_html_()
    assert "Two <switches>" not in shown._repr_html_()
    for line in ("✓ done", "9 of 10", "<b>Next:</b> Open lesson 2", "3 flashcards are due."):
        assert line in shown._repr_html_()
    under_way = Dashboard([LESSON, LAST], [event("read"), event("read", lesson="b")], with_test=[], cards="")
    assert [row[1] for row in under_way.rows] == ["… under way", "✓ done"]
    assert under_way.next.startswith("Do the exercise of lesson 1")


def test_each_row_is_a_link_to_the_notebook_beside_this_one():
    page = Dashboard([LESSON, LAST], [], with_test=[], cards="")._repr_html_()
    assert '<a href="01_a.ipynb">01 Two &lt;switches&gt;</a>' in page
    assert '<a href="02_b.ipynb">02 Metrics</a>' in page


@pytest.mark.parametrize(
    ("log", "points"),
    [
        ([], 0),
        ([event("checked", name="t1", earned=2, of=3), event("checked", name="t1", earned=1, of=3)], 2),  # the best
        ([event("checked", name="t1", earned=1), event("checked", name="t2", earned=3.5)], 4.5),
        ([event("checked", name="quiz", earned=3)], 3),
        ([event("checked", name="t1", outcome="failed")], 0),  # an older log says no points
        ([event("passed", name="t1")], 3),  # but that it was passed
        ([event("passed", name="t1"), event("checked", name="t1", earned=1)], 3),
        ([event("checked", lesson="b", name="t1", earned=3), event("answered", name="t1", earned=3)], 0),
        ([event("checked", name="gone", earned=9), event("passed", name="still_training")], 0),
        ([event("checked", name="t1", earned=100), event("checked", name="t2", earned="4")], 3),  # an edited log
    ],
)
def test_points_are_the_best_of_each_task(log, points):
    assert earned(LESSON, log) == points


def test_when_everything_is_done_the_flashcards_remain():
    shown = Dashboard([LAST], [event("read", lesson="b")], with_test=[], cards="")
    assert "Everything is done" in shown.next


def test_the_dashboard_reads_the_syllabus_the_log_and_the_cards(monkeypatch):
    monkeypatch.setattr(overview, "load_syllabus", lambda: SimpleNamespace(lessons=(LESSON, LAST)))
    record("opened", "a")
    shown = dashboard()
    assert [row[1] for row in shown.rows] == ["… under way", "○ not started"]
    assert "There are no cards yet" in shown.cards
    record("opened", "eval_mode")
    assert dashboard().cards == "10 flashcards are due. Show them with flashcards()."


def test_the_dashboard_of_the_real_course_starts_at_the_beginning():
    shown = dashboard()
    assert shown.rows
    assert shown.next.startswith("Open lesson 0")


def test_the_log_is_readable_by_a_person(log):
    record("test", "a", "test", right=8, of=10, questions=["q"])
    assert json.loads(log.read_text())["right"] == 8
    assert Path(log).stat().st_mode & 0o077 == 0  # and by nobody else

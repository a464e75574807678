"""What the first cell does in Colab once the course is there, and progress on Google Drive."""

import subprocess
import sys
from types import ModuleType

import pytest

from course_lib.classroom import colab, progress
from course_lib.errors import NotHereError

COLAB = {
    "torch": "2.11.0+cu128",
    "numpy": "2.1.3",
    "ipywidgets": "7.7.1",
    "tqdm": "4.67.3",
    "evaluate-save-load": "1.0",
}
REQUIRES = ["torch>=2.6", "numpy>=2.0", "ipywidgets<9,>=7.7.1", "tqdm>=4.66", "fsrs<7,>=6.0", 'nbgrader; extra == "x"']


@pytest.fixture
def machine(monkeypatch):
    """What is installed, as pip would change it, and every command that was run."""
    here, ran = dict(COLAB), []

    def run(command, **_):
        ran.append(command)
        if command[-1].startswith("fsrs"):
            here["fsrs"] = "6.3.2"
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(colab.importlib.metadata, "requires", lambda _: REQUIRES)
    monkeypatch.setattr(colab, "installed_version", here.get)
    monkeypatch.setattr(colab.subprocess, "run", run)
    return here, ran


def test_it_installs_what_is_lacking_alone_and_says_so(machine, capsys):
    _, ran = machine
    colab.set_up(added=True)
    assert ran == [[sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "fsrs<7,>=6.0"]]
    said = capsys.readouterr().out
    assert "Installed: evaluate-save-load 1.0, fsrs 6.3.2." in said
    assert "Left as it was: all else, such as torch 2.11.0+cu128, numpy 2.1.3, ipywidgets 7.7.1." in said
    colab.set_up(added=False)  # the cell is run again
    assert len(ran) == 1
    assert "The course is here already: evaluate-save-load 1.0." in capsys.readouterr().out


def test_torch_numpy_and_ipywidgets_are_never_installed(machine):
    here, ran = machine
    for name in ("torch", "numpy", "ipywidgets", "tqdm"):
        del here[name]
    colab.set_up(added=False)
    assert [command[5:] for command in ran] == [["--no-deps", "tqdm>=4.66", "fsrs<7,>=6.0"]]


def test_what_pip_could_not_do_is_said(machine, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "ERROR: No matching distribution found for fsrs")
    monkeypatch.setattr(colab.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(RuntimeError) as error:
        colab.set_up(added=True)
    assert "fsrs<7,>=6.0 could not be installed. Is this machine online? Run this cell again." in str(error.value)
    assert "No matching distribution" in str(error.value)


def test_drive_is_offered_where_progress_would_be_lost(machine, monkeypatch, capsys):
    colab.set_up(added=False)
    assert "keep_on_drive" not in capsys.readouterr().out
    monkeypatch.delenv("COURSE_DATA_DIR")
    colab.set_up(added=False)
    assert "from course_lib.classroom import keep_on_drive; keep_on_drive()" in capsys.readouterr().out


@pytest.fixture
def drive(monkeypatch, tmp_path):
    """A stand-in for google.colab, whose Drive is a folder."""
    google, module = ModuleType("google"), ModuleType("google.colab")
    google.colab, module.drive = module, ModuleType("google.colab.drive")
    module.drive.mount = lambda path: (tmp_path / "drive" / "MyDrive").mkdir(parents=True, exist_ok=True)
    for name, value in {"google": google, "google.colab": module}.items():
        monkeypatch.setitem(sys.modules, name, value)
    monkeypatch.setattr(colab, "DRIVE", tmp_path / "drive")
    return tmp_path / "drive" / "MyDrive" / "evaluate-save-load"


def test_progress_moves_to_drive_once_and_stays_there(drive, own_data_folder, monkeypatch, capsys):
    progress.record("opened", "eval_mode", "eval_mode")
    colab.keep_on_drive()
    progress.record("passed", "eval_mode", "predict")
    assert [event["kind"] for event in progress.events()] == ["opened", "passed"]
    assert progress.data_dir() == drive
    colab.keep_on_drive()
    monkeypatch.setenv("COURSE_DATA_DIR", str(own_data_folder))  # the kernel was restarted
    colab.keep_on_drive()
    assert [event["kind"] for event in progress.events()] == ["opened", "passed"]
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Your progress is kept in your Drive, in the folder evaluate-save-load: 1 event so far."
    assert said[-1].endswith("2 events so far.")


def test_without_colab_there_is_no_drive(own_data_folder):
    with pytest.raises(NotHereError, match="This is not Colab") as error:
        colab.keep_on_drive()
    assert str(own_data_folder) in str(error.value)

"""The doctor: one clear message for every machine that is not right."""

import ast
import importlib.metadata
import io
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_lib.classroom import doctor
from course_lib.classroom.doctor import (
    Finding,
    data_folder,
    device,
    packages,
    python_version,
    satisfies,
    widgets_front_end,
)


@pytest.fixture(autouse=True)
def this_machine(monkeypatch):
    """A Linux without an NVIDIA driver."""
    monkeypatch.setattr(doctor, "has_nvidia_driver", lambda: False)
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)


REQUIREMENTS = [
    "torch>=2.6",
    "ipywidgets<9,>=7.7.1",
    "fsrs (<7,>=6.0)",
    "tqdm",
    'jupyterlab<5,>=4.4; extra == "lab"',
    'nbgrader<0.10,>=0.9.6; extra == "grading"',
]
GOOD = {"torch": "2.13.0+cpu", "ipywidgets": "8.1.9", "fsrs": "6.3.2", "tqdm": "4.70", "jupyterlab": "4.6.6"}


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (3, 13, 9)])
def test_the_supported_pythons_are_fine(version):
    assert python_version(version).ok


@pytest.mark.parametrize(
    ("version", "said"),
    [((3, 10, 12), "Python 3.10.12 is too old"), ((2, 7, 18), "too old"), ((3, 14, 0), "newer than anything tested")],
)
def test_another_python_gets_a_sentence_and_a_command(version, said):
    finding = python_version(version)
    assert not finding.ok
    assert said in finding.what
    assert "3.11 to 3.13" in finding.what
    assert finding.remedy.endswith("make lab")


def test_the_doctor_itself_is_readable_for_python_3_10_and_needs_no_package():
    tree = ast.parse(Path(doctor.__file__).read_text(encoding="utf-8"), feature_version=(3, 10))
    imported = {
        name.split(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module])
    }
    assert imported <= sys.stdlib_module_names


def test_packages_in_range_are_fine_and_other_extras_are_not_asked_for():
    findings = packages(REQUIREMENTS, GOOD.get, extras=["lab"])
    assert [finding.what for finding in findings] == [f"{name} {version}" for name, version in GOOD.items()]
    assert all(finding.ok for finding in findings)
    assert len(packages(REQUIREMENTS, GOOD.get)) == 4


@pytest.mark.parametrize(
    ("package", "version", "said"),
    [
        ("torch", "2.4.1", "torch 2.4.1 doesn't fit: the course needs >=2.6."),
        ("torch", None, "torch is not installed: the course needs >=2.6."),
        ("ipywidgets", "7.7.0", "ipywidgets 7.7.0 doesn't fit: the course needs <9,>=7.7.1."),
        ("ipywidgets", "9.0.0a1", "ipywidgets 9.0.0a1 doesn't fit"),
        ("fsrs", "5.1.0", "fsrs 5.1.0 doesn't fit: the course needs <7,>=6.0."),
        ("tqdm", None, "tqdm is not installed: the course needs it."),
        ("jupyterlab", None, "jupyterlab is not installed: the course needs <5,>=4.4."),
        ("jupyterlab", "3.6.8", "jupyterlab 3.6.8 doesn't fit"),
    ],
)
def test_a_wrong_package_is_named_with_its_range_and_a_command(package, version, said):
    findings = packages(REQUIREMENTS, {**GOOD, package: version}.get, extras=["lab"])
    (wrong,) = [finding for finding in findings if not finding.ok]
    assert wrong.what.startswith(said)
    index = f"--no-deps --index-url {doctor.CPU_INDEX} " if package == "torch" else ""
    assert wrong.remedy.startswith(f'"{sys.executable}" -m pip install -c constraints.txt {index}"{package}')


@pytest.mark.parametrize(
    ("version", "ranges", "fits"),
    [
        ("2.6", ">=2.6", True), ("2.6.0", ">=2.6", True), ("2.10.1", ">=2.6", True), ("2.5.9", ">=2.6", False),
        ("7.7.1", ">=7.7.1,<9", True), ("8.99", "<9,>=7.7.1", True), ("9", ">=7.7.1,<9", False),
        ("1.0", "!=1.0", False), ("1.0", "==1.0.0", True), ("1.1", ">1.0, <=1.1", True), ("1", "", True),
    ],
)  # fmt: skip
def test_versions_are_compared_by_their_numbers(version, ranges, fits):
    assert satisfies(version, ranges) == fits


@pytest.mark.parametrize(
    ("ipywidgets", "front_end", "ok"),
    [("8.1.9", "3.0.17", True), ("7.7.1", "1.1.4", True), ("8.1.9", "1.1.4", False), ("7.7.1", "3.0.0", False),
     ("8.1.9", None, False), (None, "3.0.0", False)],
)  # fmt: skip
def test_widgets_need_the_front_end_that_belongs_to_them(ipywidgets, front_end, ok):
    finding = widgets_front_end(ipywidgets, front_end)
    assert finding.ok == ok
    assert ok or ("Widgets won't show" in finding.what and "pip install" in finding.remedy)


def test_a_pytorch_that_does_not_import_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # importing it raises ImportError
    finding = device()
    assert not finding.ok
    assert "PyTorch doesn't work here. ModuleNotFoundError" in finding.what
    assert "--force-reinstall torch" in finding.remedy


def test_this_machines_device_is_named():
    assert device().ok
    assert device().what.startswith("Device: ")


def test_a_data_folder_that_works_is_made_and_left_clean(tmp_path):
    finding = data_folder(tmp_path / "new" / "folder")
    assert finding.ok
    assert "GB free" in finding.what
    assert list((tmp_path / "new" / "folder").iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    finding = data_folder(tmp_path / "file" / "folder")
    assert not finding.ok
    assert "Not a directory" in finding.what
    assert "COURSE_DATA_DIR" in finding.remedy


def test_a_read_only_folder_is_said(tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    assert "Permission denied" in data_folder(tmp_path).what


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")(10**9, 10**9, 3 * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    finding = data_folder(tmp_path)
    assert not finding.ok
    assert "Only 3 MB are free" in finding.what


def test_a_course_that_is_not_installed_is_said(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    wrong = [finding for finding in doctor.examine() if not finding.ok]
    assert [finding.remedy for finding in wrong] == [
        f'"{sys.executable}" -m pip install -c constraints.txt -e ".[lab]"'
    ]
    assert "not installed in this Python" in wrong[0].what


def test_colab_brings_its_own_front_end(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(doctor, "installed_version", lambda name: None)
    asked = " ".join(finding.what for finding in doctor.examine())
    assert "jupyterlab is not installed" in asked
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    asked = " ".join(finding.what for finding in doctor.examine())
    assert "jupyterlab" not in asked


def test_nothing_that_colab_lacks_is_in_a_remedy_there(monkeypatch, tmp_path):
    """No constraints.txt, no make, no JupyterLab to start; and Colab's own PyTorch is never installed over."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file" / "data"))
    monkeypatch.setattr(doctor.sys, "version_info", (3, 14, 0))
    monkeypatch.setattr(doctor, "installed_version", lambda name: None)
    monkeypatch.setitem(sys.modules, "torch", None)
    findings = doctor.examine()
    remedies = {f.what.split()[0]: f.remedy for f in findings if not f.ok}
    for words in ("constraints.txt", "make", "JupyterLab", ".venv", sys.executable, "lab]"):
        assert words not in "\n".join(remedies.values())
    assert remedies["fsrs"] == '!pip install "fsrs<7,>=6.0.1"'
    for name in ("torch", "numpy", "ipywidgets", "PyTorch"):
        assert remedies[name].startswith("open the menu Runtime")
    assert "runtime version" in remedies["Python"]
    assert remedies["Progress"].startswith("%env COURSE_DATA_DIR=/content/")
    monkeypatch.setattr(doctor, "examine", lambda: [Finding(False, "x", "y")])
    doctor.main()


@pytest.mark.parametrize(
    ("python", "command"),
    [
        (r"C:\course\.venv\Scripts\python.exe", r"C:\course\.venv\Scripts\python.exe -m pip"),
        (r"C:\my course\python.exe", r'& "C:\my course\python.exe" -m pip'),
    ],
)
def test_on_windows_commands_work_in_powershell(monkeypatch, tmp_path, python, command):
    (tmp_path / "file").write_text("in the way")
    windows = SimpleNamespace(name="nt", path=os.path, environ=os.environ)
    monkeypatch.setattr(doctor, "os", windows)
    monkeypatch.setattr(doctor.sys, "executable", python)
    monkeypatch.setattr(doctor.sys, "platform", "win32")
    assert doctor.pip_install("fsrs").startswith(command)
    assert doctor.CPU_INDEX not in doctor.pytorch("torch")  # its usual build there is the one for the CPU
    assert "make" not in python_version((3, 10)).remedy
    remedy = data_folder(tmp_path / "file" / "data").remedy
    assert remedy.startswith(f'setx COURSE_DATA_DIR "{Path.home()}')
    assert "%" not in remedy


def test_beside_a_wheel_there_are_no_pins(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "COURSE", tmp_path)
    assert "constraints.txt" not in doctor.pip_install("fsrs")


def test_without_platformdirs_the_rest_is_still_examined(monkeypatch):
    monkeypatch.setitem(sys.modules, "course_lib.classroom.progress", None)
    findings = doctor.examine()
    assert [f.ok for f in findings].count(False) == 1
    assert "progress was not looked at" in findings[-1].what


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_the_exit_code_and_the_last_line_say_whether_all_is_well(monkeypatch, capsys, wrong):
    findings = [Finding(True, "Python 3.13.1"), *[Finding(False, "torch is too old.", "pip install torch")] * wrong]
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    assert doctor.main() == (1 if wrong else 0)
    printed = capsys.readouterr().out
    assert "✓ Python 3.13.1" in printed
    assert printed.count("    mend it with: pip install torch") == wrong
    assert printed.splitlines()[-1].startswith(["This machine is ready.", "1 thing to mend.", "2 things to"][wrong])


def test_a_console_without_ticks_gets_question_marks(monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda: [Finding(True, "Python")])
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", console)
    assert doctor.main() == 0
    console.flush()
    assert console.buffer.getvalue().startswith(b"? Python")


def test_this_machine_is_right(tmp_path):
    command = [sys.executable, "-c", "import sys; from course_lib.classroom import doctor; sys.exit(doctor.main())"]
    environment = {**os.environ, "COURSE_DATA_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "This machine is ready." in done.stdout

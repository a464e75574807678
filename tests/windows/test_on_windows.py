"""What a learner does, where the system has no fork, no SIGKILL, no POSIX: see stand_in/sitecustomize.py.

`python -m tests.windows.test_on_windows [NN ...]` runs whole lessons there, each in a kernel, and their exercises with
the worked solutions.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.syllabus import load_syllabus
from tools import ROOT

pytestmark = pytest.mark.timeout(600)
STAND_IN = Path(__file__).with_name("stand_in")


def windows(folder):
    """The environment of a process that thinks it runs on Windows."""
    own = {"PYTHONPATH": f"{STAND_IN}{os.pathsep}{ROOT}", "COURSE_DATA_DIR": str(folder / "progress")}
    return {**os.environ, **own, "PYTHONWARNINGS": "default", "OMP_NUM_THREADS": "1"}


def on_windows(folder, *arguments, code=""):
    """Run `python ARGUMENTS`, or code that is given; its exit status, what it said, and what it complained of."""
    command = [sys.executable, *(("-c", code) if code else arguments)]
    done = subprocess.run(command, cwd=folder, env=windows(folder), capture_output=True, timeout=300)
    return done.returncode, done.stdout.decode("cp1252"), done.stderr.decode("cp1252")


PROOF = """
import os, signal, subprocess, sys, tempfile
assert (os.name, sys.platform) == ("nt", "win32")
for module, name in ((os, "fork"), (os, "uname"), (os, "O_NOFOLLOW"), (signal, "SIGKILL"), (signal, "setitimer")):
    assert not hasattr(module, name)
for name in ("fcntl", "resource", "pwd"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    raise AssertionError(name)

def refused(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        return True

with open("new", "w") as file:
    file.write("\\u00e9\\n")
    assert refused(os.unlink, "new") and refused(os.replace, "new", "other")
with open("new", "rb") as file:
    assert file.read() == b"\\xe9\\r\\n"
assert refused(os.symlink, "new", "link") and refused(os.open, ".", os.O_RDONLY) and refused(open, "a:b", "w")
with open("new", "rb") as file:
    assert refused(os.fsync, file.fileno())
program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
program.kill()
assert program.wait() == 1
"""


def test_the_stand_in_takes_away_what_windows_lacks(tmp_path):
    assert on_windows(tmp_path, code=PROOF) == (0, "", "")


DAY = """
import importlib, os, secrets, torch
from pathlib import Path
from jupyterlab.labapp import LabApp
from course_lib.__main__ import main

LabApp.launch_instance = lambda argv: print("JupyterLab is started")
assert main(["lab", "--folder", "mine"]) == 0
for path in sorted(Path(ROOT, "course_lib").rglob("*.py")):
    parts = path.relative_to(ROOT).with_suffix("").parts
    if "grading" not in parts and parts[-1] not in ("__main__", "crew"):
        importlib.import_module(".".join(parts).removesuffix(".__init__"))

from course_lib.checkpoints import load_file, save_file
from course_lib.classroom import begin, check, finish, flashcards, hint, predict, quiz, solution
from course_lib.classroom.tasks.checking import solution_code

begin("checkpointing")
def save_log(text, path):
    path.write_text(text)
check(save_log)
hint(save_log)
solution("save_checkpoint")
exec(solution_code("save_checkpoint"))
assert check(save_checkpoint) > 0
quiz("checkpointing"), flashcards("checkpointing"), predict("Which?", ["a", "b"])
finish("checkpointing")
for epoch in (1, 2):
    save_file({"epoch": epoch}, "last.pt")
assert load_file("last.pt")["epoch"] == 2
for command in (["doctor"], ["progress"], ["explain", "EOFError: Ran out of input"], ["inspect", "last.pt"]):
    assert main(command) == 0, command
for command in ("grade", "class-report"):
    assert main([command, "01_eval_mode"]) == 2, command
"""


def test_a_day_of_a_learner(tmp_path):
    status, said, complained = on_windows(tmp_path, code=f"ROOT = {str(ROOT)!r}\n{DAY}")
    assert status == 0, complained
    assert complained.splitlines() == [line for line in complained.splitlines() if "grade in WSL" in line]
    assert len(complained.splitlines()) == 2
    for words in (
        "JupyterLab is started",
        "Not yet: save_log",
        "Passed: save_checkpoint",
        "This machine is ready.",
        "? ",  # for a tick, which cp1252 doesn't have
        "The file is empty.",
        "safe: yes",
    ):
        assert words in said, words
    number = sum(1 + bool(lesson.points) for lesson in load_syllabus().lessons)
    assert len(list((tmp_path / "mine").rglob("*.ipynb"))) == number
    events = (tmp_path / "progress" / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["kind"] for line in events} >= {"opened", "read", "checked", "passed"}


PROCESSES = """
from pathlib import Path
from course_lib.checkpoints import load_file
from course_lib.lessons.checkpointing import run_and_kill, trace_folder
from course_lib.lessons.sharded_checkpoints import together

last = Path("run", "last.pt")
program = '''import sys
from course_lib.checkpoints import save_file
for epoch in range(1, 1000):
    save_file({"epoch": epoch, "padding": bytes(10_000)}, sys.argv[2])
    print(epoch, flush=True)'''
said = run_and_kill(program, last)
assert load_file(last)["epoch"] >= said >= 1
assert "imitated" in trace_folder().stages[5].happens

def rank_and_size():
    import torch.distributed as dist
    return dist.get_rank(), dist.get_world_size()

assert together(2, rank_and_size) == [(0, 2), (1, 2)]
"""


def test_processes_that_are_killed_and_processes_that_work_together(tmp_path):
    """Lessons 09, 13 and 14 start some."""
    assert on_windows(tmp_path, code=PROCESSES) == (0, "", "")


@pytest.mark.grading
def test_nbgrader_refuses_too():
    code = "from traitlets.utils.importstring import import_item\n"
    code += "import_item('course_lib.classroom.grading.SubmissionExporter')"
    status, _, complained = on_windows(ROOT, code=code)
    assert status == 1
    assert "NotHereError: Grading needs Linux" in complained.splitlines()[-1]


SOLVE = """from course_lib.classroom.tasks.checking import solution_code
exec(solution_code("{task}"))
assert check({task}) == {points}"""


def lessons(numbers):
    """Run whole lessons and their exercises, each in a kernel of such a system; how many failed."""
    import tempfile

    import nbformat
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell

    from tools.tree import lesson_text

    failed = 0
    for lesson in load_syllabus().lessons:
        if numbers and lesson.name[:2] not in numbers:
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.environ.update(windows(Path(folder)))
            os.environ.pop("MPLBACKEND", None)
            notebook = nbformat.reads(lesson_text(lesson.name), as_version=4)
            if lesson.points:
                exercise = ROOT / "exercises" / "release" / lesson.name / f"{lesson.name}.ipynb"
                notebook.cells += [new_code_cell("%reset -f"), *nbformat.read(exercise, as_version=4).cells]
            notebook.cells += [new_code_cell(SOLVE.format(task=t, points=p)) for t, p in lesson.tasks.items()]
            client = NotebookClient(notebook, timeout=300, allow_errors=True, resources={"metadata": {"path": folder}})
            client.execute()
        outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
        wrong = [f"{o.ename}: {o.evalue}" for o in outputs if o.output_type == "error"]
        wrong += [o.text for o in outputs if o.get("name") == "stderr"]
        failed += bool(wrong)
        print(lesson.name, *(wrong or ["runs"]), flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(lessons(sys.argv[1:]))

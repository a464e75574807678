"""The same class graded by nbgrader's own Execute and by `course grade`: the same grades, how much faster, how large.

Run it: `python -m benchmarks.bench_grading` for 40 submissions both ways (some five minutes on a quiet machine with two
cores), `python -m benchmarks.bench_grading 400 4000` for classes that only ours grades. Half of the class is in each of
two assignments: right, partly right, wrong, untouched and late ones. The rate is elapsed time, start of the command to
its end; two workers. Processor time, which a busy machine changes less, is printed beside it.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import typed_key
from course_lib.classroom.sources import read_cells
from course_lib.classroom.tasks.checking import solution_code
from course_lib.syllabus import load_syllabus

ROOT = Path(__file__).parents[1]
ASSIGNMENTS = ("01_eval_mode", "05_roc_analysis")
WORKERS = 2
STOCK = """
c.Autograde.exporter_class = "nbconvert.exporters.NotebookExporter"
c.Autograde.autograde_preprocessors[0] = "benchmarks.stock_execute.StockExecute"
c.Autograde.autograde_preprocessors[4] = "nbgrader.preprocessors.SaveAutoGrades"
c.StockExecute.secret_file = c.GradedExecute.secret_file
c.StockExecute.lessons = c.GradedExecute.lessons
c.StockExecute.timeout = 300
c.StockExecute.iopub_timeout = 60  # 4 seconds lose a submission on a busy machine
c.StockExecute.raise_on_iopub_timeout = False
"""


def run(students: int = 40) -> list[tuple[str, float, float]]:
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as folder:
        stock, ours = Path(folder, "stock"), Path(folder, "ours")
        make_class(ours, students)
        shutil.copytree(ours, stock)
        config = stock / "exercises" / "nbgrader_config.py"
        config.write_text(config.read_text() + STOCK)
        theirs, mine = Timed(), Timed()
        for name in ASSIGNMENTS:
            theirs.run(stock, "nbgrader", "autograde", name)
        mine.run(ours, sys.executable, "-m", "course_lib", "grade", *ASSIGNMENTS, "--workers", str(WORKERS))
        differing = [(s, a, b) for (s, a), (_, b) in zip(scores(stock), scores(ours), strict=True) if a != b]
        print(f"stock  {students / theirs.seconds:7.3f} submissions/s  {theirs}")
        print(f"ours   {students / mine.seconds:7.3f} submissions/s  {mine}")
        print(f"{students} submissions, grades that differ: {len(differing)} {differing}")
    return [
        (f"grading {students} submissions / nbgrader's own Execute", mine.seconds / theirs.seconds, 1 / 20),
        ("grades that differ from stock's", float(len(differing)), 0.0),
    ]


class Timed:
    """Runs commands; adds up what they took, and the most memory that one and its children held together."""

    def __init__(self) -> None:
        self.seconds = self.processor = 0.0
        self.peak_mb = 0.0

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, processor {self.processor:.1f} s, peak {self.peak_mb:.0f} MB"

    def run(self, course: Path, *command: str) -> None:
        """Run a command in a course."""
        home = str(course / "home")
        environment = {**os.environ, "JUPYTER_DATA_DIR": home, "JUPYTER_CONFIG_DIR": home, "PYTHONWARNINGS": "ignore"}
        environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        start = time.perf_counter()
        with open(course / "log.txt", "ab") as log:
            process = subprocess.Popen(
                command, cwd=course / "exercises", env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
            watching = threading.Thread(target=self._watch, args=(process,), daemon=True)
            watching.start()
            code = process.wait()
        watching.join()
        assert code == 0, (course / "log.txt").read_text()[-3000:]
        self.seconds += time.perf_counter() - start
        self.processor += self._latest

    def _watch(self, process: subprocess.Popen) -> None:
        self._latest = 0.0
        while process.poll() is None:
            memory, processor = tree(process.pid)
            self.peak_mb, self._latest = max(self.peak_mb, memory), max(self._latest, processor)
            time.sleep(0.5)


def tree(root: int) -> tuple[float, float]:
    """Of a process and all below it: memory in MB, shared pages once, and the processor seconds of all that ever ran."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        ticks[int(stat.parent.name)] = sum(map(int, fields[11:15]))  # its own, and of its children that ended
    memory, processor, waiting = 0.0, 0.0, [root]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        processor += ticks.get(process, 0) / os.sysconf("SC_CLK_TCK")
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        memory += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return memory, processor


def make_class(root: Path, students: int) -> None:
    """A course with a class in it, half of it in each assignment."""
    exercises = root / "exercises"
    exercises.mkdir(parents=True)
    config = (ROOT / "exercises" / "nbgrader_config.py").read_text()
    (exercises / "nbgrader_config.py").write_text(config)
    (exercises / "grading_secret.txt").write_text("the secret of this benchmark")
    shutil.copytree(ROOT / "lessons", root / "lessons")
    for number, name in enumerate(ASSIGNMENTS):
        shutil.copytree(ROOT / "exercises" / "source" / name, exercises / "source" / name)
        Timed().run(root, "nbgrader", "generate_assignment", name)
        with Gradebook(f"sqlite:///{exercises}/gradebook.db", "evaluate_save_load") as book:
            book.update_or_create_assignment(name, duedate="2026-01-02 00:00:00 UTC")
        for student in range(number, students, len(ASSIGNMENTS)):
            hand_in(exercises, name, student, student // len(ASSIGNMENTS))


def hand_in(exercises: Path, name: str, student: int, kind: int) -> None:
    """A submission: right, without its last answer, with wrong ones, untouched, and right but late, in turns."""
    lesson = load_syllabus().called(name)
    answers = {task: solution_code(task) for task in lesson.tasks}
    if kind % 5 == 1:
        answers.popitem()
    elif kind % 5 == 2:
        answers |= {task: wrong[kind // 5 % len(wrong)] for task in answers if (wrong := wrong_answers(name, task))}
    elif kind % 5 == 3:
        answers = {}
    bank = load_bank(ROOT / "lessons" / name / "graded_quiz.yaml").questions
    typed = {f"q{i}": typed_key(q) for i, q in enumerate(bank, 1) if kind % 5 != 3 and (kind + i) % 3}
    notebook = nbformat.read(exercises / "release" / name / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        task = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("solution-")
        cell.source = answers.get(task, cell.source)
        for q, answer in typed.items():
            if cell.source == f'{q} = ""':
                cell.source = f'{q} = "{answer}"'
    folder = exercises / "submitted" / f"student{student:05}" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    (folder / "timestamp.txt").write_text(f"2026-01-0{3 if kind % 5 == 4 else 1} 00:00:00 UTC" if kind % 5 else "")


def wrong_answers(name: str, task: str) -> list[str]:
    cells = read_cells(ROOT / "lessons" / name / "attempts" / f"{task}.py")
    return [cell.source for cell in cells if cell.title.startswith("wrong")]


def scores(root: Path) -> list[tuple[str, float]]:
    """Every student's score, as nbgrader exports it."""
    Timed().run(root, "nbgrader", "export", "--to", "all.csv")
    with open(root / "exercises" / "all.csv", newline="") as f:
        rows = [(f"{r['student_id']} {r['assignment']}", float(r["raw_score"])) for r in csv.DictReader(f)]
    return sorted(rows)


if __name__ == "__main__":
    for size in map(int, sys.argv[1:]):
        with tempfile.TemporaryDirectory(prefix="bench-grading-") as place:
            make_class(Path(place), size)
            timed = Timed()
            timed.run(Path(place), sys.executable, "-m", "course_lib", "grade", *ASSIGNMENTS, "--workers", str(WORKERS))
            print(f"ours, {size}: {size / timed.seconds:7.3f} submissions/s  {timed}", flush=True)
    for row in run() if len(sys.argv) == 1 else ():
        print(row)

"""The exercises through real nbgrader: generate, release, collect, autograde, feedback, export."""

import csv
import getpass
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from attempts import ROOT, SECRET, answer_of, attempt, judged
from submissions import right_quiz, submission

from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.tasks.checking import solution_code
from course_lib.classroom.tasks.task import find_task
from course_lib.syllabus import load_syllabus

pytestmark = [pytest.mark.grading, pytest.mark.timeout(900)]
LESSON = load_syllabus().lesson("eval_mode")
NAME = LESSON.name
POINTS = LESSON.tasks


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course folder of its own: the shipped configuration and sources, and an exchange."""
    root = tmp_path_factory.mktemp("course")
    exercises = root / "exercises"
    exercises.mkdir()
    shutil.copy(ROOT / "exercises" / "nbgrader_config.py", exercises)
    shutil.copytree(ROOT / "exercises" / "source", exercises / "source")
    shutil.copytree(ROOT / "lessons", root / "lessons")
    (root / "exchange").mkdir()
    (root / "exchange").chmod(0o777)
    return exercises


def nbgrader(course: Path, *arguments: str, cwd: Path | None = None, command: tuple[str, ...] = ()) -> str:
    """Run a command as an instructor types it; its output."""
    home = course.parent / "home"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_DATA_DIR": str(home),
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "COURSE_DATA_DIR": str(home / "progress"),
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": str(ROOT),
    }
    exchange = f"--Exchange.root={course.parent / 'exchange'}"
    done = subprocess.run(
        [*command, *arguments] if command else ["nbgrader", *arguments, exchange],
        cwd=cwd or course,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stderr + done.stdout


SOLUTIONS = {task: solution_code(task) for task in POINTS}
NOISY = "import sys, warnings\nprint('about to predict', file=sys.stderr)\nwarnings.warn('stray')\n"
FORGED = """
def predict(model, images, **options):
    class Fake(float):
        pass
    print(5.0)
    return 5.0
5.0
"""
LEAVES = "import os\ndef predict(model, images, *, batch_size=64):\n    os._exit(0)\n"
STUCK = "def predict(model, images, *, batch_size=64):\n    while True: pass\n"


def students(quiz):
    """name -> (answers, quiz answers, cell to delete, expected points). `None` answers mean the untouched release."""
    everything = sum(POINTS.values()) + LESSON.quiz_points
    first_only = {"evaluation_mode": SOLUTIONS["evaluation_mode"]}
    one_flag = {**SOLUTIONS, "evaluation_mode": attempt("evaluation_mode", "one flag for all").code}
    no_finally = {**SOLUTIONS, "evaluation_mode": attempt("evaluation_mode", "no finally").code}
    task = find_task("evaluation_mode")
    share = judged(task, answer_of(no_finally["evaluation_mode"], "evaluation_mode"), SECRET).share
    assert 0.2 < share < 0.9
    return {
        "full": (SOLUTIONS, quiz, "", everything),
        "stub": ({}, {}, "", 0),
        "partial_tasks": (first_only, {}, "", POINTS["evaluation_mode"]),
        # fails the first, ordinary case: nothing for the task
        "partial_wrong": (one_flag, quiz, "", everything - POINTS["evaluation_mode"]),
        # right in some of its cases
        "partial_share": (
            no_finally,
            {},
            "",
            everything - LESSON.quiz_points - POINTS["evaluation_mode"] * (1 - share),
        ),
        "quiz_half": ({}, {"q1": quiz["q1"], "q2": quiz["q2"]}, "", 2),
        "noisy": ({**SOLUTIONS, "predict": NOISY + SOLUTIONS["predict"]}, quiz, "", everything),
        "forger": ({**SOLUTIONS, "predict": FORGED}, quiz, "", everything - POINTS["predict"]),
        "deleter": (SOLUTIONS, quiz, "check-predict", everything),
        # the process dies in the last task: it is zero with a reason, and the rest runs again without it
        "leaver": ({**SOLUTIONS, "predict": LEAVES}, quiz, "", everything - POINTS["predict"]),
    }


@pytest.fixture(scope="module")
def graded(course):
    """Everything an instructor does with one assignment, once."""
    nbgrader(course, "generate_assignment", NAME)
    release = course / "release" / NAME / f"{NAME}.ipynb"
    assert release.read_bytes() == (ROOT / "exercises" / "release" / NAME / f"{NAME}.ipynb").read_bytes()
    nbgrader(course, "release_assignment", NAME)
    quiz = right_quiz(NAME)

    # one learner goes the whole way through the exchange
    home = course.parent / "learner"
    home.mkdir()
    nbgrader(course, "fetch_assignment", NAME, "--course=evaluate_save_load", cwd=home)
    mine = home / NAME / f"{NAME}.ipynb"
    nbformat.write(submission(mine, SOLUTIONS, quiz), mine)
    nbgrader(course, "submit", NAME, "--course=evaluate_save_load", cwd=home)
    nbgrader(course, "collect", NAME)

    for student, (answers, typed, drop, _) in students(quiz).items():
        folder = course / "submitted" / student / NAME
        folder.mkdir(parents=True)
        nbformat.write(submission(release, answers, typed, drop=drop), folder / f"{NAME}.ipynb")
    log = nbgrader(course, "autograde", NAME)
    nbgrader(course, "generate_feedback", NAME)
    nbgrader(course, "export", "--to", "grades.csv")
    with open(course / "grades.csv", newline="") as f:
        scores = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(f) if row["assignment"] == NAME}
    return {"scores": scores, "quiz": quiz, "log": log, "course": course, "receipts": receipts(course)}


def receipts(course: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (course / "receipts" / NAME).iterdir()}


def test_every_student_gets_the_points_that_are_due(graded):
    expected = {name: round(points, 2) for name, (*_, points) in students(graded["quiz"]).items()}
    expected[getpass.getuser()] = sum(POINTS.values()) + LESSON.quiz_points
    assert graded["scores"] == expected


def test_nothing_waits_for_a_manual_grade(graded):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded['course']}/gradebook.db") as book:
        assert not [s.student_id for s in book.assignment_submissions(NAME) if s.needs_manual_grade]


def test_feedback_gives_reasons_and_hides_what_was_hidden(graded):
    def feedback(student):
        return (graded["course"] / "feedback" / student / NAME / f"{NAME}.html").read_text()

    assert "own flag" in feedback("partial_wrong")
    assert "Nothing could be judged" in feedback("leaver")
    assert "Not attempted" in feedback("stub")
    secret = (graded["course"] / "grading_secret.txt").read_text()
    for student in graded["scores"]:
        assert secret not in feedback(student)
    # the quiz says which answers are right, never what would have been
    wrong_everywhere = feedback("stub")
    assert "no answer" in wrong_everywhere
    for question in load_bank(ROOT / "lessons" / NAME / "graded_quiz.yaml").questions:
        for option in question.options:
            assert option.why.strip()[:40] not in wrong_everywhere


def test_regrading_gives_the_same_grades(graded):
    nbgrader(graded["course"], "autograde", NAME, "--student=partial_share", "--force")
    nbgrader(graded["course"], "export", "--to", "again.csv")
    with open(graded["course"] / "again.csv", newline="") as f:
        scores = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(f) if row["assignment"] == NAME}
    assert scores == graded["scores"]


def test_the_release_holds_no_solutions_and_no_key(graded):
    text = (graded["course"] / "release" / NAME / f"{NAME}.ipynb").read_text()
    for task in POINTS:
        last_line = solution_code(task).splitlines()[-1].strip()
        assert last_line not in text
    assert "BEGIN SOLUTION" not in text
    for i in range(1, LESSON.quiz_points + 1):
        assert f'q{i} = \\"\\"' in text


OTHERS = [one for one in load_syllabus().lessons if one.points and one.name != NAME]
GENERATE = """
import sys
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader
api = NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py").load_config())
for name in sys.argv[1:]:
    done = api.generate_assignment(name)
    assert done["success"], done
"""
GRADE = """
import sys
from course_lib.__main__ import main
sys.exit(max(main(["grade", name]) for name in sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def published(course):
    """Every other exercise: generated, the published solutions filled in, graded; each step in one process."""
    names = [lesson.name for lesson in OTHERS]
    nbgrader(course, *names, command=(sys.executable, "-c", GENERATE))
    for lesson in OTHERS:
        release = course / "release" / lesson.name / f"{lesson.name}.ipynb"
        filled = submission(release, {task: solution_code(task) for task in lesson.tasks}, right_quiz(lesson.name))
        for student in ("full", "stub"):
            (course / "submitted" / student / lesson.name).mkdir(parents=True)
        nbformat.write(filled, course / "submitted" / "full" / lesson.name / release.name)
        shutil.copy(release, course / "submitted" / "stub" / lesson.name)
    nbgrader(course, *names, command=(sys.executable, "-c", GRADE))
    return course


@pytest.mark.parametrize("lesson", OTHERS, ids=lambda one: one.slug)
def test_published_solutions_get_full_points(published, lesson):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{published}/gradebook.db") as book:
        scores = {s.student_id: s.score for s in book.assignment_submissions(lesson.name)}
        person = {s.student_id: s.needs_manual_grade for s in book.assignment_submissions(lesson.name)}
    # written answers wait for a person; an untouched one earns nothing
    assert scores == {"full": lesson.points - sum(lesson.written.values()), "stub": 0}
    assert not person["stub"]


def test_the_button_of_the_formgrader_gives_the_same_grade(graded):
    code = (
        "from nbgrader.apps import NbGraderAPI\nfrom traitlets.config import PyFileConfigLoader\n"
        "api = NbGraderAPI(config=PyFileConfigLoader('nbgrader_config.py').load_config())\n"
        f"done = api.autograde({NAME!r}, 'partial_share')\nassert done['success'], done\n"
        f"print('score', api.gradebook.find_submission({NAME!r}, 'partial_share').score)"
    )
    receipt = graded["course"] / "receipts" / NAME / "partial_share.json"
    receipt.unlink()
    said = nbgrader(graded["course"], command=(sys.executable, "-c", code))
    assert f"score {graded['scores']['partial_share']}" in said
    assert receipt.read_bytes() == graded["receipts"]["partial_share"]


def test_course_grade_gives_the_same_grades_and_receipts(graded):
    """What nbgrader graded it takes for graded; what it grades again comes out the same, to the byte."""
    before, again = graded["scores"], ("partial_share", "leaver", "stub", "noisy")
    for student in again:
        (graded["course"] / "receipts" / NAME / f"{student}.json").unlink()
    said = nbgrader(graded["course"], command=(sys.executable, "-m", "course_lib", "grade", NAME))
    assert f"{len(again)} graded now, {len(before) - len(again)} before" in said
    assert receipts(graded["course"]) == graded["receipts"]
    assert graded["receipts"].keys() == before.keys()
    with open(graded["course"] / "grades.csv", newline="") as f:
        assert {row["student"]: float(row["score"]) for row in csv.DictReader(f)} == before


def test_validate_says_that_it_has_no_sandbox(graded):
    path = graded["course"] / "submitted" / "full" / NAME / f"{NAME}.ipynb"
    assert "WITHOUT the grader's sandbox" in nbgrader(graded["course"], "validate", str(path))


def test_no_execute_is_refused(graded):
    with pytest.raises(AssertionError, match="--no-execute would believe"):
        nbgrader(graded["course"], "autograde", NAME, "--student=full", "--force", "--no-execute")

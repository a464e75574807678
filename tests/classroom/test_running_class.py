"""What an instructor does to a class that is under way: only what it concerns changes, and a person's marks stay."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from attempts import ROOT, attempt
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from submissions import formgrader_page, make_course, right_quiz, submission

from course_lib.__main__ import main
from course_lib.classroom.grading import receipts
from course_lib.classroom.grading.class_evidence import read_class
from course_lib.classroom.grading.gradebook import Course
from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.tasks.checking import solution_code
from course_lib.classroom.tasks.task import find_task
from course_lib.syllabus import ROOMS, load_syllabus

pytestmark = [pytest.mark.grading, pytest.mark.timeout(900)]
LESSON = load_syllabus().lesson("roc_analysis")
NAME, WRITTEN = LESSON.name, "written-what_roc_says"
RIGHT, QUIZ = {task: solution_code(task) for task in LESSON.tasks}, right_quiz(NAME)
KEY = load_bank(ROOT / "lessons" / NAME / "graded_quiz.yaml").questions
BELIEF = KEY[1].mistakes[0]
CLASS = {
    "ada": (RIGHT, QUIZ),
    "ben": (
        {**RIGHT, "auc": attempt("auc", "the number of pairs").code},
        {**QUIZ, "q2": str(BELIEF.answer), "q3": "A"},
    ),
    "cleo": ({task: code for task, code in RIGHT.items() if task != "auc"}, {**QUIZ, "q2": "", "q3": "A"}),
}
AUTOMATIC = {"ada": 18.0, "ben": 14.0, "cleo": 14.0}
"""Of 18, without the written answer's two; ben and cleo lack the two of auc, q2 and q3."""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A class whose written answers wait; cleo's came a day late."""
    exercises = make_course(tmp_path_factory.mktemp("running"), NAME, ())
    for student, (answers, typed) in CLASS.items():
        folder = exercises / "submitted" / student / NAME
        folder.mkdir(parents=True)
        notebook = submission(exercises / "release" / NAME / f"{NAME}.ipynb", answers, typed)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == WRITTEN:
                cell.source = f"{student} says that the curve ranks."
        nbformat.write(notebook, folder / ("my answers.ipynb" if student == "ben" else f"{NAME}.ipynb"))
    (folder / "timestamp.txt").write_text("2026-01-03 00:00:00 UTC")
    return exercises


def nbgrader(course, *arguments):
    """A command as an instructor types it."""
    at = {name: str(course.parent / "jupyter") for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR")}
    environment = {**os.environ, **at, "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def generate(course):
    """`nbgrader generate_assignment NAME --force`, in this process."""
    done = NbGraderAPI(config=Course(course).config).generate_assignment(NAME, force=True)
    assert done["success"], done["log"]


def grade(course, capsys, *options):
    code = main(["grade", NAME, "--folder", str(course), "--workers", "2", *options])
    said = capsys.readouterr()
    assert code == 0, said.err
    return said.out


def scores(course):
    with open(course / "grades.csv", newline="") as f:
        return {row["student"]: float(row["score"]) for row in csv.DictReader(f)}


def receipt(course, student):
    return json.loads((course / "receipts" / NAME / f"{student}.json").read_text())


def configure(course, line):
    path = course / "nbgrader_config.py"
    path.write_text(path.read_text() + f"\n{line}\n")


def book_of(course):
    return Gradebook(f"sqlite:///{course}/gradebook.db", "evaluate_save_load")


def waiting(course):
    """Which written answers are in the queue for manual grading."""
    with book_of(course) as book:
        return {s: book.find_grade(WRITTEN, NAME, NAME, s).needs_manual_grade for s in CLASS}


@pytest.fixture(scope="module")
def marked(course):
    """Graded, and the written answers of ada and ben marked with partial points, as the formgrader's page saves them."""
    assert main(["grade", NAME, "--folder", str(course), "--workers", "2"]) == 0
    assert scores(course) == AUTOMATIC
    assert waiting(course) == dict.fromkeys(CLASS, True)
    with book_of(course) as book:
        for student, points in (("ada", 1.5), ("ben", 0.5)):
            found = book.find_grade(WRITTEN, NAME, NAME, student)
            found.manual_score, found.needs_manual_grade = points, False
            book.find_comment(WRITTEN, NAME, NAME, student).manual_comment = f"Well said, {student}."
        book.db.commit()
    return course


def test_a_receipt_says_what_the_judge_found(marked):
    verdicts = receipt(marked, "ben")["verdicts"]
    assert find_task("auc").hints[verdicts["check-auc"]["hint"]]
    assert verdicts["check-auc"]["case"] in {case.name for case in find_task("auc").cases("any")}
    q2 = {"typed": str(BELIEF.answer), "outcome": "wrong", "mistakes": [BELIEF.mistake]}
    assert verdicts["check-quiz"]["answers"]["q2"] == q2
    stub = receipt(marked, "cleo")["verdicts"]
    assert stub["check-auc"]["outcome"] == "not attempted"
    assert stub["check-quiz"]["answers"]["q2"] == {"typed": "", "outcome": "empty", "mistakes": []}


def test_the_rubric_stands_in_the_formgrader_and_not_in_feedback(marked):
    html = formgrader_page(marked, "ada", NAME)
    assert html.index("ada says that the curve") < html.index("Only you see this") < html.index("Rubric, 2 points.")
    assert "Model answer." not in feedback(marked, "ada")


def feedback(course, student):
    done = NbGraderAPI(config=Course(course).config).generate_feedback(NAME, student, force=True)
    assert done["success"], done["log"]
    return (course / "feedback" / student / NAME / f"{NAME}.html").read_text()


def test_feedback_has_the_marks_and_comments_and_nothing_that_is_the_instructor_s(marked):
    text = feedback(marked, "ben")
    assert "Well said, ben." in text
    assert "is not right" in text
    for question in KEY:
        for said in (*(m.mistake for m in question.mistakes), *(o.mistake for o in question.options if o.mistake)):
            assert said not in text


def test_feedback_is_one_page_that_says_first_what_was_earned(marked):
    text, unmarked = feedback(marked, "ben"), feedback(marked, "cleo")
    assert re.search(r"<b>14.5 of 20 points</b>.*<code>auc</code></a></th><td>0 of 2.*</table>", text, flags=re.S)
    assert "<b>Written answer: what roc says</b>: 0.5 of 2" in text
    assert "<b>Written answer: what roc says</b>: not marked yet, of 2" in unmarked
    anchors = set(re.findall(r'href="#([^"]+)"', text))
    assert anchors == {"check-quiz", WRITTEN, f"comment-{WRITTEN}", *(f"check-{task}" for task in LESSON.tasks)}
    assert all(f'id="{anchor}"' in text for anchor in anchors)
    assert not re.search(r'(?:href|src)="(?!#|https://)|<script|Out\[', text)  # nothing to load, no link that is dead
    assert "Back to the lesson" in text


def test_the_same_again_changes_nothing_and_asks_for_no_second_look(marked, capsys):
    before = receipt(marked, "ben")
    assert "0 graded now, 3 before" in grade(marked, capsys)
    assert "1 graded now, 3 before" not in grade(marked, capsys, "--students", "ben")
    assert receipt(marked, "ben") == before
    assert waiting(marked) == {"ada": False, "ben": False, "cleo": True}
    assert scores(marked) == {"ada": 19.5, "ben": 14.5, "cleo": 14.0}


def test_another_key_changes_what_it_concerns_and_no_mark_of_a_person(marked, capsys):
    key = marked.parent / "lessons" / NAME / "graded_quiz.yaml"
    key.write_text(key.read_text().replace(f"answer: {KEY[1].answer}\n", "answer: 0.3\n"))
    assert "3 graded now, 0 before" in grade(marked, capsys)
    assert scores(marked) == {"ada": 18.5, "ben": 14.5, "cleo": 14.0}
    assert waiting(marked) == {"ada": False, "ben": False, "cleo": True}


def test_other_points_for_a_task(marked, capsys):
    """As `make build` writes them into the source from course.toml: auc earns 4 in place of 2."""
    source = marked / "source" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "check-auc":
            cell.metadata.nbgrader.points = 4
    nbformat.write(notebook, source)
    generate(marked)
    assert "3 graded now, 0 before" in grade(marked, capsys)
    assert scores(marked) == {"ada": 20.5, "ben": 14.5, "cleo": 14.0}
    assert waiting(marked) == {"ada": False, "ben": False, "cleo": True}
    with book_of(marked) as book:
        assert book.find_comment(WRITTEN, NAME, NAME, "ada").comment == "Well said, ada."


def test_the_class_report_takes_what_the_real_command_found(marked, capsys):
    assert main(["class-report", NAME, "--folder", str(marked)]) == 0
    assert "2 of 3 answered q3 as if: the table of grades decides." in capsys.readouterr().out
    evidence = read_class(Course(marked), NAME)
    assert evidence.stale == 0
    answers = {student.row.student: student.answers for student in evidence.students}
    assert answers["ben"]["auc"].hint == receipt(marked, "ben")["verdicts"]["check-auc"]["hint"] != ""
    assert answers["ben"]["q2"].mistakes == (BELIEF.mistake,)
    assert [answers[s]["auc"].state for s in CLASS] == ["right", "wrong", "not attempted"]
    assert [answers[s][WRITTEN].share for s in CLASS] == [0.75, 0.25, None]


def test_a_dropped_task_and_question_cost_nobody_anything(marked, capsys):
    before, path = scores(marked), marked / "nbgrader_config.py"
    config = path.read_text()
    configure(marked, f"c.GradedExecute.dropped = {{{NAME!r}: ['q9']}}")
    assert main(["grade", NAME, "--folder", str(marked)]) == 2
    assert "has no task or question 'q9'. It has: roc_curve" in capsys.readouterr().err
    configure(marked, f"c.GradedExecute.dropped = {{{NAME!r}: ['q2', 'auc']}}")
    assert "3 graded now, 0 before" in grade(marked, capsys)
    assert scores(marked) == {"ada": before["ada"] + 1, "ben": before["ben"] + 5, "cleo": before["cleo"] + 5}
    verdicts = receipt(marked, "ben")["verdicts"]
    assert verdicts["check-quiz"]["dropped"] == ["q2"]
    assert (verdicts["check-auc"]["score"], verdicts["check-auc"]["outcome"]) == (4, "failed")
    text = feedback(marked, "ben")
    assert "This task was dropped: everybody who handed in has its points." in text
    assert "was dropped: everybody has its point." in text
    main(["class-report", NAME, "--folder", str(marked)])
    page = (marked / f"class_report_{NAME}.html").read_text()
    assert "<strong>Dropped:</strong> <code>auc</code>, <code>q2</code>" in page
    assert BELIEF.mistake not in page
    assert "the table of grades decides" in page
    dropping = path.read_text()
    path.write_text(config)
    main(["class-report", NAME, "--folder", str(marked)])
    page = (marked / f"class_report_{NAME}.html").read_text()
    assert "3 of the grades have no receipt, or followed from another version" in page
    path.write_text(dropping)


def test_a_penalty_follows_the_deadline_and_extensions_without_grading_again(marked, capsys):
    before = scores(marked)
    configure(marked, 'c.LateSubmissionPlugin.penalty_method = "zero"')
    assert "0 graded now, 3 before" in grade(marked, capsys)
    assert scores(marked) == {**before, "cleo": 0.0}
    with book_of(marked) as book:
        book.grant_extension(NAME, "cleo", days=2)
    assert "0 graded now, 3 before" in grade(marked, capsys)
    assert scores(marked) == before
    with book_of(marked) as book:
        book.grant_extension(NAME, "cleo")
    grade(marked, capsys)
    assert scores(marked)["cleo"] == 0
    nbgrader(marked, "db", "assignment", "add", NAME, "--duedate=2026-01-04 00:00:00 UTC")
    assert "0 graded now, 3 before" in grade(marked, capsys)
    assert scores(marked) == before


def test_who_hands_in_again_is_marked_again_by_a_person(marked, capsys):
    path = marked / "submitted" / "ada" / NAME / f"{NAME}.ipynb"
    path.write_text(path.read_text().replace("ada says that", "ada now says that"))
    assert "1 graded now, 2 before" in grade(marked, capsys)
    assert waiting(marked) == {"ada": True, "ben": False, "cleo": True}
    assert scores(marked)["ada"] == 21.5, "until then the mark stays"


def test_an_untouched_notebook_is_not_a_wrong_one_in_the_report(marked, capsys):
    folder = marked / "submitted" / "eve" / NAME
    folder.mkdir(parents=True)
    shutil.copy(marked / "release" / NAME / f"{NAME}.ipynb", folder)
    grade(marked, capsys)
    evidence = read_class(Course(marked), NAME)
    eve = next(student for student in evidence.students if student.row.student == "eve")
    assert {eve.answers[item.name].state for item in evidence.items} == {"not attempted"}
    assert eve.answers[WRITTEN].share == 0
    title = next(item.title for item in evidence.items if item.name == WRITTEN)
    assert title == "6. What does a ROC curve say, and what not? (10 minutes)"


def test_only_the_code_of_an_assignment_s_own_lesson_is_what_its_grades_follow_from(course, tmp_path, monkeypatch):
    """A new case of a task in another lesson has nobody graded again."""
    for slug in ("roc_analysis", "eval_mode"):
        shutil.copytree(ROOMS / slug, tmp_path / slug)
    monkeypatch.setattr(receipts, "ROOMS", tmp_path)

    def basis():
        graded = Course(course)
        return receipts.basis(graded.template(NAME), graded.settings(), NAME)

    before = basis()
    (tmp_path / "eval_mode" / "tasks" / "predict.py").write_text("# another judge")
    assert basis() == before
    (tmp_path / "roc_analysis" / "tasks" / "auc.py").write_text("# another judge")
    assert {name for name, value in basis().items() if value != before[name]} == {"tasks_digest"}

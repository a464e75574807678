"""The class report: its figures by hand, what it finds in a class, and that nobody's name or message breaks the page."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from html.parser import HTMLParser

import nbformat
import pytest
from attempts import ROOT, answer_of, attempt
from nbgrader.api import Gradebook
from submissions import right_quiz, submission

from course_lib.__main__ import main
from course_lib.classroom.grading import class_figures, receipts
from course_lib.classroom.grading.class_evidence import Answer, ClassEvidence, Item, Student, read_class
from course_lib.classroom.grading.class_figures import discrimination, figures, findings, misconceptions, pattern, stuck
from course_lib.classroom.grading.class_report import page
from course_lib.classroom.grading.grade import grade
from course_lib.classroom.grading.gradebook import Course, Row
from course_lib.classroom.grading.plan import Seen, Try
from course_lib.classroom.grading.repair import rebuild
from course_lib.classroom.grading.submission import read_submission
from course_lib.classroom.grading.unusual import unusual, used
from course_lib.classroom.grading.workers import Done, Job
from course_lib.classroom.tasks.checking import probe_all, solution_code
from course_lib.classroom.tasks.task import find_task
from course_lib.syllabus import load_syllabus

pytestmark = pytest.mark.timeout(600)
LESSON = load_syllabus().lesson("eval_mode")
NAME, QUIZ = LESSON.name, right_quiz(LESSON.name)
RIGHT = {task: solution_code(task) for task in LESSON.tasks}
HOSTILE = "<img src=x onerror=alert(1)>"
IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\nimport course_lib.evaluation\n"
"""The first cell of the exercise."""


# Figures, from classes that are made up.


def student(name, states, *, score=None, handed_in=True, manual=""):
    """A student from item -> share, or Answer."""
    answers = {i: a if isinstance(a, Answer) else Answer(a, "right" if a == 1 else "wrong") for i, a in states.items()}
    return Student(Row(name, score=score if answers else None, max_score=10), handed_in, manual, answers)


TWO = (Item("a", 2), Item("b", 4))


def class_of(*students, items=TWO):
    return ClassEvidence("01_x", tuple(items), students)


def test_difficulty_and_discrimination_by_hand():
    """Item a: five earn all of its 2 points, five nothing. The rest, b, in quarters of 4: means 3 and 1 around 2.

    Covariance 5 x 0.5 x 1 + 5 x 0.5 x 1 = 5; squares of a 10 x 0.25 = 2.5; of b 4+4+4+0+1 + 1+1+1+4+4 = 24;
    5 / sqrt(2.5 x 24) = 5 / sqrt(60) = 0.645497.
    """
    rest = (4, 4, 4, 2, 1, 3, 1, 1, 0, 0)
    rows = [student(f"s{i}", {"a": float(i < 5), "b": b / 4}, score=1) for i, b in enumerate(rest)]
    a, b = figures(class_of(*rows))
    assert (a.mean, b.mean) == (0.5, 0.5)
    assert a.discrimination == pytest.approx(0.645497, abs=1e-6)
    assert b.discrimination == pytest.approx(0.645497, abs=1e-6)  # of two items each is the other's rest
    assert a.states == Counter(right=5, wrong=5)


def test_an_item_is_left_out_of_the_rest_and_an_unknown_answer_of_both():
    """Were a part of its own rest, it would correlate with it though b is the opposite."""
    rows = [student(f"s{i}", {"a": float(i < 5), "b": float(i >= 5)}, score=1) for i in range(10)]
    unknown = student(
        "waits", {"a": Answer(None, "waits for a person"), "b": Answer(None, "waits for a person")}, score=0
    )
    for one in figures(class_of(*rows, unknown)):
        assert one.discrimination == pytest.approx(-1)
        assert (one.known, one.mean) == (10, 0.5)


def test_where_there_is_no_discrimination():
    assert discrimination([(i % 2, i) for i in range(9)]) == (None, "too few")
    assert discrimination([(1.0, i) for i in range(10)]) == (None, "all alike")
    assert discrimination([(i % 2, 0.1 + 0.2 if i % 3 else 0.3) for i in range(10)]) == (None, "rest all alike")
    assert class_figures.give_or_take(12) == pytest.approx(0.574, abs=1e-3)


def test_mistakes_go_together_by_hint_by_message_and_by_name():
    def wrong(**about):
        return Answer(0.0, "wrong", **about)

    hints = {"restore": "Remember each flag."}
    items = (Item("a", 2, hints=hints), Item("b", 2), Item("q1", 1, is_question=True), Item("q2", 1, is_question=True))
    told = "the model's flag overrules its layers"
    found = misconceptions(
        class_of(
            student("x", {"a": wrong(message="`u` was off.", hint="restore"), "q1": wrong(mistakes=(told,))}, score=0),
            student("y", {"a": wrong(message="Off: `v`.", hint="restore"), "q2": wrong(mistakes=(told,))}, score=0),
            student("z", {"b": wrong(message="Got 0.25 for `m`."), "q1": wrong(typed="a, c")}, score=0),
            student("w", {"b": wrong(message="Got 17 for `n`."), "q1": wrong(typed="A, C")}, score=0),
            student("v", {"b": wrong(message="Raised KeyError."), "a": 1.0}, score=1),
            items=items,
        )
    )
    seen = {(m.items, m.belief, m.hint): m.students for m in found}
    assert seen == {
        (("a",), "", "Remember each flag."): ("x", "y"),
        (("q1", "q2"), told, ""): ("x", "y"),
        (("q1",), "", ""): ("z", "w"),
        (("b",), "", ""): ("v",),
    } | {(("b",), "", ""): seen[(("b",), "", "")]}
    assert sorted(m.students for m in found if m.items == ("b",)) == [("v",), ("z", "w")]
    assert pattern("Expected 3 rows, got 4.") != pattern("Expected 3 columns, got 4.")


def test_one_hint_does_not_make_different_mistakes_the_same():
    def told(message):
        return {"a": Answer(0.0, "wrong", message, hint="restore")}

    messages = [
        "Another folder.",
        "Its own name.",
        "`a` raised KeyError: 'x'.",
        "`a` raised KeyError: 'y'.",
        "`a` raised OSError: z.",
    ]
    right = [student(f"r{i}", {"a": 1.0}, score=5) for i in range(2)]
    class_ = class_of(
        *right, *(student(m, told(m), score=0) for m in messages), items=(Item("a", 2, hints={"restore": "Remember."}),)
    )
    assert [(len(m.students), m.alike) for m in misconceptions(class_)] == [(2, False), (2, True), (1, True)]
    first, second, *_ = (f.sentence for f in findings(class_))
    assert "**2 of 7** would be helped by the same hint in `a`. One was told: Another folder." in first
    assert "**2 of 7** made the same mistake in `a`. One was told: `a` raised KeyError" in second


def test_what_concerns_the_class_comes_first_and_what_concerns_one_not_at_all():
    def wrong(message):
        return Answer(0.0, "wrong", message)

    untouched = Answer(0.0, "not attempted", "This is still the stub.")
    rows = [student(f"r{i}", {"a": 1.0, "b": 1.0}, score=10) for i in range(5)]
    rows += [student(f"w{i}", {"a": wrong("No `return`."), "b": untouched}, score=0) for i in range(2)]
    rows += [student(f"u{i}", {"a": 1.0, "b": untouched}, score=0) for i in range(2)]
    rows += [student("alone", {"a": wrong("Something else."), "b": 1.0}, score=5)]
    found = findings(class_of(*rows))
    assert [f.count for f in found] == [4, 2]
    assert found[0].sentence == "**4 of 10** did not attempt `b`."
    assert "**2 of 10** made the same mistake in `a`. One was told: No `return`." in found[1].sentence


def test_an_item_that_went_badly_for_many_reasons_is_named():
    causes = ("Left out.", "Wrong sign.", "Not sorted.")
    rows = [student(m, {"a": Answer(0.0, "wrong", m), "b": 1.0}, score=4) for m in causes]
    assert ["3 of 3" in f.sentence and "different reasons" in f.sentence for f in findings(class_of(*rows))] == [True]


def test_who_is_stuck_and_what_to_say_first():
    hint = {"first": "Look at the flags.", "grad": "Leave gradients alone."}
    items = (Item("a", 2, hints=hint), Item("b", 2, hints=hint), Item("q1", 1, is_question=True))
    untouched = Answer(0.0, "not attempted")
    error = Answer(0.0, "nothing to judge", "Nothing could be judged, so nothing is earned. NameError: mdel")
    low = {"a": Answer(0.0, "wrong", "m", "grad"), "b": Answer(0.0, "wrong", "m"), "q1": 1.0}
    fine = [student(f"f{i}", {"a": 1.0, "b": 1.0, "q1": 1.0}, score=5) for i in range(4)]
    found = {
        one.student.row.student: one
        for one in stuck(
            class_of(
                *fine,
                student("low", low, score=1),
                student("error", {"a": 1.0, "b": error, "q1": 1.0}, score=3),
                student("begins", {"a": untouched, "b": untouched, "q1": 1.0}, score=1),
                student("waits", {"a": Answer(None, "waits for a person")}, score=0, manual="unreadable"),
                items=items,
            )
        )
    }
    assert set(found) == {"low", "error", "begins"}
    assert "Leave gradients alone." in found["low"].first
    assert "20% of the points" in found["low"].seen[0]
    assert "NameError: mdel" in found["error"].first
    assert found["begins"].first == "Begin with `a`, up to its first check. Look at the flags."


def test_what_only_one_right_answer_uses():
    plain = "def f(x):\n    total = sum(x)\n    return total / len(x)"
    answers = {f"s{i}": plain.replace("total", f"name_{i}") for i in range(9)}
    other = "from statistics import fmean\nclass f:\n    def __new__(cls, x):\n        return fmean(x)"
    assert unusual(answers) == []
    assert unusual({**answers, "odd": other}) == [("odd", ("class", "fmean"))]
    assert unusual({**answers, "s9": plain}) == []
    for broken in ("def f(:", "(" * 5000, "x = '\x00'", "%timeit f()", "-" * 40_000 + "1"):
        assert used(broken) == frozenset()


# A class graded for real, up to the sandbox: what the sandboxed process would have sent is made here.


@cache
def wires(task, code, secret):
    return tuple(probe_all(find_task(task), answer_of(IMPORTS + code, task), secret))


def one_flag():
    return {**RIGHT, "evaluation_mode": attempt("evaluation_mode", "one flag for all").code}


SHOUTS = f"def predict(model, images, *, batch_size=64):\n    raise KeyError({HOSTILE!r})\n"
CLASS = {
    **{f"right{i}": (RIGHT, QUIZ) for i in range(8)},
    "stack": ({**RIGHT, "evaluation_mode": attempt("evaluation_mode", "an exit stack").code}, QUIZ),
    **{f"flag{i}": (one_flag(), {**QUIZ, "q1": "A"}) for i in range(3)},
    "stub": ({}, {}),
    "crash": ({**RIGHT, "predict": "boom"}, QUIZ),
    **{
        f"{HOSTILE}{i}": ({**RIGHT, "predict": SHOUTS}, {**QUIZ, "q1": HOSTILE, "q2": '" is right. `</td>`'})
        for i in range(2)
    },
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """An nbgrader course with a graded class."""
    exercises = tmp_path_factory.mktemp("course") / "exercises"
    shutil.copytree(ROOT / "exercises" / "source" / NAME, exercises / "source" / NAME)
    shutil.copytree(ROOT / "lessons", exercises.parent / "lessons")
    shutil.copy(ROOT / "exercises" / "nbgrader_config.py", exercises)
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", NAME]
    at = {"JUPYTER_DATA_DIR": str(exercises), "JUPYTER_CONFIG_DIR": str(exercises), "PYTHONWARNINGS": "ignore"}
    subprocess.run(command, cwd=exercises, env={**os.environ, **at}, check=True, capture_output=True)
    with Gradebook(f"sqlite:///{exercises}/gradebook.db", "evaluate_save_load") as book:
        book.update_or_create_assignment(NAME, duedate="2026-01-02 00:00:00 UTC")
        book.add_student("absent", first_name="</title><script>alert(2)</script>", last_name="\u202egnp")
    return exercises


@pytest.fixture(scope="module")
def graded(course):
    for who, (answers, _) in CLASS.items():
        hand_in(course, who, answers)
    (course / "submitted" / "right0" / NAME / "timestamp.txt").write_text("2026-01-03 00:00:00 UTC")
    (course / "submitted" / "torn" / NAME).mkdir(parents=True)
    (course / "submitted" / "torn" / NAME / f"{NAME}.ipynb").write_text('{"cells": [')
    (course / "submitted" / "ungraded" / NAME).mkdir(parents=True)
    grader = Course(course)
    settings, template = grader.settings(), grader.template(NAME)
    about = receipts.basis(template, settings, NAME)
    for who in (*CLASS, "torn"):
        job = Job(who, course / "submitted" / who / NAME, template, NAME)
        done = graded_without_running(job, settings, *CLASS.get(who, ({}, {})))
        assert grader.save(done, job) == ""
        receipts.write(course / "receipts" / NAME / f"{who}.json", receipts.receipt(done, about))
    return course


def hand_in(course, who, answers, typed=None):
    folder = course / "submitted" / who / NAME
    folder.mkdir(parents=True)
    notebook = submission(course / "release" / NAME / f"{NAME}.ipynb", answers, typed or {})
    nbformat.write(notebook, folder / f"{NAME}.ipynb")


def graded_without_running(job, settings, answers, typed):
    def runner(steps, room, deadlines):
        tries = {}
        for task in LESSON.tasks:
            code = answers.get(task, "")
            if code == "boom":
                tries[task] = [Try(why="NameError: name 'mdel' is not defined")]
            else:
                stub = f"def {task}(*a, **k):\n    raise NotImplementedError('Replace this line with your code.')"
                tries[task] = [Try(list(wires(task, code or stub, settings.secret)))]
        return Seen(tries=tries, answers=typed)

    found = read_submission(job.folder, job.template.notebook, job.template.names)
    notebook = rebuild(found, job.template)
    return Done(job.student, notebook, found, grade(notebook, found, NAME, settings, folder="", runner=runner))


class Tags(HTMLParser):
    """The tags of a page, and what would load or run something."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in ("meta", "br", "rect", "line", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing of its own"


def words(text):
    body = re.sub(r"<style>.*?</style>", "", text, flags=re.S)
    return " ".join(re.sub(r"<[^>]*>", "", body).replace("&#39;", "'").replace("&#x27;", "'").split())


@pytest.fixture(scope="module")
def report(graded):
    return page(read_class(Course(graded), NAME))


@pytest.mark.grading
def test_the_class_is_counted_and_its_mistakes_are_found(report, graded):
    evidence = read_class(Course(graded), NAME)
    assert evidence.stale == 0
    text = words(report)
    for count in ("in the class19", "handed in18", "graded17", "late1", "need a person's eye1"):
        assert count in text
    assert [i.name for i in evidence.items] == [*LESSON.tasks, *QUIZ]
    shared = {m.items: m for m in misconceptions(evidence) if len(m.students) > 1}
    flag = shared[("evaluation_mode",)]
    assert flag.students == ("flag0", "flag1", "flag2")
    assert flag.hint == find_task("evaluation_mode").hints["restore"]
    assert "switching a layer switches the whole model" in {m.belief for m in misconceptions(evidence)}
    assert f"Answered: {HOSTILE}" in {m.example for m in misconceptions(evidence)}
    assert "3 of 16 answered q1 as if: switching a layer switches the whole model." in text
    assert "3 of 16 made the same mistake in evaluation_mode. One was told: After the block" in text
    by_name = {f.item.name: f for f in figures(evidence)}
    assert by_name["evaluation_mode"].mean == pytest.approx(12 / 16)
    assert by_name["stays_random"].mean == pytest.approx(15 / 16)
    assert by_name["q1"].states == Counter({"right": 10, "wrong": 5, "not attempted": 1, "waits for a person": 1})
    assert {f.known for f in by_name.values()} == {16}, "who waits for a person counts nowhere"
    assert all(f.discrimination is not None for f in by_name.values())
    assert "NameError: name 'mdel' is not defined" in text
    assert "Handed in and not graded (1): ungraded" in text
    assert "right0, 24.0 h" in text
    assert "torn" in text.partition("Needs a person's eye")[2].partition("What waits is left out")[0]
    assert [(one[0], one[1]) for one in unusual_of(evidence)] == [("evaluation_mode", "stack")]
    assert {one.student.row.student for one in stuck(evidence)} == {"stub", "crash"}


def unusual_of(evidence):
    from course_lib.classroom.grading.class_report import _unusual

    return _unusual(evidence.items, evidence.graded)


@pytest.mark.grading
def test_the_page_is_whole_offline_and_runs_nothing(report):
    tags = Tags(report)
    assert tags.open == []
    assert not set(tags.tags) & {"script", "img", "link", "iframe", "object", "form", "input", "a"}
    assert not [a for a in tags.attributes if a[1].startswith("on") or a[1] in ("src", "href")]
    assert "url(" not in report
    assert "@import" not in report
    assert HOSTILE not in report
    assert "\u202e" not in report
    assert report.count("onerror") >= 3, "the hostile one is on the page, as text"
    levels = [int(tag[1]) for tag in tags.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    assert tags.tags.count("th") == sum(a[:2] == ("th", "scope") for a in tags.attributes)
    assert tags.tags.count("caption") == tags.tags.count("table")
    ids = [value for _, name, value in tags.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value for _, name, value in tags.attributes if name == "aria-labelledby"} <= set(ids)


@pytest.mark.grading
def test_without_receipts_the_points_are_there_and_the_page_says_what_to_do(graded, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(graded, bare)
    shutil.copytree(graded.parent / "lessons", tmp_path / "lessons")
    shutil.rmtree(bare / "receipts")
    with_receipts, without = (read_class(Course(folder), NAME) for folder in (graded, bare))
    assert (with_receipts.stale, without.stale) == (0, 17)
    for ours, theirs in zip(with_receipts.students, without.students, strict=True):
        for name in LESSON.tasks.keys() & ours.answers.keys():
            assert ours.answers[name].share == theirs.answers[name].share
    assert "17 of the grades have no receipt" in words(page(without))


@pytest.mark.grading
def test_the_command_writes_the_page_and_says_when_grades_are_out_of_date(graded, tmp_path, capsys):
    assert main(["class-report", NAME, "--folder", str(graded), "--output", str(tmp_path / "report.html")]) == 0
    said = capsys.readouterr().out
    assert "3 of 16 answered q1 as if" in said
    assert "17 graded submissions" in said
    assert "another version" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    key = graded.parent / "lessons" / NAME / "graded_quiz.yaml"
    before = key.read_bytes()
    key.write_bytes(before + b"\n# another key\n")
    assert main(["class-report", NAME, "--folder", str(graded)]) == 0
    key.write_bytes(before)
    text = words((graded / f"class_report_{NAME}.html").read_text(encoding="utf-8"))
    assert "17 of the grades have no receipt, or followed from another version" in text


@pytest.mark.grading
def test_what_there_is_nothing_to_report_on(course, tmp_path, capsys):
    def says(folder, assignment=NAME):
        assert main(["class-report", assignment, "--folder", str(folder)]) == 2
        return capsys.readouterr().err

    assert "nbgrader_config.py" in says(tmp_path)
    fresh = tmp_path / "fresh"
    shutil.copytree(course, fresh, ignore=shutil.ignore_patterns("receipts", "autograded", "submitted"))
    assert f"nbgrader generate_assignment {'02_no_grad'}" in says(fresh, "02_no_grad")
    with Gradebook(f"sqlite:///{fresh}/gradebook.db", "evaluate_save_load") as book:
        for one in [s.id for s in book.students if s.id != "absent"]:
            book.remove_student(one)
    assert f"{NAME} was never graded (0 handed it in). Run: course grade {NAME}" in says(fresh)
    with Gradebook(f"sqlite:///{fresh}/gradebook.db", "evaluate_save_load") as book:
        book.remove_student("absent")
    assert "There is nobody to report on" in says(fresh)


def test_one_student_and_no_quiz():
    text = words(page(class_of(student("only", {"a": 1.0, "b": Answer(0.0, "wrong", "Off by 1.")}, score=2))))
    assert "Only one submission is graded" in text
    assert text.count("too few") >= 2
    assert "There is no marked quiz." in text
    assert "1 more was made by one student each." in text


def test_three_hundred_students_are_all_named_and_what_is_left_out_is_counted():
    """Sixty are stuck, each of forty mistakes is shared by a few, a hundred wait for a person."""
    stub, waits = Answer(0.0, "not attempted"), Answer(None, "waits for a person")
    names, letters = [f"student{i:03d}" for i in range(300)], "abcdefghij"
    wrong = [Answer(0.0, "wrong", f"Left out {a}{b}.") for a in letters[:4] for b in letters]
    rows = [student(name, {"a": stub, "b": stub}, score=0) for name in names[:60]]
    rows += [student(name, {"a": wrong[i % 40], "b": 1.0}, score=4) for i, name in enumerate(names[60:200])]
    rows += [student(name, {"a": 1.0, "b": waits}, score=2, manual="A written answer waits.") for name in names[200:]]
    whole = page(class_of(*rows))
    text = words(whole)
    assert all(name in text for name in names)
    assert "35 more, each less far behind: student025" in text
    assert "15 more were shared by fewer: 3 students at most." in text
    assert "A written answer waits. (100) student200, student201" in text
    assert len(whole) < 120_000
    assert Tags(whole).open == []

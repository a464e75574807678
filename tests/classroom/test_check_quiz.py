"""Typed quizzes: marked at once where the key is at hand, recorded where it isn't and while grading."""

from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.classroom import check_quiz, progress
from course_lib.classroom.quizzes import typed
from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import arrange, labels, typed_key
from course_lib.classroom.quizzes.typed import mark_answers
from course_lib.classroom.tasks.checking import OBSERVATIONS_MIME, SECRET_VARIABLE
from course_lib.errors import InputError
from course_lib.syllabus import ROOMS, load_syllabus

LESSON = load_syllabus().lesson("eval_mode")
KEY = load_bank(ROOMS.parents[1] / "lessons" / LESSON.name / "graded_quiz.yaml")
RIGHT = {f"q{i}": typed_key(question) for i, question in enumerate(KEY.questions, start=1)}
EXAMPLE = load_bank(Path(__file__).parent / "data" / "example_bank.yaml")
# In the example q1 is A, q2 is A and B, q3 is B, q4 is line 2, q5 an order, q6 0.2.


@pytest.fixture
def without_key(monkeypatch, tmp_path):
    """A copy of the course as an instructor hands it out: no folder `lessons` beside the package."""
    monkeypatch.setattr(typed, "ROOMS", tmp_path / "course_lib" / "lessons")


def line(name, text, **how):
    """What is said of one answer to the example's quiz, and whether it counts."""
    marked = mark_answers(EXAMPLE.questions, {name: text}, **how)
    return marked[int(name[1:]) - 1].line, sum(one.outcome == "right" for one in marked)


def test_all_right_is_passed_with_every_point(capsys):
    earned = check_quiz("eval_mode", **RIGHT)
    assert earned == LESSON.quiz_points
    assert isinstance(earned, float)
    said = capsys.readouterr().out
    assert said.startswith(f"✓ Passed: Quiz, {LESSON.quiz_points} of {LESSON.quiz_points} points")
    assert said.count("is right.") == LESSON.quiz_points
    assert "Hint" not in said


def test_a_right_answer_says_why():
    assert line("q1", "a") == (
        '✓ `q1 = "a"` is right. `eval()` only sets `training` to False. Recording a graph is a switch of its own, '
        "`no_grad`.",
        1,
    )


def test_a_wrong_answer_says_why_it_is_wrong_and_hints_and_keeps_the_key():
    said, right = line("q1", "B")
    assert said == (
        '✗ `q1 = "B"` is not right. The two switches are independent; this is why evaluating without `no_grad` fills '
        "the memory.\n\nHint: `eval()` sets one flag. Which layers read it?"
    )
    assert right == 0


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("q1", "B", "A is right"),
        ("q2", "A", "normalises with the batch's statistics"),
        ("q2", "A C D", "It has no state"),  # only the first wrong choice is explained
        ("q2", "A B C D", "drops units"),
        ("q3", "A", "A fifth becomes 0"),
        ("q4", "1", "line 2"),
        ("q5", "1 2 3", "it has to be switched before both"),
        ("q6", "2", "It is 0.2"),
        ("q6", "7", "0.2"),
    ],
)
def test_nothing_gives_a_right_answer_away_that_was_not_given(name, text, key):
    said, right = line(name, text)
    assert "is not right" in said
    assert "Hint: " in said
    assert key not in said
    assert right == 0


def test_several_answers_say_how_many_are_wrong_or_missing():
    assert "1 right one is missing." in line("q2", "B")[0]
    said = line("q2", "B C D")[0]
    assert "2 of your choices are wrong and 1 right one is missing. C: It normalises every example by itself" in said
    assert "A: It drops units" in line("q2", "a, b")[0]
    assert "B: It normalises with the batch's" in line("q2", "a, b")[0]


def test_a_known_wrong_number_and_order_are_explained():
    assert "PyTorch's momentum weighs the new one" in line("q6", "1.8")[0]
    names = labels(EXAMPLE.questions[4], arrange(EXAMPLE.questions[4]))
    too_late = " ".join(names[i] for i in (1, 0, 2))
    assert "Here both passes run before the switch. 2 lines are out of place." in line("q5", too_late)[0]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("q1", "the variance", "Expected one letter, such as 'C'; got 'the variance'."),
        ("q1", "B C", "Expected one letter, such as 'C'; got 'B C'."),
        ("q1", "E", "Expected one letter"),
        ("q2", "all", "Expected one or more letters, such as 'A, C'; got 'all'."),
        ("q4", "B", "Expected the number of one line, such as '4'; got 'B'."),
        ("q5", "1 2", "Expected the number of each line once, the line that runs first in front, such as '3 2 1'"),
        ("q6", "two", "Expected a number with a point, such as 0.5 or 2/3; got 'two'."),
    ],
)
def test_what_can_not_be_an_answer_says_which_form_is_expected(name, text, expected):
    said, right = line(name, text)
    assert f'`{name} = "{text}"` can\'t be an answer. {expected}' in said
    assert "not right" not in said
    assert right == 0


def test_empty_answers_are_named_and_nothing_typed_is_not_attempted(capsys):
    assert check_quiz("eval_mode", q1="", q2=" ", q3="", q4="") == 0
    said = capsys.readouterr().out
    assert said.startswith("○ Not attempted: Quiz, 0 of 4 points")
    assert [f"q{i} is empty" in said for i in (1, 2, 3, 4)] == [True] * 4
    assert check_quiz("eval_mode", q1=RIGHT["q1"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("✗ Not yet: Quiz, 1 of 4 points")
    assert "q1 is empty" not in said
    assert "q4 is empty" in said


def test_a_question_that_this_machine_can_not_mark_is_said_and_not_counted():
    elsewhere = replace(EXAMPLE.questions[2], program="print('something else')")
    first, second = mark_answers([elsewhere, EXAMPLE.questions[0]], {"q1": "B", "q2": "A"})
    assert '`q1 = "B"` can\'t be marked on this machine.' in first.line
    assert (first.outcome, second.outcome) == ("not marked", "right")


def test_a_marked_answer_says_what_was_typed_and_which_mistake_it_reveals():
    first, second, third, *_ = mark_answers(EXAMPLE.questions, {"q1": "B", "q2": "perhaps"})
    assert (first.typed, first.outcome) == ("B", "wrong")
    assert first.mistakes == (EXAMPLE.questions[0].options[1].mistake,)
    assert (second.typed, second.outcome, second.mistakes) == ("perhaps", "no answer", ())
    assert (third.typed, third.outcome) == ("", "empty")


def test_without_reasons_only_the_verdict_is_said():
    assert line("q1", "A", reasons=False) == ('✓ `q1 = "A"` is right.', 1)
    assert line("q1", "B", reasons=False) == ('✗ `q1 = "B"` is not right.', 0)
    assert line("q1", "", reasons=False) == ("○ `q1` is empty: no answer.", 0)


def test_without_arguments_the_notebook_s_variables_count_and_one_that_is_missing_is_empty(capsys):
    namespace = {"check_quiz": check_quiz, "q1": RIGHT["q1"], "q2": RIGHT["q2"], "q9": "B"}
    exec("earned = check_quiz('eval_mode')", namespace)
    assert namespace["earned"] == 2
    said = capsys.readouterr().out
    assert "q3 is empty" in said
    assert "q9" not in said


def test_what_was_earned_is_progress():
    check_quiz("eval_mode", q1=RIGHT["q1"], q2="nonsense")
    check_quiz("eval_mode", **RIGHT)
    events = [(e["kind"], e["lesson"], e["name"], e["outcome"], e["earned"], e["of"]) for e in progress.events()]
    assert events == [
        ("checked", "eval_mode", "quiz", "failed", 1.0, 4),
        ("checked", "eval_mode", "quiz", "passed", 4.0, 4),
    ]


def test_a_copy_without_the_key_only_records(without_key, capsys):
    assert check_quiz("eval_mode", q1="B", q2="the variance") is None
    said = capsys.readouterr().out
    assert (
        said.strip()
        == "• Note: Quiz\nRecorded: q1 = B, q2 = the variance. This copy of the course has no key; your grader has it."
    )
    assert check_quiz("eval_mode", q1="B", q2="") is None
    assert "Recorded: q1 = B. Still empty: q2." in capsys.readouterr().out
    assert progress.events() == []


def test_while_grading_the_answers_are_handed_out_and_nothing_is_marked(monkeypatch):
    shown = []
    monkeypatch.setenv(SECRET_VARIABLE, "x")
    monkeypatch.setattr(typed.style, "show", shown.append)
    assert check_quiz("eval_mode", q1=" B ", q2="", q7=["A"]) is None
    answers = {"q1": "B", "q2": "", "q7": "['A']"}
    assert shown == [
        {OBSERVATIONS_MIME: {"quiz": "eval_mode", "answers": answers}, "text/plain": "Recorded for grading."}
    ]
    assert progress.events() == []


def test_an_unknown_lesson_or_question_is_an_error():
    with pytest.raises(InputError, match="No lesson is called 'eval_moed'"):
        check_quiz("eval_moed", q1="B")
    with pytest.raises(InputError, match="has the questions q1, q2, q3, q4; got an answer to q5"):
        check_quiz("eval_mode", q1="B", q5="A")


@pytest.mark.parametrize("lesson", [one for one in load_syllabus().known if one.quiz_points], ids=lambda one: one.slug)
def test_every_graded_quiz_can_be_solved_by_typing(lesson):
    questions = load_bank(ROOMS.parents[1] / "lessons" / lesson.name / "graded_quiz.yaml").questions
    typed_answers = {f"q{i}": typed_key(question) for i, question in enumerate(questions, start=1)}
    assert check_quiz(lesson.slug, **typed_answers) == lesson.quiz_points

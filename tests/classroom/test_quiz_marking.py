"""Marking, drawing and arranging questions: pure functions of a question and an answer."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.classroom.quizzes.bank import Bank, Mistake, Option, Question, bank_slugs, key, load_bank
from course_lib.classroom.quizzes.marking import arrange, as_markdown, draw, labels, mark, mark_typed, typed_key
from course_lib.errors import ContentError, InputError

BANK = load_bank(Path(__file__).parent / "data" / "example_bank.yaml")
ONE, SEVERAL, PRINTS, BUG_LINE, ORDER, NUMBER = BANK.questions
LETTERS = ONE, SEVERAL, PRINTS


def made(id, level="easy"):
    options = (Option("a", "", True), Option("b", "", mistake="m"), Option("c", "", mistake="n"))
    return Question(id, "one", level, "?", "", "", "", options)


# marking


@pytest.mark.parametrize("question", BANK.questions, ids=lambda q: q.kind)
def test_the_key_is_right_and_every_option_is_explained(question):
    marked = mark(question, key(question))
    assert marked.right
    assert marked.mistakes == ()
    assert all(row.why for row in marked.explanations) or (question.kind == "order" and marked.message == question.why)
    assert len(marked.explanations) == len(question.options or question.lines or [1])
    assert all(row.chosen == row.right for row in marked.explanations)
    assert marked.remark


def test_one_wrong_option_names_its_mistake_and_the_right_letter():
    marked = mark(ONE, 1)
    assert not marked.right
    assert marked.mistakes == ("taking eval() for no_grad()",)
    assert marked.message == "A is right."
    assert [(row.label, row.chosen, row.right) for row in marked.explanations] == [
        ("A", False, True),
        ("B", True, False),
        ("C", False, False),
    ]


def test_letters_follow_the_order_that_was_shown():
    marked = mark(ONE, 1, shown=(2, 1, 0))
    assert marked.message == "C is right."
    assert [row.text for row in marked.explanations] == [ONE.options[i].text for i in (2, 1, 0)]


@pytest.mark.parametrize(
    ("answer", "message", "mistakes"),
    [
        ({0}, "1 right one is missing.", 0),
        ({2, 3}, "2 of your choices are wrong and 2 right ones are missing.", 2),
        ({0, 1, 3}, "1 of your choices is wrong.", 1),
        ([1, 0], "Right.", 0),
    ],
)
def test_several_needs_the_exact_set_and_says_how_far_it_is(answer, message, mistakes):
    marked = mark(SEVERAL, answer)
    assert (marked.message, len(marked.mistakes)) == (message, mistakes)
    assert marked.right == (message == "Right.")


def test_what_a_program_prints_is_the_key():
    assert mark(PRINTS, 1).right
    assert not mark(PRINTS, 0).right
    elsewhere = replace(PRINTS, program="print('something else')")
    with pytest.raises(ContentError, match="prints 'something else', which is none of the options"):
        mark(elsewhere, 0)


def test_the_line_with_the_bug_goes_by_its_number():
    marked = mark(BUG_LINE, 2)
    assert marked.message == "The bug is in line 2."
    assert marked.mistakes == ("blaming the forward pass for what the mode does",)
    assert mark(BUG_LINE, 1).right


def test_an_order_is_compared_with_the_nearest_right_one():
    marked = mark(ORDER, (1, 0, 2))
    assert not marked.right
    assert marked.mistakes == ("switching to eval mode after the forward pass",)
    assert marked.message.startswith("Here both passes run before the switch. 2 lines are out of place.")
    assert [row.right for row in marked.explanations] == [False, False, True]
    assert marked.explanations[0].why == "Here belongs `model.eval()`."
    free = replace(ORDER, also_right=((1, 0, 2),), mistakes=())
    assert mark(free, (1, 0, 2)).right
    assert [row.right for row in mark(free, (1, 2, 0)).explanations] == [True, False, False]


@pytest.mark.parametrize(
    ("answer", "right", "mistakes"),
    [
        (0.2, True, ()),
        (0.201, True, ()),
        (0.2011, False, ()),
        (1.8, False, ("reading momentum the other way round",)),
        (2, False, ("taking the running mean for the batch's mean",)),
    ],
)
def test_a_number_within_the_tolerance_is_right(answer, right, mistakes):
    marked = mark(NUMBER, answer)
    assert (marked.right, marked.mistakes) == (right, mistakes)
    assert ("It is 0.2" in marked.message) != right


def test_a_tolerance_of_zero_forgives_only_rounding():
    exact = replace(NUMBER, answer=0.3, tolerance=0.0, mistakes=(Mistake(0.4, "why", "m"),))
    assert mark(exact, 0.1 + 0.2).right
    assert not mark(exact, 0.30001).right


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (ONE, 3), (ONE, -1), (ONE, "B"), (ONE, None), (ONE, [0, 1]), (ONE, 0.5), (ONE, []),
        (SEVERAL, set()), (SEVERAL, {4}), (SEVERAL, "AB"), (SEVERAL, None),
        (ORDER, (0, 1)), (ORDER, (0, 0, 1)), (ORDER, (1, 2, 3)), (ORDER, 2), (ORDER, "012"),
        (NUMBER, "0.2"), (NUMBER, math.nan), (NUMBER, math.inf), (NUMBER, True), (NUMBER, None),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_an_input_error(question, answer):
    with pytest.raises(InputError, match=r"got .*\."):
        mark(question, answer)


# typed answers


@pytest.mark.parametrize(
    ("question", "typed"),
    [
        (ONE, "A"), (ONE, " a "), (ONE, "A."), (ONE, "(a)"),
        (SEVERAL, "A,B"), (SEVERAL, "b a"), (SEVERAL, "BA"), (SEVERAL, "A; B"),
        (PRINTS, "b"), (BUG_LINE, "2"), (BUG_LINE, 2), (BUG_LINE, " 2. "),
        (NUMBER, "0.2"), (NUMBER, ".2"), (NUMBER, "1/5"), (NUMBER, 0.2), (NUMBER, "2e-1"), (NUMBER, " 0.2 "),
    ],
)  # fmt: skip
def test_typed_answers_forgive_capitals_spaces_and_commas(question, typed):
    assert mark_typed(question, typed).right


def test_a_typed_order_names_the_lines_as_they_are_printed():
    shown = arrange(ORDER)
    typed = [shown.index(line) + 1 for line in (0, 1, 2)]
    assert mark_typed(ORDER, " ".join(map(str, typed))).right
    assert mark_typed(ORDER, ",".join(map(str, typed))).right
    assert not mark_typed(ORDER, "1 2 3").right


def test_a_typed_letter_means_the_option_that_has_it_on_the_page():
    assert mark_typed(ONE, "C", shown=(2, 1, 0)).right
    assert not mark_typed(ONE, "A", shown=(2, 1, 0)).right


def test_a_number_may_carry_its_unit():
    percent = replace(NUMBER, answer=98.0, unit="%", mistakes=())
    assert mark_typed(percent, "98 %").right
    assert mark_typed(percent, "98%").right
    with pytest.raises(InputError):
        mark_typed(percent, "98 ms")


@pytest.mark.parametrize(
    ("question", "typed"),
    [
        (ONE, ""), (ONE, "AB"), (ONE, "D"), (ONE, "1"), (ONE, None), (ONE, "A or B"), (ONE, "A!"), (ONE, ["A"]),
        (SEVERAL, ""), (SEVERAL, "A E"), (SEVERAL, "..."),
        (ORDER, "1 2"), (ORDER, "1 1 2"), (ORDER, "0 1 2"), (ORDER, "1 2 3 3"), (ORDER, "abc"),
        (BUG_LINE, "5"), (BUG_LINE, "1 2"), (BUG_LINE, ""),
        (NUMBER, ""), (NUMBER, "0,2"), (NUMBER, "nan"), (NUMBER, "1/0"), (NUMBER, "1e999"), (NUMBER, "many"), (NUMBER, True),
    ],
)  # fmt: skip
def test_what_is_no_answer_says_what_one_looks_like(question, typed):
    with pytest.raises(InputError, match="Expected"):
        mark_typed(question, typed)


def test_a_key_is_typed_as_the_page_labels_it():
    assert [typed_key(question) for question in BANK.questions[:4]] == ["A", "A, B", "B", "2"]
    assert typed_key(NUMBER) == "0.2"
    assert typed_key(ORDER) == " ".join(str(arrange(ORDER).index(line) + 1) for line in (0, 1, 2)) != "1 2 3"
    assert typed_key(SEVERAL, shown=(3, 1, 2, 0)) == "B, D"


@pytest.mark.parametrize("slug", bank_slugs())
def test_what_a_typed_key_says_is_right_of_every_question_in_any_order(slug):
    for question in load_bank(slug).questions:
        for shown in (arrange(question), arrange(question, 1)):
            assert mark_typed(question, typed_key(question, shown=shown), shown=shown).right, question.id


# drawing


@pytest.fixture
def bank():
    levels = ["easy"] * 5 + ["medium"] * 5 + ["hard"] * 5
    return Bank("x", tuple(made(f"{level}{i}", level) for i, level in enumerate(levels)), ())


def test_ten_are_three_easy_four_medium_three_hard_in_that_order(bank):
    assert [q.level for q in draw(bank)] == ["easy"] * 3 + ["medium"] * 4 + ["hard"] * 3
    assert [q.level for q in draw(bank, n=5)] == ["easy", "easy", "medium", "medium", "hard"]


@pytest.mark.parametrize("n", range(1, 20))
def test_a_draw_has_n_different_questions_or_all(bank, n):
    assert len({q.id for q in draw(bank, n=n)}) == len(draw(bank, n=n)) == min(n, 15)


def test_nothing_can_be_drawn_zero_times(bank):
    with pytest.raises(InputError, match="at least one question; got n=0"):
        draw(bank, n=0)


def test_a_seed_repeats_a_draw_and_another_seed_does_not(bank):
    assert draw(bank, seed=1) == draw(bank, seed=1)
    assert len({tuple(q.id for q in draw(bank, seed=seed)) for seed in range(20)}) == 20


def test_the_next_draw_differs_as_far_as_the_bank_allows(bank):
    first = {q.id for q in draw(bank, n=5, seed=1)}
    assert not first & {q.id for q in draw(bank, n=5, seed=2, avoid=first)}
    ten = {q.id for q in draw(bank, seed=1)}
    again = {q.id for q in draw(bank, seed=2, avoid=ten)}
    assert len(ten & again) == 5  # five of fifteen are fresh, and all of them are drawn


def test_a_level_that_runs_short_is_filled_from_the_others():
    bank = Bank("x", tuple(made(str(i), "hard") for i in range(12)), ())
    assert len(draw(bank)) == 10


# arranging and printing


def test_options_are_shuffled_by_seed_and_stay():
    orders = {arrange(SEVERAL, seed) for seed in range(50)}
    assert len(orders) > 10
    assert arrange(SEVERAL, 3) == arrange(SEVERAL, 3)
    assert arrange(SEVERAL) == (0, 1, 2, 3)


def test_a_program_with_a_bug_keeps_its_order_and_lines_to_order_never_start_right():
    assert all(arrange(BUG_LINE, seed) == (0, 1, 2, 3) for seed in range(20))
    assert all(arrange(ORDER, seed) != (0, 1, 2) for seed in [None, *range(50)])
    assert sorted(arrange(ORDER)) == [0, 1, 2]


def test_labels_are_letters_for_options_and_numbers_for_lines():
    assert labels(ONE, (2, 0, 1)) == {2: "A", 0: "B", 1: "C"}
    assert labels(BUG_LINE, (0, 1, 2, 3)) == {0: "1", 1: "2", 2: "3", 3: "4"}


@pytest.mark.parametrize("question", BANK.questions, ids=lambda q: q.kind)
def test_a_printed_question_shows_all_and_gives_nothing_away(question):
    text = as_markdown(question)
    assert question.ask in text
    assert all(option.text in text for option in question.options)
    assert all(line in text for line in question.lines)
    assert not any(option.why in text for option in question.options)
    assert question.hint not in text
    assert not question.proof or question.proof not in text
    if question.kind == "prints":
        assert question.program.strip() in text
    if question.kind == "number":
        assert "print(" not in text

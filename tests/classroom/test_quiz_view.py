"""The quiz: its state without widgets, then the widgets driven as a front end would."""

import asyncio
import html
import re
import shutil
from pathlib import Path

import pytest

from course_lib.classroom import mastery_test, progress, quiz
from course_lib.classroom.quizzes import bank as banks
from course_lib.classroom.quizzes import view
from course_lib.classroom.quizzes.bank import key, load_bank
from course_lib.classroom.quizzes.state import QuizState
from course_lib.classroom.quizzes.view import Quiz
from course_lib.classroom.style import STYLE, WIDGET_VIEW, bare
from course_lib.errors import ContentError, InputError

EXAMPLE = Path(__file__).parent / "data" / "example_bank.yaml"
BANK = load_bank(EXAMPLE)
ONE, SEVERAL, PRINTS, BUG_LINE, ORDER, NUMBER = BANK.questions


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(progress, "_told", set())


@pytest.fixture
def example_as_lesson(tmp_path, monkeypatch):
    room = tmp_path / "rooms" / "example_bank"
    room.mkdir(parents=True)
    shutil.copy(EXAMPLE, room / "questions.yaml")
    monkeypatch.setattr(banks, "ROOMS", room.parent)


def answer_right(shown):
    """Press what is right, as a learner would, and Check."""
    question, state = shown.state.question, shown.state
    if question.kind == "number":
        shown.number.value = str(question.answer)
    else:
        right = key(question)
        for index in [right] if isinstance(right, int) else right:
            shown.options[state.shown.index(index)].value = True
    shown.check.click()


def visible(shown):
    return [option for option in shown.options if option.layout.display != "none"]


# the state


def test_one_choice_replaces_another_and_a_second_press_takes_it_back():
    state = QuizState([ONE], seed=0)
    state.choose(1)
    state.choose(0)
    assert state.chosen == [0]
    state.choose(0)
    assert state.chosen == []
    with pytest.raises(InputError, match="Choose an answer first"):
        state.check()
    assert not state.answered


def test_several_collects_and_an_order_counts_in_the_order_of_presses():
    state = QuizState([SEVERAL, ORDER], seed=0)
    for index in (0, 2, 2, 1):
        state.choose(index)
    state.check()
    assert state.marked.right
    state.next()
    state.choose(1)
    with pytest.raises(InputError, match="Choose every line"):
        state.check()
    for index in (1, 0, 1, 2):
        state.choose(index)
    state.check()
    assert state.chosen == [0, 1, 2]
    assert state.marked.right


def test_only_the_first_answer_counts():
    state = QuizState([ONE, SEVERAL], seed=0)
    state.next()
    assert state.question is ONE  # not answered yet
    state.choose(2)
    state.check()
    state.choose(0)
    state.check()
    assert state.chosen == [2]
    assert [marked.right for _, marked in state.results] == [False]


def test_the_summary_names_headings_and_mistakes_once():
    state = QuizState([ONE, NUMBER, BUG_LINE], seed=0)
    state.choose(1)
    state.check()
    state.next()
    state.check("1.8")
    state.next()
    state.choose(1)
    state.check()
    state.next()
    assert state.over
    assert state.summary() == (
        "**1 of 3 right.**\n\nRead again: *Two switches*; *Running statistics by hand*.\n\n"
        "Mistakes to look out for: taking eval() for no_grad(); reading momentum the other way round."
    )


def test_a_question_that_cannot_be_marked_here_does_not_count(monkeypatch):
    def fails(*args, **kwargs):
        raise ContentError("the program prints something else here")

    monkeypatch.setattr("course_lib.classroom.quizzes.state.mark", fails)
    state = QuizState([PRINTS, NUMBER], seed=0)
    state.choose(0)
    state.check()
    assert state.answered
    assert "can't be marked on this machine" in state.problem
    state.next()
    state.check("0.2")
    state.next()
    assert "1 of 1 right" in state.summary()
    shown = Quiz("eval_mode", [PRINTS])
    shown.options[0].value = True
    shown.check.click()
    assert "doesn't count" in shown.feedback.value
    shown.next.click()
    assert shown.state.over
    assert progress.events() == []


# the widgets


@pytest.mark.parametrize("question", BANK.questions, ids=lambda q: q.kind)
def test_every_kind_can_be_answered_right(question):
    shown = Quiz("eval_mode", [question])
    answer_right(shown)
    assert shown.state.marked.right
    assert "cl-status" in shown.feedback._dom_classes
    assert "✓ Right" in shown.feedback.value
    for option in question.options:
        assert re.sub(r"[`<>&]", "", option.why)[:20] in re.sub(r"</?code>|&\w+;", "", shown.feedback.value)
    assert all(option.disabled for option in visible(shown))
    shown.next.click()
    assert shown.state.over
    assert "1 of 1 right" in shown.question_html.value
    assert visible(shown) == []
    assert shown.next.layout.display is None  # it has the focus
    assert shown.check.layout.display == shown.hint.layout.display == "none"


@pytest.mark.parametrize("question", [q for q in BANK.questions if q.kind in ("one", "prints", "bug_line")])
def test_a_wrong_answer_explains_every_option_with_icon_and_word(question):
    shown = Quiz("eval_mode", [question])
    right = key(question)
    wrong = next(i for i in range(len(question.options)) if i != right)
    shown.options[shown.state.shown.index(wrong)].value = True
    shown.check.click()
    text = repr(shown)
    assert "✗ Not right" in text
    for option in question.options:
        assert option.why in text
    assert re.search(r"✗ \w, (wrong|no bug), your answer\n", text)
    assert re.search(r"✓ \w, (right|the bug)\n", text)
    assert f"Source: {question.source}" in text


def test_pressing_one_option_releases_the_other_and_the_button_says_so():
    shown = Quiz("eval_mode", [ONE])
    first, second, *_ = shown.options
    assert first.description.startswith("○ A. ")
    first.value = True
    assert first.description.startswith("● A. ")
    second.value = True
    assert (first.value, second.value) == (False, True)
    assert first.description.startswith("○ A. ")
    assert "`" not in first.description


def test_lines_to_order_show_their_place():
    shown = Quiz("eval_mode", [ORDER])
    assert all(option.description.startswith("·  ") for option in shown.options)
    shown.options[2].value = True
    shown.options[0].value = True
    assert [option.description[0] for option in shown.options] == ["2", "·", "1"]
    shown.options[2].value = False
    assert [option.description[0] for option in shown.options] == ["1", "·", "·"]


def test_enter_in_the_number_box_checks_and_a_word_is_asked_again():
    shown = Quiz("eval_mode", [NUMBER])
    shown.number.value = "a fifth"
    shown.number._handle_custom_msg({"event": "submit"}, [])  # what the front end sends
    assert "Expected a number" in shown.feedback.value
    assert not shown.number.disabled
    shown.number.value = "1/5"
    shown.number._handle_custom_msg({"event": "submit"}, [])
    assert shown.state.marked.right
    assert shown.number.disabled


def test_what_arrives_after_the_enter_key_is_what_counts():
    async def type_and_enter(shown, typed):
        shown.number._handle_custom_msg({"event": "submit"}, [])  # the front end sends this first,
        assert not shown.state.answered
        shown.number.value = typed  # and then what was typed
        return shown.state.answered

    async def enter_again(shown):
        shown.number._handle_custom_msg({"event": "submit"}, [])
        await asyncio.sleep(0.4)

    shown = Quiz("eval_mode", [NUMBER])
    assert asyncio.run(type_and_enter(shown, "1.8"))
    assert "1.8" in shown.feedback.value
    shown = Quiz("eval_mode", [NUMBER])
    shown.number.value = "0.2"  # left by Tab: sent, not checked
    assert not shown.state.answered
    asyncio.run(enter_again(shown))
    assert shown.state.marked.right


def test_only_what_the_question_needs_is_shown():
    shown = Quiz("eval_mode", [SEVERAL, NUMBER, PRINTS])
    assert len(visible(shown)) == 4
    assert shown.number.layout.display == "none"
    answer_right(shown)
    shown.next.click()
    assert visible(shown) == []
    assert shown.number.layout.display is None
    answer_right(shown)
    shown.next.click()
    assert len(visible(shown)) == 4
    assert "cl-code" in shown._box._dom_classes
    assert "dropout = torch.nn.Dropout" in shown.question_html.value
    assert not any(option.value or option.disabled for option in shown.options)


def test_the_buttons_never_go_while_a_question_is_open():
    shown = Quiz("eval_mode", [ONE, NUMBER])
    buttons = shown.check, shown.next, shown.hint
    shown.next.click()
    assert "Answer first" in shown.feedback.value
    assert shown.state.at == 0
    answer_right(shown)
    assert not any(button.disabled for button in buttons)
    shown.check.click()  # again: nothing changes
    assert len(shown.state.results) == 1
    shown.next.click()
    assert not any(button.disabled for button in buttons)
    assert shown.feedback.value == ""


def test_a_hint_helps_in_a_quiz_and_not_in_a_test():
    shown = Quiz("eval_mode", [PRINTS])
    shown.hint.click()
    assert PRINTS.hint in shown.feedback.value
    test = Quiz("eval_mode", [PRINTS], kind="test")
    assert test.hint not in test.view.children[3].children
    assert test.check in test.view.children[3].children


def test_what_a_program_prints_cannot_inject_markup():
    from dataclasses import replace

    options = tuple(replace(o, text=f"<b>{o.text}</b>", right=i == 1) for i, o in enumerate(PRINTS.options))
    shown = Quiz("eval_mode", [replace(PRINTS, kind="one", options=options, program="")])
    answer_right(shown)
    assert "<b>[0.0" not in shown.feedback.value
    assert "&lt;b&gt;[0.0" in shown.feedback.value


def test_the_end_of_a_test_says_whether_the_lesson_is_mastered():
    test = Quiz("eval_mode", [ONE], kind="test")
    answer_right(test)
    test.next.click()
    assert "✓ Mastered" in test.question_html.value
    test = Quiz("eval_mode", [ONE], kind="test")
    test.options[test.state.shown.index(2)].value = True
    test.check.click()
    test.next.click()
    assert "○ Not mastered yet" in test.question_html.value
    assert "Two switches" in test.question_html.value
    assert "thinking that eval() freezes weights" in repr(test)
    test.next.click()  # nothing is left to go to
    test.check.click()


def test_answers_and_scores_are_recorded():
    shown = Quiz("eval_mode", [ONE, NUMBER])
    shown.options[shown.state.shown.index(2)].value = True
    shown.check.click()
    shown.next.click()
    answer_right(shown)
    shown.next.click()
    events = progress.events()
    assert [(e["kind"], e["name"], e["right"]) for e in events] == [
        ("answered", "eval-leaves-grad-on", False),
        ("answered", "running-mean-after-one-batch", True),
        ("quiz", "quiz", 1),
    ]
    assert events[0]["mistakes"] == ["thinking that eval() freezes weights"]
    assert events[2]["questions"] == [ONE.id, NUMBER.id]
    assert progress.summary(events)["eval_mode"].best_quiz == (1, 2)


def test_a_quiz_goes_on_where_progress_cannot_be_written(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file"))
    shown = Quiz("eval_mode", [ONE])
    answer_right(shown)
    shown.next.click()
    assert shown.state.over
    assert "Your progress can't be saved" in shown.notice.value
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("example_as_lesson")
def test_a_quiz_draws_from_the_bank_of_the_lesson():
    shown = quiz("example_bank", n=3, seed=4)
    assert [q.level for q in shown.state.questions] == sorted(
        (q.level for q in shown.state.questions), key=banks.LEVELS.index
    )
    assert len(shown.state.questions) == 3
    assert shown.state.questions == quiz("example_bank", n=3, seed=4).state.questions
    assert len(mastery_test("example_bank").state.questions) == 6  # all there are


@pytest.mark.usefixtures("example_as_lesson")
def test_the_next_quiz_asks_something_else():
    first = quiz("example_bank", n=3)
    while not first.state.over:
        answer_right(first)
        first.next.click()
    again = quiz("example_bank", n=3)
    assert not {q.id for q in first.state.questions} & {q.id for q in again.state.questions}


@pytest.mark.usefixtures("example_as_lesson")
def test_the_order_of_options_stays_within_a_session_and_differs_between_learners(monkeypatch):
    orders = set()
    for learner in range(20):
        monkeypatch.setattr(view, "_SESSION", f"learner {learner}")
        one, two = (mastery_test("example_bank").state for _ in range(2))
        shown = [
            dict(
                zip([q.id for q in s.questions], [QuizState([q], seed=s.seed).shown for q in s.questions], strict=True)
            )
            for s in (one, two)
        ]
        assert shown[0] == shown[1]
        orders.add(shown[0][SEVERAL.id])
    assert len(orders) > 5


def test_without_a_front_end_the_question_is_text():
    bundle = Quiz("eval_mode", [PRINTS])._repr_mimebundle_()
    assert set(bundle) == {WIDGET_VIEW, "text/html", "text/plain"}
    assert "dropout = torch.nn.Dropout(0.2)" in bundle["text/plain"]
    assert "- **A** `[" in bundle["text/plain"]
    assert "question 1 of 1, medium" in bundle["text/plain"]


@pytest.mark.parametrize("question", BANK.questions, ids=lambda q: q.kind)
def test_without_widgets_the_question_and_its_options_are_html_and_the_key_is_not(question):
    shown = Quiz("eval_mode", [question])
    still = shown._repr_mimebundle_()["text/html"]
    text = html.unescape(re.sub(r"<[^>]+>", "", still.replace(STYLE, "")))
    assert "question 1 of 1" in text
    for option in question.options:
        assert (option.text if question.kind in ("prints", "bug_line") else bare(option.text)).strip("\n") in text
    for line in question.lines:
        assert line in text
    shown_at = [text.index(line) for line in question.lines]
    assert not question.lines or shown_at != sorted(shown_at)  # lines to order come shuffled
    for secret in (question.hint, *(option.why for option in question.options), *(o.mistake for o in question.options)):
        assert not secret or secret not in still
    assert all(sign not in text for sign in "✓✗")
    answer_right(shown)
    assert not re.search("[✓✗]", shown.static().replace(STYLE, ""))

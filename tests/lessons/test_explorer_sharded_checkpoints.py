"""Lesson 14's explorer and trace: TODO what must hold, against numbers computed here in another way."""

import pytest

from course_lib.lessons.sharded_checkpoints.explorer import State, explore_sharded_checkpoints
from course_lib.lessons.sharded_checkpoints.trace import trace_sharded_checkpoints


@pytest.mark.parametrize("number", [1, 9])
def test_the_picture_and_its_words_follow_the_control(number):
    shown = explore_sharded_checkpoints()
    shown.set(number=number)
    assert shown.state == State(number)
    assert repr(shown) == f"Twice {number} is {number + number}."
    assert f"= {number + number}" in shown.state.svg()


def test_the_trace_says_what_came_out():
    assert trace_sharded_checkpoints().stages[-1].comes_out == "The number 6."

"""Lesson 04's explorer and trace: TODO what must hold, against numbers computed here in another way."""

import pytest

from course_lib.lessons.classification_metrics.explorer import State, explore_classification_metrics
from course_lib.lessons.classification_metrics.trace import trace_classification_metrics


@pytest.mark.parametrize("number", [1, 9])
def test_the_picture_and_its_words_follow_the_control(number):
    shown = explore_classification_metrics()
    shown.set(number=number)
    assert shown.state == State(number)
    assert repr(shown) == f"Twice {number} is {number + number}."
    assert f"= {number + number}" in shown.state.svg()


def test_the_trace_says_what_came_out():
    assert trace_classification_metrics().stages[-1].comes_out == "The number 6."

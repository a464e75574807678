"""The syllabus as objects, and what an author is told of a bad course.toml."""

import pytest

from course_lib.errors import ContentError, InputError
from course_lib.syllabus import load_syllabus

TEXT = """\
title = "A course"

[[lesson]]
number = 0
slug = "start"
title = "Start"
part = "I"
objectives = ["begin"]

[[lesson]]
number = 2
slug = "middle"
title = "Middle"
part = "I"
objectives = ["go on"]
needs = ["start"]
turns = ["a_turn"]
quiz_points = 4
[lesson.tasks]
first = 3
second = 5
[lesson.written]
why = 2

[[lesson]]
number = 3
slug = "draft"
title = "Draft"
part = "II"
objectives = ["try"]
needs = ["middle"]
draft = true
"""


def loaded(tmp_path, text=TEXT):
    (tmp_path / "course.toml").write_text(text)
    return load_syllabus(tmp_path / "course.toml")


def test_lessons_drafts_points_and_names(tmp_path):
    syllabus = loaded(tmp_path)
    assert [lesson.name for lesson in syllabus.lessons] == ["00_start", "02_middle"]
    assert [lesson.name for lesson in syllabus.known] == ["00_start", "02_middle", "03_draft"]
    assert syllabus.lesson("middle").points == 3 + 5 + 2 + 4
    assert syllabus.called("03_draft") == syllabus.lesson("draft")
    assert syllabus.lesson_of_task("second") == syllabus.lesson_of_task("a_turn") == syllabus.lesson("middle")
    assert [lesson.slug for lesson in syllabus.needed_by(syllabus.lesson("draft"))] == ["start", "middle"]
    assert syllabus.needed_by(syllabus.lesson("start")) == ()


def test_the_minutes_come_from_the_builders_file_and_are_0_without(tmp_path):
    (tmp_path / "minutes.toml").write_text("[middle]\nminutes = 25\nquiz_minutes = 15\nexercise_minutes = 40\n")
    syllabus = loaded(tmp_path)
    middle, start = syllabus.lesson("middle"), syllabus.lesson("start")
    assert (middle.minutes, middle.quiz_minutes, middle.exercise_minutes) == (25, 15, 40)
    assert (start.minutes, start.quiz_minutes, start.exercise_minutes) == (0, 0, 0)
    load_syllabus.cache_clear()
    (tmp_path / "minutes.toml").write_text("<<<<<<< HEAD\n")
    with pytest.raises(ContentError, match=r"^minutes\.toml is no TOML: .* Delete it, then `make build`\.$"):
        load_syllabus(tmp_path / "course.toml")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('slug = "middle"', 'slug = "start"', "course.toml: slug 'start' is used twice, by 'Start' and by 'Middle'."),
        ("number = 2", "number = 0", "course.toml: number 0 is used twice, by 'Start' and by 'Middle'. Rename one."),
        (
            'turns = ["a_turn"]',
            'turns = ["first"]',
            "course.toml: task 'first' is used twice, by 'Middle' and by 'Middle'.",
        ),
        ("number = 2", "number = 7", "course.toml, lesson 'draft': needs 'middle', which is no lesson before it."),
        (
            'needs = ["start"]',
            'needs = ["begin"]',
            "course.toml, lesson 'middle': needs 'begin', which is no lesson before",
        ),
        (
            'needs = ["start"]',
            "minutes = 30",
            "course.toml, lesson 'middle': unknown minutes. Known are: draft, needs, ",
        ),
        ('part = "II"\n', "", "course.toml, lesson 'draft': add part."),
        ("number = 2", "number = two", "course.toml is no TOML: "),
    ],
)
def test_each_mistake_of_an_author_has_a_message(tmp_path, old, new, says):
    assert old in TEXT
    with pytest.raises(ContentError) as caught:
        loaded(tmp_path, TEXT.replace(old, new))
    assert str(caught.value).startswith(says)


def test_lessons_out_of_order_are_to_be_sorted(tmp_path):
    text = TEXT.replace('needs = ["middle"]\n', "").replace("number = 3", "number = 1")
    with pytest.raises(ContentError, match=r"the lessons are out of order\. Sort the"):
        loaded(tmp_path, text)


def test_unknown_names_list_the_known_ones(tmp_path):
    syllabus = loaded(tmp_path)
    for ask, says in (
        (lambda: syllabus.lesson("centre"), "No lesson is called 'centre'. Use one of: start, middle."),
        (lambda: syllabus.called("middle"), "No lesson is called 'middle'. Use one of: 00_start, 02_middle, 03_draft."),
        (lambda: syllabus.lesson_of_task("third"), "No task is called 'third'. Use one of: first, second, a_turn."),
    ):
        with pytest.raises(InputError) as caught:
            ask()
        assert str(caught.value) == says

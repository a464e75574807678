"""`explain`: every error that the course knows is raised by a program and found again by its text."""

import pytest
import torch

from course_lib.classroom.explaining import explain, known_errors
from course_lib.classroom.quizzes.bank import run
from course_lib.classroom.sources import read_cells
from course_lib.errors import ContentError, InputError
from course_lib.syllabus import ROOMS, load_syllabus

KNOWN = known_errors()


@pytest.mark.parametrize("known", [k for k in KNOWN if k.program], ids=lambda k: f"{k.lesson}-{k.id}")
def test_the_real_error_is_explained_by_its_own_entry_alone(known):
    error = run(known.program).error
    assert error is not None, f"{known.where}: the program raises nothing"
    assert [one.id for one in explain(error).known] == [known.id]
    text = "".join(
        ["Traceback (most recent call last):\n  File x\n", f"\x1b[31m{type(error).__name__}\x1b[0m: {error}\n"]
    )
    assert [one.id for one in explain(text).known] == [known.id]


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: f"{k.lesson}-{k.id}")
def test_an_entry_names_a_heading_of_its_lesson(known):
    lesson = load_syllabus().lesson(known.lesson)
    cells = read_cells(ROOMS.parents[1] / "lessons" / lesson.name / "lesson.py")
    headings = [
        line.lstrip("# ") for c in cells if c.kind == "markdown" for line in c.source.splitlines() if line[:2] == "##"
    ]
    assert known.about in headings
    assert known.mend.strip()
    assert known.cause.endswith(".")


def test_ids_are_unique():
    assert len({k.id for k in KNOWN}) == len(KNOWN)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (
            "RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
            ["two-devices"],
        ),
        ("AssertionError: Torch not compiled with CUDA enabled", ["no-cuda-build"]),
        ("RuntimeError: Storage device not recognized: mps", ["no-apple-gpu"]),
        (
            'Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: "fc.weight", "fc.bias". \n\t'
            'Unexpected key(s) in state_dict: "_orig_mod.fc.weight", "_orig_mod.fc.bias". ',
            ["prefix"],
        ),
        (
            'Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: "b". \n\tsize mismatch for fc.weight: '
            "copying a param with shape torch.Size([10, 3]) from checkpoint, the shape in current model is torch.Size([10, 4]).",
            ["size-mismatch", "names-differ"],
        ),
        ("ValueError: something else", []),
    ],
)
def test_messages_as_people_paste_them(text, ids):
    assert sorted(k.id for k in explain(text).known) == sorted(ids)


def test_an_explanation_reads_well_in_a_terminal_and_in_a_notebook():
    with pytest.raises(RuntimeError) as raised:
        torch.nn.Linear(3, 1).load_state_dict(torch.nn.Linear(2, 1).state_dict())
    explanation = explain(raised.value)
    said = str(explanation)
    assert said.startswith("A name is in both and its shape differs.")
    assert "\nMend it:\n\n    print(" in said
    assert said.endswith("'Learn: read both lists'.")
    assert "Read: lesson 8, Loading errors" in said
    assert 'href="08_loading_errors.ipynb"' in explanation._repr_html_()
    assert "doesn't teach this error" in str(explain("KeyError: 3"))
    with pytest.raises(InputError, match="got nothing"):
        explain("  \n")


def test_an_author_s_mistakes_are_named_with_their_lines(tmp_path, monkeypatch):
    room = tmp_path / "eval_mode"
    room.mkdir()
    (room / "errors.yaml").write_text(
        "lesson: eval_mode\nerrors:\n  - id: a\n    match: '('\n    cause: C.\n    about: A\n    mend: x\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("course_lib.classroom.explaining.ROOMS", tmp_path)
    with pytest.raises(ContentError) as said:
        known_errors()
    assert "eval_mode/errors.yaml, line 3" in str(said.value)
    assert "needs one of 'program: |'" in str(said.value)
    assert "no regular expression" in str(said.value)

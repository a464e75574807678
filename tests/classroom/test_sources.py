"""The one reader of py:percent files, its inverse, and what it says to an author."""

from pathlib import Path

import pytest

from course_lib.classroom.sources import Cell, as_stub, read_cells, to_text, without_marks
from course_lib.errors import ContentError

ROOT = Path(__file__).parents[2]
AUTHORED = sorted(path for path in (ROOT / "lessons").rglob("*.py") if path.name != "mutants.py")
FILE = """\
# %%
import torch

from torch import nn

# %% [markdown]
# ## Learn
#
#     indented = True
#not far from the margin

# %% solution="mean_loss" points=3
def mean_loss():
    ### BEGIN SOLUTION
    return 0
    ### END SOLUTION


# %% tags=["varies", "gpu"]
x = "# %% no header"
# %%no header either
y = 1

# %% [markdown] tags=["intro"]
# %% wrong: mean of means · clause 2 · message: "it says points=3 here, a=1"
def answer(): ...
"""


def written(tmp_path, text):
    path = tmp_path / "01_eval_mode" / "lesson.py"
    path.parent.mkdir()
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_kinds_headers_sources_and_lines(tmp_path):
    solution = "def mean_loss():\n    ### BEGIN SOLUTION\n    return 0\n    ### END SOLUTION"
    assert read_cells(written(tmp_path, FILE)) == [
        Cell("code", "import torch\n\nfrom torch import nn", line=1),
        Cell("markdown", "## Learn\n\n    indented = True\nnot far from the margin", line=6),
        Cell("code", solution, metadata={"solution": "mean_loss", "points": 3}, line=12),
        Cell(
            "code", 'x = "# %% no header"\n# %%no header either\ny = 1', metadata={"tags": ["varies", "gpu"]}, line=19
        ),
        Cell("markdown", "", metadata={"tags": ["intro"]}, line=24),
        Cell(
            "code",
            "def answer(): ...",
            title='wrong: mean of means · clause 2 · message: "it says points=3 here, a=1"',
            line=25,
        ),
    ]


def test_the_line_ends_of_windows_change_nothing(tmp_path):
    path = written(tmp_path, FILE)
    unix = read_cells(path)
    path.write_bytes(FILE.replace("\n", "\r\n").encode())
    assert read_cells(path) == unix


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import torch\n\n# %%\nx = 1\n", "01_eval_mode/lesson.py, line 1: text before the first cell"),
        (
            "# %% [markdown]\n# ## Why\n\nand so on\n",
            "01_eval_mode/lesson.py, line 4: a line of a markdown cell begins",
        ),
        (
            "# %%\n\n# %% tags=[varies]\nx = 1\n",
            "01_eval_mode/lesson.py, line 3: a value in 'tags=[varies]' can't be read",
        ),
        ("# %%\nx = 'ä'\n".encode("latin-1"), "01_eval_mode/lesson.py is not UTF-8 text (byte 10). Save it as UTF-8."),
    ],
)
def test_what_can_t_be_read_is_named_by_file_and_line(tmp_path, text, says):
    with pytest.raises(ContentError) as caught:
        read_cells(written(tmp_path, text))
    assert says in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ContentError, match=r"^There is no file 07_new/exercise\.py\. Write it\.$"):
        read_cells(tmp_path / "07_new" / "exercise.py")


@pytest.mark.parametrize("path", AUTHORED, ids=lambda path: str(path.relative_to(ROOT / "lessons")))
def test_every_authored_file_survives_reading_and_writing(path, tmp_path):
    cells = read_cells(path)
    again = written(tmp_path, to_text(cells))
    assert [(c.kind, c.source, c.title, c.metadata) for c in read_cells(again)] == [
        (c.kind, c.source, c.title, c.metadata) for c in cells
    ]


def test_a_stub_keeps_the_docstring_and_the_worked_solution_keeps_the_code():
    cell = "def f(x):\n    '''Say.'''\n    ### BEGIN SOLUTION\n    y = x\n    return y\n    ### END SOLUTION"
    assert (
        as_stub(cell)
        == "def f(x):\n    '''Say.'''\n    raise NotImplementedError(\"Replace this line with your code.\")"
    )
    assert without_marks(cell) == "def f(x):\n    '''Say.'''\n    y = x\n    return y"

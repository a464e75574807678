"""A cell gives the same result however often it is run: learners press Shift+Enter twice, and come back to a cell."""

import contextlib
import io
import re

import pytest
from mutants import LESSONS, code_cells, execute, forked, notebook_module

from course_lib.seeding import rng_state, set_rng_state
from course_lib.syllabus import load_syllabus

NAMES = [lesson.name for lesson in load_syllabus().known if (LESSONS / lesson.name / "lesson.py").exists()]
# What may differ: times, and files and folders with random names. A cell tagged "varies" may print anything.
CHANGES = re.compile(r"\d+(\.\d+)? m?s\b|/\S+/tmp\w+|tmp-\w+")


def printed(cell, names):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        execute(cell, names)
    return CHANGES.sub("...", out.getvalue())


def problems(path):
    """Run each cell of a lesson twice, with the same dice, before going on: the second prints what the first did."""
    names, found = notebook_module(), []
    for cell in code_cells(path):
        where = f"{' / '.join(cell.headings)}, the cell that begins {cell.source.strip().splitlines()[0]!r}"
        dice = rng_state()
        try:
            first = printed(cell, names)
        except Exception as error:
            return [*found, f"{where}: it raises {type(error).__name__}: {error}"]
        try:
            set_rng_state(dice)
            again = printed(cell, names)
        except Exception as error:
            found.append(f"{where}: run again, it raises {type(error).__name__}: {error}")
            continue
        if again != first and "varies" not in cell.tags:
            found.append(f"{where}: first it printed {first!r}, then {again!r}")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_can_be_run_again(name):
    found = forked(problems, LESSONS / name / "lesson.py", seconds=280)
    assert not found, "\n".join(found)


def test_a_cell_that_changes_its_own_result_is_named(tmp_path):
    lesson = tmp_path / "lesson.py"
    cells = ("x = [1]", "x.append(2)\nprint(x)", "x.pop()\nx.pop()", "y")
    lesson.write_text("# %% [markdown]\n# ## Learn\n" + "".join(f"\n# %%\n{cell}\n" for cell in cells))
    found = forked(problems, lesson, seconds=60)
    assert found == [
        "Learn, the cell that begins 'x.append(2)': first it printed '[1, 2]\\n', then '[1, 2, 2]\\n'",
        "Learn, the cell that begins 'x.pop()': run again, it raises IndexError: pop from empty list",
        "Learn, the cell that begins 'y': it raises NameError: name 'y' is not defined",
    ]

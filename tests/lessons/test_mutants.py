"""Each claim of a lesson, made false: a cell of the lesson notices, under the heading that makes the claim."""

import math

import pytest
from mutants import LESSONS, complaint, forked, run, run_worlds, worlds_of

from course_lib.errors import ContentError
from course_lib.syllabus import load_syllabus

# Drafts too, once begun. The welcome claims nothing about PyTorch.
NAMES = [x.name for x in load_syllabus().known if x.number and (LESSONS / x.name / "mutants.py").exists()]


@pytest.mark.timeout(600)  # fifteen worlds, and in lesson 09 each starts two more processes
@pytest.mark.parametrize("name", NAMES)
def test_a_false_claim_is_noticed(name):
    wrong = [complaint for *_, complaint in run_worlds(LESSONS / name) if complaint]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_at_least_six_claims_are_tried(name):
    assert len(worlds_of(LESSONS / name)) >= 6


LESSON = """# %%
import math

# %% [markdown]
# ## Learn: roots

# %%
%matplotlib inline
root = math.sqrt(4.0)

# %% [markdown]
# ### Your turn

# %%
assert root == 2

# %% [markdown]
# ## Recap

# %%
root / (root - 2 * math.sqrt(1.0) + 1)
"""


@pytest.fixture
def lesson(tmp_path):
    (tmp_path / "lesson.py").write_text(LESSON)
    return tmp_path


def only_world(lesson, body, heading="Learn: roots"):
    text = f"import math, os, time\nfrom mutants import world\n\n@world('roots are odd', noticed_by={heading!r})\n"
    (lesson / "mutants.py").write_text(f"{text}def _():\n    {body}\n")
    return worlds_of(lesson)[0]


@pytest.mark.parametrize(
    ("body", "heading", "said"),
    [
        ("math.sqrt = lambda x: 3.0", "Learn: roots", ""),
        ("math.sqrt = lambda x: 3.0", "Your turn", ""),
        ("pass", "Learn: roots", "Where roots are odd, nobody noticed to the end of 'Learn: roots'."),
        ("math.sqrt = lambda x: 3.0", "Recap", "under 'Recap' should notice, but first came AssertionError"),
        ("math.sqrt = lambda x: x / 2 if x > 2 else 1.5", "Recap", "came ZeroDivisionError 'float division by zero'"),
        ("del math.sqrt", "Learn: roots", "first came AttributeError"),
        ("exec('def fail(x): assert False', g := {}); math.sqrt = g['fail']", "Learn: roots", "AssertionError"),
    ],
    ids=["noticed", "a part of the section", "by nobody", "too early", "other error", "other error", "a library's own"],
)
def test_who_noticed(lesson, body, heading, said):
    world = only_world(lesson, body, heading)
    found = complaint(world, run(lesson, world, seconds=60))
    assert found == "" if said == "" else said in found


def test_the_unchanged_lesson_runs_to_its_end(lesson):
    only_world(lesson, "math.sqrt = lambda x: 3.0")
    assert [wrong for *_, wrong in run_worlds(lesson)] == ["", ""]
    (lesson / "lesson.py").write_text(LESSON + "\n# %%\nroot.nothing\n")
    error = "AttributeError \"'float' object has no attribute 'nothing'\" at root.nothing"
    assert run_worlds(lesson)[0][2] == f"In the unchanged world: {error}, under 'Recap'."


def test_a_world_reaches_what_was_imported_before_its_section(lesson, monkeypatch):
    monkeypatch.setattr("mutants.run", None)  # for it is not run again from the first cell on
    text = LESSON.replace("import math", "import math\nfrom math import sqrt as root_of")
    (lesson / "lesson.py").write_text(text.replace("= math.sqrt", "= root_of"))
    only_world(lesson, "math.sqrt = lambda x: 3.0")
    assert [wrong for *_, wrong in run_worlds(lesson)] == ["", ""]


def test_a_heading_that_is_not_there_is_named(lesson):
    with pytest.raises(ContentError, match=r"'roots are odd': 0 sections .* 'Learn: trees'; one must.* Learn: roots; "):
        only_world(lesson, "pass", "Learn: trees")


def test_a_world_that_never_ends_or_dies_is_an_error(lesson):
    with pytest.raises(RuntimeError, match="roots are odd: It ran for 3 seconds"):
        run(lesson, only_world(lesson, "time.sleep(60)"), seconds=3)
    with pytest.raises(RuntimeError, match="roots are odd: Its process died"):
        run(lesson, only_world(lesson, "os._exit(1)"), seconds=60)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run(lesson, only_world(lesson, "1 / 0"), seconds=60)


def test_nothing_of_a_world_is_left(lesson):
    world = only_world(lesson, "math.sqrt = lambda x: 3.0")
    assert run(lesson, world, seconds=60).error
    assert math.sqrt(4.0) == 2
    assert forked(math.sqrt, 4.0, seconds=60) == 2

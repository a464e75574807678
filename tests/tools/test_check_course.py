"""What an author is told of a lesson: everything that is missing, at once, and never a traceback."""

import re
import shutil
import subprocess
import sys

import pytest

from course_lib.syllabus import load_syllabus
from tools import ROOT
from tools.check_course import main
from tools.parts import places
from tools.tree import present, preview

NAME, SLUG = "01_eval_mode", "eval_mode"
LESSON = load_syllabus().lesson(SLUG)
PLACES = list(places(LESSON))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """Everything that the author's tools look at."""
    root = tmp_path_factory.mktemp("course")
    for folder in ("lessons", "course_lib", "exercises"):
        ignore = shutil.ignore_patterns("__pycache__", "*.db", "submitted", "autograded", "feedback")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignore)
    shutil.copytree(ROOT / "tests" / "lessons", root / "tests" / "lessons")
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / file, root)
    return root


@pytest.fixture
def course(pristine, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(pristine, tmp_path / "course")


def told(capsys, course, *arguments):
    """The exit code, and the lines on stderr."""
    load_syllabus.cache_clear()
    code = main([*arguments, "--root", str(course)])
    return code, capsys.readouterr().err.splitlines()


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_course_has_everything(capsys, pristine):
    assert told(capsys, pristine) == (0, [])


@pytest.mark.parametrize("place", PLACES)
def test_each_missing_file_is_one_line_that_says_what_to_write(capsys, course, place):
    (course / place).unlink()
    code, lines = told(capsys, course, NAME)
    assert code == 1
    assert [line for line in lines if line.startswith(f"{place} is missing: ")] == [
        f"{place} is missing: {places(LESSON)[place]}. Write it."
    ]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("content", [b"\xff\xfe", b"(:\n  - 'never closed"], ids=["no text", "nonsense"])
def test_a_file_that_cannot_be_read_is_told_and_raises_nothing(capsys, course, place, content):
    if place.endswith("tasks/__init__.py") and content.startswith(b"("):
        content = b"(:"
    (course / place).write_bytes(content)
    code, lines = told(capsys, course, NAME)
    assert code == 1
    file = place.rpartition("/")[2]
    assert any(file in line and re.search(r"UTF-8|line \d+", line) for line in lines), lines


def test_a_lesson_with_nothing_lists_all_of_it_at_once(capsys, course):
    for place in PLACES:
        (course / place).unlink()
    code, lines = told(capsys, course, NAME)
    assert code == 1
    assert [line.partition(" is missing")[0] for line in lines if " is missing: " in line] == PLACES


def test_a_draft_is_looked_at_when_it_is_named(capsys, course):
    edit(course / "course_lib/course.toml", 'slug = "eval_mode"', 'slug = "eval_mode"\ndraft = true')
    (course / f"course_lib/lessons/{SLUG}/tasks/predict.py").unlink()
    assert not any("predict.py" in line for line in told(capsys, course)[1])
    code, lines = told(capsys, course, NAME)
    assert code == 1
    assert f"course_lib/lessons/{SLUG}/tasks/predict.py is missing: the check of predict. Write it." in lines


SPOILED = [
    (f"lessons/{NAME}/lesson.py", "# ## Trace", "# ## Follow", "no heading begins with 'Trace'. Add the section."),
    (f"lessons/{NAME}/lesson.py", "# ## Break it: ", "# ## Broken: ", "a lesson breaks at least two things"),
    (f"lessons/{NAME}/lesson.py", "# Most layers", "# " + "words " * 6000 + "\n# Most layers", "minutes; a lesson takes 20"),
    (f"lessons/{NAME}/lesson.py", "# Most layers", "# TODO: more\n# Most layers", ": TODO stands there. Write it."),
    (f"lessons/{NAME}/lesson.py", "deaf = Deaf().eval()", "x = 1\n" * 13, " lines; the limit is 12. Split it"),
    (f"lessons/{NAME}/lesson.py", 'turn="still_training"', 'turn="other"', "has turn cells for ['dropping', 'keep_dropping', 'other', 'output_of']"),
    (f"lessons/{NAME}/exercise.py", 'check="predict"', 'control="predict"', "unknown header control"),
    (f"lessons/{NAME}/exercise.py", 'solution="predict"', 'solution="guess"', "promises ['evaluation_mode', "),
    (f"lessons/{NAME}/exercise.py", "4. Mend it (15 minutes)", "4. Mend it", "3 headings say how long it takes"),
    (f"lessons/{NAME}/attempts/predict.py", "# %% wrong: ", "# %% false: ", "expected '# %% wrong: the mistake"),
    (f"lessons/{NAME}/attempts/predict.py", "# %% wrong: ", "# %% right: ", "0 wrong attempts; write at least 6."),
    (f"lessons/{NAME}/attempts/predict.py", "· clause 2 ·", "· clause 1 ·", "no wrong attempt breaks clause 2. Write one"),
    ("course_lib/course.toml", ', "keep_dropping"]', "]", "lesson.py has turn cells for"),
    (f"lessons/{NAME}/attempts/still_training.py", "# %% right: ", "# %% wrong: ", "0 right attempts; write at least 2."),
    (f"lessons/{NAME}/mutants.py", "@world(", "@worlds(", "0 worlds; write at least 6."),
    (f"lessons/{NAME}/mutants.py", 'noticed_by="Predict"', 'noticed_by="Guess"', "'Guess' is not the heading of one"),
    (f"lessons/{NAME}/graded_quiz.yaml", "lesson: eval_mode", "lesson: roc", "says 'lesson: roc'. Write 'lesson: eval_mode'."),
    (f"lessons/{NAME}/graded_quiz.yaml", "kind: prints", "kind: print", "has kind 'print'; expected one"),
    (f"course_lib/lessons/{SLUG}/tasks/predict.py", "class Predict(", "class Guess(", "has no class Predict."),
    (f"course_lib/lessons/{SLUG}/__init__.py", '"switchboard", ', "", "imports switchboard, which __all__ doesn't name."),
    (f"course_lib/lessons/{SLUG}/__init__.py", '"switchboard"', '"board", "switchboard"', "names board, which the notebook"),
    (f"course_lib/lessons/{SLUG}/questions.yaml", "level: easy", "level: hard", "0 easy questions; write at least 5."),
    (f"course_lib/lessons/{SLUG}/questions.yaml", "about: The other switch", "about: The switch", "is no heading of the lesson"),
    ("course_lib/course.toml", "evaluation_mode = 4", "evaluation_mode = 14", "30 points; give 10 to 20."),
    ("course_lib/course.toml", "quiz_points = 4\nturns", "quiz_points = 3\nturns", "3 quiz points; ask 4 or 5 questions"),
    ("course_lib/course.toml", "stays_random = 3", "stays_calm = 3", "attempts/stays_random.py: course.toml has no task"),
    ("course_lib/course.toml", 'title = "Two switches', 'titel = "Two switches', "course.toml, lesson 'eval_mode': add title."),
    ("course_lib/course.toml", 'needs = ["start_here"]', 'needs = ["state_dict"]', "needs 'state_dict', which is no lesson before it"),
    ("course_lib/course.toml", "[lesson.tasks]\nevaluation_mode", "[lesson.tasks\nevaluation_mode", "course.toml is no TOML"),
    ("lessons/promises.yaml", "lesson: eval_mode", "lesson: evil_mode", "nothing is promised of eval_mode."),
    ("lessons/promises.yaml", "question: frozen-for-good", "question: frozen", "01_eval_mode has no question 'frozen'."),
    ("lessons/promises.yaml", "  question: frozen-for-good\n", "", "batch norm: the statistics by the mode, weight and bias by"),
    ("lessons/promises.yaml", "- promise: ", "- [promise: ", "lessons/promises.yaml can't be read"),
    ("course_lib/glossary.yaml", "lesson: eval_mode", "lesson: state_dict", "'dropout' stands before its time; it is introduced by"),
    ("course_lib/glossary.yaml", "term: dropout", "term: drop-in", "'drop-in': eval_mode introduces it, and its text never says"),
    ("course_lib/glossary.yaml", "lesson: checkpointing", "lesson: checking", "there is no lesson 'checking'"),
    ("course_lib/glossary.yaml", "- term: dropout", "- trem: dropout", "unknown trem."),
]  # fmt: skip


@pytest.mark.parametrize(("place", "old", "new", "says"), SPOILED, ids=[says[:50] for *_, says in SPOILED])
def test_each_broken_rule_is_a_line_that_names_the_file(capsys, course, place, old, new, says):
    edit(course / place, old, new)
    code, lines = told(capsys, course, NAME)
    assert code == 1
    assert [line for line in lines if says in line], lines


def test_the_figures_count_attempts_and_clauses(capsys, pristine):
    load_syllabus.cache_clear()
    main([NAME, "--root", str(pristine)])
    head, row, *_ = capsys.readouterr().out.splitlines()
    figures = dict(zip(re.split(r"  +", head), re.split(r"  +", row), strict=True))
    attempts = [(pristine / place).read_text() for place in PLACES if "/attempts/" in place]
    assert figures["right"] == str(sum(text.count("# %% right: ") for text in attempts))
    assert figures["wrong"] == str(sum(text.count("# %% wrong: ") for text in attempts))
    clauses = sum(
        len(re.findall(r"^# \d\. ", (pristine / f"lessons/{NAME}/{file}").read_text(), flags=re.M))
        for file in ("exercise.py", "lesson.py")
    )
    assert figures["clauses"] == str(clauses)
    assert figures["turns"] == str(len(LESSON.turns))


def test_an_unknown_lesson_is_one_line(capsys, pristine):
    code, lines = told(capsys, pristine, "07_no_such")
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("No lesson is called '07_no_such'. Use one of: 00_start_here, 01_eval_mode, ")


# ---------------------------------------------------------------- --new and --run


def test_a_new_lesson_lacks_only_what_a_human_writes(capsys, course):
    assert told(capsys, course, "--new", "42_new_lesson", "new_task", "other_task") == (0, [])
    code, lines = told(capsys, course, "42_new_lesson")
    assert code == 1
    assert all(
        re.search(r"TODO|write at least|[Ww]rite one|at least 3 times|give \d|ask 4|no term is|nothing is promised", x)
        for x in lines
    ), lines
    *_, last, entry = load_syllabus(course / "course_lib/course.toml").known
    assert list(entry.tasks) == ["new_task", "other_task"]
    assert (entry.part, entry.needs, entry.turns) == (last.part, (last.slug,), ("new_lesson_turn",))
    for place in places(entry):
        assert f"{place}, line " in "\n".join(lines) or place.endswith("tasks/__init__.py"), f"{place} says no TODO"
    new = [place for place in places(entry) if place.endswith(".py")]
    for command in (["check", "--quiet"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, *new]
        done = subprocess.run(ruff, cwd=course, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("name", "from_the_end"), [("42_first", 2), ("99_last", 1)])
def test_a_new_entry_stands_in_its_place_and_leaves_the_others_alone(capsys, course, name, from_the_end):
    toml = course / "course_lib/course.toml"
    edit(toml, f"number = {load_syllabus().known[-1].number}\n", "number = 98\n")
    before = toml.read_text()
    assert told(capsys, course, "--new", name)[0] == 0
    after = toml.read_text()
    assert re.sub(rf"\[\[lesson\]\]\ndraft.*?{name[3:]}_task = 4\n+", "", after, flags=re.S).strip() == before.strip()
    load_syllabus.cache_clear()
    assert load_syllabus(toml).known[-from_the_end].name == name
    assert "\n\n\n" not in after


def test_new_writes_what_is_missing_and_overwrites_nothing(capsys, course):
    def contents():
        return {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}

    before = contents()
    code, lines = told(capsys, course, "--new", NAME)
    assert code == 1
    assert lines == [f"Every file of {NAME} is there, and none is overwritten. Nothing was written."]
    assert contents() == before
    edit(course / "course_lib/course.toml", "predict = 5", "predict = 5\nforget = 1")
    edited = contents()
    assert told(capsys, course, "--new", NAME)[0] == 0
    added = contents().keys() - edited.keys()
    assert {str(path.relative_to(course)) for path in added} == {
        f"lessons/{NAME}/attempts/forget.py",
        f"course_lib/lessons/{SLUG}/tasks/forget.py",
    }
    assert {path: content for path, content in contents().items() if path in edited} == edited


@pytest.mark.grading
def test_an_exercise_without_a_lesson(capsys, course):
    """An instructor's own: a task, a written answer with a rubric, a quiz; no lesson to link to, and nobody's stray."""
    before = present(course)
    assert told(capsys, course, "--new", "42_dice", "roll", "--exercise") == (0, [])
    entry = load_syllabus(course / "course_lib/course.toml").called("42_dice")
    assert (entry.tasks, entry.written, entry.turns, entry.points) == ({"roll": 4}, {"why_dice": 2}, (), 7)
    assert not (course / "lessons/42_dice/lesson.py").exists()
    assert "import" not in (course / "course_lib/lessons/dice/__init__.py").read_text()
    source, release = preview("42_dice", course)
    given = release.read_text()
    assert 'check_quiz(\\"dice\\")' in given
    assert not [text for text in ("Rubric", "return 2 * number", "notebooks/42_dice") if text in given]
    assert "Rubric" in source.read_text()
    place = course / "exercises/source/42_dice/42_dice.ipynb"
    place.parent.mkdir()
    shutil.copy(source, place)
    assert present(course) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["new_lesson"], "Expected a number of two digits and a slug, such as 07_whole_model; got 'new_lesson'."),
        (["01_new_lesson"], "01_new_lesson: the number or the slug belongs to 01_eval_mode. Take another."),
        (["07_eval_mode"], "07_eval_mode: the number or the slug belongs to 01_eval_mode. Take another."),
        (
            ["42_new_lesson", "predict"],
            "42_new_lesson: 01_eval_mode has a task 'predict' already. Take another name.",
        ),
        (["42_new_lesson", "new-task"], "A task is named like a function, such as save_portable; got 'new-task'."),
        ([NAME, "forget"], f"{NAME} is in course.toml already. Add forget there, then --new {NAME} alone."),
    ],
)
def test_new_refuses_names_that_cannot_be(capsys, course, arguments, says):
    before = (course / "course_lib/course.toml").read_text()
    assert told(capsys, course, "--new", *arguments) == (1, [says])
    assert (course / "course_lib/course.toml").read_text() == before


def test_run_holds_a_draft_to_the_tests_rules(course):
    """In a process of its own, with the copy's course_lib: the tests import tasks by name."""
    for folder in ("tools", "tests"):
        shutil.copytree(
            ROOT / folder, course / folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "conftest.py", course)

    def check(*arguments):
        command = [sys.executable, str(course / "tools/check_course.py"), *arguments]
        return subprocess.run(command, cwd=course.parent, capture_output=True, text=True, check=False)

    assert check("--new", "42_new_lesson", "new_task").returncode == 0
    edit(course / "lessons/42_new_lesson/attempts/new_task.py", "number**2", "2 * number")
    edit(course / "course_lib/lessons/new_lesson/questions.yaml", "print(2 * 3)", "print(2 * 4)")
    edit(course / "lessons/42_new_lesson/lesson.py", "assert torch.zeros(3).mean() == 0", "raise OSError('no disk')")
    done = check("--run", "42_new_lesson")
    assert done.returncode == 1
    failed = set(re.findall(r"^FAILED (\S+?)(?:\[|$| )", done.stdout, flags=re.M))
    assert {name.rpartition("::")[2] for name in failed} >= {
        "test_attempt_gives_its_verdict_and_message",
        "test_enough_attempts",
        "test_every_bank_of_the_course_is_true",
        "test_lesson_runs_clean",
    }
    assert "42_new_lesson/lesson.py, the cell that begins" in done.stdout
    (course / "course_lib/lessons/new_lesson/tasks/new_task.py").unlink()
    done = check("--run", "42_new_lesson")
    assert done.returncode == 1
    assert "tasks/new_task.py is missing: the check of new_task. Write it." in done.stderr
    assert "Traceback" not in done.stdout + done.stderr

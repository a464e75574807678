"""Is every lesson complete? Prints its figures, and what is missing with the file to mend; exit 1 if something is.

Drafts are looked at when named: python tools/check_course.py 05_roc_analysis
With --promises it also lists what the course promises to teach, and where each promise is kept.
"""

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from course_lib.classroom.quizzes.bank import key, load_bank
from course_lib.classroom.quizzes.schema import LEVELS, Bank
from course_lib.errors import CourseError
from course_lib.syllabus import Lesson, load_syllabus

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))
from tools.build_course import MARKERS, ROOT, read_source

WAYS = ("Why", "Predict", "Learn", "Trace", "Explore", "Break it", "Recap", "Quiz", "Practise", "Recall")
KINDS = ("one", "several", "number", "prints", "order", "bug_line")
LONGEST_CELL = 12


@dataclass(frozen=True)
class Figures:
    """What can be counted in a lesson."""

    words: int
    code_cells: int
    longest_cell: int
    asserting: int
    questions: int
    cards: int
    tasks: int
    right_attempts: int
    wrong_attempts: int


def headings(cells: list) -> list[str]:
    """The text of every heading, in order."""
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.findall(r"^#{2,3} (.+)$", text, flags=re.M)


def code_lines(source: str) -> int:
    """Lines of code: no blanks, no comments; an import counts, a string over several lines counts as written."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source.splitlines())


def check_lesson_text(lesson: Lesson, cells: list) -> list[str]:
    """Every way of learning is there, cells are short, nothing graded."""
    path, problems = f"lessons/{lesson.name}/lesson.py", []
    names = headings(cells)
    for way in WAYS:
        if not any(re.match(rf"{way}\b", name) for name in names):
            problems.append(f"{path}: no heading begins with {way!r}. Add the section.")
    if sum(name.startswith("Break it") for name in names) < 2:
        problems.append(f"{path}: a lesson breaks at least two things; add a '## Break it: ...'.")
    for cell in cells:
        if cell.cell_type == "code" and code_lines(cell.source) > LONGEST_CELL:
            first = cell.source.splitlines()[0]
            problems.append(
                f"{path}: the cell that begins {first!r} has {code_lines(cell.source)} lines; the limit is {LONGEST_CELL}. "
                "Split it, or move plotting to course_lib.displays."
            )
        if cell.metadata.keys() & MARKERS:
            problems.append(f"{path}: graded cells belong in exercise.py.")
    if not 3 <= len(lesson.objectives) <= 5:
        problems.append(f"course_lib/course.toml, {lesson.slug}: {len(lesson.objectives)} objectives; give 3 to 5.")
    if not 20 <= lesson.minutes <= 40:
        problems.append(f"course_lib/course.toml, {lesson.slug}: {lesson.minutes} minutes; a lesson takes 20 to 40.")
    return problems


def check_bank(lesson: Lesson, bank: Bank, names: list[str]) -> list[str]:
    """Enough questions of every level and kind, enough cards, and no telltale lengths."""
    path, problems = f"course_lib/quizzes/{lesson.slug}.yaml", []
    for level in LEVELS:
        count = sum(q.level == level for q in bank.questions)
        if count < 5:
            problems.append(f"{path}: {count} {level} questions; write at least 5.")
    for kind in KINDS:
        if not any(q.kind == kind for q in bank.questions):
            problems.append(f"{path}: no question of kind {kind!r}; write one.")
    if len(bank.cards) < 8:
        problems.append(f"{path}: {len(bank.cards)} flashcards; write at least 8.")
    for question in bank.questions:
        if question.about not in names:
            problems.append(
                f"{path}, {question.id}: 'about: {question.about}' is no heading of the lesson. Use one of: {', '.join(names)}."
            )
    choices = [q for q in bank.questions if q.kind == "one"]
    longest = sum(max(q.options, key=lambda o: len(o.text)).right for q in choices)
    if choices and longest > max(2, 0.5 * len(choices)):
        problems.append(
            f"{path}: the right option is the longest in {longest} of {len(choices)} questions. Learners notice; even them out."
        )
    return problems


def check_exercise(lesson: Lesson, right: dict[str, int], wrong: dict[str, int]) -> list[str]:
    """Three to five tasks, 10 to 20 points, four or five typed questions, and attempts that prove the checks."""
    path, problems = f"course_lib/course.toml, {lesson.slug}", []
    if not 3 <= len(lesson.tasks) <= 5:
        problems.append(f"{path}: {len(lesson.tasks)} tasks; give 3 to 5.")
    if not 10 <= lesson.points <= 20:
        problems.append(f"{path}: {lesson.points} points; give 10 to 20.")
    if lesson.quiz_points not in (4, 5):
        problems.append(f"{path}: {lesson.quiz_points} quiz points; ask 4 or 5 questions, one point each.")
    for task in lesson.tasks:
        for what, counted, floor in (("right", right, 2), ("wrong", wrong, 4)):
            if counted.get(task, 0) < floor:
                problems.append(
                    f"lessons/{lesson.name}/attempts: {counted.get(task, 0)} {what} attempts at {task}; write at least {floor}."
                )
    return problems


def attempts_by_task(folder: Path, side: str) -> dict[str, int]:
    """How many attempts of a side, "right" or "wrong", each task has."""
    counted: dict[str, int] = {}
    for path in folder.glob(f"{side}_*.py"):
        task = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# task:").strip()
        counted[task] = counted.get(task, 0) + 1
    return counted


def examine(lesson: Lesson, root: Path = ROOT) -> tuple[Figures, list[str]]:
    """A lesson's figures and problems. The welcome, lesson 0, is held to fewer floors."""
    folder, problems = root / "lessons" / lesson.name, []
    cells = read_source(folder / "lesson.py")
    bank = load_bank(lesson.slug)
    right, wrong = (attempts_by_task(folder / "attempts", side) for side in ("right", "wrong"))
    if lesson.number:
        problems += check_lesson_text(lesson, cells)
        problems += check_bank(lesson, bank, headings(cells))
        problems += check_exercise(lesson, right, wrong)
        graded = load_bank(folder / "graded_quiz.yaml")
        problems += [
            f"lessons/{lesson.name}/graded_quiz.yaml: {q.id} stands in the open bank too. Write another."
            for q in graded.questions
            if (q.ask, q.program) in {(other.ask, other.program) for other in bank.questions}
        ]
        for question in (*bank.questions, *graded.questions):
            key(question)  # raises a ContentError if the program behind it doesn't settle the answer
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    prose = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    figures = Figures(
        words=len(re.sub(r"\(http[^)]*\)|[#*|`-]", " ", prose).split()),
        code_cells=len(code),
        longest_cell=max(map(code_lines, code)),
        asserting=sum(_asserts(source) for source in code),
        questions=len(bank.questions),
        cards=len(bank.cards),
        tasks=len(lesson.tasks),
        right_attempts=sum(right.values()),
        wrong_attempts=sum(wrong.values()),
    )
    return figures, problems


def _asserts(source: str) -> bool:
    tree = ast.parse("\n".join(line for line in source.splitlines() if not line.startswith(("%", "!"))))
    return any(isinstance(node, ast.Assert) for node in ast.walk(tree))


def check_promises(root: Path = ROOT) -> tuple[list[str], list[str]]:
    """What the course promises to teach, and where each promise is kept: rows to print, and problems.

    lessons/promises.yaml names for each promise a heading of a lesson, a question of its bank, and, where it is
    a skill, a graded task (or written answer). A name that doesn't exist is a problem.
    """
    path = root / "lessons" / "promises.yaml"
    rows, problems = [], []
    known = {lesson.slug: lesson for lesson in load_syllabus().lessons}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        lesson = known.get(entry["lesson"])
        if lesson is None:
            problems.append(f"lessons/promises.yaml: there is no lesson {entry['lesson']!r} ({entry['promise']}).")
            continue
        folder = root / "lessons" / lesson.name
        questions = [q.id for q in load_bank(lesson.slug).questions]
        questions += [q.id for q in load_bank(folder / "graded_quiz.yaml").questions]
        for what, named, there in (
            ("heading", entry["heading"], headings(read_source(folder / "lesson.py"))),
            ("question", entry["question"], questions),
            ("task", entry.get("task"), [*lesson.tasks, *lesson.written, None]),
        ):
            if named not in there:
                problems.append(f"lessons/promises.yaml, {entry['promise']!r}: {lesson.name} has no {what} {named!r}.")
        where = f"{lesson.name}, {entry['heading']!r}; {entry['question']}; {entry.get('task', 'no skill')}"
        rows.append(f"{entry['promise']}\n    -> {where}")
    return rows, problems


def main() -> int:
    """Print the table and the problems."""
    problems: list[str] = []
    columns = [name.replace("_", " ") for name in Figures.__dataclass_fields__]
    print("lesson".ljust(24), *(c.rjust(len(c)) for c in columns), sep="  ")
    syllabus = load_syllabus()
    asked = [lesson for lesson in syllabus.drafts if lesson.name in sys.argv[1:]]
    for lesson in (*syllabus.lessons, *asked):
        try:
            figures, found = examine(lesson)
        except CourseError as e:
            problems.append(str(e))
            continue
        problems += found
        print(
            lesson.name.ljust(24),
            *(str(v).rjust(len(c)) for v, c in zip(vars(figures).values(), columns, strict=True)),
            sep="  ",
        )
    rows, found = check_promises()
    problems += found
    print(f"{len(rows)} promises kept" + (":" if "--promises" in sys.argv else " (--promises lists them)"))
    if "--promises" in sys.argv:
        print("\n".join(rows))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

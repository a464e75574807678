"""What every lesson holds: the rules that a program can check, one line for each that is broken."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from course_lib.classroom.quizzes.bank import key
from course_lib.classroom.quizzes.schema import LEVELS, Question
from course_lib.errors import ContentError
from course_lib.syllabus import Syllabus
from tools.exercises import exercise_notebook
from tools.minutes import stated
from tools.notebooks import lesson_notebook
from tools.parts import Parts

WAYS = ("Why", "Predict", "Learn", "Trace", "Explore", "Break it", "Recap", "Quiz", "Practise", "Recall")
KINDS = ("one", "several", "number", "prints", "order", "bug_line")
LONGEST_CELL = 12
MOST_MINUTES = 45
FEWEST_WORLDS = 6
FEWEST_TURNS = 3
ATTEMPTS = (4, 6)  # right and wrong, of a graded task
TURN_ATTEMPTS = (2, 3)


def code_lines(source: str) -> int:
    """Lines of code: no blanks, no comments; an import counts, a string over several lines counts as written."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source.splitlines())


def broken_rules(parts: Parts, syllabus: Syllabus) -> Iterator[str]:
    """Every rule that a lesson breaks. The welcome, lesson 0, is held to fewer floors."""
    yield from _builds(parts, syllabus)
    yield from _tasks(parts)
    yield from _room(parts)
    if parts.lesson.number:
        if parts.cells:
            yield from _text(parts)
        yield from _entry(parts)
        if parts.questions:
            yield from _bank(parts)
        yield from _graded(parts)
        yield from _worlds(parts)


def _builds(parts: Parts, syllabus: Syllabus) -> Iterator[str]:
    """Both notebooks can be built, so headers and course.toml agree."""
    lesson = parts.timed
    known = tuple(lesson if other.slug == lesson.slug else other for other in syllabus.known)
    syllabus = replace(syllabus, lessons=known)
    try:
        if parts.cells:
            lesson_notebook(lesson, syllabus, parts.root)
        if parts.exercise and (parts.graded or not lesson.quiz_points):
            exercise_notebook(lesson, syllabus, parts.root)
    except ContentError as error:
        yield str(error)
    if parts.exercise and len(stated(parts.exercise)) != len(lesson.tasks) + len(lesson.written):
        yield (
            f"lessons/{lesson.name}/exercise.py: {len(stated(parts.exercise))} headings say how long it takes. Write it "
            "into the heading of every task and written answer: '## 1. Its title (10 minutes)'."
        )
    if lesson.minutes > MOST_MINUTES:
        yield f"lessons/{lesson.name}/lesson.py takes {lesson.minutes} minutes; a lesson takes 20 to 40. Shorten it."


def _text(parts: Parts) -> Iterator[str]:
    """Every way of learning is there, and cells are short."""
    path = f"lessons/{parts.lesson.name}/lesson.py"
    for way in WAYS:
        if not any(re.match(rf"{way}\b", name) for name in parts.headings):
            yield f"{path}: no heading begins with {way!r}. Add the section."
    if sum(name.startswith("Break it") for name in parts.headings) < 2:
        yield f"{path}: a lesson breaks at least two things; add a '## Break it: ...'."
    for cell in parts.cells:
        if cell.kind == "code" and "turn" not in cell.metadata and code_lines(cell.source) > LONGEST_CELL:
            yield (
                f"{path}, line {cell.line}: the cell has {code_lines(cell.source)} lines; the limit is {LONGEST_CELL}. "
                "Split it, or move plotting to course_lib.displays."
            )


def _entry(parts: Parts) -> Iterator[str]:
    """Objectives, three to five tasks, 10 to 20 points, four or five typed questions."""
    lesson, path = parts.lesson, f"course_lib/course.toml, {parts.lesson.slug}"
    if any("TODO" in words for words in (lesson.title, *lesson.objectives)):
        yield f"{path}: the title or an objective still says TODO. Write it."
    if not 3 <= len(lesson.objectives) <= 5:
        yield f"{path}: {len(lesson.objectives)} objectives; give 3 to 5."
    if not 3 <= len(lesson.tasks) <= 5:
        yield f"{path}: {len(lesson.tasks)} tasks; give 3 to 5."
    if not 10 <= lesson.points <= 20:
        yield f"{path}: {lesson.points} points; give 10 to 20."
    if len(lesson.turns) < FEWEST_TURNS:
        yield f"{path}: {len(lesson.turns)} turns; a learner writes something at least {FEWEST_TURNS} times in a lesson."
    if lesson.quiz_points not in (4, 5):
        yield f"{path}: {lesson.quiz_points} quiz points; ask 4 or 5 questions, one point each."


def _tasks(parts: Parts) -> Iterator[str]:
    """Each task's module has its class, and enough attempts prove it."""
    lesson = parts.lesson
    for task in (*lesson.tasks, *lesson.turns):
        place = f"course_lib/lessons/{lesson.slug}/tasks/{task}.py"
        name = "".join(word.capitalize() for word in task.split("_"))
        if place in parts.code and not any(
            isinstance(node, ast.ClassDef) and node.name == name for node in parts.code[place].body
        ):
            yield f"{place} has no class {name}. A task's class is named after the answer."
        if task in parts.attempts:
            yield from _attempts(parts, task)


def _attempts(parts: Parts, task: str) -> Iterator[str]:
    """Enough of both sides, and for each clause of the contract one that breaks it."""
    path, made = f"lessons/{parts.lesson.name}/attempts/{task}.py", parts.attempts[task]
    sides = [side for side, _ in made]
    for side, floor in zip(("right", "wrong"), ATTEMPTS if task in parts.lesson.tasks else TURN_ATTEMPTS, strict=True):
        if sides.count(side) < floor:
            yield f"{path}: {sides.count(side)} {side} attempts; write at least {floor}."
    broken = {clause for side, clause in made if side == "wrong"}
    if unbroken := sorted(set(range(1, parts.clauses.get(task, 0) + 1)) - broken):
        numbers = ", ".join(map(str, unbroken))
        yield f"{path}: no wrong attempt breaks clause {numbers}. Write one that breaks it and no other."


def _room(parts: Parts) -> Iterator[str]:
    """The room's door names what the notebook imports, and nothing else."""
    place, package = f"course_lib/lessons/{parts.lesson.slug}/__init__.py", f"course_lib.lessons.{parts.lesson.slug}"
    if place not in parts.code or not parts.cells:
        return
    door = _names_in_all(parts.code[place])
    used = {name for cell in parts.cells if cell.kind == "code" for name in _imported(cell.source, package)}
    if lacking := sorted(used - door):
        yield f"{place}: the notebook imports {', '.join(lacking)}, which __all__ doesn't name. Add it."
    if unused := sorted(door - used):
        yield f"{place}: __all__ names {', '.join(unused)}, which the notebook doesn't import. Take it out."


def _imported(source: str, package: str) -> list[str]:
    try:
        nodes = ast.walk(ast.parse(source))
    except SyntaxError:  # a magic; what is wrong otherwise, the notebook's own run says
        return []
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == package]
    return [alias.name for node in imports for alias in node.names]


def _names_in_all(tree: ast.Module) -> set[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == ["__all__"]:
            return set(ast.literal_eval(node.value))
    return set()


def _bank(parts: Parts) -> Iterator[str]:
    """Enough questions of every level and kind, enough cards, and no telltale lengths."""
    room, questions, names = f"course_lib/lessons/{parts.lesson.slug}", parts.questions, parts.headings
    path = f"{room}/questions.yaml"
    for level in LEVELS:
        count = sum(q.level == level for q in questions)
        if count < 5:
            yield f"{path}: {count} {level} questions; write at least 5."
    for kind in KINDS:
        if not any(q.kind == kind for q in questions):
            yield f"{path}: no question of kind {kind!r}; write one."
    if parts.cards and len(parts.cards) < 8:
        yield f"{room}/cards.yaml: {len(parts.cards)} flashcards; write at least 8."
    for question in questions:
        if names and question.about not in names:
            yield (
                f"{path}, {question.id}: 'about: {question.about}' is no heading of the lesson. Use one of: {', '.join(names)}."
            )
    yield from _letters(questions, path)
    choices = [q for q in questions if q.kind == "one"]
    longest = sum(max(q.options, key=lambda o: len(o.text)).right for q in choices)
    if choices and longest > max(2, 0.5 * len(choices)):
        yield (
            f"{path}: the right option is the longest in {longest} of {len(choices)} questions. Learners notice; even them out."
        )


def _letters(questions: Sequence[Question], path: str) -> Iterator[str]:
    """No place is right so often that guessing it pays."""
    places = [[option.right for option in q.options].index(True) for q in questions if q.kind == "one"]
    most = max(2, -(-len(places) * 2 // 5))
    for place in sorted(set(places)):
        if places.count(place) > most:
            yield (
                f"{path}: {'ABCDEFGH'[place]} is right in {places.count(place)} of {len(places)} questions of one answer. "
                f"Move options, so that no letter is right more than {most} times."
            )


def _graded(parts: Parts) -> Iterator[str]:
    """No graded question stands in the open bank, and every key can be found."""
    yield from _letters(parts.graded, f"lessons/{parts.lesson.name}/graded_quiz.yaml")
    opened = {(question.ask, question.program) for question in parts.questions}
    for question in parts.graded:
        if (question.ask, question.program) in opened:
            yield f"lessons/{parts.lesson.name}/graded_quiz.yaml: {question.id} stands in the open bank too. Write another."
    for question in (*parts.questions, *parts.graded):
        try:
            key(question)
        except ContentError as error:
            yield str(error)


def _worlds(parts: Parts) -> Iterator[str]:
    """Enough worlds, each with a heading of the lesson that must notice."""
    place = f"lessons/{parts.lesson.name}/mutants.py"
    if place not in parts.code:
        return
    calls = [node for node in ast.walk(parts.code[place]) if isinstance(node, ast.Call)]
    worlds = [call for call in calls if getattr(call.func, "id", "") == "world"]
    if len(worlds) < FEWEST_WORLDS:
        yield f"{place}: {len(worlds)} worlds; write at least {FEWEST_WORLDS}."
    for call in worlds:
        for named in (k.value for k in call.keywords if k.arg == "noticed_by"):
            if parts.cells and isinstance(named, ast.Constant) and parts.headings.count(named.value) != 1:
                yield f"{place}, line {call.lineno}: {named.value!r} is not the heading of one section of the lesson."

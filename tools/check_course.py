"""Is every lesson complete? Prints its figures, and all that is missing with the file to mend; exit 1 if something is.

python tools/check_course.py                     every lesson of the course
python tools/check_course.py 07_whole_model      one, a draft too
python tools/check_course.py --run 07_whole_model    and run it by the tests' rules: attempts, questions, notebook
python tools/check_course.py --new 07_whole_model    write skeletons of what it lacks; nothing is overwritten
python tools/check_course.py --new 20_my_own --exercise    an exercise without a lesson
python tools/check_course.py --promises          and list what the course promises to teach, and where
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).parents[1])
from course_lib.errors import CourseError
from course_lib.syllabus import Lesson, Syllabus, load_syllabus
from tools import ROOT
from tools.figures import Figures, figures_of
from tools.new_lesson import write_skeletons
from tools.parts import read_parts
from tools.promises import check_promises
from tools.rules import broken_rules
from tools.terms import check_terms


def examine(lessons: list[Lesson], syllabus: Syllabus, root: Path) -> tuple[list[str], list[str], bool]:
    """What there is to print of these lessons, what is wrong, and whether a file is missing."""
    read, promised = [read_parts(lesson, root) for lesson in lessons], []
    problems, columns = [], [name.replace("_", " ") for name in Figures.__dataclass_fields__]
    lines = ["  ".join(["lesson".ljust(24), *columns])]
    for parts in read:
        problems += [*parts.problems, *broken_rules(parts, syllabus), *check_terms(parts, syllabus, root)]
        figures = vars(figures_of(parts)).values()
        cells = (str(value).rjust(len(column)) for value, column in zip(figures, columns, strict=True))
        lines.append("  ".join([parts.lesson.name.ljust(24), *cells]))
    promised, unkept = check_promises(read, syllabus, root)
    return [*lines, *promised], [*problems, *unkept], any(parts.missing for parts in read)


def run(lesson: Lesson, root: Path) -> int:
    """Run a lesson by the tests' rules; pytest's exit code."""
    names = " or ".join((lesson.slug, *lesson.tasks, *lesson.turns))
    tests = ["tests/lessons", "tests/classroom/test_quiz_bank.py", "tests/browser/test_lessons.py"]
    command = [sys.executable, "-m", "pytest", *tests, "-k", names]
    return subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False).returncode


def main(arguments: list[str] | None = None) -> int:
    """Print the table and the problems."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NN_slug", help="these lessons, drafts too; every listed one if none"
    )
    parser.add_argument("--run", action="store_true", help="also run them by the tests' rules")
    parser.add_argument("--new", action="store_true", help="write skeletons of what it lacks; tasks may follow")
    parser.add_argument("--exercise", action="store_true", help="with --new: an exercise alone, without a lesson")
    parser.add_argument("--promises", action="store_true", help="list what the course promises to teach, and where")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if (options.new or options.run) and not options.names:
        parser.error("name the lesson, such as 07_whole_model")
    try:
        if options.new:
            name, *tasks = options.names
            print("\n".join(write_skeletons(name, tasks, options.root, exercise=options.exercise)))
            return 0
        syllabus = load_syllabus(options.root / "course_lib" / "course.toml")
        lessons = [syllabus.called(name) for name in options.names] or list(syllabus.lessons)
        lines, problems, incomplete = examine(lessons, syllabus, options.root)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    table = len(lessons) + 1
    print("\n".join(lines if options.promises else lines[:table]))
    print(f"{len(lines) - table} promises kept" + ("" if options.promises else " (--promises lists them)"))
    for problem in problems:
        print(problem, file=sys.stderr)
    if incomplete:
        print("`python tools/check_course.py --new NN_slug` writes skeletons of the files that are missing.")
    elif options.run:
        return max(run(lesson, options.root) for lesson in lessons) or bool(problems)
    elif not problems and (drafts := [lesson.name for lesson in lessons if lesson in syllabus.drafts]):
        print(f"{', '.join(drafts)}: nothing is missing. Take 'draft = true' out of course.toml, then `make build`.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

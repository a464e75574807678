"""The command `course`, also `python -m course_lib`: lab, inspect, explain, doctor, progress, grade and class-report."""

import argparse
import os
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code."""
    for stream in (sys.stdout, sys.stderr):  # a pipe on Windows may not know a tick
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(prog="course", description="Evaluate, save, load: a course.")
    commands = parser.add_subparsers(dest="command", required=True)
    lab = commands.add_parser(
        "lab",
        help="open the course in JupyterLab, in a folder of your own",
        epilog="Every other option goes to JupyterLab, such as --no-browser.",
        allow_abbrev=False,
    )
    lab.add_argument("--folder", type=Path, help="your own folder; my_course beside the notebooks if you name none")
    inspect = commands.add_parser(
        "inspect", help="what a checkpoint file is, whether it is safe and whole, how to load it"
    )
    inspect.add_argument("file", help="any file; nothing in it is executed")
    inspect.add_argument("--json", action="store_true", help="for programs")
    explain = commands.add_parser("explain", help="the cause of an error, where it is taught, the lines that mend it")
    explain.add_argument("text", nargs="*", help="the error's text, in quotes; or send it through a pipe")
    commands.add_parser("doctor", help="say what is wrong with this machine, and the command that mends it")
    commands.add_parser("progress", help="what you have done, and what is next")
    _add_grade(commands.add_parser("grade", help="grade a class's submissions of an exercise, for instructors"))
    report = commands.add_parser("class-report", help="one page on what a graded class understood, for instructors")
    report.add_argument("assignment", help="its name, such as 01_eval_mode")
    report.add_argument("--output", type=Path, help="the page; class_report_ASSIGNMENT.html in the course's folder")
    report.add_argument("--folder", type=Path, help="the nbgrader course; this folder or exercises/ in it")
    options, others = parser.parse_known_args(arguments)
    if options.command == "lab":
        from course_lib.classroom.lab import FOLDER, open_lab
        from course_lib.errors import CourseError

        try:
            open_lab(options.folder or FOLDER, others)
        except CourseError as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    if others:
        parser.error(f"course {options.command} takes nothing more; got {' '.join(others)}")
    if options.command == "inspect":
        return _inspect(options.file, as_json=options.json)
    if options.command in ("grade", "class-report"):
        return _grade(options)
    if options.command == "explain":
        return _explain(" ".join(options.text))
    if options.command == "doctor":
        from course_lib.classroom import doctor

        return doctor.main()
    from course_lib.classroom.doctor import data_folder
    from course_lib.classroom.overview import dashboard
    from course_lib.classroom.progress import data_dir

    print(dashboard())
    if not (kept := data_folder(data_dir())).ok:
        print(f"\n{kept.what} Mend it with: {kept.remedy}", file=sys.stderr)
    return 0


def _add_grade(parser: argparse.ArgumentParser) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser.add_argument("assignments", nargs="+", metavar="assignment", help="its name, such as 01_eval_mode")
    parser.add_argument("--students", nargs="+", metavar="STUDENT", help="these only, again even if they are graded")
    parser.add_argument("--workers", type=int, default=cores, help=f"processes side by side; {cores} on this machine")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="grade on a Dask cluster instead, tcp://HOST:8786")
    parser.add_argument("--no-sandbox", action="store_true", help="trust every submission with all that you can do")
    parser.add_argument(
        "--format", choices=("plain", "canvas", "moodle"), default="plain", help="of the file of grades"
    )
    parser.add_argument("--output", type=Path, help="the file of grades; grades.csv in the course's folder")
    parser.add_argument("--folder", type=Path, help="the nbgrader course; this folder or exercises/ in it")


def _grade(options: argparse.Namespace) -> int:
    from contextlib import suppress
    from importlib.util import find_spec

    from course_lib.classroom.grading import expect_processes
    from course_lib.errors import NotHereError

    try:
        expect_processes()
    except NotHereError as error:
        print(error, file=sys.stderr)
        return 2
    if find_spec("nbgrader") is None:
        print('Grading needs nbgrader: python -m pip install -c constraints.txt -e ".[grading]"', file=sys.stderr)
        return 2
    from course_lib.classroom.grading.server import start_server

    if options.command == "grade" and not options.scheduler:
        with suppress(OSError):  # it imports torch while this process imports nbgrader; if it can't, it says so later
            start_server()
    from course_lib.classroom.grading import class_report, command

    return (command if options.command == "grade" else class_report).main(options)


def _inspect(file: str, *, as_json: bool) -> int:
    import json

    from course_lib.checkpoints import describe_file
    from course_lib.errors import CourseError

    try:
        report = describe_file(file)
    except (CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report.to_dict(), indent=1) if as_json else report)
    return 0 if report.verdict in ("good", "not read") else 1


def _explain(text: str) -> int:
    from course_lib.classroom.explaining import explain

    if not text and not sys.stdin.isatty():
        text = sys.stdin.read()
    if not text.strip():
        print('Expected the text of an error: course explain "ERROR TEXT", or send it through a pipe.', file=sys.stderr)
        return 2
    explanation = explain(text)
    print(explanation)
    return 0 if explanation.known else 1


if __name__ == "__main__":
    sys.exit(main())

"""`course grade ASSIGNMENT`: grade a class, side by side, and go on where it stopped."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from course_lib.classroom.grading import receipts
from course_lib.classroom.grading.grade import Settings
from course_lib.classroom.grading.gradebook import Course, Row
from course_lib.classroom.grading.lms import as_csv
from course_lib.classroom.grading.workers import Done, Job, grade_all
from course_lib.errors import CourseError, InputError


def main(options: argparse.Namespace) -> int:
    """Grade, say what happened, write the grades; the exit code: 0 if all is graded, 1 if something isn't."""
    try:
        return _grade(options)
    except CourseError as e:
        print(e, file=sys.stderr)
        return 2


def _grade(options: argparse.Namespace) -> int:
    course = Course(options.folder, sandbox=not options.no_sandbox)
    assignment, settings = options.assignment, course.settings()
    if not settings.sandbox:
        print("Grading WITHOUT a sandbox: every submission can read, write and send what you can.", file=sys.stderr)
    template, handed_in = course.template(assignment), course.submissions(assignment)
    if unknown := set(options.students or ()) - set(handed_in):
        raise InputError(
            f"{', '.join(sorted(unknown))} handed in nothing. Who did: {', '.join(handed_in) or 'nobody'}."
        )
    about = receipts.basis(template, settings, assignment)
    jobs = {s: Job(s, folder, template, assignment) for s, folder in handed_in.items()}
    todo = {s: jobs[s] for s in options.students or jobs}
    if not options.students:
        saved = {row.student for row in course.rows(assignment) if row.score is not None}
        todo = {s: job for s, job in todo.items() if s not in saved or not _is_graded(course, job, about)}
    failed, interrupted = _run(course, todo, about, settings, max(1, options.workers))
    course.assign_penalties(assignment)
    rows = course.rows(assignment)
    what = {row.student: _what(course, assignment, row, failed, row.student in handed_in) for row in rows}
    print(_table([row for row in rows if row.student in handed_in or row.score is not None], what))
    output = options.output or course.folder / "grades.csv"
    output.write_text(as_csv(rows, assignment, what, options.format), encoding="utf-8")
    kept = len(jobs) - len(todo)
    print(f"{len(todo) - len(failed)} graded now, {kept} before; written to {output}.")
    for student, why in failed.items():
        print(f"NOT graded: {student}: {why}", file=sys.stderr)
    if interrupted:
        print("Interrupted. Run the same command again: it goes on where it stopped.", file=sys.stderr)
        return 130
    return 1 if failed else 0


def _run(
    course: Course, todo: Mapping[str, Job], about: dict, settings: Settings, workers: int
) -> tuple[dict[str, str], bool]:
    """Grade and save; who isn't graded and why, and whether it was interrupted."""
    failed = dict.fromkeys(todo, "not reached")
    running = grade_all(todo.values(), settings, min(workers, len(todo)))
    try:
        for done in tqdm(running, total=len(todo), desc="Grading", unit="student", disable=not todo):
            why = done.failed or _saved(course, done, todo[done.student], about)
            if why:
                failed[done.student] = why
            else:
                del failed[done.student]
            if done.stop:
                raise InputError(why)
    except KeyboardInterrupt:
        return failed, True
    finally:
        running.close()
    return failed, False


def _saved(course: Course, done: Done, job: Job, about: dict) -> str:
    """Save a graded submission, its receipt last: without one it is graded again."""
    try:
        if why := course.save(done, job):
            return why
        receipts.write(_receipt(course, job), receipts.receipt(done, about))
    except OSError as e:
        return f"It can't be written: {e}"
    return ""


def _receipt(course: Course, job: Job) -> Path:
    return receipts.place(course.folder, job.assignment, job.student)


def _is_graded(course: Course, job: Job, about: dict) -> bool:
    there = course.autograded(job.student, job.assignment).is_dir()
    return there and receipts.is_current(receipts.read(_receipt(course, job)), job, about)


def _what(course: Course, assignment: str, row: Row, failed: Mapping[str, str], handed_in: bool) -> str:
    """What happened to a student's submission, in a few words."""
    if row.student in failed:
        return f"NOT graded: {failed[row.student]}"
    if not handed_in:
        return "nothing handed in"
    content = receipts.read(receipts.place(course.folder, assignment, row.student))
    said = [f"{row.seconds_late / 3600:.1f} h late"] if row.seconds_late > 0 else []
    said += ["waits for a person"] if row.needs_person else []
    return "; ".join([*said, *filter(None, [content.get("needs_a_person")]), *content.get("remarks", ())]) or "graded"


def _table(rows: Sequence[Row], what: Mapping[str, str]) -> str:
    width = max([len("student"), *(len(row.student) for row in rows)])
    lines = [f"{'student':<{width}}  {'score':>11}  what happened"]
    for row in rows:
        score = "-" if row.score is None else f"{row.score:.10g} of {row.max_score:.10g}"
        lines.append(f"{row.student:<{width}}  {score:>11}  {what[row.student][:160]}")
    return "\n".join(line.encode("utf-8", "replace").decode() for line in lines)

"""`course grade ASSIGNMENT ...`: grade a class, side by side, and go on where it stopped."""

import argparse
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from course_lib.classroom.grading import receipts
from course_lib.classroom.grading.cluster import grade_on
from course_lib.classroom.grading.grade import printable
from course_lib.classroom.grading.gradebook import Course, Row
from course_lib.classroom.grading.lms import as_csv
from course_lib.classroom.grading.workers import Done, Job, grade_all
from course_lib.errors import CourseError, InputError

_NO_ROOM = re.compile("No space left on device|Disk quota exceeded|database or disk is full|disk I/O error")
_INTERRUPTED = "Interrupted. Run the same command again: it goes on where it stopped."
_AGAIN = "then run the same command again: it goes on where it stopped."


def main(options: argparse.Namespace) -> int:
    """Grade, say what happened, write the grades; the exit code: 0 if all is graded, 1 if something isn't."""
    try:
        return _grade(options)
    except CourseError as e:
        print(e, file=sys.stderr)
    except (OSError, SQLAlchemyError) as e:
        what = str(getattr(e, "orig", None) or e)
        print(_no_room(what) or f"Files or gradebook can't be used ({what}). Mend it, {_AGAIN}", file=sys.stderr)
    return 2


def _no_room(why: str) -> str:
    """What to do about it if this is a full disk speaking."""
    return f"The disk is full ({why}). Nothing graded is lost. Make room, {_AGAIN}" if _NO_ROOM.search(why) else ""


def _has_room(folder: Path) -> bool:
    try:
        receipts.write_whole(folder / ".room", " " * 2**20)
    except OSError:
        return False
    (folder / ".room").unlink()
    return True


def _grade(options: argparse.Namespace) -> int:
    course = Course(options.folder, sandbox=not options.no_sandbox)
    settings = course.settings()
    if not settings.sandbox:
        print("Grading WITHOUT a sandbox: every submission can read, write and send what you can.", file=sys.stderr)
    templates = {name: course.template(name) for name in options.assignments}  # all are there before one is graded
    handed_in = {name: course.submissions(name) for name in templates}
    everybody = sorted(set().union(*handed_in.values()))
    if unknown := set(options.students or ()) - set(everybody):
        raise InputError(
            f"{', '.join(sorted(unknown))} handed in nothing. Who did: {', '.join(everybody) or 'nobody'}."
        )
    failed, now, stopped = {}, 0, ""
    for name, template in templates.items():
        about = receipts.basis(template, settings, name)
        jobs = {s: Job(s, folder, template, name) for s, folder in handed_in[name].items()}
        todo = {s: job for s, job in jobs.items() if not options.students or s in options.students}
        if not options.students:
            saved = {row.student for row in course.rows(name) if row.score is not None}
            todo = {s: job for s, job in todo.items() if s not in saved or not _is_graded(course, job, about)}
        failed[name] = dict.fromkeys(todo, "not reached")
        if not stopped:
            if options.scheduler:
                running = grade_on(options.scheduler, todo.values(), settings)
            else:
                running = grade_all(todo.values(), settings, min(max(1, options.workers), len(todo)))
            stopped = _run(course, todo, about, running, failed[name])
        now += len(todo)
    classes, several = {}, len(templates) > 1
    for name in templates:  # when all are graded: the gradebook has taken in every student then
        if several:
            print(f"\n{name}")
        course.assign_penalties(name)
        # Of who isn't graded, the gradebook may hold half of the points.
        classes[name] = there = [
            replace(
                row,
                score=None if row.student in failed[name] else row.score,
                what=_what(course, name, row, failed[name], handed_in[name]),
            )
            for row in course.rows(name)
        ]
        print(_table([row for row in there if row.student in handed_in[name] or row.score is not None]))
    output = options.output or course.folder / "grades.csv"
    try:
        receipts.write_whole(output, as_csv(classes, options.format))
        written = f"written to {output}"
    except OSError as e:
        written = f"{output} can't be written"
        stopped = stopped or _no_room(str(e)) or f"The grades are not in {output} ({e}). Mend it, {_AGAIN}"
    left = {f"{s}, {name}" if several else s: why for name, them in failed.items() for s, why in them.items()}
    before = sum(map(len, handed_in.values())) - now
    print(f"{now - len(left)} graded now, {before} before; {written}.")
    for student, why in left.items():
        print(printable(f"NOT graded: {student}: {why}"), file=sys.stderr)
    if stopped:
        print(stopped, file=sys.stderr)
    return 130 if stopped == _INTERRUPTED else 1 if left or stopped else 0


def _run(course: Course, todo: Mapping[str, Job], about: dict, running: Iterator[Done], failed: dict[str, str]) -> str:
    """Grade and save, and keep in `failed` who isn't graded and why; what ended it early, if something did."""
    try:
        for done in tqdm(running, total=len(todo), desc="Grading", unit="student", disable=not todo):
            why = done.failed or _saved(course, done, todo[done.student], about)
            if why:
                failed[done.student] = why
            else:
                del failed[done.student]
            if done.stop:
                raise InputError(why)
            if _no_room(why) and not _has_room(course.folder):  # a file's name may say so too
                return _no_room(why)
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        running.close()
    return next(filter(None, map(_no_room, failed.values())), "")


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


def _what(course: Course, assignment: str, row: Row, failed: Mapping[str, str], handed_in: Collection[str]) -> str:
    """What happened to a student's submission, in a few words."""
    if row.student in failed:
        return f"NOT graded: {failed[row.student]}"
    if row.student not in handed_in:
        return "nothing handed in"
    content = receipts.read(receipts.place(course.folder, assignment, row.student))
    said = [f"{row.seconds_late / 3600:.1f} h late"] if row.seconds_late > 0 else []
    said += ["waits for a person"] if row.needs_person else []
    return "; ".join([*said, *filter(None, [content.get("needs_a_person")]), *content.get("remarks", ())]) or "graded"


def _table(rows: Sequence[Row]) -> str:
    width = max([len("student"), *(len(row.student) for row in rows)])
    lines = [f"{'student':<{width}}  {'score':>11}  what happened"]
    for row in rows:
        score = "-" if row.score is None else f"{row.score:.10g} of {row.max_score:.10g}"
        lines.append(f"{row.student:<{width}}  {score:>11}  {row.what[:160]}")
    return "\n".join(map(printable, lines))

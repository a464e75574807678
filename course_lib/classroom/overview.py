"""The dashboard: what was done, what to do next, which flashcards are due."""

import html
from collections.abc import Iterable, Sequence
from datetime import datetime

from course_lib.classroom import style
from course_lib.classroom.progress import LessonProgress, summary
from course_lib.classroom.quizzes.bank import bank_slugs
from course_lib.classroom.recall import all_cards
from course_lib.syllabus import Lesson, load_syllabus


def next_step(lesson: Lesson, done: LessonProgress, *, has_test: bool) -> str:
    """What to do next in a lesson; empty when it is finished."""
    open_tasks = [task for task in lesson.tasks if task not in done.passed]
    if not done.opened:
        return f"Open lesson {lesson.number}, {lesson.title} ({lesson.minutes} minutes)."
    if not done.read:
        return f"Read lesson {lesson.number}, {lesson.title}, to its end."
    if open_tasks:
        return f"Do the exercise of lesson {lesson.number}; still open: {', '.join(open_tasks)}."
    if has_test and not (done.last_test and done.last_test.mastered):
        return f'Take the mastery test of lesson {lesson.number}: mastery_test("{lesson.slug}").'
    return ""


def earned(lesson: Lesson, events: Iterable[dict]) -> float:
    """Points of a lesson's exercise: of each task, and of its quiz, the most that a check ever gave."""
    known = {**lesson.tasks, "quiz": lesson.quiz_points}
    best = dict.fromkeys(known, 0.0)
    for event in events:
        name, points = event["name"], event.get("earned", 0)
        if event["lesson"] == lesson.slug and name in known and isinstance(points, int | float):
            points = known[name] if event["kind"] == "passed" else points if event["kind"] == "checked" else 0
            best[name] = max(best[name], min(points, known[name]))
    return sum(best.values())


class Dashboard:
    """Done, scores, what to do next, cards due: as a table in a notebook, as text elsewhere.

    Args:
        lessons: in their order.
        events: what happened, oldest first.
        with_test: slugs of the lessons that have a question bank.
        cards: the flashcards in a sentence.
    """

    header = ("Lesson", "State", "Tasks passed", "Points", "Best quiz", "Last test")

    def __init__(
        self, lessons: Sequence[Lesson], events: Sequence[dict], *, with_test: Iterable[str], cards: str
    ) -> None:
        self.cards = cards
        self.next = "Everything is done. Keep it fresh with the flashcards."
        self.rows: list[tuple[str, ...]] = []
        self.files = [f"{lesson.name}.ipynb" for lesson in lessons]
        done = summary(events)
        for lesson in reversed(lessons):
            has_test = lesson.slug in with_test
            was = done.get(lesson.slug, LessonProgress())
            step = next_step(lesson, was, has_test=has_test)
            self.next = step or self.next
            state = "✓ done" if not step else "… under way" if was != LessonProgress() else "○ not started"
            tasks = f"{len(was.passed & set(lesson.tasks))} of {len(lesson.tasks)}" if lesson.tasks else "none"
            points = f"{earned(lesson, events):g} of {lesson.points}" if lesson.points else "none"
            quiz, test = str(was.best_quiz or "not yet"), str(was.last_test or "not yet")
            scores = (quiz, test) if has_test else ("none", "none")
            self.rows.insert(0, (f"{lesson.number:02d} {lesson.title}", state, tasks, points, *scores))

    def __repr__(self) -> str:
        table = [self.header, *self.rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(self.header))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
        return "\n".join([*(line.rstrip() for line in lines), "", f"Next: {self.next}", self.cards])

    def _repr_html_(self) -> str:
        """The table, in which a lesson is a link to the notebook that lies beside this one."""
        head = "".join(f'<th scope="col">{name}</th>' for name in self.header)
        body = "".join(
            f'<tr><th scope="row"><a href="{file}">{html.escape(row[0])}</a></th>'
            f"{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>"
            for row, file in zip(self.rows, self.files, strict=True)
        )
        foot = f"<p><b>Next:</b> {html.escape(self.next)}</p><p>{html.escape(self.cards)}</p>"
        return style.panel(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}")


def dashboard() -> Dashboard:
    """Your progress through the course: make it the last line of a cell."""
    cards, now = all_cards(), datetime.now().astimezone()
    words = cards.due(now) + (" Show them with flashcards()." if cards.waiting(now) else "")
    return Dashboard(load_syllabus().lessons, cards.events, with_test=bank_slugs(), cards=words)

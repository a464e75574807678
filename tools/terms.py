"""No term before its time: a lesson uses what it introduces, and what the lessons that it needs have introduced."""

import re
from collections.abc import Iterator
from pathlib import Path

from course_lib.classroom.glossary import load_glossary
from course_lib.errors import ContentError
from course_lib.syllabus import Syllabus
from tools.parts import Parts

PLACE = "course_lib/glossary.yaml"


def check_terms(parts: Parts, syllabus: Syllabus, root: Path) -> Iterator[str]:
    """What the glossary finds wrong in a lesson's text, and what the lesson finds wrong in the glossary."""
    try:
        terms = load_glossary(root / PLACE)
    except ContentError as error:
        yield str(error)
        return
    lesson, known = parts.lesson, {other.slug for other in syllabus.known}
    met = {lesson.slug, *(other.slug for other in syllabus.needed_by(lesson))}
    own = [term for term in terms if lesson.slug in term.lessons]
    if not own:
        yield f"{PLACE}: no term is introduced by {lesson.slug}. Add those that its text explains."
    if not parts.cells:
        return
    texts = [re.sub(r"\(http[^)]*\)", " ", cell.source) for cell in parts.cells if cell.kind == "markdown"]
    for term in own:
        if not any(map(term.stands_in, texts)):
            yield f"{PLACE}, {term.name!r}: {lesson.slug} introduces it, and its text never says it. Mend either."
    for term in terms:
        for slug in sorted(set(term.lessons) - known):
            yield f"{PLACE}, {term.name!r}: there is no lesson {slug!r}. Use one of: {', '.join(sorted(known))}."
        if term.lessons and not met & set(term.lessons):
            for cell in parts.cells:
                if cell.kind == "markdown" and term.stands_in(re.sub(r"\(http[^)]*\)", " ", cell.source)):
                    yield (
                        f"lessons/{lesson.name}/lesson.py, line {cell.line}: {term.name!r} stands before its time; "
                        f"it is introduced by {' and '.join(term.lessons)}, which this lesson doesn't need. Say it in "
                        f"other words, explain it here (and say so in {PLACE}), or add to 'needs' in course_lib/course.toml."
                    )
                    break

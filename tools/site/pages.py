"""The pages around the lessons: start, glossary, error index, cheat sheets. Their texts are in site/."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.classroom import style
from course_lib.classroom.explaining import KnownError, known_errors
from course_lib.classroom.quizzes.bank import run
from course_lib.syllabus import Lesson, load_syllabus
from tools import ROOT
from tools.notebooks import in_words
from tools.site.book import terms
from tools.site.running import anonymous

SITE = ROOT / "site"
_SAID_HERE = {  # what a lesson says of JupyterLab, and what is so on a page
    "run the cell again for others": "at the end you can ask for others",
    "The exercise is linked below": "The exercise comes with the course",
    "Flashcards come back when they are due": "In JupyterLab flashcards come back when they are due",
}
_SPELT = {  # in the title of an error, which its id is
    **{word: word.upper() for word in ("bce", "cuda", "dcp", "gpu", "json", "Gpu", "Rng")},
    "Numpy": "NumPy",
    "numpy": "NumPy",
    "apple": "Apple",
    "Bfloat16": "bfloat16",
}


def write(notebooks: Mapping[str, NotebookNode], folder: Path) -> None:
    """Write the sources of the book into an empty folder: these lessons, and what stands around them."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "_static").mkdir(parents=True)
    sheet = style.STYLE.removeprefix("<style>").removesuffix("</style>")
    (folder / "_static" / "course.css").write_text(sheet, encoding="utf-8")
    lessons = [lesson for lesson in load_syllabus().lessons if lesson.name in notebooks]
    for lesson in lessons:
        nbformat.write(for_the_site(notebooks[lesson.name], lessons), folder / f"{lesson.name}.ipynb")
    parts = {part: [x for x in lessons if x.part == part] for part in dict.fromkeys(x.part for x in lessons)}
    recaps = {part: [(x, r) for x in within if (r := recap(notebooks[x.name]))] for part, within in parts.items()}
    sheets = {f"cheat_sheet_{i}": part for i, part in enumerate((p for p in parts if recaps[p]), 1)}
    for name, part in sheets.items():
        text = "\n\n".join(_sheet(lesson, words) for lesson, words in recaps[part])
        _fill("cheat_sheet", folder / f"{name}.md", part=part, recaps=text)
    _fill("index", folder / "index.md", **_start(parts, sheets))
    _fill("glossary", folder / "glossary.md", terms="\n".join(_terms(lessons)))
    scorer = (SITE / "scorer.js").read_text(encoding="utf-8").replace("INTRODUCED", json.dumps(_introduced(lessons)))
    (folder / "scorer.js").write_text(scorer, encoding="utf-8")
    known = [error for lesson in lessons for error in known_errors() if error.lesson == lesson.slug]
    matches = json.dumps([error.match.replace("(?P<", "(?<") for error in known]).replace("<", "\\u003c")
    _fill("errors", folder / "errors.md", matches=matches, errors="\n\n".join(_errors(known, lessons)))


def _fill(template: str, path: Path, **parts: str) -> None:
    path.write_text((SITE / f"{template}.md").read_text(encoding="utf-8").format(**parts), encoding="utf-8")


def for_the_site(notebook: NotebookNode, lessons: Sequence[Lesson]) -> NotebookNode:
    """A lesson whose links lead to pages; what has none here (an exercise) is only named, as are pictures elsewhere."""
    here = {f"{lesson.name}.ipynb" for lesson in lessons}
    notebook.cells = [c for c in notebook.cells if not (c.cell_type == "code" and _is_generated(c))]  # Colab's set-up
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"!\[([^\]]*)\]\(https?:[^)]*\)", r"\1", cell.source)
            for there, here_it_is in _SAID_HERE.items():
                text = text.replace(there, here_it_is)
            link = r"\[([^\]]+)\]\((?!https?:|#)([^)#]+)[^)]*\)"
            cell.source = re.sub(link, lambda m: m[0] if m[2] in here else _named(m), text)
    return notebook


def _is_generated(cell: NotebookNode) -> bool:
    return cell.metadata.get("course", {}).get("generated", False)


def _named(link: re.Match[str]) -> str:
    return "Exercise: in JupyterLab" if link[1] == "Exercise" else link[1]


def recap(notebook: NotebookNode) -> str:
    """What stands under a lesson's Recap, without its heading and without where to read more."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = re.search(r"^## Recap\n(.*?)(?=^## |\Z)", text, flags=re.S | re.M)
    paragraphs = re.split(r"\n\s*\n", found[1].strip()) if found else []
    return "\n\n".join(p for p in paragraphs if not p.startswith(("Read more", "Where to read more")))


def _sheet(lesson: Lesson, text: str) -> str:
    return f"## {lesson.number}. [{lesson.title}]({lesson.name}.ipynb)\n\n{text}"


def _start(parts: Mapping[str, Sequence[Lesson]], sheets: Mapping[str, str]) -> dict[str, str]:
    """What index.md is filled with."""
    listed, trees = [], []
    for part, lessons in parts.items():
        rows = [f"- [{x.number}. {x.title}]({x.name}.ipynb): {in_words(x)}" for x in lessons]
        listed.append(f"## {part}\n\n" + "\n".join(rows))
        trees.append(_toctree(part, [f"{x.number}. {x.title} <{x.name}>" for x in lessons]))
    pages = ["Glossary <glossary>", "Error index <errors>"]
    trees.append(_toctree("Look up", [*pages, *(f"Cheat sheet: {part} <{name}>" for name, part in sheets.items())]))
    links = ", ".join(f"[{part}]({name}.md)" for name, part in sheets.items())
    github = load_syllabus().github
    return {
        "title": load_syllabus().title,
        "course": f"[the course](https://github.com/{github})" if github else "the course",
        "lessons": "\n\n".join(listed),
        "sheets": links,
        "toctrees": "\n\n".join(trees),
    }


def _toctree(caption: str, entries: Sequence[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```"])


def _terms(lessons: Sequence[Lesson]) -> list[str]:
    by_slug = {lesson.slug: lesson for lesson in lessons}
    lines = []
    for name, term in terms().items():
        taught = [f"[{x.number}. {x.title}]({x.name}.ipynb)" for slug in term.lessons if (x := by_slug.get(slug))]
        shown = f"`{name}`" if "_" in name else term.name  # else Markdown takes __reduce__ for bold
        lines += [shown, f"  {term.means}" + (f" Introduced in {', '.join(taught)}." if taught else ""), ""]
    return lines


def _introduced(lessons: Sequence[Lesson]) -> dict[str, list[str]]:
    """The pages of the lessons that introduce a term, by the term as somebody would type it."""
    names = {lesson.slug: lesson.name for lesson in lessons}
    return {
        name.lower(): pages
        for name, term in terms().items()
        if (pages := [names[slug] for slug in term.lessons if slug in names])
    }


def _errors(known: Sequence[KnownError], lessons: Sequence[Lesson]) -> list[str]:
    by_slug, blocks, before = {lesson.slug: lesson for lesson in lessons}, [], ""
    for error in known:
        lesson = by_slug[error.lesson]
        if error.lesson != before:
            blocks.append(f"## {lesson.number}. {lesson.title}")
        before = error.lesson
        message = f"```text\n{message_of(error)}\n```\n\n" if error.program else ""
        read = f"Read: [{error.about}]({lesson.name}.ipynb#{slug_of(error.about)})."
        blocks.append(
            f"### {title_of(error)}\n\n{message}{error.cause}\n\n```python\n{error.mend.strip()}\n```\n\n{read}"
        )
    return blocks


def title_of(error: KnownError) -> str:
    """The heading of an error: its id, as one would write it."""
    return " ".join(_SPELT.get(word, word) for word in error.id.capitalize().split("-"))


@cache
def message_of(error: KnownError) -> str:
    """The message that Python prints: the error's own program is run for it."""
    raised = run(error.program).error
    text = re.sub(r"\x1b\[[0-9;]*m", "", anonymous(f"{type(raised).__name__}: {raised}"))  # a terminal's bold letters
    return text if len(text) <= 400 else f"{text[:400].rstrip()} ..."


def slug_of(heading: str) -> str:
    """The anchor of a heading, as MyST makes it."""
    return re.sub(r"[^\w\u4e00-\u9fff\- ]", "", heading.strip().lower().replace(" ", "-").replace("`", ""))

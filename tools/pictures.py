"""Make the README's pictures again, into pictures/: `python -m tools.pictures [explorer] [verdict] [report]`.

Each is what a learner or an instructor sees, drawn by the course itself and photographed by Chromium at two pixels a
point: an explorer as the site shows it, the verdict of a real check, the report on a class that was really graded.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from course_lib.classroom import style
from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import typed_key
from course_lib.classroom.sources import read_cells
from course_lib.classroom.tasks.checking import solution_code
from course_lib.lessons.roc_analysis import threshold_explorer
from course_lib.syllabus import load_syllabus
from tools import ROOT
from tools.site.frames import explorer_html

PICTURES = ROOT / "pictures"
CLASS = "01_eval_mode"
HEAD = f"""<!DOCTYPE html><meta charset="utf-8">{style.STYLE}
<style>{(ROOT / "site" / "static" / "site.css").read_text(encoding="utf-8")}</style>
<style>{HtmlFormatter().get_style_defs(".code")}
:root {{ --pst-color-surface: #f5f5f5; --pst-color-text-muted: #767676; }}
body {{ margin: 0; padding: 16px 20px; background: #fff; color: #222; width: max-content; font: 14px/1.5 system-ui, sans-serif; }}
.code {{ background: #f7f7f7; border: 1px solid #e0e0e0; padding: 8px 12px; margin: 10px 0 6px; width: 720px; box-sizing: border-box; }}
.code pre {{ margin: 0; font: 13px/1.45 ui-monospace, monospace; }}
.code:first-of-type, .site-controls {{ margin-top: 0; }}
.site-controls {{ display: flex !important; }}
.site-words, .site-explorer > .cl-small {{ display: none; }}
</style>"""


def main(names: Sequence[str] = ()) -> int:
    """Make the pictures of these names, or all of them."""
    makers = {"explorer": explorer, "verdict": verdict, "report": report}
    PICTURES.mkdir(exist_ok=True)
    chromium = next(p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in names or makers:
            path = PICTURES / f"{name}.png"
            photograph(browser, *makers[name](), path)
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
        browser.close()
    return 0


def photograph(browser: Browser, page_html: str, end: str, path: Path) -> None:
    """Draw a page and keep it as a picture, with 256 colours: that is what such pages have, and a third of the bytes.

    Args:
        browser: Chromium.
        page_html: the page.
        end: a selector of what is below the part that is kept; empty for the whole page.
        path: the picture.
    """
    page = browser.new_page(device_scale_factor=2, viewport={"width": 1000, "height": 800})
    page.set_content(page_html)
    box = page.locator("body").bounding_box()
    height = page.locator(end).first.bounding_box()["y"] - 20 if end else 2 * box["y"] + box["height"]
    part = {"x": 0, "y": 0, "width": 2 * box["x"] + box["width"], "height": height}
    page.screenshot(path=path, full_page=True, clip=part)
    page.close()
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def explorer() -> tuple[str, str]:
    """Lesson 05's explorer, as the site shows it above its words."""
    return HEAD + explorer_html(threshold_explorer(), "roc"), ""


def verdict() -> tuple[str, str]:
    """A wrong answer to a task of lesson 03, what `check` says of it, and the hint that fits."""
    cells = read_cells(ROOT / "lessons" / "03_evaluation_loop" / "attempts" / "mean_absolute_error.py")
    wrong = next(cell.source for cell in cells if cell.title.startswith("wrong: mean of batch means"))
    shell, body = InteractiveShell.instance(), ""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSE_DATA_DIR"] = folder  # nobody's progress
        shell.run_cell("from course_lib.classroom import check, hint")
        for code in (wrong, "check(mean_absolute_error)", "hint(mean_absolute_error)"):
            with capture_output() as seen:
                shell.run_cell(code)
            body += highlight(code, PythonLexer(), HtmlFormatter(cssclass="code"))
            body += "".join(out.data.get("text/html", "") for out in seen.outputs)
    return HEAD + body, ""


def report() -> tuple[str, str]:
    """The top of the report on fifteen students who don't exist, graded in the sandbox."""
    with tempfile.TemporaryDirectory() as folder:
        exercises = Path(folder, "exercises")
        shutil.copytree(ROOT / "exercises" / "source" / CLASS, exercises / "source" / CLASS)
        shutil.copy(ROOT / "exercises" / "nbgrader_config.py", exercises)
        shutil.copytree(ROOT / "lessons", Path(folder, "lessons"))
        _run(exercises, "nbgrader", "generate_assignment", CLASS)
        for number, (mistakes, typed) in enumerate(STUDENTS, start=1):
            _hand_in(exercises, f"student{number:02}", mistakes, typed)
        _run(exercises, "course_lib", "grade", CLASS)
        _run(exercises, "course_lib", "class-report", CLASS)
        return (exercises / f"class_report_{CLASS}.html").read_text(encoding="utf-8"), "h2:has-text('Scores')"


NO_FINALLY, ONE_FLAG = {"evaluation_mode": "no finally"}, {"evaluation_mode": "one flag for all"}
STUDENTS = (
    *[({}, {})] * 6, (ONE_FLAG, {"q1": "A"}), (ONE_FLAG, {"q1": "A"}), (ONE_FLAG, {}), (ONE_FLAG, {"q3": "A"}),
    (NO_FINALLY, {"q1": "A"}), (NO_FINALLY, {}), ({"predict": None}, {"q2": "A"}), ({"predict": None}, {}), (None, {}),
)  # fmt: skip
"""Of each student: by task the wrong attempt that was handed in, None for none, and the quiz's answers that aren't right.
Whoever has None instead of tasks handed in the release as it was."""


def _hand_in(exercises: Path, student: str, mistakes: dict[str, str | None] | None, typed: dict[str, str]) -> None:
    answers = {}
    if mistakes is not None:
        answers = {task: solution_code(task) for task in load_syllabus().called(CLASS).tasks if task not in mistakes}
        for task, what in mistakes.items():
            cells = read_cells(ROOT / "lessons" / CLASS / "attempts" / f"{task}.py")
            if what:
                answers[task] = next(c.source for c in cells if c.title.startswith(f"wrong: {what}"))
        bank = load_bank(ROOT / "lessons" / CLASS / "graded_quiz.yaml").questions
        typed = {f"q{i}": typed_key(question) for i, question in enumerate(bank, 1)} | typed
    notebook = nbformat.read(exercises / "release" / CLASS / f"{CLASS}.ipynb", as_version=4)
    for cell in notebook.cells:
        task = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("solution-")
        cell.source = answers.get(task, cell.source)
        for question, answer in typed.items():
            if cell.source == f'{question} = ""':
                cell.source = f'{question} = "{answer}"'
    folder = exercises / "submitted" / student / CLASS
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{CLASS}.ipynb")


def _run(exercises: Path, *command: str) -> None:
    """Run a module in a course that knows nothing of this user's settings."""
    at = {"JUPYTER_DATA_DIR": str(exercises), "JUPYTER_CONFIG_DIR": str(exercises), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", *command], cwd=exercises, env={**os.environ, **at}, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

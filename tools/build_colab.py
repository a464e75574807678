"""Write notebooks for Colab into dist/colab/: each carries the course's wheel, so it works wherever it is uploaded.

    python tools/build_colab.py

They are the built notebooks, `notebooks/` and `exercises/release/`, with a first cell that adds the course.
"""

import argparse
import base64
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import indent

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).parents[1])
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib.errors import ContentError, CourseError
from tools import ROOT, short
from tools.notebooks import ADD_COURSE, generated, to_text

OF_A_WHEEL = ("course_lib", "lessons", "pyproject.toml", "setup.py", "README.md", "LICENSE", "LICENSE-TEXT")
LINK = re.compile(r"\[([^\]\[]+)\]\((?:\.\./)*(?:[\w.-]+/)*([\w-]+\.ipynb)\)")
FIRST_CELL = '''\
# @title In Colab, run this first
# It adds the course to what is there; anywhere else it does nothing. The long text is the course's own wheel.
def add_course(name, text):
    import sys

    if "google.colab" not in sys.modules:
        return
    import base64
    import pathlib
    import tempfile

    wheel = pathlib.Path(tempfile.mkdtemp(), name)
    wheel.write_bytes(base64.b64decode(text))
{code}


add_course(
    "{name}",
    """
{text}
""",
)'''


def build_wheel(folder: Path, root: Path = ROOT) -> Path:
    """Build the course's wheel into a folder; its path. With the worked solutions, as setup.py adds them.

    Raises:
        ContentError: pip can't build it.
    """
    with tempfile.TemporaryDirectory() as temporary:  # a copy: setuptools leaves its build/ behind, and reuses it
        for name in OF_A_WHEEL:
            source, target = root / name, Path(temporary, name)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, target)
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        done = subprocess.run(
            [*pip, "--wheel-dir", str(folder), temporary], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise ContentError(f"pip can't build the course's wheel:\n{done.stderr.strip()}")
    return max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)


def first_cell(wheel: Path) -> NotebookNode:
    """The cell that carries a wheel; Colab shows its title, JupyterLab folds it."""
    text = base64.b64encode(wheel.read_bytes()).decode()
    lines = "\n".join(text[i : i + 1000] for i in range(0, len(text), 1000))
    code = indent(ADD_COURSE.format(course="str(wheel)"), " " * 4)
    source = FIRST_CELL.format(code=code, name=wheel.name, text=lines)
    hidden = {"cellView": "form", "jupyter": {"source_hidden": True}}
    return generated(new_code_cell(source, id="add-course", metadata=hidden))


def for_colab(notebook: NotebookNode, first: NotebookNode) -> NotebookNode:
    """A built notebook, with the first cell below its heading; a link to another notebook becomes its file's name."""
    heading, *cells = notebook.cells
    if cells[0].metadata.get("cellView"):  # the cell of a published course
        del cells[0]
    notebook.cells = [heading, first, *cells]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(r"\1 (`\2`)", cell.source)
    return notebook


def write(root: Path = ROOT) -> list[Path]:
    """Write dist/colab/ anew: lessons, and exercises in a folder below; the paths written.

    Raises:
        ContentError: there are no built notebooks, or the wheel can't be built.
    """
    sources = {path.name: path for path in sorted((root / "notebooks").glob("*.ipynb"))}
    sources |= {f"exercises/{p.name}": p for p in sorted((root / "exercises" / "release").glob("*/*.ipynb"))}
    if not sources:
        raise ContentError("There are no notebooks yet. Run `make build` first.")
    with tempfile.TemporaryDirectory() as temporary:
        first = first_cell(build_wheel(Path(temporary), root))
    folder = root / "dist" / "colab"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "exercises").mkdir(parents=True)
    for name, source in sources.items():
        notebook = for_colab(nbformat.read(source, as_version=4), first)
        (folder / name).write_text(to_text(notebook), encoding="utf-8", newline="\n")
    return [folder / name for name in sources]


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    try:
        written = write(parser.parse_args(arguments).root)
    except CourseError as e:
        print(e, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in written) / 2**20
    print(
        f"Wrote {len(written)} notebooks into {short(written[0].parent)}, {size:.0f} MB. Upload any of them to Colab."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

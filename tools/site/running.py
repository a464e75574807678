"""Run the notebooks for the site, once: what came out is kept in build/site/ until something of the course changes."""

import asyncio
import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from course_lib.classroom import style
from course_lib.errors import ContentError
from tools import ROOT

INSTALL = "from tools.site.in_kernel import install\n\ninstall()"
_SOURCES = (
    "course_lib/**/*.py",
    "course_lib/**/*.yaml",
    "course_lib/**/*.toml",
    *map("tools/site/{}.py".format, ("frames", "in_kernel", "running")),
    "constraints.txt",
)


def executed(names: Sequence[str], notebooks: Path, folder: Path) -> dict[str, NotebookNode]:
    """These of the notebooks with their outputs, from `folder` where nothing changed; two are run at a time.

    Raises:
        ContentError: a cell of a notebook raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    course = _digest(sorted(path for pattern in _SOURCES for path in ROOT.glob(pattern)))
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        return dict(zip(names, pool.map(lambda name: _executed(name, notebooks, folder, course), names), strict=True))


def _executed(name: str, notebooks: Path, folder: Path, course: str) -> NotebookNode:
    source = notebooks / f"{name}.ipynb"
    kept = folder / f"{name}-{_digest([source], course)}.ipynb"
    if not kept.exists():
        for old in folder.glob(f"{name}-*.ipynb"):
            old.unlink()
        notebook = _run(name, nbformat.read(source, as_version=4))
        nbformat.write(notebook, kept)
        print(f"ran {name}", flush=True)
    return nbformat.read(kept, as_version=4)


def _digest(paths: Iterable[Path], before: str = "") -> str:
    digest = hashlib.sha256(before.encode())
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _run(name: str, notebook: NotebookNode) -> NotebookNode:
    notebook.cells.insert(0, nbformat.v4.new_code_cell(INSTALL))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        work = Path(home, "my_course")
        work.mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "COURSE_DATA_DIR": str(Path(home, "data")),
            "OMP_NUM_THREADS": "1",
        }
        environment.pop("MPLBACKEND", None)  # figures are drawn into the notebook
        # A line may come in pieces; joined later, by MyST-NB, each piece would begin a line of its own.
        client = NotebookClient(
            notebook, timeout=600, coalesce_streams=True, resources={"metadata": {"path": str(work)}}
        )
        client.extra_arguments = ["--log-level=ERROR"]
        try:
            asyncio.run(client.async_execute(env=environment))  # a loop of its own: this is a thread's work
        except CellExecutionError as error:
            raise ContentError(f"notebooks/{name}.ipynb: a cell raises {error.ename}: {error.evalue}") from None
        del notebook.cells[0]
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count = None
                cell.outputs = [tidy(output) for output in cell.outputs]
                alts = [output.get("metadata", {}).get("image/png", {}).get("alt", "") for output in cell.outputs]
                if any(alts):
                    cell.metadata["mystnb"] = {"image": {"alt": " ".join(filter(None, alts))}}
    notebook.metadata.pop("widgets", None)
    return notebook


def tidy(output: NotebookNode) -> NotebookNode:
    """An output for the site: no widget, no style sheet of its own, no folder of this machine, links to pages."""
    if "text" in output:
        output.text = anonymous(output.text)
    data = output.get("data", {})
    data.pop(style.WIDGET_VIEW, None)
    for kind in ("text/html", "text/plain"):
        if kind in data:
            text = anonymous(data[kind].replace(style.STYLE, ""))
            data[kind] = re.sub(r'href="(\d\d_\w+)\.ipynb', r'href="\1.html', text)
    return output


def anonymous(text: str) -> str:
    """A text without this machine's Python and its folders for temporary files, which are new every time."""
    return re.sub(rf"{re.escape(tempfile.gettempdir())}/\w+", "~", text.replace(sys.executable, "python"))

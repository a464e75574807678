"""`course lab`: bring the learner's folder up to date and open it in JupyterLab."""

import os
from collections.abc import Sequence
from pathlib import Path

from course_lib.classroom import own_folder
from course_lib.errors import NotHereError

FOLDER = own_folder.COURSE / "my_course"
START = Path("notebooks", "00_start_here.ipynb")
SETTINGS = Path(__file__).with_name("jupyter")
"""Jupyter's configuration: no news, and widgets are saved with a notebook, so that it shows the same tomorrow."""


def open_lab(folder: Path, options: Sequence[str] = ()) -> None:
    """Bring the folder up to date and run JupyterLab in it until it is stopped.

    Args:
        folder: the learner's.
        options: for JupyterLab, such as "--no-browser"; a path among them is opened instead of lesson 0.

    Raises:
        NotHereError: JupyterLab is not installed.
        InputError: the folder can't be used.
    """
    folder = folder.expanduser().absolute()
    own_folder.update(folder)
    print(f"Your notebooks are in {folder}. They are yours: no update of the course overwrites what you changed.")
    try:
        from jupyterlab.labapp import LabApp
    except ImportError as error:
        raise NotHereError(
            f'JupyterLab can\'t be started: {error}. In {own_folder.COURSE}: python -m pip install -c constraints.txt -e ".[lab]"'
        ) from error
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        print("You are root. JupyterLab is told that this is meant; better, open the course as an ordinary user.")
    # One folder more to look into: the learner's own settings keep their place and win.
    earlier = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(SETTINGS), *([earlier] if earlier else [])])
    print("Starting JupyterLab. Leave this window open; Ctrl+C stops it.", flush=True)
    LabApp.launch_instance(lab_options(folder, options, root=root))


def lab_options(folder: Path, options: Sequence[str] = (), *, root: bool = False) -> list[str]:
    """What JupyterLab is started with: the folder, the learner's own options, and what to open."""
    return [f"--ServerApp.root_dir={folder}", *(["--allow-root"] if root else []), *options, str(folder / START)]

"""In Colab: what a notebook's first cell does once the course's wheel is installed, and progress on Google Drive."""

import importlib
import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

from course_lib.classroom.doctor import DISTRIBUTION, LEFT_ALONE, installed_version

DRIVE = Path("/content/drive")
FOLDER = "evaluate-save-load"


def set_up(added: bool) -> None:
    """Install what the course needs and this machine lacks, without what those need in turn; say what was done.

    Args:
        added: whether the course itself was installed just now.

    Raises:
        RuntimeError: something could not be installed.
    """
    lacking = lacks(importlib.metadata.requires(DISTRIBUTION) or [])
    if lacking:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *lacking]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(
                f"{', '.join(lacking)} could not be installed. Is this machine online? Run this cell again.\n{done.stderr}"
            )
        importlib.invalidate_caches()  # this process has looked into the folder before
    new = [DISTRIBUTION] * added + [_name(requirement) for requirement in lacking]
    print(f"Installed: {_versions(new)}." if new else f"The course is here already: {_versions([DISTRIBUTION])}.")
    print(f"Left as it was: all else, such as {_versions(LEFT_ALONE)}.")
    if "COURSE_DATA_DIR" not in os.environ:
        print("Your progress is lost when Colab ends this session. To keep it in your Google Drive, run in a new cell:")
        print("    from course_lib.classroom import keep_on_drive; keep_on_drive()")


def lacks(requirements: list[str]) -> list[str]:
    """Those of the course's requirements that are not installed; nothing of an extra, and nothing to be left alone.

    >>> lacks(["numpy>=2", "torch>=2.6", "no-such-thing<7,>=6.0", "nor-this; extra == 'lab'"])
    ['no-such-thing<7,>=6.0']
    """
    wanted = [requirement for requirement in requirements if ";" not in requirement]
    names = {requirement: _name(requirement) for requirement in wanted}
    return [r for r, name in names.items() if name not in LEFT_ALONE and installed_version(name) is None]


def keep_on_drive() -> None:
    """Keep your progress in your Google Drive from now on, and bring what this session has so far.

    Drive asks for your permission. Run it once in each session.

    Raises:
        NotHereError: this is not Colab.
    """
    from course_lib.classroom import event_log, progress
    from course_lib.errors import NotHereError

    try:
        from google.colab import drive
    except ImportError:
        raise NotHereError(
            f"This is not Colab: there is no Google Drive to mount. Your progress is kept in {progress.data_dir()}."
        ) from None
    earlier, before = progress.events(), progress.data_dir()
    drive.mount(str(DRIVE))
    folder = DRIVE / "MyDrive" / FOLDER
    if folder != before:
        os.environ["COURSE_DATA_DIR"] = str(folder)
        there = progress.events()  # after a restart of the kernel, what was brought before
        for event in earlier:
            if event not in there:
                event_log.append(folder / "progress.jsonl", event)
    number = len(progress.events())
    print(f"Your progress is kept in your Drive, in the folder {FOLDER}: {number} event{'s' * (number != 1)} so far.")


def _name(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0]


def _versions(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"{name} {installed_version(name)}" for name in names if installed_version(name))

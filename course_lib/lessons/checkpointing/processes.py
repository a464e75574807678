"""Start a training program as a process of its own, and kill it, or ask it to stop, at the right moment."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import torch

from course_lib.data import digits

PATIENCE = 60  # seconds; a program takes two to start


def run_and_kill(program: str, path: Path) -> int:
    """Run a program, and kill it (SIGKILL) as soon as a save has begun: as a file in its folder has 0 bytes.

    Args:
        program: Python as text. Its sys.argv[1] is a file with digits, images (N, 1, 8, 8) and labels (N,); its
            sys.argv[2] is `path`. It prints the number of each epoch that is saved.
        path: Where it saves; the folder is made anew.

    Returns:
        The last epoch that the program reported as saved.
    """
    process = _start(program, path)
    said = process.stdout.readline()  # epoch 1 is saved
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and not _has_an_empty_file(path.parent) and time.monotonic() < deadline:
        time.sleep(0.0005)
    process.kill()
    return int((said + process.communicate()[0]).split()[-1])


def run_and_stop(program: str, path: Path) -> tuple[int, list[str]]:
    """Run a program until it has printed a line, send it SIGTERM, and wait for its end.

    Args:
        program: As for `run_and_kill`.
        path: The same.

    Returns:
        Its exit status (0: it ended by itself; -15: the signal ended it), and the lines it printed.
    """
    process = _start(program, path)
    said = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    try:
        said += process.communicate(timeout=PATIENCE)[0]
    finally:
        process.kill()
    return process.returncode, said.splitlines()


def _start(program: str, path: Path) -> subprocess.Popen:
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir(parents=True)
    command = [sys.executable, "-c", program, str(_digits_file(os.getpid())), str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@lru_cache(maxsize=1)
def _digits_file(_process: int) -> Path:
    path = Path(tempfile.mkdtemp(), "digits.pt")
    torch.save(digits().train.tensors, path)
    return path


def _has_an_empty_file(folder: Path) -> bool:
    for path in folder.iterdir():
        try:
            if not path.stat().st_size:
                return True
        except FileNotFoundError:  # renamed between the look at the folder and the look at the file
            continue
    return False

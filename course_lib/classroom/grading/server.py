"""The fork server: Python's own, with everything preloaded. It imports nothing heavy in who starts it."""

import contextlib
import os
import sys
import threading
import types
from collections.abc import Iterator
from multiprocessing import forkserver, process

PRELOAD = "course_lib.classroom.grading.preload"
_starting = threading.RLock()
_KEPT = {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "HOME", "SYSTEMROOT"}


@contextlib.contextmanager
def warm() -> Iterator[None]:
    """Have the fork server running, and keep our `__main__` out of the processes that are started in the block."""
    with _starting:
        start_server()
        main, us = sys.modules["__main__"], process.current_process()
        # A child imports its parent's __main__, here nbgrader's command: a second for nothing. It has none.
        sys.modules["__main__"] = types.ModuleType("__main__")
        # A Dask worker is a daemonic process, which mayn't have children: they could outlive it. Ours end by themselves.
        daemonic = us._config.pop("daemon", None)
        try:
            yield
        finally:
            sys.modules["__main__"] = main
            if daemonic is not None:
                us._config["daemon"] = daemonic


def share_server() -> None:
    """In a process that the fork server forked: start processes from it too, and not from another one."""
    process.current_process()._config.pop("daemon", None)
    forkserver._forkserver.ensure_running = lambda: None


def start_server() -> None:
    """Start the fork server with one thread, all that is preloaded, and an environment that holds no token.

    What a process was started with stays readable in /proc for all that it forks.
    """
    if forkserver._forkserver._forkserver_address:  # it runs, or did; if it died, the next process starts it again
        return
    before = dict(os.environ)
    for name in set(os.environ) - _KEPT:
        del os.environ[name]
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    os.environ.update({"MPLBACKEND": "agg", "PYTHONHASHSEED": "0"})
    try:
        forkserver.set_forkserver_preload([PRELOAD])
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)

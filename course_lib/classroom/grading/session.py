"""One process for one submission, seen from the grader: start it, ask it, stop it, whatever it does."""

import contextlib
import multiprocessing
import os
import signal
import socket
import sys
import time
import types
from collections.abc import Iterator, Mapping
from multiprocessing import forkserver
from typing import Any

from course_lib.classroom.grading.child import Room, watch
from course_lib.classroom.grading.sandbox import NoSandboxError
from course_lib.classroom.grading.wire import Channel, Closed, Silent
from course_lib.errors import WireError

PRELOAD = "course_lib.classroom.grading.preload"
GRACE_SECONDS = 3.0
"""How long a cell may take to end once it was interrupted."""

_KEPT = {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "HOME", "SYSTEMROOT"}

END_SECONDS = 20.0
START_SECONDS = 120.0
"""The first start imports torch and the rest; on a busy machine that takes a while."""


class Ended(Exception):
    """The process is gone or was killed; the message says why, in words that follow "the process"."""


class Session:
    """A process that runs the cells of one submission. Use it in a `with` block: it is gone afterwards.

    Args:
        room: what it is given.

    Raises:
        NoSandboxError: this system can't shut it in.
        RuntimeError: it ended before it was ready.
    """

    def __init__(self, room: Room):
        end, theirs = socket.socketpair()
        self._alive, alive_theirs = socket.socketpair()
        self._channel = Channel(end)
        context = multiprocessing.get_context("forkserver")
        with theirs, alive_theirs:
            self._process = context.Process(target=watch, args=(theirs, alive_theirs, room), daemon=True)
            with warm():
                self._process.start()
        try:
            said, _ = self._receive(START_SECONDS)
        except (Closed, Silent, WireError) as e:
            self.close()
            raise RuntimeError(f"the process for a submission didn't start ({type(e).__name__})") from None
        if refused := said.get("refused"):
            self.close()
            raise NoSandboxError(
                f"{str(refused)[:500]} Grade on Linux, as root or where user namespaces are allowed "
                "(sysctl kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0). "
                "If you trust every submission with your files, grade with --no-sandbox."
            )

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, message: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], bytes, bool]:
        """Ask for something and wait for the answer.

        Args:
            message: what to do.
            seconds: how long it may take; then it is interrupted, and if that doesn't help, killed.

        Returns:
            What came back, bytes with it, and whether it had to be interrupted.

        Raises:
            Ended: the process ended, had to be killed, or sent what is no answer.
        """
        try:
            self._channel.send(message)
            try:
                return *self._receive(max(seconds, 0.1)), False
            except Silent:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._process.pid, signal.SIGINT)
                return *self._receive(GRACE_SECONDS), True
        except Silent:
            self.close()
            raise Ended("was stopped: it ran too long and didn't heed the interrupt") from None
        except Closed:
            self.close()
            raise Ended("ended itself") from None
        except WireError as e:
            self.close()
            raise Ended(f"was stopped: {str(e).rstrip('.')}") from None

    def close(self) -> None:
        """End the process, and with it all that it started."""
        self._alive.close()
        self._channel.close()
        if self._process.pid:
            self._process.join(END_SECONDS)  # the watchman sees that we hung up, and ends all that it watches
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join(END_SECONDS)

    def _receive(self, seconds: float) -> tuple[dict[str, Any], bytes]:
        message, blob = self._channel.receive(time.monotonic() + seconds)
        if not isinstance(message, dict):
            raise WireError("Expected an object; got something else.")
        return message, blob


@contextlib.contextmanager
def warm() -> Iterator[None]:
    """Have the fork server running, and keep our `__main__` out of the processes that are started in the block."""
    _start_server()
    main = sys.modules["__main__"]
    # A child imports its parent's __main__, here nbgrader's command: a second for nothing. It has none.
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def share_server() -> None:
    """In a process that the fork server forked: start processes from it too, and not from another one."""
    forkserver._forkserver.ensure_running = lambda: None


def _start_server() -> None:
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

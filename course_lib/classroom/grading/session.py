"""One process for one submission, seen from the grader: start it, ask it, stop it, whatever it does."""

import contextlib
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Mapping
from typing import Any

from course_lib.classroom.grading.child import Room, watch
from course_lib.classroom.grading.sandbox import NoSandboxError
from course_lib.classroom.grading.server import warm
from course_lib.classroom.grading.wire import Channel, Closed, Silent
from course_lib.errors import WireError

GRACE_SECONDS = 3.0
"""How long a cell may take to end once it was interrupted."""

END_SECONDS = 20.0
START_SECONDS = 300.0
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
        self._memory_bytes = room.limits.memory_bytes
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
            why = self._why_it_ended()
            self.close()
            raise Ended(why) from None
        except WireError:
            self.close()
            raise Ended("was stopped: it sent the grader what is no answer") from None

    def close(self) -> None:
        """End the process, and with it all that it started."""
        self._alive.close()
        self._channel.close()
        if self._process.pid:
            self._process.join(END_SECONDS)  # the watchman sees that we hung up, and ends all that it watches
            if self._process.exitcode is None:
                self._process.kill()
                self._process.join(END_SECONDS)

    def _why_it_ended(self) -> str:
        self._alive.setblocking(False)
        with contextlib.suppress(OSError):
            if self._alive.recv(1):
                return (
                    f"was stopped: with all that it started, it had more than {self._memory_bytes >> 20:,} MB in memory"
                )
        return "ended itself"

    def _receive(self, seconds: float) -> tuple[dict[str, Any], bytes]:
        message, blob = self._channel.receive(time.monotonic() + seconds)
        if not isinstance(message, dict):
            raise WireError("Expected an object; got something else.")
        return message, blob

"""Several real processes for a moment: a function on every rank of a gloo group, with a deadline.

Nothing here is needed on a cluster: there torchrun starts the processes. A notebook can't be started twice, so `together`
sends a function to processes of its own. They meet in a file (no port, no network), and none outlives the notebook.
"""

import atexit
import json
import os
import pickle
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cloudpickle

from course_lib.errors import CourseError

PATIENCE = 3.0
"""Seconds that a rank waits for the others before it gives up; PyTorch's own are 1800 for gloo."""
DEADLINE = 120.0
"""Seconds for the whole call, from when the ranks have begun."""
START = 90.0
"""Seconds for the processes to start: two on a quiet machine."""
CREW = Path(__file__).with_name("crew.py")
CAN_FORK = sys.platform.startswith("linux")
first: list[Callable[[], None]] = []
"""What every rank calls before anything else: the tests change the world there."""


class RankError(CourseError, RuntimeError):
    """A rank raised, died or never came back."""


@dataclass(frozen=True)
class Answer:
    """What came of one rank.

    Attributes:
        value: What the function returned.
        error: Type and text of what it raised; empty if it returned.
        kinds: Names of the error's class and of its bases.
        own: The notebook's own line that raised it, in words.
        seconds: How long the function ran.
        printed: What it printed.
    """

    value: Any = None
    error: str = ""
    kinds: Sequence[str] = ()
    own: str = ""
    trace: str = ""
    raised: Any = None
    seconds: float = 0.0
    printed: str = ""

    @property
    def waited_in_vain(self) -> bool:
        """Whether it gave up waiting for the other ranks."""
        return "imed out" in self.error or "Connection closed by peer" in self.error or "never came back" in self.error


def together(ranks: int, function: Callable, *arguments: Any) -> list[Any]:
    """Call a function on every rank of a new group of processes; what each returned, in the order of the ranks.

    Args:
        ranks: How many processes.
        function: Called in each with `arguments`, when they have met (`dist.init_process_group` is done). It and what it
            uses travel as copies; a notebook's own functions too.
        arguments: The same for all.

    Raises:
        RankError: A rank raised, died or took longer than two minutes; in the words of the first.
    """
    answers = ask(ranks, function, *arguments, patience=DEADLINE / 2, deadline=DEADLINE)
    for rank, answer in enumerate(answers):
        if answer.error:
            raise RankError(f"Rank {rank} of {ranks} raised {answer.error}\n{answer.trace}")
    return [answer.value for answer in answers]


def ask(
    ranks: int, function: Callable, *arguments: Any, patience: float = PATIENCE, deadline: float = DEADLINE
) -> list[Answer]:
    """As `together`, and what a rank raises is an answer too.

    Args:
        ranks: How many processes; 0 is one process without a group.
        function: As above.
        arguments: As above.
        patience: Seconds that a rank waits for the others.
        deadline: Seconds after which a rank is killed.

    Raises:
        RankError: The function can't be sent to another process.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            call = cloudpickle.dumps((function, arguments))
        except Exception as error:
            raise RankError(f"It can't be sent to another process: {type(error).__name__}: {error}") from error
        job = {
            "call": call, "first": cloudpickle.dumps(first), "path": sys.path, "folder": _here() or folder, "patience": patience,
        }  # fmt: skip
        path = Path(folder) / "job"
        path.write_bytes(pickle.dumps(job))
        module = getattr(function, "__module__", None) or "__main__"
        return _crew().work(path, ranks, deadline, module="" if module == "__main__" else module)


def _here() -> str:
    """The working folder; nothing if it was deleted, as a temporary one is that somebody went into."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def warm_up() -> None:
    """Start what `together` needs, and don't wait for it: it takes some seconds."""
    _crew().hire(1 if CAN_FORK else 2)


@dataclass
class Crew:
    """The processes that wait for work, and what they say."""

    owner: int = field(default_factory=os.getpid)
    processes: list[subprocess.Popen] = field(default_factory=list)
    said: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)

    def work(self, job: Path, ranks: int, deadline: float, *, module: str) -> list[Answer]:
        """Let every rank do the job; the answers, and words instead of one for a rank that died or was killed.

        `module` is imported before, where that saves time.
        """
        size = max(1, ranks)
        self.hire(1 if CAN_FORK else size)
        orders = [list(range(size))] if CAN_FORK else [[rank] for rank in range(size)]
        for process, mine in zip(self.processes, orders, strict=False):
            order = {"job": str(job), "ranks": mine, "size": ranks, "path": sys.path, "module": module}
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
        end, pids, left, statuses = time.monotonic() + START, {}, set(range(size)), {}
        try:
            while left:
                said = self.said.get(timeout=max(0.01, end - time.monotonic()))
                if "status" not in said:
                    pids[said["rank"]] = said["pid"]
                    end = time.monotonic() + (deadline if len(pids) == size else START)
                if "status" in said:
                    statuses[said["rank"]] = said["status"]
                    left.discard(said["rank"])
        except queue.Empty:
            pass
        except BaseException:  # an interrupt
            self.dismiss()
            raise
        if left:
            self.end(left, pids)
        return [_answer(Path(f"{job}.{rank}"), statuses.get(rank), deadline) for rank in range(size)]

    def hire(self, number: int) -> None:
        """Start what is missing."""
        if any(process.poll() is not None for process in self.processes):
            self.dismiss()
        while len(self.processes) < number:
            command = [sys.executable, str(CREW)] + (["--fork"] if CAN_FORK else [])
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=_here() or os.sep,  # torch can't be imported in a folder that was deleted
                env=_environment(),
            )
            self.processes.append(process)
            threading.Thread(target=_listen, args=(process.stdout, self.said), daemon=True).start()

    def end(self, ranks: set[int], pids: dict[int, int]) -> None:
        """End ranks that never came back: a forked child by itself, elsewhere everybody."""
        if not CAN_FORK or not ranks <= pids.keys():
            self.dismiss()
            return
        for rank in ranks:
            with suppress(ProcessLookupError):
                os.kill(pids[rank], signal.SIGKILL)
        waiting = set(ranks)
        try:
            while waiting:
                said = self.said.get(timeout=5)
                waiting -= {said["rank"]} if "status" in said else set()
        except queue.Empty:
            self.dismiss()

    def dismiss(self) -> None:
        """End them all, and wait until they are gone."""
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            try:
                process.wait(1)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes, self.said = [], queue.SimpleQueue()


_crews: list[Crew] = []


def _crew() -> Crew:
    """This process's crew: one that a fork inherited is its parent's."""
    if not _crews or _crews[-1].owner != os.getpid():
        _crews[:] = [Crew()]
        atexit.register(_crews[0].dismiss)
    return _crews[0]


def _listen(stream: Any, said: queue.SimpleQueue) -> None:
    for line in stream:
        said.put(json.loads(line))
    stream.close()


def _answer(path: Path, status: int | None, deadline: float) -> Answer:
    if path.exists():
        return Answer(**pickle.loads(path.read_bytes()))
    if status is None:
        return Answer(error=f"TimeoutError: it never came back, and was ended after {deadline:g} s")
    return Answer(error=f"ChildProcessError: its process died ({status})")


def _environment() -> dict[str, str]:
    """One thread each, no GPU's libraries, and the loopback interface, so that no name has to be looked up."""
    names = [name for _, name in socket.if_nameindex() if name.startswith("lo")] if os.name == "posix" else []
    own = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    return os.environ | own | ({"GLOO_SOCKET_IFNAME": names[0]} if names else {})

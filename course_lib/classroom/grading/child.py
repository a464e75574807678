"""The two processes of one submission: one that keeps watch and runs no learner code, and its child, which does.

The fork server forks the first. It leaves the system's namespaces, and its child, the first process in new ones, shuts
itself in and runs the cells. When the grader hangs up, or the watchman ends in whatever way, everything in there ends; so it does
when all of it together takes more memory than a submission may.
"""

import contextlib
import multiprocessing
import os
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing import forkserver, process, resource_tracker
from pathlib import Path

from course_lib.classroom.grading import runner, sandbox
from course_lib.classroom.grading.memory import Meter
from course_lib.classroom.grading.wire import Channel
from course_lib.errors import CourseError

MEASURE_SECONDS = 0.2
"""How often memory is measured; less often where that takes more than a tenth of the time."""


@dataclass(frozen=True)
class Room:
    """What a submission's processes are given.

    Attributes:
        files: the submission's own files beside the notebook, by their path in its folder.
        seed: of the global random generators.
        shut: whether to shut it in; without, it is as free as the grader.
        uid: the user that it becomes where the grader is root.
        folder: where it runs if it isn't shut in.
        readable: folders that it may read besides the system and this Python.
        hidden: folders that it must not see.
        limits: what it may use.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    seed: int = 0
    shut: bool = True
    uid: int = 65534
    folder: str = ""
    readable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    limits: sandbox.Limits = field(default_factory=sandbox.Limits)


def watch(end: socket.socket, alive: socket.socket, room: Room) -> None:
    """Start the process that runs the cells, pass interrupts on to it, and end it when the grader hangs up.

    Args:
        end: what the other process talks to the grader through.
        alive: says that the grader is there; a byte the other way says that there was too much in memory.
        room: what the submission is given.
    """
    _let_go(end.fileno(), alive.fileno())
    try:
        as_root = room.shut and sandbox.leave_the_system(room.uid)
    except CourseError as e:
        Channel(end).send({"refused": str(e)})
        return
    meter = Meter() if room.shut else None
    child = os.fork()
    if child == 0:
        alive.close()
        if meter:
            meter.close()
        os._exit(_run(end, room, as_root))
    end.close()
    signal.signal(signal.SIGINT, lambda *_: os.kill(child, signal.SIGINT))
    ended, ending = os.pipe()
    os.set_blocking(ending, False)
    signal.set_wakeup_fd(ending, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    pause = MEASURE_SECONDS
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        ready, _, _ = select.select([alive, ended], [], [], pause)
        if alive in ready and not alive.recv(1):
            break
        if ended in ready:
            os.read(ended, 1000)
        start = time.monotonic()
        if meter and meter.exceeds(child, room.limits.memory_bytes):
            with contextlib.suppress(OSError):
                alive.send(b"m")
            break
        pause = max(MEASURE_SECONDS, 10 * (time.monotonic() - start))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)  # gigabytes take a moment to be given back, and nobody else may collect it
    os._exit(0)


def _run(end: socket.socket, room: Room, as_root: bool) -> int:
    os.setsid()
    channel = Channel(end)
    try:
        if room.shut:
            sandbox.shut_in(room.uid, room.readable, room.hidden, room.limits, as_root=as_root)
            sandbox.limit(room.limits)
        sandbox.die_with_parent()  # after the change of user, which undoes it
        _settle(sandbox.HOME if room.shut else room.folder, room)
    except (CourseError, OSError) as e:
        channel.send({"refused": f"{e}"})
        return 1
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    channel.send({"ready": True})
    runner.serve(channel, room.seed)
    return 0


def _let_go(*keep: int) -> None:
    """Close everything that the fork server handed down, and forget what it was for."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    first = 3
    for descriptor in sorted(keep):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, 65536)
    resource_tracker._resource_tracker._fd = None
    resource_tracker._resource_tracker._pid = None
    # To a learner's code this is a main process: it may start others, in the way that its system has by default.
    server = forkserver._forkserver
    server._forkserver_address = server._forkserver_alive_fd = server._forkserver_pid = server._inherited_fds = None
    us = process.current_process()
    us._config, us._identity, us._name = {"semprefix": "/mp"}, (), "MainProcess"
    us.authkey = os.urandom(16)
    process._parent_process, process._children = None, set()
    multiprocessing.set_start_method(None, force=True)


def _settle(home: str, room: Room) -> None:
    """An environment and a folder of its own, with the submission's files in it."""
    temporary = "/tmp" if room.shut else home
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "OMP_NUM_THREADS") if name in os.environ}
    os.environ.clear()
    own = {"HOME": home, "TMPDIR": temporary, "MPLBACKEND": "agg", "COURSE_DATA_DIR": f"{home}/.course"}
    os.environ.update(kept | own, MPLCONFIGDIR=f"{temporary}/matplotlib", IPYTHONDIR=f"{temporary}/ipython")
    os.environ.update(PYTHONPATH=str(Path(__file__).resolve().parents[3]), PYTHONDONTWRITEBYTECODE="1")
    tempfile.tempdir = None
    os.umask(0o022)
    os.chdir(home)
    for name, content in room.files.items():
        path = Path(home, name)
        # A name that is too long, or lies in a file, as an archive may have it, says nothing about this system.
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    sys.path[:] = [p for p in sys.path if p not in ("", ".")]
    sys.path.append(home)  # a learner's module is found, and shadows nothing

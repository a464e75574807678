"""The program of the processes that `processes.together` starts. It imports nothing of the course.

It reads one job a line from its standard input: {"job": path, "ranks": [0, 1], "size": 2, "fork": true}. Where forking is
safe, one such process has imported torch already and forks a child for each rank of each job, which ends with the job;
elsewhere there is one such process for each rank, and it lives on. A rank writes what came of it beside the job,
`path.0`, and then a line says so: {"rank": 0, "pid": 4711, "status": 0}.
"""

import contextlib
import importlib
import io
import json
import linecache
import os
import pickle
import select
import signal
import sys
import threading
import time
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # what fully_shard imports at its first call
import torch.distributed as dist
import torch.distributed.checkpoint
import torch.distributed.checkpoint.state_dict
import torch.distributed.fsdp
import torch.distributed.tensor

MEETING = timedelta(seconds=45)


def run(path: str, rank: int, size: int) -> None:
    """Run one rank of a job: meet the others in a file, call the function, and write down what came of it."""
    text = io.StringIO()
    answer: dict[str, Any] = {"value": None, "error": "", "kinds": [], "trace": "", "raised": None}
    job = pickle.loads(Path(path).read_bytes())
    os.chdir(job["folder"])
    sys.path[:] = job["path"]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    begin = time.monotonic()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(io.StringIO()):
        try:
            for first in pickle.loads(job["first"]):
                first()
            function, arguments = pickle.loads(job["call"])
            if size:
                _join(path, rank, size, job["patience"])
            begin = time.monotonic()
            answer["value"] = function(*arguments)
        except BaseException as error:  # DCP's own is no Exception, and a learner may call sys.exit()
            answer |= {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
            answer["kinds"] = [kind.__name__ for kind in type(error).__mro__]
            answer["own"] = _own_line(error)
        answer |= {"seconds": time.monotonic() - begin, "printed": text.getvalue()[-20_000:]}
        _write(path, rank, answer)
        if not answer["error"]:  # as in a training that goes on: who raises is gone, who returned is there
            _wait_for_all(path, size, job["patience"] + 5)  # who waits for us begins to wait later on a busy machine
        with contextlib.suppress(Exception):  # the others may be gone
            if dist.is_initialized():
                dist.destroy_process_group()


def _wait_for_all(path: str, size: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not all(os.path.exists(f"{path}.{rank}") for rank in range(size)):
        time.sleep(0.003)


def _join(path: str, rank: int, size: int, patience: float) -> None:
    """Become a member of the group. Patience counts from when all are there: to start takes some ranks longer."""
    Path(f"{path}.here.{rank}").touch()
    _wait_for_all(f"{path}.here", size, 2 * MEETING.total_seconds())
    store = dist.FileStore(f"{path}.meet", size)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=size, timeout=MEETING)
    dist.distributed_c10d._set_pg_timeout(timedelta(seconds=patience))


def _own_line(error: BaseException) -> str:
    """The innermost line of a notebook's own code that an error passed, as `observation.observe` words it."""
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__") == "__main__" and "crew.py" not in frame.f_code.co_filename:
            code = linecache.getline(frame.f_code.co_filename, line).strip()[:200]
            found = f"line {line} of your cell, in `{frame.f_code.co_name}`" + (f": `{code}`" if code else "")
    return found


def _write(path: str, rank: int, answer: dict[str, Any]) -> None:
    try:
        data = pickle.dumps(answer)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        data = pickle.dumps(answer | {"value": None, "error": f"What it returned can't be sent back. {text}"})
    Path(f"{path}.{rank}.tmp").write_bytes(data)
    os.replace(f"{path}.{rank}.tmp", f"{path}.{rank}")


def _say(**words: Any) -> None:
    os.write(SAY, json.dumps(words).encode() + b"\n")


def _die_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _fork(order: dict[str, Any]) -> dict[int, int]:
    """One child for each rank; their pids. What they will import is imported once, before."""
    children = {}
    sys.path[:] = order["path"]
    with contextlib.suppress(Exception):
        importlib.import_module(order["module"])
    for rank in order["ranks"]:
        pid = os.fork()
        if pid == 0:
            try:
                _die_with_parent()
                run(order["job"], rank, order["size"])
            finally:
                os._exit(0)
        children[pid] = rank
        _say(rank=rank, pid=pid)
    return children


def forking() -> None:
    """Serve jobs by forking; end, and end the children, when the parent closes our standard input."""
    children: dict[int, int] = {}
    rest = b""
    while True:
        if select.select([0], [], [], 0.005 if children else None)[0]:
            got = os.read(0, 65536)
            if not got:
                break
            *lines, rest = (rest + got).split(b"\n")
            for line in lines:
                children |= _fork(json.loads(line))
        while children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            _say(rank=children.pop(pid), pid=pid, status=os.waitstatus_to_exitcode(status))
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def alone() -> None:
    """Serve jobs in this process, one rank of each; end at once when the parent closes our standard input."""
    home = os.getcwd()
    orders: list[dict[str, Any]] = []
    there = threading.Semaphore(0)

    def listen() -> None:
        for line in sys.stdin:
            orders.append(json.loads(line))
            there.release()
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        there.acquire()
        order = orders.pop(0)
        _say(rank=order["ranks"][0], pid=os.getpid())
        run(order["job"], order["ranks"][0], order["size"])
        os.chdir(home)  # the job's folder may be deleted
        _say(rank=order["ranks"][0], pid=os.getpid(), status=0)


if __name__ == "__main__":
    SAY = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a notebook's interrupt is its parent's to answer
    forking() if "--fork" in sys.argv else alone()

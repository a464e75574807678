"""What happens on each rank while an answer is tried: these functions run in the processes of `processes.ask`."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch.distributed as dist

from course_lib.classroom.tasks.observation import STUB, Observation, errors_come_through, plain
from course_lib.lessons.sharded_checkpoints.cutting import shard
from course_lib.lessons.sharded_checkpoints.kept import COMPLETE
from course_lib.lessons.sharded_checkpoints.processes import Answer, RankError, ask
from course_lib.lessons.sharded_checkpoints.tasks.shared import network, optimizer_of, take_steps, tamed

PATIENCE, MORE_PATIENCE, DEADLINE = 2.5, 8.0, 30
DELAY = 0.3


def tried(answer: Callable, *args: Any) -> dict[str, Any]:
    """Call the answer; what it returned, or what it raised, as plain data."""
    kinds: list[str] = []
    seen, begin = {"value": None, "error": "", "kinds": kinds, "stub": False}, time.monotonic()
    try:
        seen["value"] = plain(tamed(answer, kinds)(*args))
    except (Exception, SystemExit) as error:
        seen["stub"] = isinstance(error, NotImplementedError) and STUB in str(error)
        seen["error"] = f"{type(error).__name__}: {error}"
    return seen | {"took": time.monotonic() - begin}


def on_every_rank(ranks: int, function: Callable, *args: Any) -> Observation:
    """Run a function that returns a dictionary with `tried`'s "error" on every rank; the list of what came.

    A rank that gave up waiting, though no other had returned long before, is given more time once: this machine may be
    busy.
    """
    try:
        answers = ask(ranks, function, *args, patience=PATIENCE, deadline=DEADLINE)
        if _too_busy(answers):
            answers = ask(ranks, function, *args, patience=MORE_PATIENCE, deadline=DEADLINE)
    except RankError as error:
        return Observation(error=str(error), also={"ranks": []})
    if errors_come_through():
        for rank, answer in enumerate(answers):
            if error := answer.error or answer.value["error"]:
                raise RankError(f"Rank {rank} raised {error}\n{answer.trace}")
    seen = [answer.value or {"value": None, "error": answer.error, "kinds": list(answer.kinds)} for answer in answers]
    return Observation(value=None, type="list", also={"ranks": plain(seen)})


def _too_busy(answers: Sequence[Answer]) -> bool:
    errors = [a.error or a.value["error"] for a in answers]
    if any(error and (endless(error) or not waited(error)) for error in errors):
        return False  # one raised or never came back: that is why the others waited in vain
    gave_up = [a.value["took"] if a.value else 0.0 for a, error in zip(answers, errors, strict=True) if error]
    returned = [a.value["took"] for a in answers if a.value and not a.value["error"]]
    return bool(gave_up) and (not returned or min(gave_up) - max(returned) < PATIENCE / 2)


def waited(error: str) -> bool:
    """Whether a rank gave up waiting for another one."""
    signs = ("Timed out waiting", "Connection closed by peer", "Connection reset", "Read error", "never came back")
    return any(sign in error for sign in signs)


def endless(error: str) -> bool:
    """Whether a rank was ended because it hadn't returned, and hadn't given up waiting for the others either."""
    return "never came back" in error


def meet(place: str, seconds: float = 2 * PATIENCE) -> bool:
    """Wait until every rank is here, without a collective call; whether they all came. One that failed won't."""
    Path(f"{place}.{dist.get_rank()}").touch()
    end, failures = time.monotonic() + seconds, Path(place).name.rpartition(".")[0] + ".failed.*"
    while time.monotonic() < end and not any(Path(place).parent.glob(failures)):
        if all(os.path.exists(f"{place}.{rank}") for rank in range(dist.get_world_size())):
            return True
        time.sleep(0.005)
    return False


def save_here(answer: Callable, folder: str, case: dict[str, Any]) -> dict[str, Any]:
    """Train, let the answer save; then look, and let it save once more into the same folder."""
    where = Path(folder)
    model = network(tuple(case["sizes"]), case["seed"])
    shard(model)
    optimizer = optimizer_of(model, case["kind"], case["rate"])
    take_steps(model, optimizer, case["sizes"][0], case["steps"])
    opened: list[str] = []
    sys.addaudithook(_watch(where, opened, DELAY if dist.get_rank() == 0 else 0))
    seen = tried(answer, model, optimizer, where, case["epoch"])
    seen |= {"complete": (where / COMPLETE).exists(), "opened": list(opened), "again": None}
    Path(f"{folder}.{'failed' if seen['error'] else 'saved'}.{dist.get_rank()}").touch()
    if not seen["error"] and meet(f"{folder}.saved"):
        before = _stamps(where)
        meet(f"{folder}.looked")
        seen["again"] = tried(answer, model, optimizer, where, case["epoch"] + 1)
        meet(f"{folder}.again")
        seen["untouched"] = _stamps(where) == before
    return seen


def load_here(answer: Callable, folder: str, case: dict[str, Any]) -> dict[str, Any]:
    """Let the answer load into a sharded network; what it has then, gathered; and once more from an unfinished folder."""
    model = network(tuple(case["sizes"]), case["seed"])
    shard(model)
    optimizer = optimizer_of(model, case["kind"], case["rate"])
    seen = tried(answer, model, optimizer, Path(folder))
    Path(f"{folder}.{'failed' if seen['error'] else 'loaded'}.{dist.get_rank()}").touch()
    if not seen["error"] and meet(f"{folder}.loaded"):
        seen |= {"model": _gathered(dict(model.named_parameters())), "rate": optimizer.param_groups[0]["lr"]}
        seen["optimizer"] = {
            name: _gathered(optimizer.state[parameter]) if parameter in optimizer.state else {}
            for name, parameter in model.named_parameters()
        }
        meet(f"{folder}.gathered")
        (Path(folder) / COMPLETE).unlink(missing_ok=True)
        meet(f"{folder}.unfinished")
        seen["again"] = tried(answer, model, optimizer, Path(folder))
    return seen


def _gathered(tensors: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (value.full_tensor() if hasattr(value, "full_tensor") else value).detach().clone()
        for name, value in tensors.items()
    }


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.iterdir())}


def _watch(folder: Path, opened: list[str], delay: float) -> Callable:
    """An audit hook that notes the files, other than DCP's, that are written into the folder, and slows the first one."""
    inside = str(folder)

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = (
                any(letter in mode for letter in "wax+") if mode else bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))
            )
        elif event == "os.rename":
            path, writes = arguments[1], True
        else:
            return
        if not writes or not isinstance(path, str | os.PathLike):
            return
        path = str(path)
        name = os.path.basename(path)
        if os.path.dirname(path) != inside or name.endswith(".distcp") or name.startswith(".metadata"):
            return
        if not opened and delay:
            time.sleep(delay)
        opened.append(name)

    return hook

"""What the tasks of lesson `sharded_checkpoints` share."""

import logging
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import get_state_dict

from course_lib.checkpoints.dcp_gate import Planner, Reader
from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.task import Case
from course_lib.lessons.sharded_checkpoints.kept import complete, unpack


def floor_rows(rows: int, ranks: int) -> list[tuple[int, int]]:
    """A cut that is not DTensor's: shares rounded down, the rest for the last."""
    each = rows // ranks
    return [(rank * each, rows if rank == ranks - 1 else (rank + 1) * each) for rank in range(ranks)]


def level_rows(rows: int, ranks: int) -> list[tuple[int, int]]:
    """NumPy's array_split: shares that differ by one at most."""
    each, rest = divmod(rows, ranks)
    starts = [rank * each + min(rank, rest) for rank in range(ranks + 1)]
    return list(pairwise(starts))


@contextmanager
def quiet() -> Iterator[None]:
    """Neither warnings nor log lines: DCP says that it runs alone, and what it missed."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def tamed(answer: Callable, kinds: list[str] | None = None) -> Callable:
    """The answer, quiet, and with DCP's own error, which is no Exception, as a RuntimeError with its last line.

    `kinds` gets the names of the error's class and of its bases: a subclass is as good.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            with quiet():
                return answer(*args, **kwargs)
        except dcp.CheckpointException as error:
            if kinds is not None:
                kinds[:] = ["CheckpointException"]
            raise RuntimeError(re.sub(r"^RuntimeError: ", "", shortly(f"CheckpointException: {error}"))) from error
        except Exception as error:
            if kinds is not None:
                kinds[:] = [kind.__name__ for kind in type(error).__mro__]
            raise

    return call


def shortly(error: str) -> str:
    """The first line of an error, of DCP's own the last, without escape codes and folders; at most 160 characters."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", error).strip()
    lines = text.splitlines() or [""]
    line = lines[-1] if text.startswith("CheckpointException") else lines[0]
    return first_line(re.sub(r"\[/\S*third_party\S*\] ", "", re.sub(r"/\S*/(?=[\w.]+)", "", line)))


def contents(folder: Path) -> dict[str, Any]:
    """Everything that DCP saved in a folder, by its dotted name, tensors whole; or {"error": why it can't be read}."""
    try:
        with quiet():
            metadata = Reader(folder).read_metadata()
            state = {
                name: torch.empty(entry.size, dtype=entry.properties.dtype) if hasattr(entry, "size") else None
                for name, entry in metadata.state_dict_metadata.items()
            }
            dcp.load(state, storage_reader=Reader(folder), planner=Planner())
        return state
    except (Exception, dcp.CheckpointException) as error:  # whatever a learner's save has left
        return {"error": shortly(f"{type(error).__name__}: {error}")}


def uncut(folder: Path) -> list[str]:
    """The model's tensors, several rows high, that lie in a folder in one piece; none where it can't be read."""
    try:
        entries = Reader(folder).read_metadata().state_dict_metadata.items()
    except Exception:  # whatever a learner's save has left: `contents` says so
        return []
    tensors = {name: entry for name, entry in entries if name.startswith("model.") and hasattr(entry, "size")}
    return [n for n, e in tensors.items() if list(e.size[:1]) > [1] and any(c.sizes == e.size for c in e.chunks)]


@cache
def kept_contents(name: str) -> dict[str, Any]:
    """Everything in a kept folder, by its dotted name."""
    with tempfile.TemporaryDirectory() as folder:
        return contents(unpack(name, Path(folder)))


def listed(folder: Path) -> dict[str, int]:
    """The files of a folder with their sizes."""
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir())} if folder.is_dir() else {}


def flattened(value: Any, path: str = "") -> dict[str, Any]:
    """Nested dictionaries, and lists of them, as one with dotted names, as DCP names them."""
    if isinstance(value, Mapping) or (
        isinstance(value, list | tuple) and value and all(isinstance(item, Mapping) for item in value)
    ):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        found: dict[str, Any] = {}
        for name, item in items:
            found |= flattened(item, f"{path}.{name}".lstrip("."))
        return found
    return {path: value}


def training(sizes: tuple[int, int, int], seed: int, steps: int, kind: str = "Adam", rate: float = 0.02) -> tuple:
    """A small network, (N, sizes[0]) in and (N, sizes[2]) out, and its optimizer after some steps; not sharded."""
    model = network(sizes, seed)
    optimizer = optimizer_of(model, kind, rate)
    take_steps(model, optimizer, sizes[0], steps)
    return model, optimizer


def network(sizes: tuple[int, int, int], seed: int) -> nn.Sequential:
    """Two linear layers, weights from the seed."""
    torch.random.default_generator.manual_seed(seed % 2**31)
    return nn.Sequential(nn.Linear(sizes[0], sizes[1]), nn.Tanh(), nn.Linear(sizes[1], sizes[2]))


def optimizer_of(model: nn.Module, kind: str, rate: float) -> torch.optim.Optimizer:
    """Adam, or SGD with momentum."""
    if kind == "SGD":
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    return torch.optim.Adam(model.parameters(), lr=rate)


def take_steps(model: nn.Module, optimizer: torch.optim.Optimizer, features: int, steps: int) -> None:
    """Train on numbers that are the same for every rank."""
    inputs = torch.arange(4.0 * features).reshape(4, features) / 10
    for _ in range(steps):
        model(inputs).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()


def states(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """What belongs into a folder, flat: the model's and the optimizer's state, both by name."""
    with quiet():
        weights, moments = get_state_dict(model, optimizer)
    state = {"model": weights, "optimizer": moments}
    return {
        name: value.detach().clone() if isinstance(value, Tensor) else value for name, value in flattened(state).items()
    }


def write_saved(folder: Path, case: Case) -> None:
    """A folder as `save_sharded` leaves it: the case's kept one, or one of a training that this process holds alone."""
    if case.kept:
        unpack(case.kept, folder)
    else:
        model, optimizer = training(case.sizes, case.seed, case.epoch, case.kind)
        with quiet():
            weights, moments = get_state_dict(model, optimizer)
            dcp.save({"model": weights, "optimizer": moments, "epoch": case.epoch}, checkpoint_id=folder)
        complete(folder, 1)

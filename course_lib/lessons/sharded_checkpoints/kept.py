"""Two small folders that several ranks wrote, kept so that a check needn't start any.

    python -m course_lib.lessons.sharded_checkpoints.kept        writes them anew, in files/

Each is a training of a small network: `{"model": ..., "optimizer": ..., "epoch": ...}`, the optimizer's state by name, and
`complete.json` with the sizes of all other files, written last.
"""

import json
import pickle
import tempfile
import zlib
from functools import cache
from pathlib import Path

import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import get_state_dict

from course_lib.lessons.sharded_checkpoints.cutting import shard
from course_lib.lessons.sharded_checkpoints.processes import together

FILES = Path(__file__).with_name("files")
COMPLETE = "complete.json"
WROTE = {"two ranks": (2, 10, 4), "three ranks": (3, 7, 9)}
"""name -> how many ranks wrote it, how many rows the last layer has, which epoch it is."""


def network(rows: int, seed: int) -> nn.Sequential:
    """The network of the kept folders: (N, 3) in, (N, rows) out."""
    torch.random.default_generator.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, rows))


def unpack(name: str, folder: Path) -> Path:
    """Write a kept folder to the disk; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in _files(name).items():
        (folder / file).write_bytes(content)
    return folder


@cache
def _files(name: str) -> dict[str, bytes]:
    packed = torch.load(FILES / f"{name.replace(' ', '_')}.pt", weights_only=True)
    return {file: zlib.decompress(content.numpy().tobytes()) for file, content in packed.items()}


def complete(folder: Path, ranks: int) -> None:
    """Write down the sizes of all other files."""
    files = {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.name != COMPLETE}
    (folder / COMPLETE).write_text(json.dumps({"ranks": ranks, "files": files}), encoding="utf-8")


def _save(folder: str, rows: int, epoch: int) -> None:
    model = network(rows, seed=rows)
    shard(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(epoch):
        model(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)


def _forget_the_path(metadata: Path) -> None:
    """DCP pickles where it saved, as a path object that another system can't make."""
    content = pickle.loads(metadata.read_bytes())
    content.storage_meta = None
    metadata.write_bytes(pickle.dumps(content))


def main() -> None:
    """Write the kept folders anew."""
    FILES.mkdir(exist_ok=True)
    for name, (ranks, rows, epoch) in WROTE.items():
        with tempfile.TemporaryDirectory() as folder:
            together(ranks, _save, folder, rows, epoch)
            _forget_the_path(Path(folder) / ".metadata")
            complete(Path(folder), ranks)
            packed = {path.name: zlib.compress(path.read_bytes(), 9) for path in sorted(Path(folder).iterdir())}
        tensors = {file: torch.frombuffer(bytearray(content), dtype=torch.uint8) for file, content in packed.items()}
        torch.save(tensors, FILES / f"{name.replace(' ', '_')}.pt")


if __name__ == "__main__":
    main()

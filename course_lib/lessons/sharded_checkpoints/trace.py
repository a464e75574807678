"""Lesson 14: one save by two ranks and one load by three, recorded rank by rank."""

import tempfile
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch import nn

from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.lessons.sharded_checkpoints.cutting import shard
from course_lib.lessons.sharded_checkpoints.processes import together
from course_lib.seeding import sealed

BEFORE, AFTER, ROWS = 2, 3, 10
NAME = "layer.weight"


def trace_shards() -> Trace:
    """Two real processes save a layer, three others load it; what each of them held, wrote and read.

    >>> len(trace_shards().stages)
    6
    """
    with sealed(0), tempfile.TemporaryDirectory() as folder:
        saved = together(BEFORE, _save, folder)
        sizes = {path.name: path.stat().st_size for path in sorted(Path(folder).iterdir())}
        metadata = dcp.FileSystemReader(folder).read_metadata()
        loaded = together(AFTER, _load, folder)
    stages = [_held(saved), _written(saved, sizes), _metadata(metadata, sizes)]
    return Trace(
        f"{ROWS} rows: saved by {BEFORE}, loaded by {AFTER}", [*stages, _places(loaded), _read(loaded), _filled(loaded)]
    )


def _layer(start: float) -> nn.Linear:
    """Row i holds the number start + i, so that one sees where it goes."""
    layer = nn.Linear(4, ROWS, bias=False)
    with torch.no_grad():
        layer.weight.copy_(start + torch.arange(float(ROWS)).unsqueeze(1).expand(ROWS, 4))
    shard(layer)
    return layer


def _save(folder: str) -> dict[str, Any]:
    layer = _layer(start=0.0)
    before = layer.weight.to_local()[:, 0].tolist()
    dcp.save({"layer": layer.state_dict()}, checkpoint_id=folder)
    return {"rows": before, "kind": type(layer.weight).__name__, "placements": str(layer.weight.placements[0])}


class _NotingReader(dcp.FileSystemReader):
    """Notes which part of which file each read item wants, and where in this rank's shard it goes."""

    def __init__(self, path: str):
        super().__init__(path)
        self.notes: list[tuple[str, int, int, int]] = []

    def read_data(self, plan: Any, planner: Any) -> Any:
        """As DCP does; the plan of this rank passes by here."""
        for item in plan.items:
            file = self.storage_data[item.storage_index].relative_path
            first = item.storage_index.offset[0] + item.storage_offsets[0]
            self.notes.append((file, first, first + item.lengths[0], item.dest_offsets[0]))
        return super().read_data(plan, planner)


def _load(folder: str) -> dict[str, Any]:
    layer, reader = _layer(start=100.0), _NotingReader(folder)
    before = layer.weight.to_local()[:, 0].tolist()
    dcp.load({"layer": layer.state_dict()}, storage_reader=reader)
    return {"before": before, "notes": reader.notes, "after": layer.weight.to_local()[:, 0].tolist()}


def _numbers(rows: list[float]) -> str:
    return " ".join(f"{row:g}" for row in rows) or "none"


def _held(saved: list[dict[str, Any]]) -> Stage:
    rows = [(len(one["rows"]), _numbers(one["rows"])) for one in saved]
    return Stage(
        f"{BEFORE} ranks hold the weight",
        goes_in=f"A layer whose weight has {ROWS} rows; row 0 is full of zeros, row 1 of ones, and so on.",
        happens=f"`fully_shard` makes the parameter a `{saved[0]['kind']}` with the placement `{saved[0]['placements']}`: cut "
        "by rows.",
        comes_out=" ".join(f"Rank {rank} keeps {len(one['rows'])} rows." for rank, one in enumerate(saved)),
        **tables(("rows", "values"), ("", rows, [f"rank {rank}" for rank in range(BEFORE)], 0)),
    )


def _written(saved: list[dict[str, Any]], sizes: dict[str, int]) -> Stage:
    rows = [
        (f"__{rank}_0.distcp", f"{sizes[f'__{rank}_0.distcp']:,}", _numbers(one["rows"]))
        for rank, one in enumerate(saved)
    ]
    return Stage(
        "dcp.save: each rank writes its file",
        goes_in="The state `{'layer': ...}`, on every rank.",
        happens="The ranks tell rank 0 what they hold; rank 0 sees to it that nothing is written twice; then each writes.",
        comes_out=f"{len(rows)} files, side by side. No rank has seen another one's rows.",
        **tables(("file", "bytes", "values"), ("", rows, [f"rank {rank}" for rank in range(BEFORE)], 0)),
    )


def _metadata(metadata: Any, sizes: dict[str, int]) -> Stage:
    placed = {place.offset[0]: info for place, info in metadata.storage_data.items() if place.fqn == NAME}
    chunks = metadata.state_dict_metadata[NAME].chunks
    rows = [
        (chunk.offsets[0], chunk.sizes[0], placed[chunk.offsets[0]].relative_path, placed[chunk.offsets[0]].length)
        for chunk in chunks
    ]
    return Stage(
        "rank 0 writes .metadata, last",
        goes_in="What every rank has written, and where.",
        happens=f"Rank 0 writes {sizes['.metadata']:,} bytes: for `{NAME}` its whole shape, its dtype, and each chunk.",
        comes_out="From here on the folder can be loaded, by any number of ranks.",
        **tables(("from row", "rows", "in", "bytes"), ("", rows, [f"chunk {i}" for i in range(len(rows))], 0)),
        note="DCP writes no checksum. A bit that flips in a rank's file will not be noticed.",
    )


def _places(loaded: list[dict[str, Any]]) -> Stage:
    rows = [(len(one["before"]), _numbers(one["before"])) for one in loaded]
    return Stage(
        f"{AFTER} ranks make places",
        goes_in=f"A new layer in {AFTER} new processes, full of other numbers.",
        happens="`fully_shard` cuts it for three. `state_dict()` refers to these tensors: they are the places to fill.",
        comes_out=", ".join(f"{len(one['before'])} rows on rank {rank}" for rank, one in enumerate(loaded)) + ".",
        **tables(("places", "values"), ("", rows, [f"rank {rank}" for rank in range(AFTER)], 0)),
        note="Without places nothing would be read, and nobody would say so.",
    )


def _read(loaded: list[dict[str, Any]]) -> Stage:
    rows = [
        (rank, file, f"{first}-{last - 1}", at)
        for rank, one in enumerate(loaded)
        for file, first, last, at in one["notes"]
    ]
    two = [str(rank) for rank, one in enumerate(loaded) if len(one["notes"]) > 1]
    return Stage(
        "dcp.load: each rank reads what it needs",
        goes_in="The places of each rank, and `.metadata`.",
        happens="Each rank lays its rows over the chunks. Where they overlap, it reads.",
        comes_out=f"{len(rows)} reads. Rank {' and '.join(two) or 'none'} reads from two files, the others from one.",
        **tables(("rank", "file", "rows", "to place"), ("", rows, [f"read {i}" for i in range(len(rows))], 0)),
    )


def _filled(loaded: list[dict[str, Any]]) -> Stage:
    rows = [(_numbers(one["before"]), _numbers(one["after"])) for one in loaded]
    whole = [row for one in loaded for row in one["after"]]
    return Stage(
        "the places are filled",
        goes_in="The parts that were read.",
        happens="They are copied into the tensors of the layer. `dcp.load` returns nothing.",
        comes_out=f"Rows {_numbers(whole)}, in this order: {'the whole weight' if whole == sorted(whole) else 'not as saved'}.",
        **tables(("before", "after"), ("", rows, [f"rank {rank}" for rank in range(AFTER)], 0)),
    )

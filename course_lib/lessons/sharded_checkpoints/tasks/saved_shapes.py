"""Your turn: names and shapes in a folder, without its weights."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.distributed.checkpoint as dcp

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import is_mapping
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.sharded_checkpoints.kept import unpack
from course_lib.lessons.sharded_checkpoints.tasks.shared import quiet, shortly, tamed

STATES = {
    "nested": {"net": {"w": torch.zeros(4, 6), "b": torch.zeros(4)}, "step": torch.tensor(3.0), "epoch": 2},
    "plain values": {
        "epoch": 3,
        "name": "run",
        "rate": 0.1,
        "only": torch.zeros(2, 1, dtype=torch.float16),
        "none": None,
    },
}
KEPT = {
    "two ranks": {"0.weight": (5, 3), "0.bias": (5,), "2.weight": (10, 5), "2.bias": (10,)},
    "three ranks": {"0.weight": (5, 3), "0.bias": (5,), "2.weight": (7, 5), "2.bias": (7,)},
}


class SavedShapes(Task):
    """Name -> shape of every tensor that DCP saved."""

    visible: ClassVar = {
        "two ranks wrote it": {"kept": "two ranks", "state": "", "moved": False},
        "three ranks wrote it": {"kept": "three ranks", "state": "", "moved": False},
        "dictionaries in dictionaries": {"kept": "", "state": "nested", "moved": False},
        "mostly plain values": {"kept": "", "state": "plain values", "moved": False},
        "only .metadata is here": {"kept": "two ranks", "state": "", "moved": True},
    }
    hints: ClassVar = {
        "entries": "`dcp.FileSystemReader(folder).read_metadata().state_dict_metadata` maps every name to its entry.",
        "size": "A tensor's entry has `size`, the shape of the whole. `chunks` are the parts that the ranks hold.",
        "plain": "The entry of a plain value has no `size`: ask `hasattr(entry, 'size')`.",
        "metadata": "`read_metadata()` needs the file `.metadata` only. Nothing has to be loaded.",
    }

    def expected(self, case: Case) -> dict[str, tuple[int, ...]]:
        """What is in the folder: of a kept one, Adam's state too."""
        if case.state:
            flat = {"net.w": (4, 6), "net.b": (4,), "step": ()} if case.state == "nested" else {"only": (2, 1)}
            return flat
        shapes = KEPT[case.kept]
        moments = {
            f"optimizer.state.{name}.{part}": () if part == "step" else shape
            for name, shape in shapes.items()
            for part in ("exp_avg", "exp_avg_sq", "step")
        }
        return {f"model.{name}": shape for name, shape in shapes.items()} | moments

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write a folder, perhaps without the ranks' files, and ask."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "saved"
            if case.kept:
                unpack(case.kept, folder)
            else:
                with quiet():
                    dcp.save(STATES[case.state], checkpoint_id=folder)
            if case.moved:
                for path in folder.glob("*.distcp"):
                    path.unlink()
            return observe(tamed(answer), folder)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The names of the tensors, and the shapes of the wholes."""
        expected = self.expected(case)
        if seen.error:
            where = "Without the ranks' files" if case.moved else "For this folder"
            hint = "metadata" if case.moved else "plain" if "size" in seen.error else "entries"
            return failed(f"{where} `saved_shapes` raised {shortly(seen.error)}.", hint=hint)
        if not is_mapping(seen.value):
            return failed(f"Expected a dictionary from name to shape; got {seen.type}.", hint="entries")
        got = seen.value
        if extra := sorted(set(got) - set(expected)):
            plain = [name for name in extra if name in ("epoch", "name", "rate", "none") or "param_groups" in name]
            if plain:
                return failed(
                    f"Not a tensor but a plain value: {named(plain)}. Expected it to be left out.", hint="plain"
                )
            return failed(f"There is no tensor called {named(extra)} in the folder.", hint="entries")
        if lacking := [name for name in expected if name not in got]:
            return failed(f"The tensors {named(lacking)} are missing. Expected every tensor.", hint="entries")
        for name, shape in expected.items():
            if not isinstance(got[name], list) or not all(type(n) is int for n in got[name]):
                return failed(f"The shape of `{name}` came as {got[name]!r}. Expected a tuple of ints.", hint="size")
            if tuple(got[name]) != shape:
                part = ": that is one rank's part" if len(shape) == len(got[name]) else ""
                return failed(f"`{name}` came with {tuple(got[name])}{part}. The whole tensor is {shape}.", hint="size")
        return passed("Every tensor and its shape, and no weight was read.")

"""Your turn: how many bytes of a file carry which tag?"""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.device_mapping.tasks.shared import machine, shortly, write


class BytesByTag(Task):
    """Tag -> bytes of all storages that carry it."""

    visible: ClassVar = {
        "a CPU's and a GPU's": {"tags": ("cuda:0", "cpu"), "shared": False},
        "two makers', half precision": {"tags": ("npu:1", "mps"), "shared": False},
        "a view of a part": {"tags": ("cuda:0", "cuda:1"), "shared": True},
    }
    hints: ClassVar = {
        "function": "`torch.load(path, map_location=note, weights_only=True)` calls `note(storage, tag)` for each storage.",
        "stay": "A function that returns None sends the storage where its tag says. Return the storage, and it stays here.",
        "add": "Several storages carry one tag: `total[tag] = total.get(tag, 0) + storage.nbytes()`.",
    }

    def content(self, case: Case) -> tuple[dict[str, Tensor], dict[str, list[Tensor]]]:
        """Tensors of several sizes and dtypes, and which of them carry which tag."""
        first, second = case.tags
        a, b, c = torch.ones(4, 5), torch.ones(7), torch.ones(3, dtype=torch.float16)
        same, part = torch.zeros(4, 5), torch.ones(6, 3)[2:4]  # as many bytes as `a`; a slice of a larger storage
        content = {"a": a, "b": b, "c": c, "same": same, "part": part}
        if case.shared:
            content |= {"table": a.view(10, 2), "row": a[0]}
        return content, {first: [a, c, same], second: [b, part]}

    def expected(self, case: Case) -> dict[str, int]:
        """The bytes under each tag, each storage once."""
        return {tag: sum(t.untyped_storage().nbytes() for t in held) for tag, held in self.content(case)[1].items()}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write a file, and ask on a machine without a GPU."""
        with tempfile.TemporaryDirectory() as folder, machine(["cpu"]):
            path = Path(folder) / "file.pt"
            write(path, *self.content(case))
            return observe(answer, path)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The tags, and the bytes of each."""
        expected, got = self.expected(case), seen.value
        if seen.error:
            hint = "stay" if any(word in seen.error for word in ("deserialize", "recogn", "restore")) else "function"
            return failed(f"For a file tagged {' and '.join(case.tags)} it raised {shortly(seen.error)}.", hint=hint)
        if not isinstance(got, dict) or "text" in got:
            return failed(f"Expected a dictionary from tag to bytes; got {seen.type}.", hint="function")
        if set(got) != set(expected):
            return failed(f"Expected the tags {sorted(expected)}; got {sorted(got)}.", hint="function")
        for tag, size in expected.items():
            if case.shared and type(got[tag]) is int and got[tag] > size:
                return failed(
                    f"For {tag} came {got[tag]}. Its storages hold {size} bytes: one that several tensors share counts once.",
                    hint="add",
                )
            if got[tag] != size:
                return failed(f"For {tag} came {got[tag]!r}. Its storages hold {size} bytes.", hint="add")
        return passed("Every storage once, under its tag.")

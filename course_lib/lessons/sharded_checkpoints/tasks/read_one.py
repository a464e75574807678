"""Your turn: one tensor out of a folder."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor

from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.sharded_checkpoints.kept import unpack
from course_lib.lessons.sharded_checkpoints.tasks.shared import kept_contents, quiet, shortly, tamed


def written(case: Case) -> dict[str, Any]:
    """What the probe saves for a case without a kept folder."""
    drawn = torch.randn(6, 3, generator=case.generator())
    return {"net": {"w": drawn.to(getattr(torch, case.dtype)), "b": torch.ones(6)}, "epoch": 3, "step": drawn[0, 0] * 1}


def setting(name: str, kept: str = "", dtype: str = "float32", *, there: bool = True) -> dict[str, Any]:
    """The settings of a case."""
    return {"asked": name, "kept": kept, "dtype": dtype, "there": there}


class ReadOne(Task):
    """One whole tensor, by its name."""

    visible: ClassVar = {
        "cut in two": setting("model.2.weight", "two ranks"),
        "cut in three": setting("optimizer.state.2.bias.exp_avg", "three ranks"),
        "half precision": setting("net.w", dtype="float16"),
        "whole numbers": setting("net.w", dtype="int64"),
        "without dimensions": setting("step"),
        "no such name": setting("model.7.weight", "two ranks", there=False),
        "a plain value": setting("epoch", there=False),
    }
    hints: ClassVar = {
        "place": "`dcp.load` fills what it is given and returns nothing. Make the place first: `torch.empty(entry.size, "
        "dtype=entry.properties.dtype)`, in a dictionary under the same name.",
        "entry": "`dcp.FileSystemReader(folder).read_metadata().state_dict_metadata[name]` has `size` and `properties.dtype`.",
        "lack": "A dictionary without that name raises a KeyError by itself. The entry of a plain value has no `size`: raise "
        "one for it.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the tensor; `also` has what the folder holds under that name."""
        kinds: list[str] = []
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "saved"
            if case.kept:
                unpack(case.kept, folder)
            else:
                with quiet():
                    dcp.save(written(case), checkpoint_id=folder)
            return observe(tamed(answer, kinds), folder, case.asked, also={"kinds": lambda: kinds})

    def truth(self, case: Case) -> Tensor:
        """The tensor as it was saved, read anew."""
        if case.kept:
            return kept_contents(case.kept)[case.asked]
        state = written(case)
        return state["net"]["w"] if case.asked == "net.w" else state["step"]

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The values, the dtype, or a KeyError."""
        call = f"`read_one(folder, {case.asked!r})`"
        if not case.there:
            what = "is a plain value" if case.asked == "epoch" else "isn't in the folder"
            if "KeyError" in seen.also["kinds"]:
                return passed("A KeyError, as it should be.")
            came = f"raised {shortly(seen.error)}" if seen.error else f"returned {described(seen.value)}"
            return failed(f"{case.asked!r} {what}. Expected a KeyError; {call} {came}.", hint="lack")
        if seen.error:
            return failed(f"{call} raised {shortly(seen.error)}.", hint="place")
        if not isinstance(seen.value, Tensor):
            return failed(f"{call} returned {described(seen.value)}. Expected the tensor.", hint="place")
        expected, got = self.truth(case), seen.value
        if got.shape != expected.shape:
            return failed(
                f"{call} returned a tensor of shape {tuple(got.shape)}. The whole has {tuple(expected.shape)}.",
                hint="entry",
            )
        if got.dtype != expected.dtype:
            return failed(f"{call} returned {got.dtype}. It was saved as {expected.dtype}.", hint="entry")
        if not torch.equal(got, expected):
            filled = (got == expected).float().mean().item()
            return failed(
                f"The values are not those in the folder ({filled:.0%} agree): was the place filled, and is it the one "
                "that you return?",
                hint="place",
            )
        return passed("One tensor, whole, as it was saved.")

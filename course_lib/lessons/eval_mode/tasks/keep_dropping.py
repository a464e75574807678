"""Your turn: a dropout layer that drops in either mode."""

from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.eval_mode.tasks.shared import put_back


class KeepDropping(Task):
    """Let one dropout layer drop in either mode."""

    visible: ClassVar = {
        "after eval()": {"switches": (False,), "begins": True, "p": 0.25},
        "after train() and eval()": {"switches": (True, False, False), "begins": True, "p": 0.75},
        "handed in in eval mode": {"switches": (), "begins": False, "p": 0.4},
    }
    hints: ClassVar = {
        "train": "`model.eval()` calls `train(False)` on each module inside. Put a function of your own in the place of `layer.train`.",
        "now": "The layer may be in eval mode when you get it: switch it once yourself, before you replace its `train`.",
        "own": "Let the layer itself drop, as it does in training mode: nothing but its mode is to be kept.",
        "others": "Replace the `train` of this one object; leave the class and the model alone.",
        "self": "`train` takes the mode (`mode=True`) and returns the module.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Two dropout layers, one of them kept; look at what both do after the switches."""
        kept, other = nn.Dropout(case.p), nn.Dropout(0.5)
        model, ones = nn.Sequential(other, nn.Sequential(nn.Identity(), kept)).train(case.begins), torch.ones(4096)
        seen = {}

        def use() -> bool:
            try:
                returned = answer(kept)
                for mode in case.switches:
                    model.train(mode)
                seen.update({"in eval": kept(ones), "again": kept(ones), "other": bool((other(ones) == 0).any())})
                seen["other trains"] = bool((model.train()[0](ones) == 0).any())
                seen["in training"] = kept(ones)
                return returned is kept
            finally:
                put_back(nn.Dropout)  # an answer may have replaced its train in the class

        return observe(use, also={"seen": lambda: seen})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """This layer drops, the other obeys."""
        did = seen.also["seen"]
        if seen.error:
            return failed(f"Keeping the layer and switching the model raised {seen.error}.", hint="self")
        if not (did["in eval"] == 0).any():
            if not case.switches:
                return failed("The layer was in eval mode when you got it, and still is: it drops nothing.", hint="now")
            return failed("After the model's `eval()` the layer drops nothing.", hint="train")
        if did["other"]:  # every case ends in eval mode
            return failed("Another dropout layer of the model drops in eval mode, too.", hint="others")
        if not did["other trains"]:
            return failed("Another dropout layer no longer drops in training mode.", hint="others")
        if complaint := self._dropped(did, case.p):
            return failed(complaint, hint="own")
        if seen.value is not True:
            return failed("It drops in either mode, but the layer was not returned.", hint="self")
        return passed("It drops in either mode, and the others obey.")

    @staticmethod
    def _dropped(did: dict, p: float) -> str:
        """Where it drops otherwise than the layer itself does in training mode, in words; empty if nowhere."""
        for mode in ("eval", "training"):
            out = did[f"in {mode}"]
            share = (out == 0).double().mean().item()
            if not share:
                return "After the model's `train()` the layer drops nothing."
            if abs(share - p) > 0.06:  # seven standard deviations of 4096 coins
                return f"In {mode} mode {share:.2f} of the values were dropped; the layer's own `p` is {p}."
            if not torch.allclose(out[out != 0], torch.tensor(1 / (1 - p), dtype=out.dtype)):
                return "The survivors aren't multiplied by 1 / (1 - p), as the layer does it in training mode."
        if torch.equal(did["in eval"], did["again"]):
            return "Two passes dropped the same values. The layer draws anew at each pass."
        return ""

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
        "after eval()": {"switches": (False,), "begins": True},
        "after train() and eval()": {"switches": (True, False, False), "begins": True},
        "handed in in eval mode": {"switches": (), "begins": False},
    }
    hints: ClassVar = {
        "train": "`model.eval()` calls `train(False)` on each module inside. Put a function of your own in the place of `layer.train`.",
        "now": "The layer may be in eval mode when you get it: switch it once yourself, before you replace its `train`.",
        "others": "Replace the `train` of this one object; leave the class and the model alone.",
        "self": "`train` takes the mode (`mode=True`) and returns the module.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Two dropout layers, one of them kept; look at what both do after the switches."""
        kept, other = nn.Dropout(0.5), nn.Dropout(0.5)
        model, ones = nn.Sequential(other, nn.Sequential(nn.Identity(), kept)).train(case.begins), torch.ones(64)
        seen = {}

        def use() -> bool:
            try:
                returned = answer(kept)
                for mode in case.switches:
                    model.train(mode)
                seen.update(kept=bool((kept(ones) == 0).any()), other=bool((other(ones) == 0).any()))
                seen["other trains"] = bool((model.train()[0](ones) == 0).any())
                return returned is kept
            finally:
                put_back(nn.Dropout)  # an answer may have replaced its train in the class

        return observe(use, also={"seen": lambda: seen})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """This layer drops, the other obeys."""
        did = seen.also["seen"]
        if seen.error:
            return failed(f"Keeping the layer and switching the model raised {seen.error}.", hint="self")
        if not did["kept"]:
            if not case.switches:
                return failed("The layer was in eval mode when you got it, and still is: it drops nothing.", hint="now")
            return failed("After the model's `eval()` the layer drops nothing.", hint="train")
        if did["other"]:  # every case ends in eval mode
            return failed("Another dropout layer of the model drops in eval mode, too.", hint="others")
        if not did["other trains"]:
            return failed("Another dropout layer no longer drops in training mode.", hint="others")
        if seen.value is not True:
            return failed("It drops in either mode, but the layer was not returned.", hint="self")
        return passed("It drops in either mode, and the others obey.")

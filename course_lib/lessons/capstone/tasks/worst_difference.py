"""Your turn: how far a model's logits are from the recorded ones."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.answers import asked, no_value, refusal
from course_lib.classroom.tasks.comparing import described, number
from course_lib.classroom.tasks.inputs import drawn, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class WorstDifference(Task):
    """The largest absolute difference, in eval mode, with every flag put back."""

    visible: ClassVar = {
        "a little off": {"off": 0.25, "training": True},
        "below the recorded ones": {"off": -0.5, "training": True, "frozen": True},
        "every bit": {"off": 0.0, "training": False},
        "another shape": {"off": 0.0, "training": True, "cut": "row"},
        "one logit for each image": {"off": 0.0, "training": True, "cut": "column"},
        "as many numbers, otherwise": {"off": 0.0, "training": True, "cut": "lying"},
    }
    hints: ClassVar = {
        "eval": "`model.eval()` before you ask; in training mode dropout and batch norm give other logits.",
        "back": "Note `module.training` of each of `model.modules()` first, and put each back: `model.train()` would "
        "switch on a layer that was off. Lesson 01 wrote a context manager for it.",
        "abs": "`(logits - recorded).abs().max()`: without `abs` a large negative difference is lost.",
        "shape": "`if logits.shape != recorded.shape: raise ValueError(...)` before you subtract.",
    }

    def model(self, case: Case) -> nn.Module:
        """A network with batch norm and dropout; "frozen": one layer is in eval mode."""
        layers = nn.Linear(4, 6), nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.5)), nn.Linear(6, 3)
        model = drawn(nn.Sequential(*layers), case.generator()).train(case.training)
        if case.settings.get("frozen"):
            model[1][0].eval()
        return model

    def data(self, case: Case) -> tuple[Tensor, Tensor]:
        """Images (N, 4) and recorded logits, off by `off` in one place."""
        images = torch.rand(5, 4, generator=case.generator())
        with torch.no_grad():
            recorded = self.model(case).eval()(images)
        recorded[3, 1] -= case.off
        recorded[1, 2] += case.off / 5
        cuts = {"row": recorded[:1], "column": recorded[:, :1], "lying": recorded.reshape(3, 5)}
        return images, cuts.get(case.settings.get("cut"), recorded)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask once, and look at the flags."""
        model, (images, recorded) = self.model(case), self.data(case)
        return observe(asked, answer, model, images, recorded, also={"flags": lambda: flags(model)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The distance, the flags, the refusal."""
        before = flags(self.model(case))
        moved = [name for name, flag in before.items() if seen.also["flags"].get(name) is not flag]
        if case.settings.get("cut"):
            shape = tuple(self.data(case)[1].shape)
            went = f"Logits of shape (5, 3) were compared with recorded ones of {shape}."
            wrong = refusal(seen, "worst_difference", went, hint="shape")
            if wrong:
                return wrong
        elif trouble := no_value(seen, "worst_difference"):
            return failed(trouble, hint="eval")
        else:
            got = number(seen.value["value"])
            if got is None:
                return failed(f"Expected a number; got {described(seen.value['value'])}.", hint="abs")
            if not near(got, abs(case.off), atol=1e-5):
                return self.other(got, case)
        if moved:
            now = "training" if seen.also["flags"][moved[0]] else "eval"
            return failed(f"Afterwards `{moved[0]}` is in {now} mode; it came in the other.", hint="back")
        return passed("In eval mode, compared in full, and every flag is back.")

    def other(self, got: float, case: Case) -> Verdict:
        """Which other difference it is."""
        images, recorded = self.data(case)
        with torch.no_grad():
            difference = self.model(case).eval()(images) - recorded
        said = f"The largest difference is {abs(case.off):.3f}; got {got:.3f}"
        if near(got, difference.max().item(), atol=1e-5):
            return failed(f"{said}: the largest without its sign taken off.", hint="abs")
        if near(got, difference.abs().mean().item(), atol=1e-5):
            return failed(f"{said}: that is the mean.", hint="abs")
        return failed(f"{said}. Was the model in eval mode?", hint="eval")

"""Freeze batch norm so that the next train() doesn't thaw it."""

from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.inputs import changed, copied, drawn
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class FreezeBatchNorm(Task):
    """Freeze batch norm so that the next train() doesn't thaw it."""

    visible: ClassVar = {"train() again": {"nested": False, "switches": 1}}
    graded: ClassVar = {
        "images, one level down": {"nested": True, "switches": 1},
        "eval and train": {"nested": False, "switches": 3},
    }
    hints: ClassVar = {
        "thaw": "`model.train()` calls `train(True)` on every submodule. A frozen layer needs a `train` that stays in eval.",
        "affine": "Two things learn in batch norm: the statistics (by the mode) and weight and bias (by gradient).",
        "batch": "In train mode batch norm normalises by this batch, whatever its momentum. Only eval uses the statistics.",
        "kinds": "`model.modules()` reaches every level. `nn.modules.batchnorm._BatchNorm` is the base of 1d, 2d and 3d.",
        "others": "Freeze batch norm and nothing else: dropout still drops and the other layers still learn.",
    }

    def model(self, case: Case) -> nn.Module:
        """Linear or convolution, batch norm, dropout, and a head."""
        if case.nested:
            block = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5))
            model = nn.Sequential(block, nn.Flatten(), nn.Linear(16, 2))
        else:
            model = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 2))
        return drawn(model, case.generator())

    def probe(self, answer: Any, case: Case) -> Observation:
        """Freeze, switch modes, train one step with weight decay, and look at everything that may have moved."""
        model = self.model(case)
        norm = next(m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm))
        before = copied(model)
        inputs_seen, outputs_seen = [], []
        x = torch.randn(16, *((1, 4, 4) if case.nested else (5,)), generator=case.generator()) * 3 + 2

        def use() -> list[str]:
            answer(model)
            for i in range(case.switches):
                model.train(i % 2 == 0)
            # append() returns None, and a hook that returns None leaves the output alone
            handle = norm.register_forward_hook(lambda m, i, o: inputs_seen.append(i[0]) or outputs_seen.append(o))
            optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1, weight_decay=0.1)
            model(x).square().sum().backward()
            optimizer.step()
            handle.remove()
            return changed(before, model.state_dict())

        look = {
            "input": lambda: inputs_seen[0].detach() if inputs_seen else None,
            "output": lambda: outputs_seen[0].detach() if outputs_seen else None,
            "norm": lambda: next(name for name, m in model.named_modules() if m is norm),
            "dropout": lambda: [m.training for m in model.modules() if isinstance(m, nn.Dropout)],
            "before": lambda: before,
        }
        return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Statistics, weight and bias stand still, the output uses the statistics, and everything else learns."""
        if seen.error:
            return failed(f"Freezing and one training step raised {seen.error}.", hint="others")
        norm, moved = seen.also["norm"], seen.value
        if any(f"{norm}.{name}" in moved for name in ("running_mean", "running_var", "num_batches_tracked")):
            return failed(
                f"After `model.train()` and one step the running statistics of `{norm}` moved: train() thawed it.",
                hint="kinds" if case.nested else "thaw",
            )
        if not near(seen.also["output"], self.normalised(seen, case), rtol=1e-3, atol=1e-4):
            return failed(
                f"`{norm}` normalised by this batch's own mean. Expected its running statistics.", hint="batch"
            )
        if any(f"{norm}.{name}" in moved for name in ("weight", "bias")):
            return failed(
                f"The weight and bias of `{norm}` learned. Freezing stops both kinds of learning.", hint="affine"
            )
        learned = {name for name in moved if not name.startswith(f"{norm}.")}
        others = {name for name in seen.also["before"] if not name.startswith(f"{norm}.")}
        if learned != others or not all(seen.also["dropout"]):
            stuck = ", ".join(sorted(others - learned)) or "dropout"
            return failed(f"More than batch norm is frozen: {stuck} no longer trains.", hint="others")
        return passed("Frozen through every train(), and nothing else is.")

    @staticmethod
    def normalised(seen: Observation, case: Case) -> torch.Tensor:
        """What batch norm gives in eval mode, by its formula, from what it was given."""
        before, norm, x = seen.also["before"], seen.also["norm"], seen.also["input"]
        shape = (1, -1, 1, 1) if case.nested else (1, -1)
        mean, variance, weight, bias = (
            before[f"{norm}.{name}"].view(shape) for name in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (variance + 1e-5).sqrt() * weight + bias

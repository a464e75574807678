"""Freeze batch norm so that the next train() doesn't thaw it."""

from collections import OrderedDict
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import changed, copied, drawn
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.eval_mode.tasks.shared import NORMS, drawn_names, put_back

STATISTICS = ("running_mean", "running_var")
AFFINE = ("weight", "bias")


class FreezeBatchNorm(Task):
    """Freeze batch norm so that the next train() doesn't thaw it."""

    visible: ClassVar = {
        "train() again": {"dimensions": 1, "switches": (True,)},
        "images, no weight in one": {"dimensions": 2, "switches": (False, True)},
        "volumes": {"dimensions": 3, "switches": (True,)},
    }
    graded: ClassVar = {"images, eval and train": {"dimensions": 2, "switches": (True, False, True)}}
    hints: ClassVar = {
        "thaw": "`model.train()` calls `train(True)` on every submodule. A frozen layer needs a `train` that stays in eval.",
        "affine": "Two things learn in batch norm: the statistics (by the mode) and weight and bias (by gradient).",
        "batch": "In training mode batch norm normalises by this batch, whatever its momentum. Only eval mode uses the statistics.",
        "kinds": "`model.modules()` reaches every level. `nn.modules.batchnorm._BatchNorm` is the base of 1d, 2d and 3d.",
        "none": "A batch norm made with `affine=False` has `None` for its weight. `requires_grad_(False)` on the layer copes with that.",
        "others": "Freeze batch norm and nothing else: dropout follows train() and eval(), and every other layer learns.",
        "same": "Change the layers of the model that you are given, and end with `return model`.",
    }

    def model(self, case: Case) -> nn.Module:
        """Three batch norm layers, two of them inside a block; dropout and another kind of norm beside them."""
        names, d = drawn_names(case, 5), case.dimensions
        kind = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[d]
        first = nn.Linear(5, 4) if d == 1 else {2: nn.Conv2d, 3: nn.Conv3d}[d](1, 4, 2)
        other = nn.LayerNorm(4) if d == 1 else nn.GroupNorm(2, 4)
        middle = nn.Linear(4, 4) if d == 1 else {2: nn.Conv2d, 3: nn.Conv3d}[d](4, 4, 1)
        block = nn.Sequential(middle, kind(4, affine=d != 2), other, nn.Dropout(0.5), kind(4))
        parts = (first, kind(4), block, nn.Flatten(), nn.Linear(4 if d == 1 else 4 * 2**d, 2))
        model = drawn(nn.Sequential(OrderedDict(zip(names, parts, strict=True))), case.generator()).train()
        if d == 3:  # somebody stopped a dropout layer, and a bias
            block[3].eval()
            first.bias.requires_grad_(False)
        return model

    def batch(self, case: Case) -> Tensor:
        """Eight examples, far from the statistics that the model has stored."""
        shape = (5,) if case.dimensions == 1 else (1, *[3] * case.dimensions)
        return torch.randn(8, *shape, generator=case.generator()) * 3 + 2

    def probe(self, answer: Any, case: Case) -> Observation:
        """Freeze; run once before any switch, then switch, train a step, and run again; watch each batch norm."""
        model, x = self.model(case), self.batch(case)
        names = self.norms(model)
        before, seen = copied(model), {}

        def look(when: str) -> Tensor:
            """One pass, with what goes into each batch norm and what comes out of it."""
            passage = {}

            def keep(name: str):
                def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
                    passage[name] = {"in": inputs[0].detach().clone(), "out": output.detach().clone()}

                return hook

            handles = [model.get_submodule(name).register_forward_hook(keep(name)) for name in names]
            out = model(x)
            for handle in handles:
                handle.remove()
            seen[when] = {
                "passage": passage,
                "moved": [n for n, t in model.state_dict().items() if n in before and not torch.equal(t, before[n])],
            }
            return out

        def use() -> str:
            flags = self.flags(model, names)
            returned = answer(model)
            seen["returned"] = "it" if returned is model else "a model" if isinstance(returned, nn.Module) else "else"
            seen["put"] = changed(flags, self.flags(model, names))
            stranger = NORMS[case.dimensions](2)
            seen["stranger"] = stranger.training and stranger.train().training and not stranger.eval().training
            look("at once")
            for mode in case.switches:
                model.train(mode)
            out = look("switched")
            self.step(model, out)
            look("trained")
            seen["in eval"] = self.flags(model.eval(), names)
            seen["in training"] = self.flags(model.train(), names)
            return type(returned).__name__

        try:
            return observe(use, also={"seen": lambda: seen})
        finally:
            put_back(*NORMS)

    @staticmethod
    def step(model: nn.Module, out: Tensor) -> None:
        """One step with weight decay over all that wants gradients, if anything does."""
        wanting = [p for p in model.parameters() if p.requires_grad]
        if wanting and out.requires_grad:
            optimizer = torch.optim.SGD(wanting, lr=0.01, weight_decay=0.1)
            (out - 1).square().sum().backward()
            optimizer.step()

    @staticmethod
    def norms(model: nn.Module) -> list[str]:
        """The names of the batch norm layers."""
        base = nn.modules.batchnorm._BatchNorm
        return [name for name, module in model.named_modules() if isinstance(module, base)]

    @staticmethod
    def flags(model: nn.Module, norms: list[str]) -> dict[str, bool]:
        """Each module's flag but those of the batch norm layers and what may be inside them."""
        inside = tuple(f"{name}." for name in norms)
        return {
            name or "model": module.training
            for name, module in model.named_modules()
            if name not in norms and not name.startswith(inside)
        }

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Each batch norm gives what it gave in eval mode before; everything else switches and learns."""
        if seen.error:
            hint = "none" if "NoneType" in seen.error else "others"
            return failed(f"Freezing and then training raised {seen.error}.", hint=hint)
        model, saw = self.model(case), seen.also["seen"]
        if saw["returned"] == "a model":
            return failed(
                "Another model was returned, and the one that was handed in is not what you froze. Expected the same "
                "model, changed.",
                hint="same",
            )
        if not saw["stranger"]:
            return failed(
                "A batch norm of another model no longer follows train() and eval(): the class itself was changed. "
                "Change the layers of this model only.",
                hint="same",
            )
        for name in self.norms(model):
            if complaint := self._thawed(name, model.get_submodule(name), saw):
                return complaint
        norms = self.norms(model)
        rest = {n: p.requires_grad for n, p in model.named_parameters() if n.rpartition(".")[0] not in norms}
        moved = saw["trained"]["moved"]
        if stuck := sorted(name for name, learns in rest.items() if learns and name not in moved):
            return failed(f"More than batch norm is frozen: `{stuck[0]}` no longer learns.", hint="others")
        if woken := sorted(name for name, learns in rest.items() if not learns and name in moved):
            return failed(f"`{woken[0]}` was frozen when you got it, and learns now.", hint="others")
        if put := saw["put"]:
            return failed(f"Freezing put `{put[0]}` in another mode. Expected it to stay as it was.", hint="others")
        if deaf := [name for name, flag in saw["in eval"].items() if flag]:
            return failed(f"`{deaf[-1]}` stays in training mode after `model.eval()`.", hint="others")
        if deaf := [name for name, flag in saw["in training"].items() if not flag]:
            return failed(f"`{deaf[-1]}` stays in eval mode after `model.train()`.", hint="others")
        if saw["returned"] != "it":
            return failed(
                f"Frozen, but returned {seen.value.replace('NoneType', 'None')}. Expected the model.", hint="same"
            )
        return passed("Frozen through every train(), and nothing else is.")

    @staticmethod
    def _thawed(name: str, norm: nn.Module, saw: dict) -> Verdict | None:
        """What a batch norm did that a frozen one doesn't."""

        def wrong(when: str) -> bool:
            """Whether it gave anything else than a layer with the same numbers gives in eval mode."""
            passage = saw[when]["passage"].get(name)
            with torch.no_grad():
                return not passage or not near(passage["out"], norm.eval()(passage["in"]), rtol=1e-3, atol=1e-4)

        def moved(when: str, parts: tuple[str, ...]) -> bool:
            return any(f"{name}.{part}" in saw[when]["moved"] for part in parts)

        kind = type(norm).__name__
        if moved("at once", STATISTICS):
            return failed(
                f"`{name}`, a {kind}, was never frozen: the first pass moved its running statistics.", hint="kinds"
            )
        if moved("switched", STATISTICS) or moved("trained", STATISTICS):
            return failed(
                f"The running statistics of `{name}`, a {kind}, moved after `model.train()`, which thawed it.",
                hint="thaw",
            )
        if wrong("at once") or wrong("switched"):
            return failed(
                f"`{name}` normalised by this batch's own mean. Expected its running statistics.", hint="batch"
            )
        if moved("trained", AFFINE) or wrong("trained"):
            return failed(
                f"The weight and bias of `{name}` learned. Freezing stops both kinds of learning.", hint="affine"
            )
        return None

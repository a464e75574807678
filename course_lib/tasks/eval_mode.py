"""The tasks of lesson 01: the train/eval switch, put back as it was found."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.tasks.observation import Observation, observe
from course_lib.tasks.task import Case, Task, Verdict, failed, near, passed


def flags(model: nn.Module) -> dict[str, bool]:
    """Each module's training flag by its dotted name; the model itself is "model"."""
    return {name or "model": module.training for name, module in model.named_modules()}


def statistics(model: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of every buffer: batch norm's running statistics."""
    return {name: buffer.clone() for name, buffer in model.named_buffers()}


class AlwaysDrop(nn.Module):
    """Dropout written the wrong way: `F.dropout` is on whatever the mode."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) -> (N, F), half of it zero."""
        return F.dropout(x, 0.5)


class AddsNoise(nn.Module):
    """Noise meant for training, with no look at the mode."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, F) -> (N, F)."""
        return x + torch.randn_like(x)


def lived_in(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Give every parameter and running statistic a drawn value, as if the model had been trained."""
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        for module in model.modules():
            if isinstance(module, nn.Linear):
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator))
    return model


def mixed_model(case: Case) -> nn.Module:
    """Nested, with the modes that `case.modes` asks for: "train", "eval" or "mixed"."""
    inner = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Dropout(0.5))
    model = lived_in(nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), inner, nn.Linear(6, 3)), case.generator())
    model.train(case.modes != "eval")
    if case.modes == "mixed":
        model[1].eval()
        inner[1].eval()
    return model


def different(before: dict[str, bool], after: dict[str, bool]) -> list[str]:
    """The names whose flags differ."""
    return [name for name in before if after.get(name) != before[name]]


class EvaluationMode(Task):
    """A context manager that evaluates, and puts every switch back."""

    visible: ClassVar = {
        "mixed modes": {"modes": "mixed", "error": False, "nested": False},
        "an error inside": {"modes": "train", "error": True, "nested": False},
    }
    graded: ClassVar = {
        "already in eval": {"modes": "eval", "error": False, "nested": False},
        "used inside itself": {"modes": "mixed", "error": False, "nested": True},
    }
    hints: ClassVar = {
        "manager": "`contextlib.contextmanager` turns a function with one `yield` into a context manager.",
        "restore": "`model.train(was_training)` gives every submodule the same flag. Remember each module's own: "
        "`[(m, m.training) for m in model.modules()]`.",
        "finally": "What must happen even when the block raises belongs in `finally`, around the `yield`.",
        "recursion": "`model.eval()` reaches every registered submodule; setting `model.training` reaches one.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Enter, look at the flags, perhaps raise, leave, look again."""
        model, inside = mixed_model(case), {}
        before = flags(model)

        def use() -> str:
            with answer(model):
                inside.update(flags(model), grad=torch.is_grad_enabled())
                if case.nested:
                    with answer(model):
                        pass
                    inside["after the inner one"] = any(flags(model).values())
                if case.error:
                    raise ZeroDivisionError("raised inside the block")
            return "left without an error"

        return observe(use, also={"before": lambda: before, "inside": lambda: inside, "after": lambda: flags(model)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Eval inside, the old flags outside, an error inside comes through."""
        inside = dict(seen.also["inside"])
        if not inside:
            return failed(
                f"`with evaluation_mode(model):` could not be entered: {seen.error or 'nothing happened'}. "
                "Expected a context manager.",
                hint="manager",
            )
        grad = inside.pop("grad")
        still_inside = inside.pop("after the inner one", False)
        if training := [name for name, flag in inside.items() if flag]:
            return failed(
                f"Inside the block {', '.join(training)} still trains. Expected eval everywhere.", hint="recursion"
            )
        if not grad:
            return failed("Gradients were off inside the block. This manager turns one switch only; grad is the other.")
        if still_inside:
            return failed("After leaving an inner `with`, the outer one was no longer in eval mode.", hint="restore")
        if case.error and not seen.error.startswith("ZeroDivisionError: raised inside"):
            return failed(
                "The block raised an error, and the manager swallowed it. Expected it to come through.", hint="finally"
            )
        if not case.error and seen.error:
            return failed(f"Leaving the block raised {seen.error}.", hint="manager")
        if changed := different(seen.also["before"], seen.also["after"]):
            if case.error and not any(seen.also["after"].values()):
                return failed("The block raised, and the model stayed in eval mode for ever.", hint="finally")
            was = "train" if seen.also["before"][changed[0]] else "eval"
            return failed(
                f"After the block {', '.join(changed)} came back in the other mode (`{changed[0]}` was in {was}). "
                "Expected every submodule's own flag.",
                hint="restore",
            )
        return passed("Eval inside, and every submodule's own flag outside.")


class StaysRandom(Task):
    """Find the modules whose output is random even in eval mode."""

    visible: ClassVar = {"one culprit": {"culprits": (3,)}}
    graded: ClassVar = {"none": {"culprits": ()}, "two culprits": {"culprits": (1, 4)}}
    hints: ClassVar = {
        "twice": "Call one module twice on the same input: if the outputs differ, it is random.",
        "inputs": "A forward hook sees each module's own input: keep it, then call each module alone on what it was given.",
        "eval": "Ask the question in eval mode: in train mode `nn.Dropout` is random by design.",
        "state": "Look without touching: put the flags back, and let no batch norm see data in train mode.",
    }

    def model(self, case: Case) -> nn.Module:
        """Six leaves in a row; the culprits stand at `case.culprits`, a proper Dropout and batch norm elsewhere."""
        layers: list[nn.Module] = [nn.Linear(5, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3)]
        for i in case.culprits:
            layers[i] = AddsNoise() if i == 4 else AlwaysDrop()
        model = lived_in(nn.Sequential(*layers, nn.Linear(8, 2)), case.generator())
        model.train()
        model[2].eval()
        return model

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the names; look at flags and statistics before and after."""
        model = self.model(case)
        before = (flags(model), statistics(model))
        x = torch.randn(32, 5, generator=case.generator())
        return observe(
            answer,
            model,
            x,
            also={
                "flags": lambda: different(before[0], flags(model)),
                "statistics": lambda: [n for n, b in statistics(model).items() if not torch.equal(b, before[1][n])],
            },
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The culprits' names, and a model left as it was."""
        if seen.error:
            return failed(f"`stays_random(model, x)` raised {seen.error}.", hint="inputs")
        if not isinstance(seen.value, list) or not all(isinstance(name, str) for name in seen.value):
            return failed(f"Expected a list of names such as `['3']`; got {seen.type}.", hint="twice")
        found, culprits = set(seen.value), {str(i) for i in case.culprits}
        innocent = {str(i) for i in (1, 4)} - culprits
        if found - culprits and found & innocent:
            return failed(
                f"Got {sorted(found)}; expected {sorted(culprits)}. `nn.Dropout` obeys eval(), so it is innocent.",
                hint="eval",
            )
        if found - culprits:
            return failed(
                f"Got {sorted(found)}; expected {sorted(culprits)}. A module fed by a random one is not random itself.",
                hint="inputs",
            )
        if missing := culprits - found:
            return failed(
                f"Got {sorted(found)}; {sorted(missing)} is random in eval mode and was not found.", hint="twice"
            )
        if seen.also["flags"] or seen.also["statistics"]:
            touched = ", ".join(seen.also["flags"] + seen.also["statistics"])
            return failed(f"The right names, but the model came back changed: {touched}.", hint="state")
        return passed("Found by what they do, not by what they are called.")


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
        return lived_in(model, case.generator())

    def probe(self, answer: Any, case: Case) -> Observation:
        """Freeze, switch modes, train one step with weight decay, and look at everything that may have moved."""
        model = self.model(case)
        norm = next(m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm))
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
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
            return [name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])]

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


class Predict(Task):
    """Mend a predict() that raises nothing and is wrong."""

    visible: ClassVar = {
        "in training": {"modes": "train", "examples": 40, "batch_size": 16},
        "already in eval": {"modes": "eval", "examples": 40, "batch_size": 40},
    }
    graded: ClassVar = {
        "one at a time": {"modes": "train", "examples": 9, "batch_size": 1},
        "mixed modes": {"modes": "mixed", "examples": 35, "batch_size": 8},
    }
    hints: ClassVar = {
        "eval": "`no_grad` and `eval()` are two switches. Which of them stops dropout and makes batch norm use its statistics?",
        "axis": "Logits are (N, C). Over which axis do the classes of one image lie?",
        "restore": "Other code trains this model. In which modes did it come, and in which does it leave?",
        "graph": "Labels need no gradients: with grad on, every batch builds a graph for nothing.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Predict, counting what autograd saves, and look at flags and statistics."""
        model = mixed_model(case)
        x = torch.randn(case.examples, 4, generator=case.generator())
        before, saved = (flags(model), statistics(model)), []

        def use() -> Any:
            with torch.autograd.graph.saved_tensors_hooks(lambda t: (saved.append(1), t)[1], lambda t: t):
                return answer(model, x, batch_size=case.batch_size)

        look = {
            "flags": lambda: different(before[0], flags(model)),
            "statistics": lambda: [n for n, b in statistics(model).items() if not torch.equal(b, before[1][n])],
            "saved": lambda: len(saved),
        }
        return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The labels of eval mode, one an image; flags and statistics as before; no graph."""
        if seen.error:
            return failed(f"`predict` raised {seen.error}.", hint="eval")
        model = mixed_model(case).eval()
        x = torch.randn(case.examples, 4, generator=case.generator())
        with torch.no_grad():
            expected = model(x).argmax(1)
        if not isinstance(seen.value, torch.Tensor) or seen.value.shape != expected.shape:
            got = tuple(seen.value.shape) if isinstance(seen.value, torch.Tensor) else seen.type
            return failed(f"Expected labels of shape {tuple(expected.shape)}, one an image; got {got}.", hint="axis")
        if seen.also["statistics"]:
            return failed(
                "Predicting changed the running statistics: the model was in training mode, and learned from the images.",
                hint="eval",
            )
        wrong = int((seen.value != expected).sum())
        if wrong:
            return failed(
                f"{wrong} of {case.examples} labels differ from those of the model in eval mode.", hint="axis"
            )
        if seen.also["flags"]:
            return failed(
                f"The labels are right, but {', '.join(seen.also['flags'])} came back in another mode.", hint="restore"
            )
        if seen.also["saved"]:
            return failed(
                f"The labels are right, but autograd kept {seen.also['saved']} tensors for them.", hint="graph"
            )
        return passed("Right labels, no graph, and the model as it came.")

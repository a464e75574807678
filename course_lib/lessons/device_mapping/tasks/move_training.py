"""Mend the move of a running training to another machine."""

import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import leaves
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.device_mapping.tasks.shared import machine, shortly, write
from course_lib.seeding import sealed


def train_steps(model: nn.Module, optimizer: torch.optim.Optimizer, case: Case, first: int, last: int) -> None:
    """Steps `first` to `last` of a training on this case's data; dropout draws from the global generator."""
    g = case.generator()
    x, y = torch.randn(16, 4, generator=g), torch.randint(3, (16,), generator=g)
    for _ in range(first, last):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def build_network() -> nn.Module:
    """A network with buffers and dropout, so that statistics and random numbers matter."""
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))


LATER = 0.3  # a schedule has lowered the learning rate to this share when the file is saved


def optimizer_builder(case: Case) -> Callable[[Any], torch.optim.Optimizer]:
    """The case's optimizer, as a training begins with it."""
    if case.momentum:
        return lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9)
    return lambda parameters: torch.optim.Adam(parameters, lr=0.02)


BEFORE, AFTER = 3, 3  # steps of training before saving, and after moving


class MoveTraining(Task):
    """Mend the move of a running training to another machine."""

    visible: ClassVar = {
        "to the CPU": {"tag": "cuda:1", "device": "cpu", "momentum": False},
        "to another device": {"tag": "cuda:0", "device": "meta", "momentum": False},
    }
    graded: ClassVar = {
        "from an Apple": {"tag": "mps", "device": "cpu", "momentum": False},
        "another optimizer": {"tag": "cuda:0", "device": "cpu", "momentum": True},
        "another optimizer, another device": {"tag": "npu:0", "device": "meta", "momentum": True},
    }
    hints: ClassVar = {
        "rng": "Building a model draws random numbers. So the random state is restored last, after everything is built.",
        "cpu": "`map_location=device` sends everything there, also the random state, which must stay on the CPU. Load "
        "onto the CPU, and let `.to(device)` and the optimizer's `load_state_dict` do the moving.",
        "ghosts": "An optimizer holds the Parameter objects it was given. `assign=True`, and a move to some devices, put "
        "new ones into the model. So build the optimizer last.",
        "state": "An optimizer's state doesn't follow the model. `optimizer.load_state_dict` puts it where the "
        "parameters are at that moment: move first, load afterwards.",
        "model": "`model.load_state_dict(...)` fills the model; `model.to(device)` moves it; `train()` and `eval()` switch it.",
    }

    def trained(self, case: Case) -> tuple[nn.Module, torch.optim.Optimizer]:
        """The training up to the save; the global generator stands where it stood then."""
        torch.random.default_generator.manual_seed(case.seed)
        model = build_network()
        optimizer = optimizer_builder(case)(model.parameters())
        train_steps(model, optimizer, case, 0, BEFORE)
        for group in optimizer.param_groups:
            group["lr"] *= LATER
        return model, optimizer

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save, have it moved, look where everything is, and train on where that is possible."""
        model, optimizer = self.trained(case)
        rng = torch.get_rng_state()
        content = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": rng}
        moments = [t for name, t in leaves(content["optimizer"]["state"]) if not name.endswith("step")]
        device, found = torch.device(case.device), {}

        def use() -> Any:
            pair = answer(path, build_network, optimizer_builder(case), device)
            found["came"] = (
                [type(one).__name__ for one in pair] if isinstance(pair, tuple | list) else type(pair).__name__
            )
            if not is_pair(pair):
                return None
            moved, with_optimizer = pair
            found["rng"] = torch.equal(torch.get_rng_state(), rng)
            found.update(looked_at(moved, with_optimizer))
            if case.device == "cpu":
                found["weights"] = wrong_names(dict(moved.state_dict()), content["model"])
                found["state"] = wrong_names(
                    dict(leaves(with_optimizer.state_dict()["state"])), dict(leaves(content["optimizer"]["state"]))
                )
                train_steps(moved, with_optimizer, case, BEFORE, BEFORE + AFTER)
            return moved.state_dict()

        with tempfile.TemporaryDirectory() as folder, machine(["cpu"]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a load into a meta model says that it copies nothing
            path = Path(folder) / "training.pt"
            write(path, content, {case.tag: [*content["model"].values(), *moments]})
            return observe(use, also={"found": lambda: found})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Each part for itself, and on the CPU, the same parameters as without the move."""
        found = seen.also["found"]
        if "came" not in found:
            return self.raised(seen, case)
        if "held" not in found:
            came = found["came"] if isinstance(found["came"], str) else f"({', '.join(found['came'])})"
            return failed(f"Expected a pair, the model and the optimizer; got {came}.", hint="model")
        wrong = self.placed(found, case) or self.filled(found, case)
        if wrong:
            return wrong
        if seen.error:
            return failed(f"Moved; but the next training step raised {shortly(seen.error)}", hint="state")
        if case.device == "cpu":
            got, expected = seen.value, self.unmoved(case)
            if wrong_ones := [n for n in expected if not near(got.get(n), expected[n], rtol=1e-3, atol=1e-5)]:
                return failed(
                    f"Weights, optimizer and random state are right, and yet after {AFTER} more steps `{wrong_ones[0]}` "
                    "differs from a training that was never moved. Was something beside them changed?",
                    hint="state",
                )
        return passed("Moved, and it trains on as if nothing had happened.")

    def raised(self, seen: Observation, case: Case) -> Verdict:
        """The answer itself raised."""
        error = shortly(seen.error)
        what = f"Moving a file tagged {case.tag} to {case.device} raised {error}"
        if "ByteTensor" in seen.error:
            return failed(f"{what}: the random state was taken off the CPU.", hint="cpu")
        if "Error(s) in loading state_dict" in seen.error:
            return failed(
                f"Moving a file tagged {case.tag} to {case.device}: the model couldn't be filled. Its numbers are read to "
                "the CPU first; `meta`, which stands for another device, keeps none.",
                hint="cpu",
            )
        return failed(what, hint="cpu" if "deserialize" in seen.error else "state")

    def placed(self, found: Mapping[str, Any], case: Case) -> Verdict | None:
        """Where everything is, and what the optimizer holds."""
        if found["places"] != [case.device]:
            return failed(f"The model is on {', '.join(found['places'])}. Expected {case.device}.", hint="model")
        if not found["held"]:
            return failed(
                "The optimizer holds other Parameters than the model: it trains ghosts, and the model stands still.",
                hint="ghosts",
            )
        if not found["moments"]:
            return failed("The optimizer has no state: the file's was not loaded.", hint="state")
        if found["moments"] != [case.device]:
            where = ", ".join(found["moments"])
            return failed(f"The optimizer's state is on {where}. Expected {case.device}.", hint="state")
        if found["step"] not in ([], ["cpu"]):
            return failed(f"Adam's step counter is on {found['step'][0]}. Expected it on the CPU.", hint="cpu")
        return None

    def filled(self, found: Mapping[str, Any], case: Case) -> Verdict | None:
        """What is in it."""
        if found["evaluating"]:
            return failed("The model came back in eval mode. Expected it in training mode.", hint="model")
        if found["frozen"]:
            return failed("Parameters came back with requires_grad=False: they would not learn.", hint="model")
        if wrong := found.get("weights"):
            return failed(
                f"`{wrong[0]}` of the model is not the file's: the model was not filled from it.", hint="model"
            )
        if wrong := found.get("state"):
            return failed(f"`{wrong[0]}` of the optimizer's state is not the file's.", hint="state")
        lr = optimizer_builder(case)([nn.Parameter(torch.ones(1))]).param_groups[0]["lr"]
        if not near(found["lr"], lr * LATER):
            return failed(
                f"The optimizer's learning rate is {found['lr']:g}. In the file it is {lr * LATER:g}.", hint="state"
            )
        if not found["rng"]:
            return failed(
                "The random state afterwards is not the saved one. Restored too early, or not at all?", hint="rng"
            )
        return None

    def unmoved(self, case: Case) -> dict[str, Tensor]:
        """The state dict of a training that stayed where it was."""
        with sealed():
            model, optimizer = self.trained(case)
            train_steps(model, optimizer, case, BEFORE, BEFORE + AFTER)
        return {name: tensor.detach() for name, tensor in model.state_dict().items()}


def is_pair(came: Any) -> bool:
    """A model and an optimizer, in this order."""
    kinds = nn.Module, torch.optim.Optimizer
    return isinstance(came, tuple | list) and len(came) == 2 and all(map(isinstance, came, kinds))


def looked_at(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Where model and state are, what the optimizer holds, and how the model is switched."""
    held = [p for group in optimizer.param_groups for p in group["params"]]
    state = [(n, t) for p in held for n, t in optimizer.state.get(p, {}).items() if isinstance(t, Tensor)]
    return {
        "places": sorted({str(t.device) for t in (*model.parameters(), *model.buffers())}),
        "held": [id(p) for p in held] == [id(p) for p in model.parameters()],
        "moments": sorted({str(t.device) for name, t in state if name != "step"}),
        "step": sorted({str(t.device) for name, t in state if name == "step"}),
        "evaluating": not all(module.training for module in model.modules()),
        "frozen": not all(p.requires_grad for p in model.parameters()),
        "lr": float(optimizer.param_groups[0]["lr"]),
    }


def wrong_names(got: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> list[str]:
    """The names under which values differ."""
    return [name for name, tensor in expected.items() if not near(got.get(name), tensor)]

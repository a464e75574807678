"""Mend the move of a running training to another machine."""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import leaves
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.device_mapping.tasks.shared import machine, write
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


def optimizer_builder(case: Case) -> Callable[[Any], torch.optim.Optimizer]:
    """The case's optimizer."""
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
    }

    def trained(self, case: Case) -> tuple[nn.Module, torch.optim.Optimizer]:
        """The training up to the save; the global generator stands where it stood then."""
        torch.random.default_generator.manual_seed(case.seed)
        model = build_network()
        optimizer = optimizer_builder(case)(model.parameters())
        train_steps(model, optimizer, case, 0, BEFORE)
        return model, optimizer

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save, have it moved, look where everything is, and train on where that is possible."""
        model, optimizer = self.trained(case)
        rng = torch.get_rng_state()
        content = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": rng}
        moments = [t for name, t in leaves(content["optimizer"]["state"]) if not name.endswith("step")]
        device, found = torch.device(case.device), {}

        def use() -> Any:
            moved, with_optimizer = answer(path, build_network, optimizer_builder(case), device)
            found["rng"] = torch.equal(torch.get_rng_state(), rng)
            found["model"] = sorted({str(t.device) for t in (*moved.parameters(), *moved.buffers())})
            held = [p for group in with_optimizer.param_groups for p in group["params"]]
            found["held"] = [id(p) for p in held] == [id(p) for p in moved.parameters()]
            state = [
                item for p in held for item in with_optimizer.state.get(p, {}).items() if isinstance(item[1], Tensor)
            ]
            found["moments"] = sorted({str(t.device) for name, t in state if name != "step"})
            found["step"] = sorted({str(t.device) for name, t in state if name == "step"})
            if case.device == "cpu":
                train_steps(moved, with_optimizer, case, BEFORE, BEFORE + AFTER)
            return moved.state_dict()

        with tempfile.TemporaryDirectory() as folder, machine(["cpu"]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a load into a meta model says that it copies nothing
            path = Path(folder) / "training.pt"
            write(path, content, {case.tag: [*content["model"].values(), *moments]})
            return observe(use, also={"found": lambda: found})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Placement, identity and RNG; and on the CPU, the same parameters as without the move."""
        found = seen.also["found"]
        if seen.error and "step" not in found:
            hint = "cpu" if "ByteTensor" in seen.error else "state" if "deserialize" not in seen.error else "cpu"
            return failed(f"Moving a file tagged {case.tag} to {case.device} raised {seen.error}", hint=hint)
        if found["model"] != [case.device]:
            return failed(f"The model is on {', '.join(found['model'])}. Expected {case.device}.", hint="state")
        if not found.get("held"):
            return failed(
                "The optimizer holds other Parameters than the model: it trains ghosts, and the model stands still.",
                hint="ghosts",
            )
        if found["moments"] != [case.device]:
            where = ", ".join(found["moments"]) or "nowhere: it was not loaded"
            return failed(f"The optimizer's state is on {where}. Expected {case.device}.", hint="state")
        if found["step"] not in ([], ["cpu"]):
            return failed(f"Adam's step counter is on {found['step'][0]}. Expected it on the CPU.", hint="cpu")
        if not found["rng"]:
            return failed(
                "The random state afterwards is not the saved one. Restored too early, or not at all?", hint="rng"
            )
        if seen.error:
            return failed(f"Moved; but the next training step raised {seen.error}", hint="state")
        if case.device == "cpu":
            got, expected = seen.value, self.unmoved(case)
            if wrong := [n for n in expected if not near(got.get(n), expected[n], rtol=1e-3, atol=1e-5)]:
                return failed(
                    f"After {AFTER} more steps {len(wrong)} tensors, such as `{wrong[0]}`, differ from a training that was "
                    "never moved.",
                    hint="state",
                )
        return passed("Moved, and it trains on as if nothing had happened.")

    def unmoved(self, case: Case) -> dict[str, Tensor]:
        """The state dict of a training that stayed where it was."""
        with sealed():
            model, optimizer = self.trained(case)
            train_steps(model, optimizer, case, BEFORE, BEFORE + AFTER)
        return {name: tensor.detach() for name, tensor in model.state_dict().items()}

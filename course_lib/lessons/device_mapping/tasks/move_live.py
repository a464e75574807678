"""Your turn: move a training that runs."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.device_mapping.tasks.shared import shortly


class MoveLive(Task):
    """Move model, optimizer and its state to another device, without a file."""

    visible: ClassVar = {
        "Adam, to another device": {"device": "meta", "momentum": False},
        "momentum, to another device": {"device": "meta", "momentum": True},
        "Adam, to where it is": {"device": "cpu", "momentum": False},
    }
    hints: ClassVar = {
        "move": "`model.to(device)` moves the model. To `meta` it puts new Parameters into it.",
        "ghosts": "Build the new optimizer on `model.parameters()` after the move.",
        "state": "`new.load_state_dict(old.state_dict())` carries the state to where the new one's parameters are.",
    }

    def builder(self, case: Case) -> Callable[[Any], torch.optim.Optimizer]:
        """The case's optimizer."""
        if case.momentum:
            return lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
        return lambda parameters: torch.optim.Adam(parameters, lr=0.01)

    def probe(self, answer: Any, case: Case) -> Observation:
        """One step of training, then the move; look where everything is."""
        torch.manual_seed(case.seed)
        model, make, found, built = nn.Linear(3, 2), self.builder(case), {}, []
        optimizer = make(model.parameters())
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        optimizer.param_groups[0]["lr"] = 0.003  # a schedule's work: what `build` gives is another
        name = "momentum_buffer" if case.momentum else "exp_avg"
        old = optimizer.state[model.weight][name].clone()

        def build(parameters: Any) -> torch.optim.Optimizer:
            built.append(make(parameters))
            return built[-1]

        def use() -> None:
            new = answer(model, optimizer, build, torch.device(case.device))
            found["type"] = type(new).__name__
            if not isinstance(new, torch.optim.Optimizer):
                return
            held = [p for group in new.param_groups for p in group["params"]]
            moment = new.state.get(held[0], {}).get(name)
            found["model"] = sorted({str(p.device) for p in model.parameters()})
            found["held"] = [id(p) for p in held] == [id(p) for p in model.parameters()]
            found["same"], found["built"] = new is optimizer, any(new is one for one in built)
            found["where"] = str(moment.device) if isinstance(moment, Tensor) else ""
            found["lr"] = new.param_groups[0]["lr"]
            found["equal"] = bool(found["where"] == "meta" or near(moment, old))

        return observe(use, also={"found": lambda: found, "built": lambda: len(built)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The model's place, whose Parameters are held, and the state beside them."""
        found = seen.also["found"]
        if seen.error and not seen.also["built"]:
            return failed(
                f"Moving to {case.device} raised {shortly(seen.error)}, and `build_optimizer` was not called.",
                hint="ghosts",
            )
        if seen.error:
            return failed(f"Moving to {case.device} raised {shortly(seen.error)}.", hint="state")
        if "held" not in found:
            return failed(f"Expected the new optimizer to be returned; got {found['type']}.", hint="ghosts")
        if not found["built"]:
            which = "the old optimizer" if found["same"] else "an optimizer of another making"
            return failed(f"That is {which}. Expected a new one, from `build_optimizer`.", hint="ghosts")
        if found["model"] != [case.device]:
            return failed(f"The model is on {', '.join(found['model'])}. Expected {case.device}.", hint="move")
        if not found["held"]:
            return failed("The optimizer holds Parameters that the model no longer has: ghosts.", hint="ghosts")
        if not found["where"]:
            return failed("The new optimizer has no state: the old one's was not loaded.", hint="state")
        if found["where"] != case.device:
            return failed(f"The state is on {found['where']}. Expected {case.device}.", hint="state")
        if not found["equal"]:
            return failed("The new optimizer's state is not the old one's.", hint="state")
        if found["lr"] != 0.003:
            return failed(
                f"The new optimizer's learning rate is {found['lr']}. The old one's was 0.003, and `state_dict()` holds it.",
                hint="state",
            )
        return passed("Moved, with its memory.")

"""Choose the mode for six situations; each choice is tried out."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import nn

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.seeding import sealed

WORDS = ("gradients on", "no_grad", "inference_mode", "detach", "requires_grad_(False)")
_MODES = {"no_grad": torch.no_grad, "inference_mode": torch.inference_mode}


class ChooseModes(Task):
    """Choose the mode for six situations; each choice is tried out."""

    visible: ClassVar = {name: {"situation": name} for name in ("server", "features", "fine-tune")}
    graded: ClassVar = {name: {"situation": name} for name in ("validation", "target", "saliency")}
    hints: ClassVar = {
        "cheap": "Where nothing is ever trained, which mode costs least?",
        "later": "What is used in a training later may not be an inference tensor where autograd must keep it. Neither may what a model keeps.",
        "parameters": "A setting of the parameters holds for the whole run; a mode holds for a block.",
        "tensor": "Here one use of a tensor needs its gradient and another must not have it.",
        "input": "A gradient for the pixels needs the graph, also in eval mode.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Take the choice, and try it out in the situation."""
        chosen: list[Any] = []

        def use() -> Any:
            choices = answer()
            if not isinstance(choices, Mapping):
                return _NO_DICTIONARY + type(choices).__name__
            chosen.append(choices[case.situation])
            return chosen[0]

        return observe(use, also={"outcome": lambda: tried(case.situation, chosen[0]) if chosen else ""})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The choice works, and costs least of those that work."""
        if seen.error_type == "KeyError":
            return failed(f"There is no choice for {case.situation!r} in the dictionary.", hint="later")
        if seen.error:
            return failed(f"`choose_modes()[{case.situation!r}]` raised {seen.error}.", hint="later")
        if isinstance(seen.value, str) and seen.value.startswith(_NO_DICTIONARY):
            return failed(f"Expected a dictionary; got {seen.value.removeprefix(_NO_DICTIONARY)}.", hint="later")
        if seen.value not in WORDS:
            return failed(
                f"{case.situation}: expected one of {', '.join(map(repr, WORDS))}; got {str(seen.value)[:60]!r}.",
                hint="later",
            )
        outcome = tried(case.situation, seen.value)
        if outcome:
            return failed(f"{case.situation}, {seen.value}: {outcome}", hint=_HINTS[case.situation])
        return passed(f"{case.situation}: {seen.value} works, and costs least.")


_NO_DICTIONARY = "no dictionary: "
_HINTS = {
    "server": "cheap", "features": "later", "validation": "later", "fine-tune": "parameters", "target": "tensor",
    "saliency": "input",
}  # fmt: skip


@sealed(0)
def tried(situation: str, word: Any) -> str:
    """What goes wrong with this choice in this situation, in a sentence; nothing if it is the right one."""
    if word not in WORDS:
        return "That is none of the words."
    mode = _MODES.get(word, torch.enable_grad)
    x, net = torch.randn(5, 4), nn.Linear(4, 3)
    if situation in ("server", "features", "validation"):
        return _block(situation, word, mode, x)
    if situation == "fine-tune":
        return _fine_tune(word, mode, x)
    if situation == "target":
        return _target(word, mode, x, net)
    x.requires_grad_()
    if word == "requires_grad_(False)":
        net.requires_grad_(False)
        net(x).sum().backward()
        return "It gives the gradient of the pixels, but the model is frozen afterwards, and nobody asked for that."
    with mode():
        out = net(x.detach() if word == "detach" else x)
    if x.requires_grad and not (word == "gradients on" and out.requires_grad):
        return "No gradient comes back to the pixels: the graph was not recorded."
    out.sum().backward()
    return "" if x.grad is not None else "No gradient comes back to the pixels."


class _Keeps(nn.Module):
    """A model that makes a table at its first call."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.table = nn.Linear(4, 3), None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.table is None:
            self.table = torch.linspace(0, 1, 3)
        return self.linear(x) * self.table


def _block(situation: str, word: str, mode: Any, x: torch.Tensor) -> str:
    """Something is computed for which no backward comes at once; afterwards, perhaps, something is trained."""
    net, kept = _Keeps(), []
    if word == "requires_grad_(False)":
        net.requires_grad_(False)
    with mode(), torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(1) or t.detach(), lambda t: t):
        out = net(x)
        out = out.detach() if word == "detach" else out
    if kept:
        return f"It works, and autograd kept {len(kept)} tensor{'s' * (len(kept) > 1)} for a backward pass that never comes."
    if situation == "validation" and not all(parameter.requires_grad for parameter in net.parameters()):
        return "The training that goes on afterwards trains nothing any more: the parameters stay frozen."
    if situation == "server":
        return "" if out.is_inference() else "It works; another mode is cheaper where nothing is ever trained."
    try:
        (net(x) if situation == "validation" else nn.Linear(3, 2)(out)).sum().backward()
    except RuntimeError as error:
        return f"The training afterwards raises: {str(error).split('.')[0]}."
    if word == "requires_grad_(False)":
        return "It works, but the model is frozen afterwards for every other use. A block is enough here."
    return ""


def _fine_tune(word: str, mode: Any, x: torch.Tensor) -> str:
    """Only the head shall learn, over a whole run with `optimizer = SGD(net.parameters(), weight_decay=...)`."""
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    if word == "requires_grad_(False)":
        net[0].requires_grad_(False)
    before = net[0].weight.detach().clone()
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    with mode():
        out = net(x).detach() if word == "detach" else net(x)
    try:
        F.cross_entropy(out, torch.zeros(5, dtype=torch.int64)).backward()
    except RuntimeError as error:
        return f"Nothing learns, not even the head: {str(error).split('.')[0]}."
    optimizer.step()
    return "" if torch.equal(before, net[0].weight) else "The body learned, too."


def _target(word: str, mode: Any, x: torch.Tensor, net: nn.Module) -> str:
    """A loss between a prediction and a target made from the same output; only the prediction may get gradients."""
    if word == "requires_grad_(False)":
        net.requires_grad_(False)
    with mode():
        out = net(x)
    target = (out.detach() if word == "detach" else out) * 0.9
    try:
        F.mse_loss(out, target).backward()
    except RuntimeError as error:
        return f"The prediction gets no gradient either: {str(error).split('.')[0]}."
    apart = torch.autograd.grad(F.mse_loss(again := net(x), again.detach() * 0.9), net.weight)[0]
    return (
        ""
        if torch.allclose(net.weight.grad, apart)
        else "Gradients flow through the target, too: the step is another one."
    )

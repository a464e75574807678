"""The protocol: a record from before saving against the model after loading."""

import copy
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.inputs import changed, copied, drawn, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.verify_after_loading.tasks.shared import bits_equal, told

CHECKS = ("keys", "shapes", "dtypes", "values", "tied", "training", "logits")


def load_with(
    *expected: str, ill: str = "", kind: str = "plain", names: tuple[str, ...] = ("read", "norm", "write")
) -> dict:
    """The settings of a case: what must fail, what was done to the loaded model, and the network."""
    return {"expected": list(expected), "ill": ill, "kind": kind, "names": names}


class Net(nn.Module):
    """(N, 4) to (N, `classes`): two layers of the same shape, which may be tied, with batch norm and dropout between."""

    def __init__(self, names: tuple[str, ...], classes: int = 4, activation: type[nn.Module] = nn.ReLU):
        super().__init__()
        self.drop, self.act = nn.Dropout(0.5), activation()
        self.order, self.as_one, self.refuses = names[:3], False, False
        made = {names[0]: nn.Linear(4, 4), names[1]: nn.BatchNorm1d(4), names[2]: nn.Linear(4, classes)}
        for name in sorted(made) if names[3:] else made:  # the order in which modules are registered
            setattr(self, name, made[name])

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        if self.refuses:
            raise ValueError("not this batch")
        first, norm, last = (getattr(self, name) for name in self.order)
        logits = last(self.drop(self.act(norm(first(x)))))
        return logits[None] if self.as_one else logits


def _touched(parameter: nn.Parameter) -> bool:
    """Whether the gradient that the probe put there is another now, or the parameter is frozen."""
    grad = parameter.grad
    return not parameter.requires_grad or grad is None or not bool((grad == 0.5).all())


class VerifyReload(Task):
    """Seven checks, by name."""

    visible: ClassVar = {
        "a good load": load_with(),
        "eval() forgotten": load_with("training", ill="train"),
        "a buffer lost": load_with("values", "logits", ill="buffer"),
        "other names": load_with("keys", "values", "logits", ill="keys"),
        "in half precision": load_with("dtypes", "logits", ill="half"),
        "five classes": load_with("shapes", "logits", ill="classes"),
        "a tie lost": load_with("tied", ill="tie lost", kind="tied"),
        "GELU for ReLU": load_with("logits", ill="gelu"),
        "frozen batch norm": load_with(kind="frozen"),
    }
    graded: ClassVar = {
        "a good load, tied": load_with(kind="tied", names=("embed", "bn", "out")),
        "registered in another order": load_with(ill="order", names=("c", "b", "a")),
        "one dropout left on": load_with("training", ill="dropout", names=("fc1", "bn1", "fc2")),
        "one number of a parameter": load_with("values", "logits", ill="parameter", names=("l0", "l1", "l2")),
        "a tie that is new": load_with("tied", ill="tie new", kind="alike"),
        "another eps": load_with("logits", ill="eps"),
        "switched off since": load_with("training", ill="eval", kind="frozen"),
        "two things at once": load_with("values", "training", "logits", ill="buffer and train"),
        "one name less": load_with("keys", "logits", ill="no bias"),
        "one name more": load_with("keys", ill="extra"),
        "a count as a list of one": load_with("shapes", ill="count shape"),
        "a count one higher": load_with("values", ill="count"),
        "almost the same": load_with("values", "logits", ill="close", names=("q", "r", "s")),
        "another tie": load_with("tied", ill="tie moved", kind="tied"),
        "logits of another shape": load_with("logits", ill="as one"),
        "a model that refuses the batch": load_with("logits", ill="refuses"),
        "one tensor in float64": load_with("dtypes", ill="double counter"),
    }
    hints: ClassVar = {
        "keys": "`set(net.state_dict()) != set(before['state'])`: names, whatever their order.",
        "shared": "For shapes, dtypes and values look at the names that both have. Compare values only where shape and dtype agree.",
        "buffers": "`net.state_dict()` has the buffers too; `parameters()` doesn't.",
        "tied": "Your `tied_names` gives the groups of the loaded model.",
        "flags": "`{name: module.training for name, module in net.named_modules()}` is what was recorded.",
        "logits": "`copy.deepcopy(net).eval()` answers in eval mode, under `torch.no_grad()`, and leaves `net` as it is.",
        "raise": "A model in half precision can't take a float32 batch: `try` it, and an error is a failed check. Another model "
        "raises an error of another type: `except Exception`.",
        "order": "Append the names in the order of the table.",
    }

    def models(self, case: Case) -> tuple[nn.Module, nn.Module, Tensor]:
        """The model before saving, the loaded one, and a batch."""
        g = case.generator()
        net = drawn(Net(case.names), g).eval()
        first, norm, last = (getattr(net, name) for name in case.names[:3])
        if case.kind == "tied":
            last.weight = first.weight
            last.bias.data.copy_(first.bias.data)
        if case.ill == "close":
            last.bias.data[1] = 8
        if case.kind == "alike":
            last.weight.data.copy_(first.weight.data)
        if case.kind == "frozen":
            net.train()
            norm.eval()
        loaded = self._ill(copy.deepcopy(net), case, g)
        return net, loaded, torch.randn(10, 4, generator=g)

    def _ill(self, net: nn.Module, case: Case, g: torch.Generator) -> nn.Module:
        first, norm, last = (getattr(net, name) for name in case.names[:3])
        with torch.no_grad():
            if case.ill == "keys":
                last.register_parameter("shift", last.bias)
                last.bias = None
                first.bias += 1
            if case.ill == "classes":
                other = drawn(Net(case.names, classes=5), g).eval()
                own = {n: t for n, t in net.state_dict().items() if not n.startswith(f"{case.names[2]}.")}
                other.load_state_dict(own, strict=False)
                return other
            if case.ill == "order":
                other = Net((*case.names, "sorted")).eval()
                other.load_state_dict(net.state_dict())
                return other
            if "buffer" in case.ill:
                norm.running_mean[2] += 0.5
            if case.ill == "parameter":
                last.bias[1] += 0.25
            if case.ill == "close":
                last.bias[1] = 8.00004
            if case.ill == "no bias":
                last.bias = None
            if case.ill == "extra":
                net.register_buffer("extra", torch.ones(2))
            if case.ill == "count shape":
                norm.num_batches_tracked = norm.num_batches_tracked.reshape(1)
            if case.ill == "count":
                norm.num_batches_tracked += 1
            if case.ill == "refuses":
                net.refuses = True
            if case.ill == "as one":
                net.as_one = True
            if case.ill == "half":
                net.half()
            if case.ill == "double counter":
                norm.num_batches_tracked = norm.num_batches_tracked.to(torch.int32)
            if case.ill == "tie lost":
                last.weight = nn.Parameter(first.weight.clone())
            if case.ill == "tie moved":
                last.weight, last.bias = nn.Parameter(first.weight.clone()), first.bias
            if case.ill == "tie new":
                last.weight = first.weight
            if case.ill == "gelu":
                net.act = nn.GELU().eval()
            if case.ill == "eps":
                norm.eps = 1e-4
            if case.ill == "eval":
                net.eval()
            if "train" in case.ill:
                net.train()
            if case.ill == "dropout":
                net.drop.train()
        return net

    @staticmethod
    def record(net: nn.Module, batch: Tensor) -> dict[str, Any]:
        """What was recorded before saving."""
        groups: dict[int, list[str]] = {}
        for name, parameter in net.named_parameters(remove_duplicate=False):
            groups.setdefault(id(parameter), []).append(name)
        with torch.no_grad():
            answers = copy.deepcopy(net).eval()(batch)
        return {
            "state": copied(net),
            "training": {name: module.training for name, module in net.named_modules()},
            "tied": [group for group in groups.values() if len(group) > 1],
            "batch": batch.clone(),
            "logits": answers,
        }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Record one, hand in the other, and look what became of both."""
        net, loaded, batch = self.models(case)
        before = self.record(net, batch)
        for parameter in loaded.parameters():
            parameter.grad = torch.full_like(parameter, 0.5)
        kept = copy.deepcopy(before)
        state, modes, buffers = copied(loaded), flags(loaded), statistics(loaded)

        def use() -> Any:
            found = answer(before, loaded)
            return list(found) if isinstance(found, tuple | list) else found

        return observe(
            use,
            also={
                "record": lambda: bits_equal(kept, before),
                "state": lambda: changed(state, copied(loaded)) + changed(buffers, statistics(loaded)),
                "flags": lambda: changed(modes, flags(loaded)),
                "grad": lambda: any(_touched(p) for p in loaded.parameters()),
            },
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The names of the failed checks, in order; nothing changed."""
        if seen.error:
            hint = "raise" if case.ill in ("half", "refuses") else "shared"
            return failed(f"`verify_reload` raised {first_line(seen.error)}. {self.story(case)}", hint=hint)
        if not isinstance(seen.value, list) or not all(isinstance(name, str) for name in seen.value):
            return failed(f"Expected a list of names of checks; got {told(seen.value)}.", hint="order")
        if unknown := [name for name in seen.value if name not in CHECKS]:
            return failed(f"Got the check {unknown[0]!r}, which is not in the table.", hint="order")
        missed = [name for name in case.expected if name not in seen.value]
        extra = [name for name in seen.value if name not in case.expected]
        if missed or extra:
            name = (missed or extra)[0]
            hint = {"keys": "keys", "tied": "tied", "training": "flags", "logits": "logits"}.get(name, "shared")
            hint = "buffers" if missed and "buffer" in case.ill and name == "values" else hint
            verb = "had to fail, and passed" if missed else "had to pass, and failed"
            return failed(f"{self.story(case)} The check {name!r} {verb}. Got {told(seen.value)}.", hint=hint)
        if seen.also["flags"]:
            names = ", ".join(f"`{name}`" for name in seen.also["flags"][:3])
            return failed(f"Afterwards {names} had another training flag. Leave the model as it is.", hint="logits")
        if seen.also["state"]:
            return failed(f"Afterwards `{seen.also['state'][0]}` of the model had other values.", hint="logits")
        if seen.also["grad"]:
            return failed(
                "Afterwards a parameter had other gradients, or none, or was frozen. Leave the model as it is.",
                hint="logits",
            )
        if not seen.also["record"]:
            return failed("The record was changed. Only look.", hint="logits")
        if seen.value != case.expected:
            return failed(f"Got {seen.value}. Expected each once, in the table's order: {case.expected}.", hint="order")
        return passed("Check by check, and the model as it was.")

    def story(self, case: Case) -> str:
        """What was done to the loaded model, in a sentence."""
        last, norm = case.names[2], case.names[1]
        return {
            "": "The model was loaded well.",
            "train": "The loaded model is in training mode, and wasn't.",
            "buffer": f"One number of `{norm}.running_mean` is another.",
            "keys": f"The loaded model has `{last}.shift` in place of `{last}.bias`, and other numbers in `{case.names[0]}.bias`.",
            "half": "The loaded model is in float16, the record in float32; its batch can't go through.",
            "classes": f"`{last}` has five classes in place of four, and another shape.",
            "order": "The modules were registered in another order, under the same names.",
            "tie lost": "Two names were one parameter, and are two equal ones now.",
            "tie new": "Two equal parameters have become one.",
            "gelu": "All tensors are equal, and the code has GELU in place of ReLU.",
            "eps": "All tensors are equal, and batch norm has another `eps`.",
            "close": f"One number of `{last}.bias` was 8 and is 8.00004.",
            "no bias": f"The loaded model has no `{last}.bias`.",
            "extra": "The loaded model has a buffer more, `extra`, which it doesn't use.",
            "count shape": f"`{norm}.num_batches_tracked` has the shape (1,) in place of ().",
            "count": f"`{norm}.num_batches_tracked` is one higher.",
            "refuses": "Asked for its logits, the loaded model raises a ValueError.",
            "as one": "The loaded model puts its logits into a list of one: shape (1, 10, 4) in place of (10, 4).",
            "tie moved": "Two weights were one parameter and are two; two biases were two and are one.",
            "eval": "Parts of the model were in training mode, and none is now.",
            "dropout": "The dropout alone is in training mode, and wasn't.",
            "parameter": f"One number of `{last}.bias` is another.",
            "buffer and train": f"One number of `{norm}.running_mean` is another, and the model is in training mode.",
            "double counter": f"`{norm}.num_batches_tracked` has another dtype.",
        }[case.ill]

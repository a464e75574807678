"""Your turn: the names that are one parameter."""

from typing import Any, ClassVar

import torch
from torch import nn

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.inputs import copied, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.verify_after_loading.tasks.shared import bits_equal, told


def layers(*names: str, bias: bool = False) -> nn.ModuleDict:
    """Square layers under these names."""
    return nn.ModuleDict({name: nn.Linear(3, 3, bias=bias) for name in names})


class TiedNames(Task):
    """Groups of names that are one Parameter."""

    visible: ClassVar = {
        "one tie": {"kind": "one"},
        "equal, and not tied": {"kind": "equal"},
        "three names, and pairs": {"kind": "many"},
        "nothing tied": {"kind": "none"},
    }
    hints: ClassVar = {
        "all": "`named_parameters()` alone leaves out the second name of a parameter; `remove_duplicate=False` lists it.",
        "same": "`a is b` or `id(a) == id(b)`: one object. `torch.equal` compares values, which two parameters can share.",
        "group": "A dictionary from `id(parameter)` to the list of its names; `groups.setdefault(key, []).append(name)`.",
        "single": "Keep the lists that have more than one name.",
    }

    def network(self, case: Case) -> nn.ModuleDict:
        """The case's network."""
        if case.kind == "none":
            return layers("up", "down", bias=True)
        if case.kind == "equal":
            net = layers("one", "two", "three")
            net["two"].weight.data.copy_(net["one"].weight.data)
            net["three"].weight = net["one"].weight
            return net
        if case.kind == "one":
            net = layers("read", "middle", "write", bias=True)
            net["write"].weight = net["read"].weight
            return net
        net = layers("e", "d", "c", "b", "a", bias=True)
        net["c"].weight = net["b"].weight = net["e"].weight
        net["a"].weight, net["a"].bias = net["d"].weight, net["d"].bias
        return net

    def expected(self, case: Case) -> list[list[str]]:
        """The groups."""
        return {
            "none": [],
            "equal": [["one.weight", "three.weight"]],
            "one": [["read.weight", "write.weight"]],
            "many": [["e.weight", "c.weight", "b.weight"], ["d.weight", "a.weight"], ["d.bias", "a.bias"]],
        }[case.kind]

    @staticmethod
    def marks(net: nn.Module) -> list[Any]:
        """What else must stay: which parameter each name has, whether it is trained, and all training flags."""
        named = net.named_parameters(remove_duplicate=False)
        return [*((name, id(p), p.requires_grad) for name, p in named), *flags(net).items()]

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask, and look whether network and ties stayed."""
        torch.manual_seed(case.seed)
        net = self.network(case)
        before, kept = copied(net), self.marks(net)

        def stayed() -> bool:
            return kept == self.marks(net) and bits_equal(before, copied(net))

        return observe(lambda: list(answer(net)), also={"stayed": stayed})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The groups, in any order of groups; names in the model's order."""
        if seen.error:
            return failed(f"`tied_names` gave no list of groups: {first_line(seen.error)}.", hint="group")
        if not seen.also["stayed"]:
            return failed(
                "The network was changed: its numbers, ties, flags or `requires_grad`. Only look.", hint="same"
            )
        got, expected = seen.value, self.expected(case)
        if not all(isinstance(group, list) and all(isinstance(name, str) for name in group) for group in got):
            return failed(f"Expected a list of lists of names; got {told(got)}.", hint="group")
        if sorted(got) == sorted(expected):
            return passed("One parameter, several names.")
        if any(len(group) < 2 for group in got):
            return failed(f"Got {got}: a parameter with one name is in it.", hint="single")
        if any("two.weight" in group for group in got):
            return failed(f"Got {got}: `two.weight` only has equal values. It is another parameter.", hint="same")
        if not got:
            return failed("Got no group; `named_parameters()` hides the second name of a parameter.", hint="all")
        if sorted(map(sorted, got)) == sorted(map(sorted, expected)):
            return failed(f"Got {got}. Expected the names of a group in the model's order: {expected}.", hint="group")
        return failed(f"Got {got}. Expected {expected}.", hint="group")

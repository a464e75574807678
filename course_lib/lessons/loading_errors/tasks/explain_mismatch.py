"""Say what doesn't match between a model and a file, and why."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import is_mapping
from course_lib.classroom.tasks.inputs import copied
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.loading_errors.tasks.shared import cloned, listed, network, unchanged, wrong_list

CAUSES = ("same", "wrapped", "prefix", "sizes", "names")


def asked(kind: str, **more: Any) -> dict[str, Any]:
    """The settings of a case."""
    return {"kind": kind, "word": "", "part": False, **more}


class ExplainMismatch(Task):
    """Say what doesn't match between a model and a file, and why."""

    visible: ClassVar = {
        "several GPUs": asked("prefix", word="module."),
        "in a dictionary": asked("wrapped", word="model_state_dict"),
        "other sizes": asked("sizes"),
        "another head": asked("names"),
        "nothing to explain": asked("same"),
        "an average, with a count": asked("averaged", word="module."),
        "sizes and names": asked("both"),
    }
    graded: ClassVar = {
        "compiled": asked("prefix", word="_orig_mod."),
        "a prefix of two words": asked("prefix", word="net.inner."),
        "in a dictionary of another name": asked("wrapped", word="student"),
        "the file in another order": asked("reversed"),
        "a part of the names has a prefix": asked("some", word="module."),
        "a dictionary that isn't the weights": asked("strange", word="config"),
        "a text without a dot": asked("undotted", word="old_"),
        "in a dictionary, and with a prefix beside it": asked("twice", word="inner"),
    }
    hints: ClassVar = {
        "keys": "Return a dictionary with the keys 'missing', 'unexpected', 'sizes' and 'cause'.",
        "lists": "Missing is what the model has and the file lacks, in the model's order; unexpected the other way round, "
        "in the file's order.",
        "sizes": "For names that both have: `tuple(state[name].shape)` and `tuple(own[name].shape)`, where they differ.",
        "wrapped": "Is one of the values a dictionary, and has it every name of the model?",
        "prefix": "Take the model's first name and find a name of the file that ends with it. What stands before it? Do "
        "all the model's names exist with that before them?",
        "order": "Ask in the order of the contract, and stop at the first answer that is yes.",
        "alone": "Only compare. Loading isn't needed, and may change the model.",
    }

    def state(self, case: Case) -> dict[str, Any]:
        """What the file holds."""
        kind = case.kind
        model = network(
            case.seed + 3,
            classes=5 if kind in ("sizes", "both") else 3,
            head="classifier" if kind == "names" else "head",
            wide=4 + case.seed % 3,
        )
        state: dict[str, Any] = copied(model)
        if kind == "twice":
            state = {**{f"module.{name}": tensor for name, tensor in state.items()}, case.word: state}
        if kind in ("prefix", "averaged", "undotted"):
            state = {case.word + name: tensor for name, tensor in state.items()}
        if kind == "averaged":
            state = {"n_averaged": torch.tensor(case.seed % 7), **state}
        if kind == "both":
            state["seen"] = torch.ones(2)
            del state["encoder.1.running_var"]
        if kind == "some":
            state = {(case.word if "encoder" in name else "") + name: tensor for name, tensor in state.items()}
        if kind == "reversed":
            state = {**dict(reversed(state.items())), "scale": torch.ones(1), "epoch": torch.ones(1)}
        if kind == "wrapped":
            state = {"epoch": case.seed % 50, "optimizer": {"state": {}, "lr": 0.1}, case.word: state}
        if kind == "strange":
            state = {case.word: {"lr": 0.1, "head.weight": 3}, **state}
        return state

    def model(self, case: Case) -> nn.Module:
        """The model that should take it."""
        return network(case.seed)

    def expected(self, case: Case) -> dict[str, Any]:
        """What is to be returned."""
        own, state = self.model(case).state_dict(), self.state(case)
        causes = {"averaged": "prefix", "twice": "wrapped"}
        causes |= dict.fromkeys(("both", "reversed", "some", "strange", "undotted"), "names")
        return {
            "missing": [name for name in own if name not in state],
            "unexpected": [name for name in state if name not in own],
            "sizes": {
                name: [list(state[name].shape), list(own[name].shape)]
                for name in own
                if isinstance(state.get(name), Tensor) and state[name].shape != own[name].shape
            },
            "cause": causes.get(case.kind, case.kind),
        }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the explanation; look whether anything moved."""
        model, state = self.model(case), self.state(case)
        values, before = copied(model), cloned(state)
        look = {
            "model": lambda: unchanged(values, model.state_dict()),
            "state": lambda: _alike(before, state),
        }
        return observe(answer, model, state, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The three findings and the cause."""
        expected = self.expected(case)
        if seen.error:
            return failed(f"`explain_mismatch(model, state)` raised {seen.error[:200]}.", hint="keys")
        if not seen.also["model"]:
            return failed("The model's values were changed. Expected them as they were.", hint="alone")
        if not seen.also["state"]:
            return failed("`state` was changed. Expected it as it was.", hint="alone")
        got = seen.value
        if not is_mapping(got):
            return failed(f"Expected a dictionary with four keys; got {seen.type}.", hint="keys")
        if lacking := [key for key in expected if key not in got]:
            return failed(f"Expected the key {named(lacking)}; your dictionary has {named(got)}.", hint="keys")
        if (
            expected["missing"] != expected["unexpected"]
            and (listed(got["missing"]) and listed(got["unexpected"]))
            and (list(got["missing"]), list(got["unexpected"])) == (expected["unexpected"], expected["missing"])
        ):
            return failed("Missing and unexpected are the wrong way round.", hint="lists")
        for key in ("missing", "unexpected"):
            if wrong := wrong_list(f"the {key} names", got[key], expected[key]):
                return failed(wrong, hint="lists")
        return self._wrong_sizes(got["sizes"], expected["sizes"]) or self._cause(got["cause"], expected["cause"], case)

    def _wrong_sizes(self, got: Any, expected: dict[str, Any]) -> Verdict | None:
        if not isinstance(got, dict):
            return failed(f"Expected `sizes` as a dictionary; got {type(got).__name__}.", hint="sizes")
        if lacking := [name for name in expected if name not in got]:
            return failed(f"`sizes` lacks {named(lacking)}, whose shapes differ.", hint="sizes")
        if extra := [name for name in got if name not in expected]:
            return failed(f"`sizes` has {named(extra)}, whose shapes are the same or can't be compared.", hint="sizes")
        for name, pair in expected.items():
            if got[name] == pair[::-1]:
                return failed(
                    f"`sizes` has the shapes of `{name}` the wrong way round: the file's first.", hint="sizes"
                )
            if got[name] != pair:
                return failed(
                    f"For `{name}` expected {tuple(map(tuple, pair))}, the file's shape and the model's; got {got[name]!r}.",
                    hint="sizes",
                )
        return None

    def _cause(self, got: Any, expected: str, case: Case) -> Verdict:
        if got == expected:
            return passed("Both lists, the shapes, and the cause.")
        if got not in CAUSES:
            return failed(f"Expected one of {', '.join(map(repr, CAUSES))} as the cause; got {got!r}.", hint="keys")
        why = {
            "same": "nothing differs",
            "wrapped": f"`{case.word}` holds a dictionary with all the model's names",
            "prefix": f"every name of the model is in the file with {case.word!r} before it",
            "sizes": "the names are the same, and shapes differ",
            "names": "names differ, and neither a dictionary around them nor one prefix, with a dot, before all explains it",
        }[expected]
        hint = expected if expected in self.hints else "order"
        return failed(f"The cause is {expected!r}, not {got!r}: {why}.", hint=hint)


def _alike(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """As `unchanged`, through dictionaries in dictionaries."""
    return list(before) == list(after) and all(
        isinstance(after[name], dict) and _alike(value, after[name])
        if isinstance(value, dict)
        else unchanged({name: value}, {name: after[name]})
        for name, value in before.items()
    )

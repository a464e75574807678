"""Free a state_dict of the storage that its views drag along."""

import io
from collections import OrderedDict
from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.comparing import is_mapping, same
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class Slim(Task):
    """Free a state_dict of the storage that its views drag along."""

    visible: ClassVar = {
        "ten rows of a large matrix": {"content": "rows"},
        "nothing to slim": {"content": "whole"},
    }
    graded: ClassVar = {
        "tied weights": {"content": "tied"},
        "a column, and an epoch": {"content": "column"},
    }
    hints: ClassVar = {
        "storage": "`torch.save` writes a tensor's whole storage. Compare `t.untyped_storage().nbytes()` with `t.nbytes`.",
        "clone": "`contiguous()` returns the same tensor when it is contiguous already, and rows of a matrix are. "
        "`deepcopy` copies the storage with all that is in it. `clone()` copies what the view shows.",
        "tied": "Clone only what uses less than its storage holds. Two names of one whole tensor then still share it, and "
        "it is saved once.",
        "other": "A state_dict may hold numbers, too. Hand on what is no tensor.",
        "input": "Build a new dictionary; the one you are given belongs to somebody.",
    }

    def state(self, case: Case) -> dict[str, Any]:
        """What is to be slimmed."""
        generator = case.generator()
        whole = torch.rand(6, 5, generator=generator)
        if case.content == "whole":
            return OrderedDict(
                weight=whole, turned=torch.rand(4, 3, generator=generator).t(), steps=torch.tensor(7, dtype=torch.int64)
            )
        if case.content == "tied":
            large = torch.rand(200, 100, generator=generator)
            return {"embed.weight": large, "head.weight": large, "bias": torch.rand(3000, generator=generator)[:5]}
        large = torch.rand(1000, 1000, generator=generator)
        if case.content == "rows":
            return {"weight": large[:10], "bias": whole}
        return {"scale": large[:, 3], "epoch": 5, "weight": whole.half()}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Slim it, save the result, and look at its storages and at what was given."""
        given = self.state(case)
        before = dict(given)
        result: dict[str, Any] = {}

        def use() -> Any:
            value = answer(given)
            if isinstance(value, dict):
                result.update(value)
            return value

        def storages() -> dict[str, int]:
            tensors = [v for v in result.values() if isinstance(v, Tensor)]
            return {str(t.untyped_storage().data_ptr()): t.untyped_storage().nbytes() for t in tensors}

        def saved_bytes() -> int | None:
            buffer = io.BytesIO()
            try:
                torch.save(result, buffer)
            except Exception:  # what came back may hold anything
                return None
            return buffer.tell()

        return observe(
            use,
            also={
                "storages": storages,
                "saved_bytes": saved_bytes,
                "untouched": lambda: (
                    list(given) == list(before) and all(given[name] is value for name, value in before.items())
                ),
                "values": lambda: [same(value, self.state(case)[name]) for name, value in before.items()],
            },
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The same values in storages of their own size."""
        if seen.error:
            return failed(
                f"`slim(state_dict)` raised {seen.error}.", hint="other" if case.content == "column" else "clone"
            )
        state = self.state(case)
        if not is_mapping(seen.value):
            return failed(f"Expected a dictionary with the same names; got {seen.type}.", hint="input")
        if list(seen.value) != list(state):
            return failed(f"Expected the names {list(state)} in this order; got {list(seen.value)}.", hint="input")
        for name, value in state.items():
            got = seen.value[name]
            if isinstance(value, Tensor) and isinstance(got, Tensor) and got.dtype != value.dtype:
                return failed(f"`{name}` became {got.dtype}: smaller, and no longer the same numbers.", hint="clone")
            if not same(got, value):
                return failed(f"`{name}` came back with another value or shape.", hint="other")
        if not seen.also["untouched"] or not all(seen.also["values"]):
            return failed("The result is right, but the dictionary you were given was changed.", hint="input")
        needed = sum({id(v): v.nbytes for v in state.values() if isinstance(v, Tensor)}.values())
        held = sum(seen.also["storages"].values())
        if held > needed:
            hint = "tied" if case.content == "tied" and held < 2 * needed + 1000 else "clone"
            saved = seen.also["saved_bytes"]
            file = f"; saved, that is a file of {saved:,} bytes" if saved else ""
            reason = " `embed.weight` and `head.weight` were one tensor and are two now." if hint == "tied" else ""
            return failed(f"The tensors show {needed:,} bytes and hold {held:,}{file}.{reason}", hint=hint)
        return passed("The same numbers, and no storage behind them that nobody sees.")

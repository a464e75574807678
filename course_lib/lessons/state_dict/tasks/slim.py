"""Free a state_dict of the storage that its views drag along."""

import io
from collections import OrderedDict
from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import is_mapping, same
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


def _unpacked(tensor: Tensor, view: Tensor) -> Tensor:
    """The view as it comes from a file: a shape over a storage, which knows no tensor that it was cut from."""
    made = torch.zeros(0, dtype=tensor.dtype)
    return made.set_(tensor.clone().untyped_storage(), view.storage_offset(), view.shape, view.stride())


def _one_storage(one: Any, other: Any) -> bool:
    """Whether both are tensors over the same memory."""
    both = isinstance(one, Tensor) and isinstance(other, Tensor)
    return both and one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


class Slim(Task):
    """Free a state_dict of the storage that its views drag along."""

    visible: ClassVar = {
        "ten rows of a large matrix": {"content": "rows"},
        "nothing to slim": {"content": "whole"},
        "tied weights, and an epoch": {"content": "tied"},
        "slices from a file": {"content": "loaded"},
    }
    graded: ClassVar = {
        "a column, and words": {"content": "column"},
        "two halves of one tensor": {"content": "halves"},
    }
    hints: ClassVar = {
        "storage": "`torch.save` writes a tensor's whole storage. Compare `t.untyped_storage().nbytes()` with `t.nbytes`.",
        "clone": "`contiguous()` returns the same tensor when it is contiguous already, and rows of a matrix are. "
        "`deepcopy` copies the storage with all that is in it. `clone()` copies what the view shows.",
        "tied": "Clone only what uses less than its storage holds, and hand on the others themselves. Two names of one whole "
        "tensor then still share it, and it is saved once.",
        "other": "A state_dict may hold numbers, too. Hand on what is no tensor.",
        "input": "Build a new dictionary; the one you are given belongs to somebody.",
        "values": "Only the storage changes: every number, shape and dtype stays. `clone()` keeps all three.",
    }

    def state(self, case: Case) -> dict[str, Any]:
        """What is to be slimmed."""
        generator, more = case.generator(), case.seed % 3
        whole = torch.rand(6 + more, 5, generator=generator)
        large = torch.rand(300 + more, 100, generator=generator)
        if case.content == "rows":
            return {"weight": large[:10], "bias": whole, "scale": large.double()[:, :60]}
        if case.content == "whole":
            turned = torch.rand(4, 3, generator=generator, dtype=torch.float64).t()
            return OrderedDict(weight=whole, turned=turned, steps=torch.tensor(7), none=torch.zeros(0, 4))
        if case.content == "tied":
            return {"embed.weight": large, "epoch": 5, "head.weight": large, "bias": whole.flatten()[:5]}
        if case.content == "loaded":
            half = large.half()
            return {"most": _unpacked(half, half[:, :80]), "last": _unpacked(whole, whole[-1]), "whole": whole.half()}
        if case.content == "halves":
            return {"first": large[:150], "bias": whole, "second": large[150:]}
        counts = torch.arange(400 + more).reshape(-1, 1).repeat(1, 3)
        return {"scale": large[:, 3], "classes": ["ill", "well"], "counts": counts[::2], "loss": 0.25}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Slim it, save the result, and look at its storages and at what was given."""
        given = self.state(case)
        before, kind = dict(given), type(given)
        held = {name: self._held(value) for name, value in before.items()}
        result: dict[str, Any] = {}
        returned_itself: list[bool] = []

        def use() -> Any:
            value = answer(given)
            returned_itself.append(value is given)
            if isinstance(value, dict):
                result.update(value)
            return value

        def saved_bytes() -> int | None:
            buffer = io.BytesIO()
            try:
                torch.save(result, buffer)
            except Exception:  # what came back may hold anything
                return None
            return buffer.tell()

        def untouched() -> bool:
            mine = type(given) is kind and list(given) == list(before)
            return mine and all(
                given[name] is value and self._held(value) == held[name] for name, value in before.items()
            )

        return observe(
            use,
            also={
                "held": lambda: {name: self._held(value) for name, value in result.items()},
                "uncopied": lambda: {name: _one_storage(result.get(name), value) for name, value in before.items()},
                "saved_bytes": saved_bytes,
                "returned_itself": lambda: any(returned_itself),
                "untouched": untouched,
                "values": lambda: [same(value, self.state(case)[name]) for name, value in before.items()],
            },
        )

    @staticmethod
    def _held(value: Any) -> int | None:
        return value.untyped_storage().nbytes() if isinstance(value, Tensor) else None

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The same values in storages of their own size."""
        state = self.state(case)
        others = [name for name, value in state.items() if not isinstance(value, Tensor)]
        if seen.error:
            return failed(f"`slim(state_dict)` raised {seen.error}.", hint="other" if others else "clone")
        if not is_mapping(seen.value):
            return failed(f"Expected a dictionary with the same names; got {seen.type}.", hint="input")
        if lacking := [name for name in state if name not in seen.value]:
            why = " It is no tensor, and is handed on." if set(lacking) <= set(others) else ""
            return failed(f"Expected all names; {named(lacking)} missing.{why}", hint="other" if why else "input")
        if list(seen.value) != list(state):
            return failed(f"Expected the names {list(state)} in this order; got {list(seen.value)}.", hint="input")
        if wrong := self._wrong_values(seen.value, state):
            return wrong
        if seen.also["returned_itself"]:
            return failed("The dictionary you were given came back itself. Expected a new one.", hint="input")
        if not seen.also["untouched"] or not all(seen.also["values"]):
            return failed("The result is right, but what you were given was changed.", hint="input")
        for name, value in state.items():
            if isinstance(value, Tensor) and seen.also["held"].get(name) is None:
                return failed(f"`{name}` was a tensor and is none any more.", hint="values")
            if isinstance(value, Tensor) and (held := seen.also["held"][name]) > value.nbytes:
                saved = seen.also["saved_bytes"]
                file = f"; all saved, that is a file of {saved:,} bytes" if saved else ""
                return failed(f"`{name}` shows {value.nbytes:,} bytes and holds {held:,}{file}.", hint="clone")
        copied = [n for n, v in state.items() if isinstance(v, Tensor) and v.nbytes == self._held(v)]
        copied = [name for name in copied if not seen.also["uncopied"][name]]
        if copied:
            tied = (
                " `embed.weight` and `head.weight` were one tensor and are two now." if case.content == "tied" else ""
            )
            return failed(
                f"{named(copied)} used all of its storage, and a copy came back in its place.{tied}", hint="tied"
            )
        return passed("The same numbers, and no storage behind them that nobody sees.")

    def _wrong_values(self, got: dict[str, Any], state: dict[str, Any]) -> Verdict | None:
        for name, value in state.items():
            new = got[name]
            if isinstance(value, Tensor) and isinstance(new, Tensor) and new.dtype != value.dtype:
                return failed(f"`{name}` is {value.dtype} and came back as {new.dtype}.", hint="values")
            if isinstance(value, Tensor) and isinstance(new, Tensor) and new.shape != value.shape:
                return failed(
                    f"`{name}` has shape {tuple(value.shape)} and came back as {tuple(new.shape)}.", hint="values"
                )
            if not same(new, value):
                return failed(f"`{name}` came back with another value.", hint="values")
        return None

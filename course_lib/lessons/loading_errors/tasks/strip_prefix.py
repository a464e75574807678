"""Take a wrapper's prefix off the names."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import is_mapping
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.loading_errors.tasks.shared import unchanged


def asked(prefix: str, *names: str) -> dict[str, Any]:
    """The settings of a case: the prefix, and the names in the file."""
    return {"prefix": prefix, "names": names}


class StripPrefix(Task):
    """Take a wrapper's prefix off the names."""

    visible: ClassVar = {
        "several GPUs": asked("module.", "module.out.weight", "module.out.bias", "module.encoder.0.weight"),
        "the prefix again, further on": asked("module.", "module.module.weight", "module.submodule.weight"),
        "a count without the prefix": asked("module.", "n_averaged", "module.decoder.weight", "head.module.bias"),
        "two names become one": asked("model.", "weight", "model.weight", "model.bias"),
        "no name has it": asked("_orig_mod.", "weight", "bias"),
    }
    graded: ClassVar = {
        "compiled": asked("_orig_mod.", "_orig_mod.mid.weight", "_orig_mod.dim.bias", "_orig_mod.b._orig_mod.c"),
        "two words": asked("net.inner.", "net.inner.weight", "net.outer.weight", "net.inner.inner.bias"),
        "a name that moves into another's place": asked("module.", "module.module.bias", "module.bias"),
        "two become one, further on": asked("net.", "net.a.weight", "b.weight", "a.weight"),
    }
    hints: ClassVar = {
        "once": "`name.removeprefix(prefix)` takes it off at the beginning, once, and leaves other names alone.",
        "stays": "A name without the prefix stays, with its tensor.",
        "clash": "Before you put a name into the new dictionary, ask whether it is there already: `raise ValueError(name)`.",
        "new": "Make a new dictionary; the tensors in it may be the same ones.",
    }

    def state(self, case: Case) -> dict[str, Any]:
        """A tensor for each name, with values of its own, in several dtypes."""
        generator = case.generator()
        dtypes = (torch.float32, torch.float16, torch.float64)
        return {
            name: (torch.rand(1 + i, generator=generator) + i).to(dtypes[i % 3]) for i, name in enumerate(case.names)
        }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Call it; look whether the argument is as it was."""
        state, raised, same = self.state(case), [], []

        def use() -> Any:
            try:
                value = answer(state, case.prefix)
            except Exception as error:
                raised.extend(kind.__name__ for kind in type(error).__mro__)
                raise
            same.append(value is state)
            return value

        look = {
            "state": lambda: unchanged(self.state(case), state),
            "raised": lambda: raised,
            "same": lambda: same == [True],
        }
        return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The names without the prefix, or an error where two would be one."""
        state = self.state(case)
        names = [name.removeprefix(case.prefix) for name in state]
        twice = next((name for name in names if names.count(name) > 1), "")
        if twice:
            return self._clash(seen, twice, case)
        if seen.error:
            hint = "clash" if "ValueError" in seen.also["raised"] else "stays"
            return failed(f"`strip_prefix(state, {case.prefix!r})` raised {seen.error[:200]}.", hint=hint)
        if not seen.also["state"]:
            return failed("The dictionary that was given is changed. Expected a new one.", hint="new")
        if not is_mapping(seen.value):
            return failed(f"Expected a dictionary; got {seen.type}.", hint="new")
        got = list(seen.value)
        if wrong := self._wrong_name(got, names, state, case):
            return wrong
        for name, tensor in zip(names, state.values(), strict=True):
            value = seen.value[name]
            if not isinstance(value, Tensor) or value.dtype != tensor.dtype or not torch.equal(value, tensor):
                return failed(f"`{name}` holds something else than the tensor that it had.", hint="new")
        if got != names:
            return failed(f"The right names in another order: {named(got)}.", hint="new")
        if seen.also["same"]:
            return failed("The dictionary that was given is returned. Expected a new one, here too.", hint="new")
        return passed("The prefix is off, once, and nothing else has changed.")

    def _wrong_name(self, got: list[str], names: list[str], state: dict[str, Any], case: Case) -> Verdict | None:
        for old, new in zip(state, names, strict=True):
            if new in got:
                continue
            if old == new:
                if old.replace(case.prefix, "") in got and case.prefix in old:
                    return failed(
                        f"`{old}` doesn't begin with {case.prefix!r} and was changed all the same.", hint="once"
                    )
                return failed(
                    f"`{old}` doesn't begin with {case.prefix!r}. It stays; in yours it is gone.", hint="stays"
                )
            if old in got:
                return failed(f"`{old}` still has the prefix. Expected `{new}`.", hint="once")
            if old.replace(case.prefix, "") in got:
                made = old.replace(case.prefix, "")
                return failed(
                    f"`{old}` became `{made}`: the middle of the name was hit. Expected `{new}`.", hint="once"
                )
            if old.lstrip(case.prefix) in got:
                made = old.lstrip(case.prefix)
                return failed(f"`{old}` became `{made}`: more than the prefix is gone. Expected `{new}`.", hint="once")
            return failed(f"`{old}` should have become `{new}`; your names are {named(got)}.", hint="once")
        if extra := [name for name in got if name not in names]:
            return failed(f"{named(extra)} shouldn't be there.", hint="once")
        return None

    def _clash(self, seen: Observation, twice: str, case: Case) -> Verdict:
        if not seen.error:
            return failed(
                f"Without {case.prefix!r} two entries are called `{twice}`, and one was lost without a word. Expected a "
                "ValueError.",
                hint="clash",
            )
        if "ValueError" not in seen.also["raised"]:
            return failed(
                f"Two entries would be called `{twice}`. Expected a ValueError; got {seen.error_type}.", hint="clash"
            )
        if twice not in seen.error:
            return failed(f"A ValueError, as expected, but its text doesn't name `{twice}`.", hint="clash")
        if not seen.also["state"]:
            return failed("The dictionary that was given is changed. Expected it as it was.", hint="new")
        return passed()

"""Load what fits, report it, and refuse below a floor."""

import re
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import is_mapping
from course_lib.classroom.tasks.inputs import changed, copied, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.loading_errors.tasks.shared import network, unchanged, wrong_list


def asked(at_least: float, **settings: Any) -> dict[str, Any]:
    """The settings of a case: the floor, and how the file differs from the model."""
    return {
        "at_least": at_least,
        "classes": 3,
        "head": "head",
        "prefix": "",
        "half": False,
        "turned": False,
        "more": 0,
        **settings,
    }


class LoadPartial(Task):
    """Load what fits, report it, and refuse below a floor."""

    visible: ClassVar = {
        "other classes": asked(0.5, classes=7),
        "another head": asked(0.7, head="classifier"),
        "every name wrong": asked(0.1, prefix="module."),
        "just below the floor": asked(0.8, classes=2),
        "everything fits": asked(1.0),
        "in half precision": asked(0.5, classes=5, half=True),
        "a transposed matrix": asked(0.5, turned=True),
    }
    graded: ClassVar = {
        "exactly the floor": asked(7 / 9, classes=4),
        "no floor, nothing fits": asked(0.0, prefix="net."),
        "all is wanted, nearly all fits": asked(1.0, head="top"),
        "a larger file": asked(0.6, classes=2, more=9),
    }
    hints: ClassVar = {
        "fits": "An entry fits if the model has its name and the shapes are equal. Buffers are entries too.",
        "report": "`loaded` and `kept` together are the model's names, in its order; `unused` are names of the file.",
        "floor": "Count first, raise if it is too few, and only then load: `len(fits) < at_least * len(own)`.",
        "own": "`load_state_dict(fits, strict=False)` copies into the model's own tensors; `assign=True` replaces them.",
        "beside": "Loading brings values. Modes and dtypes stay.",
    }

    def state(self, case: Case) -> dict[str, Any]:
        """What the file holds, in the opposite order."""
        state = dict(reversed(copied(network(case.seed + 3, classes=case.classes, head=case.head)).items()))
        if case.turned:
            state["encoder.0.weight"] = state["encoder.0.weight"].T.contiguous()
        if case.half:
            state = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
        state |= {f"teacher.{number}": torch.ones(2) for number in range(case.more)}
        return {case.prefix + name: tensor for name, tensor in state.items()}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Call it; look at values, objects, modes and dtypes."""
        model, state, raised = network(case.seed), self.state(case), []
        own = [*model.parameters(), *model.buffers()]
        modes = flags(model)

        def use() -> Any:
            try:
                return answer(model, state, at_least=case.at_least)
            except Exception as error:
                raised.extend(kind.__name__ for kind in type(error).__mro__)
                raise

        look = {
            "raised": lambda: raised,
            "values": lambda: copied(model),
            "own": lambda: list(map(id, own)) == list(map(id, [*model.parameters(), *model.buffers()])),
            "modes": lambda: changed(modes, flags(model)),
            "state": lambda: unchanged(self.state(case), state),
        }
        return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """What fits is loaded and reported, or nothing and an error."""
        own, state = copied(network(case.seed)), self.state(case)
        fits = [n for n in own if n in state and own[n].shape == state[n].shape]
        if not seen.also["state"]:
            return failed("`state` was changed. Expected it as it was.", hint="fits")
        if len(fits) < case.at_least * len(own):
            return self._refused(seen, case, own, fits)
        if seen.error:
            few = f"{len(fits)} of {len(own)} entries fit, and the floor is {case.at_least:.0%}"
            if "ValueError" in seen.also["raised"]:
                return failed(f"{few}: enough. Yours raised {seen.error[:150]}", hint="floor")
            if "size mismatch" in seen.error:
                return failed(
                    f"{few}. A load was tried with shapes that differ, and raised: choose first.", hint="fits"
                )
            if "key(s) in state_dict" in seen.error:
                return failed(f"{few}. A strict load was tried with names that differ, and raised.", hint="own")
            return failed(f"{few}. `load_partial` raised {seen.error.splitlines()[0][:150]}", hint="fits")
        if not seen.also["own"]:
            return failed(
                "The model has new parameters or buffers. An optimizer made before would train the old ones.",
                hint="own",
            )
        for name, before in own.items():
            value, wanted = seen.also["values"][name], before
            if name in fits:
                wanted = state[name].to(before.dtype)
            if value.dtype != before.dtype:
                return failed(
                    f"`{name}` is {value.dtype} now. Expected the model's dtype, {before.dtype}.", hint="beside"
                )
            if torch.equal(value, wanted):
                continue
            if name in fits:
                kind = " It is a buffer." if "running" in name or "num_b" in name else ""
                return failed(f"`{name}` fits by name and shape and doesn't have the file's values.{kind}", hint="fits")
            return failed(f"`{name}` doesn't fit, and was changed. Expected it as it was.", hint="fits")
        if seen.also["modes"]:
            return failed("The values are right, but the modes were changed.", hint="beside")
        return self._report(seen, own, state, fits)

    def _report(self, seen: Observation, own: dict[str, Any], state: dict[str, Any], fits: list[str]) -> Verdict:
        expected = {
            "loaded": fits,
            "kept": [name for name in own if name not in fits],
            "unused": [name for name in state if name not in fits],
        }
        if not is_mapping(seen.value):
            return failed(f"The model is loaded. Expected a dictionary as the report; got {seen.type}.", hint="report")
        if lacking := [key for key in expected if key not in seen.value]:
            return failed(f"The report lacks {named(lacking)}.", hint="report")
        for key, names in expected.items():
            if wrong := wrong_list(f"`{key}`", seen.value[key], names):
                return failed(wrong, hint="report")
        return passed("Loaded what fits, and said what didn't.")

    def _refused(self, seen: Observation, case: Case, own: dict[str, Any], fits: list[str]) -> Verdict:
        few = f"{len(fits)} of {len(own)} entries fit, below the floor of {case.at_least:.0%}"
        if not seen.error:
            return failed(f"{few}, and nothing was said. Expected a ValueError.", hint="floor")
        if "ValueError" not in seen.also["raised"]:
            return failed(f"{few}. Expected a ValueError; `{seen.error_type}` was raised.", hint="floor")
        if not all(re.search(rf"(?<![\d.]){count}(?!\d|\.\d)", seen.error) for count in (len(fits), len(own))):
            return failed(f"{few}. The ValueError's text should have both numbers.", hint="floor")
        if not unchanged(own, seen.also["values"]):
            return failed(f"{few}. It raised, and the model was changed before. Expected it as it was.", hint="floor")
        return passed()

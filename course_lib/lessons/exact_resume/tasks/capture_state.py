"""Capture everything that a run needs to go on exactly."""

import random
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from course_lib.classroom.tasks.answers import first_line, named
from course_lib.classroom.tasks.comparing import same
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.exact_resume.tasks.shared import (
    GENERATORS,
    as_seen,
    came_back,
    draws,
    kind_of,
    moved,
    objects_of,
    random_states,
    set_random_states,
    shuffle_up,
    states_of,
)
from course_lib.seeding import sealed

ONE = {"models": ["model"], "optimizers": ["optimizer"], "schedules": ["scheduler"]}
TWO = {"models": ["painter", "critic"], "optimizers": ["painter_adam", "critic_adam"], "schedules": []}
SCALED = {"models": ["net"], "optimizers": ["adam"], "schedules": ["warmup"], "scalers": ["scaler"]}
SETTERS = {"python": "random.setstate", "numpy": "np.random.set_state", "torch": "torch.set_rng_state",
           "generator": "generator.set_state"}  # fmt: skip


class CaptureState(Task):
    """Objects and random states, for a file that loads safely, and as they are now."""

    visible: ClassVar = {
        "a run": {"names": ONE, "normals": 2, "steps": 3},
        "two models": {"names": TWO, "normals": 3, "steps": 2},
    }
    graded: ClassVar = {
        "with a scaler": {"names": SCALED, "normals": 1, "steps": 2},
        "other names": {
            "names": {"models": ["student"], "optimizers": ["sgd"], "schedules": ["plan"]}, "normals": 5, "steps": 4,
        },
    }  # fmt: skip
    hints: ClassVar = {
        "objects": "`{name: one.state_dict() for name, one in objects.items()}`: whatever they are called, and however many.",
        "copy": "A state_dict holds references. `copy.deepcopy(one.state_dict())` stays as it is when training goes on.",
        "python": "`random.getstate()` is a tuple of plain data. `random.setstate` takes it back: all three entries, as the last is "
        "a number that `random.gauss()` has kept back.",
        "numpy": "`name, keys, *rest = np.random.get_state()`, and `keys.tolist()`: the safe loader refuses NumPy's array. "
        "Keep all five entries; the last two are a number that `normal()` has kept back.",
        "torch": "`torch.get_rng_state()`, and `torch.set_rng_state` takes it back.",
        "generator": "`generator.get_state()`: the loader's generator is none of the global ones.",
        "still": "Only ask for states: `get_state`, `getstate`, `get_rng_state`, `state_dict`. Drawing, seeding and switching "
        "the mode change the run.",
    }

    def situation(self, case: Case) -> tuple[dict[str, Any], Any, torch.Generator]:
        """A run in the middle of its training."""
        generator = torch.Generator()
        objects, train = objects_of(case, case.seed % 10_000)
        nets(objects)[case.names["models"][0]][1].eval()  # a frozen batch norm in a model that trains
        train(case.steps)
        shuffle_up(case, generator)
        return objects, train, generator

    def probe(self, answer: Any, case: Case) -> Observation:
        """Capture, look whether anything moved, train on, write the file, read it, and use what it holds."""
        objects, train, generator = self.situation(case)
        before, at = states_of(objects), random_states(generator)
        modes, gradients = modes_of(objects), gradients_of(objects)
        found: dict[str, Any] = {}

        def use() -> None:
            state = answer(objects, generator)
            found["moved"] = moved(at, random_states(generator))
            found["changed"] = [
                name for name, one in states_of(objects).items() if not same(as_seen(one), as_seen(before[name]))
            ]
            found["evaluating"] = [name for name, net in nets(objects).items() if not net.training]
            found["switched"] = [name for name, now in modes_of(objects).items() if now != modes[name]]
            found["cleared"] = [name for name, now in gradients_of(objects).items() if not same(now, gradients[name])]
            found["kind"] = kind_of(state)
            if not isinstance(state, Mapping):
                return
            found["names"] = [str(name) for name in state]
            train(2)
            draws(generator)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "state.pt")
                try:
                    torch.save(state, path)
                except Exception as error:
                    found["save"] = f"{type(error).__name__}: {error}"
                    return
                try:
                    state = torch.load(path, weights_only=True)
                except Exception:
                    found["load"] = blamed(state)
                    return
            found["objects"] = as_seen(state["objects"]) if "objects" in state else None
            found["draws"] = self.drawn_from(state, at)

        return observe(use, also={"found": lambda: found})

    def drawn_from(self, state: Mapping[str, Any], at: dict[str, Any]) -> dict[str, Any]:
        """What each generator draws once it is set by the file, or why it can't be set."""
        generator, results = torch.Generator(), {}
        setters = {
            "python": random.setstate,
            "numpy": np.random.set_state,
            "torch": torch.set_rng_state,
            "generator": generator.set_state,
        }
        for name, set_state in setters.items():
            if name not in state:
                continue
            set_random_states(at, generator)
            draws(generator)  # so that a setter that sets nothing is seen
            try:
                set_state(state[name])
                results[name] = draws(generator)[name]
            except Exception as error:
                results[name] = f"{type(error).__name__}: {error}"
        return results

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The file: complete, safe, of the moment; and the run untouched."""
        found = seen.also["found"]
        if "kind" not in found:
            return failed(f"`capture_state(objects, generator)` raised {first_line(seen.error)}.", hint="objects")
        if "names" not in found:
            return failed(f"It returned {found['kind']}. Expected a dictionary.", hint="objects")
        if missing := [name for name in ("objects", *GENERATORS) if name not in found["names"]]:
            return failed(f"The dictionary lacks {named(missing)}.", hint=missing[0])
        with sealed(case.seed):
            objects, train, generator = self.situation(case)
            expected = as_seen(states_of(objects))
            numbers = draws(generator)
            train(2)
            later = as_seen(states_of(objects))
        return (
            self.untouched(found)
            or self.readable(found)
            or self.filled(found, expected, later)
            or self.random(found, numbers, case)
            or passed("All of the run, as it was, in a file that loads safely.")
        )

    def untouched(self, found: dict[str, Any]) -> Verdict | None:
        """Whether capturing has left the run alone."""
        if found["moved"]:
            who = " and ".join(GENERATORS[name] for name in found["moved"])
            return failed(
                f"Capturing moved {who} generator: the run goes on with other numbers than without it.", hint="still"
            )
        if found["changed"]:
            return failed(f"Capturing changed {named(found['changed'])}.", hint="still")
        if found["evaluating"]:
            return failed(f"Capturing left {named(found['evaluating'])} in eval mode.", hint="still")
        if found["switched"]:
            return failed(
                f"Capturing put all of {named(found['switched'])} into one mode; a batch norm in it was in eval mode before.",
                hint="still",
            )
        if found["cleared"]:
            return failed(f"Capturing changed the gradients of {named(found['cleared'])}.", hint="still")
        return None

    def readable(self, found: dict[str, Any]) -> Verdict | None:
        """Whether the file can be written and read."""
        if "save" in found:
            return failed(f"`torch.save` can't write what was returned: {first_line(found['save'])}.", hint="objects")
        if "load" in found:
            return failed(
                f"`torch.load(..., weights_only=True)` refuses the file: `{found['load']}` holds something that is no tensor "
                "and no plain data.",
                hint=found["load"] if found["load"] in self.hints else "objects",
            )
        return None

    def filled(self, found: dict[str, Any], expected: Any, later: Any) -> Verdict | None:
        """Whether the objects' states are those of the moment."""
        got = found["objects"]
        if not isinstance(got, dict) or set(got) == {"object", "text"}:
            return failed(
                f"`objects` is {came_back(got)}. Expected a dictionary with a state for each.", hint="objects"
            )
        if missing := [name for name in expected if name not in got]:
            return failed(f"The state of {named(missing)} is missing in `objects`.", hint="objects")
        for name, state in expected.items():
            if alike(got[name], state):
                continue
            if alike(got[name], later[name]) or follows(got[name], state, later[name]):
                return failed(
                    f"After two more steps of training the state of `{name}` is another: it holds references, and follows "
                    "the run.",
                    hint="copy",
                )
            return failed(f"`objects` has not what `{name}.state_dict()` holds at that moment.", hint="objects")
        return None

    def random(self, found: dict[str, Any], numbers: dict[str, Any], case: Case) -> Verdict | None:
        """Whether each generator goes on where it stood."""
        for name, words in GENERATORS.items():
            got = found["draws"].get(name)
            if isinstance(got, str):
                return failed(
                    f"`{SETTERS[name]}` doesn't take back what is under `{name}`: {first_line(got)}.", hint=name
                )
            if got == numbers[name]:
                continue
            if name == "numpy" and got[0] != numbers[name][0] and case.normals % 2:
                return failed(
                    "NumPy's `normal()` had kept a number back, and that is not in the state: the next ones are others.",
                    hint="numpy",
                )
            if name == "python" and got[0] == numbers[name][0]:
                return failed(
                    "Python's `random.gauss()` had kept a number back, and that is not in the state: the next one is another.",
                    hint="python",
                )
            return failed(
                f"Set by the file, {words} generator gives other numbers than it would have given.", hint=name
            )
        return None


def nets(objects: dict[str, Any]) -> dict[str, torch.nn.Module]:
    """The models among them."""
    return {name: one for name, one in objects.items() if isinstance(one, torch.nn.Module)}


def modes_of(objects: dict[str, Any]) -> dict[str, list[bool]]:
    """The mode of each layer of each model."""
    return {name: [layer.training for layer in net.modules()] for name, net in nets(objects).items()}


def gradients_of(objects: dict[str, Any]) -> dict[str, list[Any]]:
    """The gradients of each model, as numbers; None where there is none."""
    return {
        name: [p.grad if p.grad is None else p.grad.tolist() for p in net.parameters()]
        for name, net in nets(objects).items()
    }


def alike(a: Any, b: Any) -> bool:
    """Whether two states agree, in whatever order their entries stand."""
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(alike(a[name], b[name]) for name in b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(alike, a, b))
    return same(a, b)


def follows(got: Any, now: Any, later: Any) -> bool:
    """Whether a state has entries of a later moment among those of now."""
    if isinstance(got, dict) and isinstance(now, dict) and isinstance(later, dict):
        names = set(got) & set(now) & set(later)
        return any(follows(got[name], now[name], later[name]) for name in names)
    return not same(got, now) and same(got, later)


def blamed(state: Mapping[str, Any]) -> str:
    """The first entry that the safe loader refuses."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "part.pt")
        for name, value in state.items():
            torch.save(value, path)
            try:
                torch.load(path, weights_only=True)
            except Exception:
                return str(name)
    return "the dictionary itself"

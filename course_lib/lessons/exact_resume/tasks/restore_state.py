"""Put a captured state back into a new process."""

import copy
import io
import random
from typing import Any, ClassVar

import numpy as np
import torch

from course_lib.classroom.tasks.answers import first_line, named
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.exact_resume.tasks.capture_state import ONE, SCALED, TWO, alike
from course_lib.lessons.exact_resume.tasks.shared import (
    GENERATORS,
    as_seen,
    draws,
    moved,
    objects_of,
    random_states,
    shuffle_up,
    states_of,
)
from course_lib.seeding import sealed


class Drawing:
    """An object with a state that draws random numbers when it is loaded, as one does that builds its layers then."""

    def __init__(self, counted: int, generator: torch.Generator):
        self.counted, self.generator = counted, generator

    def state_dict(self) -> dict[str, int]:
        """How much it has counted."""
        return {"counted": self.counted}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Take the count over, and draw from every generator."""
        random.random()
        np.random.rand(7)
        torch.rand(2)
        torch.rand(2, generator=self.generator)
        self.counted = state["counted"]


class RestoreState(Task):
    """Fill all objects and set all generators, in an order that undoes nothing; or refuse, and change nothing."""

    visible: ClassVar = {
        "a run": {"names": ONE, "normals": 3, "steps": 3},
        "an object that draws": {"names": TWO, "normals": 2, "steps": 2, "drawing": True},
        "no state for the last": {"names": ONE, "normals": 2, "steps": 2, "lacking": "average"},
        "a state too many": {"names": ONE, "normals": 2, "steps": 2, "surplus": "ema"},
    }
    graded: ClassVar = {
        "with a scaler": {"names": SCALED, "normals": 1, "steps": 4},
        "another object that draws": {"names": SCALED, "normals": 3, "steps": 3, "drawing": True},
        "no state for one of two": {"names": TWO, "normals": 1, "steps": 2, "lacking": "teacher"},
        "another name": {"names": TWO, "normals": 2, "steps": 1, "lacking": "shadow", "surplus": "ema"},
    }
    hints: ClassVar = {
        "objects": "`for name, one in objects.items(): one.load_state_dict(state['objects'][name])`",
        "random": "`random.setstate`, `np.random.set_state`, `torch.set_rng_state` and `generator.set_state`: four calls.",
        "last": "Loading an object may draw numbers. Set the random states after all of them.",
        "copy": "`pop` takes an entry out of the state. And `optimizer.load_state_dict` keeps the tensors that it is given, and trains on in them. Give it "
        "`copy.deepcopy(...)`.",
        "names": "Before anything is loaded: `if set(objects) != set(state['objects']): raise ValueError(...)`, with the names "
        "in the message.",
    }

    def situation(self, case: Case, seed: int) -> tuple[dict[str, Any], Any, torch.Generator]:
        """A run's objects, perhaps with one that draws."""
        objects, train = objects_of(case, seed)
        generator = torch.Generator()
        if case.settings.get("drawing"):
            objects = {"counter": Drawing(seed, generator), **objects, "tally": Drawing(2 * seed, generator)}
        return objects, train, generator

    def saved(self, case: Case) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """What the file holds, the numbers that come next, and the objects' states two steps later."""
        objects, train, generator = self.situation(case, case.seed % 10_000)
        train(case.steps)
        shuffle_up(case, generator)
        file = io.BytesIO()
        states = dict(reversed(states_of(objects).items()))  # names decide, not places
        torch.save({"objects": states, **random_states(generator)}, file)
        file.seek(0)
        state, numbers = torch.load(file, weights_only=True), draws(generator)
        train(2)
        return state, numbers, as_seen(states_of(objects))

    def probe(self, answer: Any, case: Case) -> Observation:
        """A new process: other weights, other random states. Restore, look, draw, train on."""
        state, *_ = self.saved(case)
        objects, train, generator = self.situation(case, case.seed % 10_000 + 1)
        if lacking := case.settings.get("lacking"):
            objects[lacking] = torch.nn.Linear(2, 2)
        if surplus := case.settings.get("surplus"):
            state["objects"][surplus] = torch.nn.Linear(2, 2).state_dict()
        draws(generator)
        found: dict[str, Any] = {}
        before, kept = [as_seen(states_of(objects)), random_states(generator)], copy.deepcopy(state)

        def use() -> None:
            try:
                answer(state, objects, generator)
            finally:
                now = [as_seen(states_of(objects)), random_states(generator)]
                found["objects"] = now[0]
                found["touched"] = [name for name in now[0] if not alike(now[0][name], before[0][name])]
                found["touched"] += [f"{GENERATORS[name]} generator" for name in moved(before[1], now[1])]
            if not lacking and not surplus:
                found["draws"] = draws(generator)
                train(2)
                found["later"] = as_seen(states_of(objects))
            found["lost"] = [name for name in kept if name not in state]
            found["lost"] += [name for name in kept["objects"] if name not in state.get("objects", {})]
            found["state kept"] = (
                set(state) == set(kept)
                and not moved(kept, state)
                and alike(as_seen(state["objects"]), as_seen(kept["objects"]))
            )

        return observe(use, also={"found": lambda: found})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Refused where names differ; else every object, every generator, and the state itself."""
        found = seen.also["found"]
        if {"lacking", "surplus"} & set(case.settings):
            return self.refused(seen, case.settings.get("lacking", ""), case.settings.get("surplus", ""))
        if "loading state_dict" in seen.error or "loaded state dict" in seen.error:
            return failed(
                "An object refused the state that it was given: it is another object's. Names decide, not places.",
                hint="objects",
            )
        if seen.error:
            return failed(
                f"`restore_state(state, objects, generator)` raised {first_line(seen.error)}.", hint="objects"
            )
        with sealed(case.seed):
            state, numbers, later = self.saved(case)
        expected = as_seen(state["objects"])
        if wrong := [name for name in expected if not alike(found["objects"].get(name), expected[name])]:
            return failed(f"{named(wrong)} has not the state of the file.", hint="objects")
        wrong = [name for name in GENERATORS if found["draws"][name] != numbers[name]]
        if wrong:
            who = " and ".join(GENERATORS[name] for name in wrong)
            if case.settings.get("drawing"):
                return failed(
                    f"Afterwards {who} generator gives other numbers: an object draws some when it is loaded. Were the random "
                    "states restored before that?",
                    hint="last",
                )
            return failed(
                f"Afterwards {who} generator gives other numbers than in the run that was saved.", hint="random"
            )
        if found["lost"]:
            return failed(
                f"Afterwards {named(found['lost'])} is missing in `state`: it was taken out. It can't be used again.",
                hint="copy",
            )
        if not found["state kept"]:
            return failed(
                "After two more steps of training `state` is another: an optimizer trains on in the tensors that it was "
                "given. Loaded a second time, it would be another run.",
                hint="copy",
            )
        if wrong := [name for name in later if not alike(found["later"][name], later[name])]:
            return failed(f"Two steps later {named(wrong)} differs from the unbroken run.", hint="objects")
        return passed("Everything is where it was, and the state can be used again.")

    def refused(self, seen: Observation, lacking: str, surplus: str) -> Verdict:
        """The names differ: an error that says which, and nothing changed."""
        found = seen.also["found"]
        what = (
            f"`objects` has {lacking!r}, and the state has none"
            if lacking
            else f"The state has {surplus!r}, and `objects` has none"
        )
        if not seen.error:
            return failed(f"{what}; nothing was raised. A part of the run is lost in silence.", hint="names")
        if found.get("touched"):
            return failed(
                f"{what}. An error came, but by then {found['touched'][0]} had been changed already.", hint="names"
            )
        if not any(name and name in seen.error for name in (lacking, surplus)):
            return failed(f"{what}. The error doesn't name it: {first_line(seen.error)}.", hint="names")
        return passed("An error that names it, and nothing was changed.")

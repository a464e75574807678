"""Your turn: the state of a NumPy generator of your own, in a form that the safe loader reads."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class PlainState(Task):
    """The state of a RandomState as plain data, without moving it."""

    visible: ClassVar = {
        "in the middle of a run": {"used": 40, "normals": 2},
        "with a number kept back": {"used": 7, "normals": 3},
    }
    hints: ClassVar = {
        "list": "`name, keys, *rest = dice.get_state()`: `keys` is an array. `keys.tolist()` is plain data.",
        "rest": "The state has five entries. The last two say whether `normal()` has kept a number back, and which.",
        "take": "`dice.set_state` takes back what `dice.get_state()` gives: a tuple of five, with the keys as an array or "
        "as a list.",
        "moved": "`get_state()` draws nothing. Ask `dice` for its state and for nothing else.",
    }

    def dice(self, case: Case) -> np.random.RandomState:
        """A generator that has been used already."""
        dice = np.random.RandomState(case.seed % 2**32)
        for _ in range(case.used):
            dice.rand()
        for _ in range(case.normals):
            dice.normal()
        return dice

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the state, save it, read it, set another generator by it, and draw."""
        dice, found = self.dice(case), {}

        def use() -> None:
            state = answer(dice)
            found["own draws"] = drawn(dice)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "state.pt")
                try:
                    torch.save(state, path)
                except Exception as error:
                    found["save"] = f"{type(error).__name__}: {error}"
                    return
                try:
                    state = torch.load(path, weights_only=True)
                except Exception as error:
                    found["load"] = type(error).__name__
                    return
            other = np.random.RandomState(1)
            try:
                other.set_state(state)
            except Exception as error:
                found["set"] = f"{type(error).__name__}: {error}"
                return
            found["draws"] = drawn(other)

        return observe(use, also={"found": lambda: found})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """What the other generator draws, and where the first one stands."""
        found, expected = seen.also["found"], drawn(self.dice(case))
        if "own draws" not in found:
            return failed(f"`plain_state(dice)` raised {first_line(seen.error)}.", hint="list")
        if "save" in found:
            return failed(f"`torch.save` can't write what was returned: {first_line(found['save'])}.", hint="list")
        if "load" in found:
            return failed(
                "`torch.load(..., weights_only=True)` refuses what was returned: it holds something of NumPy.",
                hint="list",
            )
        if "set" in found:
            return failed(f"`dice.set_state` doesn't take what was returned: {first_line(found['set'])}.", hint="take")
        if found.get("draws", [])[2:] == expected[2:] and found["draws"] != expected:
            return failed(
                "The numbers are right, but not those of `normal()`: it had kept one back, and that is not in the state.",
                hint="rest",
            )
        if found.get("draws") != expected:
            kept = drawn_without_kept(self.dice(case))
            if found.get("draws") == kept and kept != expected:
                return failed(
                    "`normal()` gives another number than `dice` gives now: it had kept one back, and that is not in the "
                    "state.",
                    hint="rest",
                )
            return failed("A generator with this state gives other numbers than `dice` gives now.", hint="take")
        if found["own draws"] != expected:
            return failed("The state is right, but `dice` itself has moved on, or was set elsewhere.", hint="moved")
        return passed("The same numbers, from a file that loads safely.")


def drawn(dice: np.random.RandomState) -> list[float]:
    """What a generator gives next, of three kinds."""
    return [float(dice.normal()), float(dice.normal()), float(dice.rand()), int(dice.randint(1000))]


def drawn_without_kept(dice: np.random.RandomState) -> list[float]:
    """The same, had `normal()` kept nothing back."""
    dice.set_state(dice.get_state()[:3])
    return drawn(dice)

"""Mend a training loop whose best weights follow training."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.comparing import first_difference, is_mapping
from course_lib.classroom.tasks.inputs import changed, copied, drawn, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class SnapshotBest(Task):
    """Mend a training loop whose best weights follow training."""

    visible: ClassVar = {
        "best in the middle": {"scores": (0.5, 0.9, 0.7, 0.6)},
        "two equally good": {"scores": (0.4, 0.8, 0.8)},
        "scores below zero": {"scores": (-3.0, -1.5, -2.0)},
    }
    graded: ClassVar = {
        "best at once": {"scores": (0.9, 0.3, 0.2, 0.8, 0.1)},
        "best at the end, far below zero": {"scores": (-5e30, -4e30, -7e29)},
        "a single epoch": {"scores": (0.0,)},
        "close together, around zero": {"scores": (-0.003, 0.0, -0.002, -0.004)},
    }
    hints: ClassVar = {
        "reference": "Print one number of `best` in every epoch. Does it stand still?",
        "shallow": "`.copy()` copies the dictionary. The tensors in it are the same ones: `clone()` each, or "
        "`copy.deepcopy` all.",
        "start": "What is `best` if no score is above 0? Minus a loss never is. `float('-inf')` is below everything.",
        "tie": "With `>=` a later epoch replaces an equally good earlier one.",
        "whole": "A state_dict holds buffers too: batch norm's statistics belong to the best epoch as much as the weights.",
        "calls": "In every epoch: `train_epoch(model)`, then `score(model)`, once each, on the model you were given.",
        "beside": "The caller's model goes on training. Return the best weights; leave the model as it is.",
    }

    def states(self, case: Case) -> list[dict[str, Tensor]]:
        """The model's state after every epoch, and one for the training that follows."""
        model, generator = self.model(case), case.generator()
        return [copied(drawn(model, generator)) for _ in range(len(case.scores) + 1)]

    @staticmethod
    def model(case: Case) -> nn.Module:
        """Two layers, batch norm between them."""
        wide = 3 + case.seed % 4
        return nn.Sequential(nn.Linear(3, wide), nn.BatchNorm1d(wide), nn.Linear(wide, 2))

    def probe(self, answer: Any, case: Case) -> Observation:
        """Let it train on drawn weights with given scores, then train once more and look at what it kept."""
        model, states = self.model(case), self.states(case)
        done: list[str] = []
        last: dict[str, Tensor] = {}
        modes: dict[str, bool] = {}
        strangers: list[str] = []
        tensors: list[bool] = []

        def train_epoch(given: nn.Module) -> None:
            if given is not model:
                strangers.append("train_epoch")
            number = min(done.count("train"), len(states) - 1)
            done.append("train")
            given.train()
            given[1].eval()  # as where somebody wants its statistics to stay
            with torch.no_grad():
                for name, tensor in given.state_dict().items():
                    tensor.copy_(states[number][name])
            modes.update(flags(model))

        def score(given: nn.Module) -> float:
            if given is not model:
                strangers.append("score")
            done.append("score")
            return case.scores[max(0, min(done.count("train"), len(case.scores)) - 1)]

        def use() -> Any:
            best = answer(model, train_epoch, score, epochs=len(case.scores))
            last.update(copied(model))
            after = changed(modes, flags(model)) if modes else []
            done.append("returned")
            tensors.extend(isinstance(value, Tensor) for value in (best.values() if isinstance(best, dict) else ()))
            done.extend(after)
            train_epoch(model)
            return best

        return observe(
            use,
            also={
                "done": lambda: done,
                "last": lambda: last,
                "strangers": lambda: strangers,
                "tensors": lambda: tensors,
            },
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The state of the best epoch, whatever was trained later."""
        if seen.error:
            return failed(f"`snapshot_best` raised {seen.error}.", hint="calls")
        if wrong := self._wrong_calls(seen, case):
            return wrong
        if not is_mapping(seen.value):
            if seen.type == "NoneType":
                below = f" The best score was {max(case.scores):g}." if max(case.scores) <= 0 else ""
                return failed(f"Expected the state_dict of the best epoch; got None.{below}", hint="start")
            what = "the model" if "object" in (seen.value or {}) else f"a {seen.type}"
            return failed(f"Expected the state_dict of the best epoch; got {what}.", hint="reference")
        if not all(seen.also["tensors"]):
            return failed(
                "Expected the state_dict's tensors; what you returned holds something else.", hint="reference"
            )
        return self._compared(seen, case)

    def _wrong_calls(self, seen: Observation, case: Case) -> Verdict | None:
        calls = [call for call in seen.also["done"][: seen.also["done"].index("returned")]]
        epochs = len(case.scores)
        if seen.also["strangers"]:
            return failed(
                f"`{seen.also['strangers'][0]}` was called on another model than the one given.", hint="calls"
            )
        if calls.count("train") != epochs:
            return failed(f"`train_epoch` was called {calls.count('train')} times; expected {epochs}.", hint="calls")
        if calls.count("score") != epochs:
            return failed(
                f"`score` was called {calls.count('score')} times in {epochs} epochs; expected one each.", hint="calls"
            )
        if calls != ["train", "score"] * epochs:
            return failed(
                "Expected `score(model)` after each `train_epoch(model)`; they came in another order.", hint="calls"
            )
        return None

    def _compared(self, seen: Observation, case: Case) -> Verdict:
        states, best, epochs = self.states(case), max(case.scores), len(case.scores)
        epoch = case.scores.index(best)
        which = [i for i, state in enumerate(states) if not first_difference(state, seen.value)]
        if which == [epoch]:
            if first_difference(states[epochs - 1], seen.also["last"]):
                return failed(
                    "The right weights came back, but the caller's model was changed. Expected it as its last epoch left it.",
                    hint="beside",
                )
            if seen.also["done"][-1:] != ["train"] or seen.also["done"][-2:] != ["returned", "train"]:
                return failed(
                    "The right weights came back, but the model, or a layer in it, was left in another mode.",
                    hint="beside",
                )
            return passed("The best epoch's state, and later training leaves it alone.")
        where = f"The best score was in epoch {epoch + 1} of {epochs}"
        if which and which[0] == epochs:
            return failed(
                f"{where}, and these are the weights of a training step made *after* you returned them: the tensors are "
                "the model's own.",
                hint="shallow",
            )
        if which and case.scores[which[0]] == best:
            return failed(
                f"These are the weights of epoch {which[0] + 1}; expected epoch {epoch + 1}, the earlier of two equally "
                "good ones.",
                hint="tie",
            )
        if which and case.scores[which[0]] == min(case.scores) and which[0] != epochs - 1:
            return failed(
                f"{where}; these are the weights of epoch {which[0] + 1}, the lowest score. Higher is better.",
                hint="tie",
            )
        if which:
            late = ": copied when the references had followed?" if which[0] == epochs - 1 else ""
            return failed(f"{where}; these are the weights of epoch {which[0] + 1}{late or '.'}", hint="reference")
        difference = first_difference(states[epoch], seen.value)
        mixed = any(
            torch.equal(seen.value[name], states[-1][name])
            for name in states[-1]
            if isinstance(seen.value.get(name), Tensor) and seen.value[name].shape == states[-1][name].shape
        )
        if mixed:
            return failed(f"{where}. Part of what you returned was trained later: {difference}.", hint="whole")
        return failed(f"This is the state of no epoch: compared with epoch {epoch + 1}, {difference}.", hint="whole")

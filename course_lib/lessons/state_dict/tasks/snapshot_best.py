"""Mend a training loop whose best weights follow training."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.comparing import first_difference, is_mapping
from course_lib.classroom.tasks.inputs import copied, drawn
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class SnapshotBest(Task):
    """Mend a training loop whose best weights follow training."""

    visible: ClassVar = {
        "best in the middle": {"scores": (0.5, 0.9, 0.7, 0.6)},
        "two equally good": {"scores": (0.4, 0.8, 0.8)},
    }
    graded: ClassVar = {
        "scores below zero": {"scores": (-3.0, -1.5, -2.0)},
        "best at once": {"scores": (0.9, 0.3, 0.2, 0.8, 0.1)},
    }
    hints: ClassVar = {
        "reference": "Print one number of `best` in every epoch. Does it stand still?",
        "shallow": "`.copy()` copies the dictionary. The tensors in it are the same ones: `clone()` each, or "
        "`copy.deepcopy` all.",
        "start": "What is `best` if no score is above 0? Minus a loss never is. `float('-inf')` is below everything.",
        "tie": "With `>=` a later epoch replaces an equally good earlier one.",
        "whole": "A state_dict holds buffers too: batch norm's statistics belong to the best epoch as much as the weights.",
        "beside": "The caller's model goes on training. Return the best weights; leave the model where it is.",
    }

    def states(self, case: Case) -> list[dict[str, Tensor]]:
        """The model's state after every epoch, and one for the training that follows."""
        model, generator = self.model(), case.generator()
        return [copied(drawn(model, generator)) for _ in range(len(case.scores) + 1)]

    @staticmethod
    def model() -> nn.Module:
        """Two layers, batch norm between them."""
        return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))

    def probe(self, answer: Any, case: Case) -> Observation:
        """Let it train on drawn weights with given scores, then train once more and look at what it kept."""
        model, states = self.model(), self.states(case)
        done: list[str] = []
        last: dict[str, Tensor] = {}

        def train_epoch(model: nn.Module) -> None:
            number = min(done.count("train"), len(states) - 1)
            done.append("train")
            with torch.no_grad():
                for name, tensor in model.state_dict().items():
                    tensor.copy_(states[number][name])

        def score(model: nn.Module) -> float:
            done.append("score")
            return case.scores[min(done.count("train"), len(case.scores)) - 1]

        def use() -> Any:
            best = answer(model, train_epoch, score, epochs=len(case.scores))
            last.update(copied(model))
            done.append("returned")
            train_epoch(model)
            return best

        return observe(use, also={"done": lambda: done, "last": lambda: last})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The state of the best epoch, whatever was trained later."""
        states, best = self.states(case), max(case.scores)
        epoch = case.scores.index(best)
        if seen.error:
            return failed(f"`snapshot_best` raised {seen.error}.", hint="reference")
        if not is_mapping(seen.value):
            return failed(
                f"Expected the state_dict of the best epoch; got {seen.type}.",
                hint="start" if seen.type == "NoneType" else "whole",
            )
        calls = seen.also["done"][: seen.also["done"].index("returned")]
        if calls.count("train") != len(case.scores):
            return failed(f"Trained {calls.count('train')} epochs; expected {len(case.scores)}.", hint="beside")
        which = [i for i, state in enumerate(states) if not first_difference(state, seen.value)]
        if which == [epoch]:
            if first_difference(states[len(case.scores) - 1], seen.also["last"]):
                return failed(
                    "The right weights came back, but the model was left with them. Expected it as its last epoch left it.",
                    hint="beside",
                )
            return passed("The best epoch's state, and later training leaves it alone.")
        if which and which[0] == len(states) - 1:
            return failed(
                f"The best score was in epoch {epoch + 1} (of {len(case.scores)}), and these are the weights of a "
                "training step made *after* you returned them: the tensors are the model's own.",
                hint="shallow",
            )
        if which:
            tie = case.scores[which[0]] == best
            return failed(
                f"These are the weights of epoch {which[0] + 1}; expected epoch {epoch + 1}"
                f"{', the earlier of two equally good ones' if tie else ''}.",
                hint="tie" if tie else "reference",
            )
        return failed(
            f"This is the state of no epoch: compared with epoch {epoch + 1}, "
            f"{first_difference(states[epoch], seen.value)}.",
            hint="whole",
        )

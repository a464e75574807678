"""Keep the epoch with the best validation accuracy, and test that one."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.inputs import copied, flags, loaded
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.checkpointing.tasks.disk import watched_disk
from course_lib.lessons.checkpointing.tasks.shared import is_float, lacking, no_checkpoint, same_weights, times


class Watched(list):
    """Batches that note after how many epochs they were read, in a loop or by their place."""

    def __init__(self, batches: Sequence, clock: Counter):
        super().__init__(batches)
        self.clock, self.read_at = clock, []

    def __iter__(self) -> Iterator:
        self.read_at.append(self.clock["epochs"])
        return super().__iter__()

    def __getitem__(self, place: Any) -> Any:
        self.read_at.append(self.clock["epochs"])
        return super().__getitem__(place)

    def __reversed__(self) -> Iterator:
        self.read_at.append(self.clock["epochs"])
        return super().__reversed__()

    def copy(self) -> list:
        """A plain list with the same batches."""
        return list(iter(self))

    def __add__(self, other: list) -> list:
        return [*self, *other]


class Noted(list):
    """A hook that notes in which mode the model measures; part of the model, so it can be copied and pickled."""

    def __call__(self, module: nn.Module, args: tuple) -> None:
        """Note the mode of the model, whose first module this hook knows."""
        self.append(module[0].training)

    def __deepcopy__(self, memo: dict) -> "Noted":
        return self


class BestByValidationAccuracy(Task):
    """Keep the epoch with the best validation accuracy, and test that one."""

    visible: ClassVar = {
        "best in the middle": {"right": (6, 10, 9, 7), "on_test": (3, 5, 8, 2)},
        "two equals": {"right": (4, 9, 5, 9), "on_test": (1, 6, 2, 4)},
        "nothing right at first": {"right": (0, 0, 0), "on_test": (2, 1, 3)},
    }
    graded: ClassVar = {
        "a small last batch": {"right": (9, 10, 4), "on_test": (4, 6, 3), "wrong_first": (1,), "sizes": (13, 9)},
        "the last is best": {"right": (5, 7, 8), "on_test": (7, 1, 3), "sizes": (14, 8), "classes": 4},
    }
    hints: ClassVar = {
        "calls": "`for epoch in range(1, epochs + 1): train_epoch(model)`, and measure after each.",
        "eval": "Measure in eval mode without gradients, and hand the model back in training mode. `evaluate` of "
        "`course_lib.evaluation` does both.",
        "first": "Begin with a best that every accuracy beats: `None`, or minus infinity. 0.0 is an accuracy, too.",
        "equals": "`>` keeps the earlier of two equal epochs, `>=` the later.",
        "at once": "Save in the epoch in which it is the best, not after the last one: the run may be killed.",
        "epoch": "`for epoch in range(1, epochs + 1)` counts from 1.",
        "load": "After the loop the model has the last weights. Load the file into it before you test.",
        "test": "Choose by validation accuracy alone. The test batches are for one look, after the choice.",
        "count": "Count right answers over all images and divide by their number; the last batch is smaller.",
        "float": "`float(accuracy)`: NumPy numbers make a file unloadable, and a tensor is no float.",
    }

    @staticmethod
    def sizes(case: Case) -> tuple[int, int, int]:
        """How many validation images, test images, classes."""
        return *case.settings.get("sizes", (12, 8)), case.settings.get("classes", 3)

    def script(self, case: Case) -> tuple[Tensor, list[Tensor]]:
        """The labels (n,) of validation and test images, and for each epoch the weights (classes, n) of the model.

        Image i is a one in place i, so the weights' column i is its logits, and every epoch's answers can be scripted.
        """
        n, m, classes = self.sizes(case)
        labels = torch.randint(1, classes, (n + m,), generator=case.generator())
        weights = []
        for epoch, (right, on_test) in enumerate(zip(case.right, case.on_test, strict=True), start=1):
            is_right = torch.zeros(n + m, dtype=torch.bool)
            if epoch in case.settings.get("wrong_first", ()):
                is_right[n - right : n] = True
            else:
                is_right[:right] = True
            is_right[n : n + on_test] = True
            answers = torch.where(is_right, labels, 0)
            weights.append(F.one_hot(answers, classes).T.float() * (1 + epoch))
        return labels, weights

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand in a `train_epoch` that sets the scripted weights, and watch what is read and saved when."""
        (n, m, classes), (labels, weights) = self.sizes(case), self.script(case)
        clock, modes, held, measured = Counter(), [], [], Noted()
        images = torch.eye(n + m)
        validation = Watched(list(zip(images[:n].split(5), labels[:n].split(5), strict=True)), clock)
        test = Watched(list(zip(images[n:].split(3), labels[n:].split(3), strict=True)), clock)
        model = nn.Sequential(nn.Dropout(0.5), nn.Linear(n + m, classes, bias=False))
        model.register_forward_pre_hook(measured)
        with tempfile.TemporaryDirectory() as root:
            path = Path(root, "best.pt")

            def train_epoch(model: nn.Module) -> None:
                modes.append(all(flags(model).values()))
                content = loaded(path)
                held.append(content.get("epoch") if isinstance(content, dict) else None)
                with torch.no_grad():
                    model[1].weight.copy_(weights[min(clock["epochs"], len(weights) - 1)])
                clock["epochs"] += 1

            with watched_disk(Path(root), answer):  # no disk is waited for
                return observe(
                    answer,
                    model,
                    train_epoch,
                    validation,
                    test,
                    path,
                    epochs=len(weights),
                    also={
                        "epochs": lambda: clock["epochs"],
                        "modes": lambda: modes,
                        "measured in training mode": lambda: any(measured),
                        "held": lambda: held,
                        "test read at": lambda: test.read_at,
                        "content": lambda: loaded(path),
                        "weights": lambda: copied(model),
                    },
                )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The right epoch in the file at every moment, loaded back, and tested once."""
        epochs, also = len(case.right), seen.also
        if seen.error and also["epochs"] < epochs:
            return failed(f"After {also['epochs']} of {epochs} epochs it raised {first_line(seen.error)}", hint="calls")
        if also["epochs"] != epochs:
            return failed(f"`train_epoch` was called {times(also['epochs'])}; expected epochs={epochs}.", hint="calls")
        if early := [epoch for epoch in also["test read at"] if epoch < epochs]:
            return failed(
                f"The test images were looked at after epoch {early[0]} of {epochs}. What takes part in choosing the best "
                "is no test any more.",
                hint="test",
            )
        if not all(also["modes"]):
            return failed(
                "`train_epoch` got the model in eval mode: it trains without dropout from then on.", hint="eval"
            )
        if also["measured in training mode"]:
            return failed(
                "The accuracy was measured in training mode, with dropout at work; expected eval mode.", hint="eval"
            )
        return self.judge_file(also, case) or self.judge_end(seen, case)

    def judge_file(self, also: dict, case: Case) -> Verdict | None:
        """The file at the end, and at the start of every epoch."""
        content, epochs, n = also["content"], len(case.right), self.sizes(case)[0]
        best = case.right.index(max(case.right)) + 1
        if what := no_checkpoint(content):
            return failed(f"Loading `path` at the end: {what}.", hint="float" if "NumPy" in what else "first")
        if what := lacking(content, ("model", "epoch", "val_accuracy")):
            return failed(f"The file {what}.", hint="float")
        got, accuracy = content["epoch"], content["val_accuracy"]
        if not isinstance(got, int) or isinstance(got, bool) or not 0 <= got <= epochs:
            return failed(f"The file says epoch {described(got)}; expected 1 to {epochs}.", hint="epoch")
        if not is_float(accuracy):
            return failed(f"The file says val_accuracy {described(accuracy)}; expected a plain float.", hint="float")
        one_more = got < epochs and near(accuracy, case.right[got] / n)
        if (
            one_more
            and same_weights(content["model"], self.state(case, got + 1))
            and case.right[got] != case.right[got - 1]
        ):
            return failed(f"The file says epoch {got} of what is epoch {got + 1}: count from 1.", hint="epoch")
        if not got:
            return failed("The file says epoch 0; expected them to be counted from 1.", hint="epoch")
        if not near(accuracy, case.right[got - 1] / n):
            return self.other_accuracy(accuracy, got, case)
        if got != best:
            hint = "equals" if case.right[got - 1] == case.right[best - 1] else "at once"
            right = ", ".join(map(str, case.right))
            return failed(
                f"The file holds epoch {got}. Of {n} validation images these were right, epoch by epoch: {right}. Expected "
                f"epoch {best}.",
                hint=hint,
            )
        if not same_weights(content["model"], self.state(case, best)):
            return failed(f"The file says epoch {best}, and has not the weights of epoch {best}.", hint="at once")
        so_far = [case.right.index(max(case.right[:epoch])) + 1 for epoch in range(1, epochs)]
        if also["held"][1:] != so_far:
            return failed(
                f"At the start of epochs 2 to {epochs} the file held the epochs {also['held'][1:]} (None: no file); "
                f"expected {so_far}. Killed in between, the best would be lost.",
                hint="at once",
            )
        return None

    def state(self, case: Case, epoch: int) -> dict[str, Tensor]:
        """The model's state_dict after an epoch, counted from 1."""
        return {"1.weight": self.script(case)[1][epoch - 1]}

    def other_accuracy(self, got: float, epoch: int, case: Case) -> Verdict:
        """Which accuracy is in the file, if not that of the epoch beside it."""
        n, right = self.sizes(case)[0], case.right[epoch - 1]
        start = f"The file says val_accuracy {described(got)} for epoch {epoch}; {right} of {n} images are right, {right / n:.4f}."
        if right and any(near(got, times_too_large * right / n) for times_too_large in (100, n)):
            return failed(f"{start} Expected a share between 0 and 1.", hint="count")
        return failed(f"{start} The last batch is smaller than the others.", hint="count")

    def judge_end(self, seen: Observation, case: Case) -> Verdict:
        """The best weights in the model, and their test accuracy."""
        also, m, n = seen.also, self.sizes(case)[1], self.sizes(case)[0]
        best = case.right.index(max(case.right)) + 1
        expected = case.on_test[best - 1] / m
        if seen.error:
            return failed(f"After the last epoch it raised {first_line(seen.error)}", hint="load")
        if not same_weights(also["weights"], self.state(case, best)):
            return failed(f"The model came back without the weights of epoch {best}.", hint="load")
        if not is_float(seen.value):
            return failed(f"Returned {described(seen.value)}; expected the test accuracy, a plain float.", hint="float")
        if not near(seen.value, expected):
            what = f"the best epoch's weights are right on {case.on_test[best - 1]} of {m} test images, {expected:.4f}"
            if near(seen.value, case.right[best - 1] / n):
                return failed(f"Returned {seen.value:.4f}, the validation accuracy; {what}.", hint="test")
            if near(seen.value, case.on_test[-1] / m):
                return failed(f"Returned {seen.value:.4f}, the test accuracy of the last epoch; {what}.", hint="load")
            return failed(
                f"Returned {seen.value:.4f}; {what}. The last batch is smaller than the others.", hint="count"
            )
        return passed("Chosen on validation data, saved at once, tested once.")

"""Keep the epoch with the best validation accuracy, and test that one."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.classroom.tasks.comparing import described
from course_lib.classroom.tasks.inputs import copied, flags, loaded
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.checkpointing.tasks.shared import no_checkpoint, same_weights


class Watched(list):
    """Batches that note at how many epochs they were read."""

    def __init__(self, batches: Sequence, clock: Counter):
        super().__init__(batches)
        self.clock, self.read_at = clock, []

    def __iter__(self) -> Iterator:
        self.read_at.append(self.clock["epochs"])
        return super().__iter__()


class BestByValidationAccuracy(Task):
    """Keep the epoch with the best validation accuracy, and test that one."""

    visible: ClassVar = {
        "best in the middle": {"right": (6, 10, 9, 7), "on_test": (3, 5, 8, 2), "wrong_first": ()},
        "two equals": {"right": (4, 9, 5, 9), "on_test": (1, 6, 2, 4), "wrong_first": ()},
    }
    graded: ClassVar = {
        "a small last batch": {"right": (9, 10, 4), "on_test": (4, 6, 3), "wrong_first": (1,)},
        "nothing right at first": {"right": (0, 0), "on_test": (2, 1), "wrong_first": ()},
        "the last is best": {"right": (5, 7, 8), "on_test": (7, 1, 3), "wrong_first": ()},
    }
    hints: ClassVar = {
        "eval": "Measure in eval mode without gradients, and hand the model back in training mode. `evaluate` of "
        "`course_lib.evaluation` does both.",
        "first": "Begin with a best that every accuracy beats: `None`, or minus infinity. 0.0 is an accuracy, too.",
        "equals": "`>` keeps the earlier of two equal epochs, `>=` the later.",
        "at once": "Save in the epoch in which it is the best, not after the last one: the run may be killed.",
        "load": "After the loop the model has the last weights. Load the file into it before you test.",
        "test": "Choose by validation accuracy alone. The test batches are for one look, after the choice.",
        "count": "Count right answers over all images and divide by their number; the last batch is smaller.",
        "float": "`float(accuracy)`: NumPy numbers make a file unloadable.",
    }
    sizes: ClassVar = (5, 5, 2)

    def script(self, case: Case) -> tuple[Tensor, list[Tensor]]:
        """The labels (20,) of 12 validation and 8 test images, and for each epoch the weights (3, 20) of the model.

        Image i is a one in place i, so the weights' column i is its logits, and every epoch's answers can be scripted.
        """
        labels = torch.randint(1, 3, (20,), generator=case.generator())
        weights = []
        for epoch, (right, on_test) in enumerate(zip(case.right, case.on_test, strict=True), start=1):
            is_right = torch.zeros(20, dtype=torch.bool)
            if epoch in case.wrong_first:
                is_right[12 - right : 12] = True
            else:
                is_right[:right] = True
            is_right[12 : 12 + on_test] = True
            answers = torch.where(is_right, labels, 3 - labels)
            weights.append(F.one_hot(answers, 3).T.float() * (1 + epoch))
        return labels, weights

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand in a `train_epoch` that sets the scripted weights, and watch what is read and saved when."""
        labels, weights = self.script(case)
        clock, modes, held = Counter(), [], []
        images = torch.eye(20)
        validation = Watched(list(zip(images[:12].split(5), labels[:12].split(5), strict=True)), clock)
        test = Watched(list(zip(images[12:].split(3), labels[12:].split(3), strict=True)), clock)
        model = nn.Sequential(nn.Dropout(0.5), nn.Linear(20, 3, bias=False))
        with tempfile.TemporaryDirectory() as root:
            path = Path(root, "best.pt")

            def train_epoch(model: nn.Module) -> None:
                modes.append(all(flags(model).values()))
                content = loaded(path)
                held.append(content.get("epoch") if isinstance(content, dict) else None)
                with torch.no_grad():
                    model[1].weight.copy_(weights[min(clock["epochs"], len(weights) - 1)])
                clock["epochs"] += 1

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
                    "held": lambda: held,
                    "test read at": lambda: test.read_at,
                    "content": lambda: loaded(path),
                    "weights": lambda: copied(model),
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The right epoch in the file at every moment, loaded back, and tested once."""
        _, weights = self.script(case)
        epochs, also = len(weights), seen.also
        best = case.right.index(max(case.right)) + 1
        if seen.error and also["epochs"] < epochs:
            return failed(f"After {also['epochs']} epochs it raised {seen.error}", hint="eval")
        if also["epochs"] != epochs:
            return failed(f"`train_epoch` was called {also['epochs']} times; expected epochs={epochs}.", hint="at once")
        if early := [epoch for epoch in also["test read at"] if epoch < epochs]:
            return failed(
                f"The test images were looked at after epoch {early[0]} of {epochs}. What takes part in choosing the best "
                "is no test any more.",
                hint="test",
            )
        content = also["content"]
        if what := no_checkpoint(content):
            return failed(f"Loading `path` with weights_only=True: {what}.", hint="first")
        if missing := {"model", "epoch", "val_accuracy"} - content.keys():
            return failed(f"The file lacks {', '.join(sorted(missing))}.", hint="float")
        if not all(also["modes"]):
            return failed(
                "`train_epoch` got the model in eval mode: it trains without dropout from then on.", hint="eval"
            )
        got = content["epoch"]
        if not isinstance(got, int) or not 1 <= got <= epochs:
            return failed(f"The file says epoch {described(got)}; expected 1 to {epochs}.", hint="at once")
        if not near(content["val_accuracy"], case.right[got - 1] / 12):
            return failed(
                f"The file says val_accuracy {described(content['val_accuracy'])} for epoch {got}; in eval mode "
                f"{case.right[got - 1]} of 12 images are right, {case.right[got - 1] / 12:.4f}.",
                hint="count" if case.wrong_first else "eval",
            )
        if got != best:
            return self.wrong_epoch(got, case, best)
        if not same_weights(content["model"], {"1.weight": weights[best - 1]}):
            return failed(f"The file says epoch {best}, and has not the weights of epoch {best}.", hint="at once")
        so_far = [case.right.index(max(case.right[:epoch])) + 1 for epoch in range(1, epochs)]
        if also["held"][1:] != so_far:
            return failed(
                f"At the start of epochs 2 to {epochs} the file held the epochs {also['held'][1:]} (None: no file); "
                f"expected {so_far}. Killed in between, the best would be lost.",
                hint="at once",
            )
        if seen.error:
            return failed(f"After the last epoch it raised {seen.error}", hint="load")
        if not same_weights(also["weights"], {"1.weight": weights[best - 1]}):
            return failed(f"The model came back without the weights of epoch {best}.", hint="load")
        if not near(seen.value, case.on_test[best - 1] / 8):
            return failed(
                f"Returned {described(seen.value)}; the best epoch's weights are right on {case.on_test[best - 1]} of 8 test "
                f"images, {case.on_test[best - 1] / 8}.",
                hint="count" if isinstance(seen.value, float) else "load",
            )
        return passed("Chosen on validation data, saved at once, tested once.")

    @staticmethod
    def wrong_epoch(got: int, case: Case, best: int) -> Verdict:
        """Why another epoch was kept."""
        hint = "equals" if case.right[got - 1] == case.right[best - 1] else "at once"
        right = ", ".join(map(str, case.right))
        return failed(
            f"The file holds epoch {got}. Of 12 validation images these were right, epoch by epoch: {right}. Expected "
            f"epoch {best}.",
            hint=hint,
        )

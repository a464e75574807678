"""Mend a validation loop that raises nothing and has four bugs."""

import copy
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.inputs import changed, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.data import batches
from course_lib.lessons.evaluation_loop.tasks.shared import mean_of_batches, mixed_head


class Validate(Task):
    """Mend a validation loop that raises nothing and has four bugs."""

    visible: ClassVar = {
        "in training": {"examples": 40, "batch_size": 16, "modes": "train"},
        "a last batch of one": {"examples": 25, "batch_size": 8, "modes": "mixed"},
    }
    graded: ClassVar = {
        "shuffled": {"examples": 50, "batch_size": 12, "modes": "train", "shuffle": True},
        "already in eval": {"examples": 30, "batch_size": 9, "modes": "eval"},
    }
    hints: ClassVar = {
        "mode": "`no_grad` doesn't touch dropout and batch norm. What does, and what puts every flag back?",
        "logits": "`binary_cross_entropy_with_logits` applies the sigmoid itself. What is it given here?",
        "shapes": "Print the shapes of `p > 0.5` and of `y`, and of what `==` makes of the two.",
        "means": "Which batch is smaller than the others, and what does it weigh? Add up sums, divide once.",
        "squeeze": "`squeeze(1)` takes the column away; `squeeze()` also takes the batch away when it has one example.",
        "pass": "Prediction and target of one example come from one row of one batch: keep them together in one pass.",
    }

    def prepared(self, case: Case) -> tuple[nn.Module, TensorDataset, Tensor]:
        """The network in its modes, inputs (N, 5) with targets (N,), and the logits (N,) that it gives in eval mode.

        A third of the logits lie above 0, some of those below one half; the last batch is judged worst.
        """
        model, n = mixed_head(case, 1), case.examples
        generator = torch.Generator().manual_seed(case.seed + 1)  # other numbers than the weights
        x = torch.randn(n, 5, generator=generator)
        with torch.no_grad():
            logits = copy.deepcopy(model).eval()(x).squeeze(1)
            low, high = logits.quantile(torch.tensor([0.66, 0.8]))
            scale = 0.4 / (high - low)
            model[4].weight *= scale
            model[4].bias.sub_(low).mul_(scale)
            logits = copy.deepcopy(model).eval()(x).squeeze(1)
        right = torch.rand(n, generator=generator) < 0.9
        right[n - (n % case.batch_size or case.batch_size) :] = False
        return model, TensorDataset(x, ((logits > 0) == right).float()), logits

    def loader(self, case: Case, data: TensorDataset) -> Any:
        """A loader as learners know it."""
        return batches(data, case.batch_size, shuffle=case.settings.get("shuffle", False), seed=case.seed)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for both numbers; look at flags and statistics before and after."""
        model, data, _ = self.prepared(case)
        before = flags(model), statistics(model)
        look = {
            "flags": lambda: changed(before[0], flags(model)),
            "statistics": lambda: changed(before[1], statistics(model)),
        }
        return observe(lambda: list(answer(model, self.loader(case, data))), also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Loss and accuracy of eval mode, over all examples, and the model as it came."""
        if seen.error:
            one = case.examples % case.batch_size == 1
            more = " The last batch has one example." if one and "squeeze" not in seen.error else ""
            first = (seen.error.splitlines() or [""])[0]
            return failed(f"`validate` raised {first}.{more}", hint="squeeze" if one else "shapes")
        numbers = [number(value) for value in seen.value] if isinstance(seen.value, list) else []
        if len(numbers) != 2 or None in numbers:
            return failed("Expected two numbers, the loss and the accuracy.", hint="means")
        if seen.also["statistics"]:
            return failed(
                "The running statistics moved: the model was in training mode, and learned from the validation data.",
                hint="mode",
            )
        _, data, logits = self.prepared(case)
        y = data.tensors[1]
        each = F.binary_cross_entropy_with_logits(logits.double(), y.double(), reduction="none")
        hits = ((logits > 0) == (y == 1)).double()
        if near(numbers[0], hits.mean()) and near(numbers[1], each.mean(), rtol=1e-3):
            return failed("Both numbers are right, in the wrong order: the loss comes first.", hint="means")
        if not near(numbers[0], each.mean(), rtol=1e-3):
            return self.wrong_loss(numbers[0], each, logits, y, case)
        if not near(numbers[1], hits.mean(), rtol=1e-3):
            return self.wrong_accuracy(numbers[1], hits, logits, y, case)
        if seen.also["flags"]:
            return failed(
                f"Both numbers are right, but {', '.join(seen.also['flags'])} came back in another mode.", hint="mode"
            )
        return passed("Four bugs fewer: both numbers are right, and the model is as it came.")

    @staticmethod
    def sizes(case: Case) -> list[int]:
        """The lengths of the batches."""
        whole, rest = divmod(case.examples, case.batch_size)
        return [case.batch_size] * whole + [rest] * bool(rest)

    def wrong_loss(self, value: float, each: Tensor, logits: Tensor, y: Tensor, case: Case) -> Verdict:
        """What is wrong with a loss that is."""
        said, sizes = f"Expected a loss of {each.mean():.4f}; got {value:.4f}", self.sizes(case)
        squashed = F.binary_cross_entropy_with_logits(logits.double().sigmoid(), y.double(), reduction="none")
        if near(value, squashed.mean(), rtol=1e-3) or near(value, mean_of_batches(squashed, sizes), rtol=1e-3):
            return failed(f"{said}, which is the loss of probabilities: they were squashed twice.", hint="logits")
        if near(value, mean_of_batches(each, sizes), rtol=1e-3):
            return failed(f"{said}, the mean of the batch means.", hint="means")
        if near(value, each.sum(), rtol=1e-3):
            return failed(f"{said}, the sum: nothing divided it.", hint="means")
        if near(value, each.sum() / len(sizes), rtol=1e-3):
            return failed(f"{said}, the sum divided by the number of batches.", hint="means")
        if near(value, each[-sizes[-1] :].mean(), rtol=1e-3):
            return failed(f"{said}, the loss of the last batch alone.", hint="means")
        return failed(f"{said}.", hint="pass" if case.settings.get("shuffle") else "mode")

    def wrong_accuracy(self, value: float, hits: Tensor, logits: Tensor, y: Tensor, case: Case) -> Verdict:
        """What is wrong with an accuracy that is."""
        said, sizes = f"The loss is right. Expected an accuracy of {hits.mean():.4f}; got {value:.4f}", self.sizes(case)
        yes, parts = logits > 0, list(zip((logits > 0).split(sizes), y.split(sizes), strict=True))
        everybody = torch.stack([(a[:, None] == b).double().mean() for a, b in parts])
        pairs = sum((a[:, None] == b).sum() for a, b in parts)
        weighed = sum(one * len(b) for one, (_, b) in zip(everybody, parts, strict=True)) / len(y)
        tables = (everybody.mean(), weighed, (yes[:, None] == y).double().mean(), pairs / len(y))
        if near(value, 100 * hits.mean(), rtol=1e-3):
            return failed(f"{said}: a share lies between 0 and 1.", hint="means")
        if value > 1 or any(near(value, one, rtol=1e-3) for one in tables):
            return failed(f"{said}: each prediction was compared with every target of its batch.", hint="shapes")
        if near(value, mean_of_batches(hits, sizes), rtol=1e-3):
            return failed(f"{said}, the mean of the batches' accuracies.", hint="means")
        if near(value, ((logits > 0.5) == (y == 1)).double().mean(), rtol=1e-3):
            return failed(f"{said}: logits were compared with 0.5, the bound for a probability.", hint="shapes")
        if near(value, (y == 0).double().mean(), rtol=1e-3):
            return failed(f"{said}, that of answering always no.", hint="shapes")
        if near(value, 1 - hits.mean(), rtol=1e-3):
            return failed(f"{said}, the share of wrong answers.", hint="shapes")
        return failed(f"{said}.", hint="pass" if case.settings.get("shuffle") else "shapes")

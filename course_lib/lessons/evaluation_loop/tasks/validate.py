"""Mend a validation loop that raises nothing and has four bugs."""

import copy
import itertools
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
from course_lib.lessons.evaluation_loop.tasks.shared import between, mean_of_batches, mixed_head


class Validate(Task):
    """Mend a validation loop that raises nothing and has four bugs."""

    visible: ClassVar = {
        "in training": {"examples": 40, "batch_size": 16, "modes": "train"},
        "sure, unsure and undecided": {"examples": 12, "batch_size": 4, "modes": "train", "edge": True},
        "shuffled, a last batch of one": {"examples": 25, "batch_size": 8, "modes": "mixed", "shuffle": True},
    }
    graded: ClassVar = {
        "larger batches, shuffled": {"examples": 61, "batch_size": 24, "modes": "train", "shuffle": True},
        "already in eval": {"examples": 30, "batch_size": 9, "modes": "eval"},
    }
    hints: ClassVar = {
        "mode": "`no_grad` doesn't touch dropout and batch norm. What does, and what puts every flag back?",
        "graph": "Loss and accuracy need no gradients. `no_grad`, or `evaluation_mode`, which turns both switches.",
        "logits": "`binary_cross_entropy_with_logits` applies the sigmoid itself. What is it given here?",
        "edge": "Ask the logit whether it is above 0; the rounded sigmoid of a tiny one is exactly 0.5.",
        "shapes": "Print the shapes of `p > 0.5` and of `y`, and of what `==` makes of the two.",
        "means": "Which batch is smaller than the others, and what does it weigh? Add up sums, divide once.",
        "squeeze": "`squeeze(1)` takes the column away; `squeeze()` also takes the batch away when it has one example.",
        "pass": "Prediction and target of one example come from one row of one batch: keep them together in one pass.",
    }

    def prepared(self, case: Case) -> tuple[nn.Module, TensorDataset, Tensor]:
        """The network in its modes, inputs (N, 5) with targets (N,), and the logits (N,) that it gives in eval mode.

        A third of the logits lie above 0, some of those below one half; the last batch is judged worst. Drawn again
        until the well-known mistakes give numbers that can be told apart.
        """
        if case.settings.get("edge"):
            return self.at_the_edge(case)
        n, sizes = case.examples, self.sizes(case)
        for attempt in range(60):
            model = mixed_head(case, 1)
            generator = torch.Generator().manual_seed(case.seed + 1 + attempt)  # other numbers than the weights
            x = torch.randn(n, 5, generator=generator)
            judge = copy.deepcopy(model).eval()
            with torch.no_grad():
                logits = judge(x).squeeze(1)
                low = between(logits, 0.66)
                scale = 0.4 / (logits.quantile(0.8) - low)
                for one in (model, judge):
                    one[4].weight *= scale
                    one[4].bias.sub_(low).mul_(scale)
                logits = judge(x).squeeze(1)
            right = torch.rand(n, generator=generator) < 0.9
            right[n - sizes[-1] :] = False
            y = ((logits > 0) == right).float()
            known = self.losses(logits, y, sizes), self.accuracies(logits, y, sizes)
            if all(_apart([(value, what) for value, what, *_ in one]) for one in known):
                break
        return model, TensorDataset(x, y), logits

    @staticmethod
    def at_the_edge(case: Case) -> tuple[nn.Module, TensorDataset, Tensor]:
        """Logits of 0, tiny ones, and some whose float32 sigmoid is 0 or 1; their order follows from the seed."""
        rows = torch.tensor([0.0, 0.0, 1e-9, 3e-9, 2e-9, 40.0, 35.0, -40.0, 110.0, 2.0, -1.0, 0.3])
        right = torch.tensor([1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 1]).bool()
        order = torch.randperm(len(rows), generator=case.generator())
        logits, right = rows[order], right[order]
        head = nn.Linear(5, 1)
        with torch.no_grad():
            head.weight.copy_(torch.eye(5)[:1])
            head.bias.zero_()
        x = F.pad(logits[:, None], (0, 4))
        return nn.Sequential(nn.Dropout(0.5), head), TensorDataset(x, ((logits > 0) == right).float()), logits

    def loader(self, case: Case, data: TensorDataset) -> Any:
        """A loader as learners know it."""
        return batches(data, case.batch_size, shuffle=case.settings.get("shuffle", False), seed=case.seed)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for both numbers; look at flags and statistics before and after."""
        model, data, _ = self.prepared(case)
        before, saved = (flags(model), statistics(model)), []
        look = {
            "flags": lambda: changed(before[0], flags(model)),
            "statistics": lambda: changed(before[1], statistics(model)),
            "saved": lambda: len(saved),
        }

        def use() -> list[Any]:
            with torch.autograd.graph.saved_tensors_hooks(lambda t: (saved.append(1), t)[1], lambda t: t):
                return list(answer(model, self.loader(case, data)))

        return observe(use, also=look)

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
        loss, accuracy = (
            table[0][0] for table in (f(logits, y, self.sizes(case)) for f in (self.losses, self.accuracies))
        )
        if near(numbers[0], accuracy) and near(numbers[1], loss, rtol=1e-3):
            return failed("Both numbers are right, in the wrong order: the loss comes first.", hint="means")
        if not near(numbers[0], loss, rtol=1e-3):
            return self.wrong_loss(numbers[0], logits, y, case)
        if not near(numbers[1], accuracy, rtol=1e-3):
            return self.wrong_accuracy(numbers[1], logits, y, case)
        if seen.also["flags"]:
            return failed(
                f"Both numbers are right, but {', '.join(seen.also['flags'])} came back in another mode.", hint="mode"
            )
        if seen.also["saved"]:
            return failed(
                f"Both numbers are right, but gradients were on: autograd kept {seen.also['saved']} tensors.",
                hint="graph",
            )
        return passed("Four bugs fewer: both numbers are right, and the model is as it came.")

    @staticmethod
    def sizes(case: Case) -> list[int]:
        """The lengths of the batches."""
        whole, rest = divmod(case.examples, case.batch_size)
        return [case.batch_size] * whole + [rest] * bool(rest)

    @staticmethod
    def losses(logits: Tensor, y: Tensor, sizes: list[int]) -> list[tuple[float, str]]:
        """The right loss, then what well-known mistakes make of it."""
        z, t = logits.double(), y.double()
        each = F.binary_cross_entropy_with_logits(z, t, reduction="none")
        squashed = F.binary_cross_entropy_with_logits(z.sigmoid(), t, reduction="none")
        found = [
            (each.mean(), ""),
            (squashed.mean(), "the loss of probabilities: they were squashed twice"),
            (mean_of_batches(squashed, sizes), "the loss of probabilities: they were squashed twice"),
            (mean_of_batches(each, sizes), "the mean of the batch means"),
            (each.sum(), "the sum: nothing divided it"),
            (each.sum() / len(sizes), "the sum divided by the number of batches"),
            (each.sum() / (len(sizes) * sizes[0]), "as if the last batch were as large as the others"),
            (each[-sizes[-1] :].mean(), "the loss of the last batch alone"),
        ]
        if bool((logits == 0).any()):  # at the edge: elsewhere these are no mistakes
            rounded = F.binary_cross_entropy(logits.sigmoid(), y), torch.inf, torch.nan
            found += [(value, "the loss of probabilities that were rounded to 0 or 1") for value in rounded]
        return [(float(value), what) for value, what in found]

    @staticmethod
    def accuracies(logits: Tensor, y: Tensor, sizes: list[int]) -> list[tuple[float, str, str]]:
        """The right accuracy, then what well-known mistakes make of it, each with its hint."""
        yes, truth = logits > 0, y == 1
        hits = (yes == truth).double()
        parts = list(zip(yes.split(sizes), truth.split(sizes), strict=True))
        everybody = [float((a[:, None] == b).double().mean()) for a, b in parts]
        weighed = sum(one * size for one, size in zip(everybody, sizes, strict=True)) / len(y)
        crossed = "each prediction was compared with every target of its batch"
        found = [
            (hits.mean(), "", ""),
            (sum(everybody) / len(sizes), crossed, "shapes"),
            (weighed, crossed, "shapes"),
            (mean_of_batches(hits, sizes), "the batches' accuracies were averaged", "means"),
            (((logits > 0.5) == truth).double().mean(), "logits were compared with 0.5, the bound for a probability", "shapes"),
            ((~truth).double().mean(), "that of answering always no", "shapes"),
            (1 - hits.mean(), "that is the share of wrong answers", "shapes"),
            (100 * hits.mean(), "a share lies between 0 and 1", "means"),
        ]  # fmt: skip
        if bool((logits == 0).any()):
            found[1:1] = [
                (((logits >= 0) == truth).double().mean(), "a logit of exactly 0 is no yes", "edge"),
                (
                    ((logits.sigmoid() > 0.5) == truth).double().mean(),
                    "a tiny logit has a sigmoid of exactly 0.5",
                    "edge",
                ),
            ]
        return [(float(value), what, hint) for value, what, hint in found]

    def wrong_loss(self, value: float, logits: Tensor, y: Tensor, case: Case) -> Verdict:
        """What is wrong with a loss that is."""
        (wanted, _), *known = self.losses(logits, y, self.sizes(case))
        said = f"Expected a loss of {wanted:.4f}; got {value:.4f}"
        for number_, what in known:
            if near(value, number_, rtol=1e-3):
                return failed(f"{said}, {what}.", hint="logits" if "probabilities" in what else "means")
        if case.settings.get("shuffle"):
            passes = self.loader(case, TensorDataset(torch.arange(len(y))))
            first, second = (torch.cat([rows for (rows,) in passes]) for _ in range(2))
            for a, b in ((first, second), (second, first)):
                if near(value, F.binary_cross_entropy_with_logits(logits[a], y[b]), rtol=1e-3):
                    return failed(f"{said}: the labels come from another pass than the predictions.", hint="pass")
        return failed(f"{said}.", hint="pass" if case.settings.get("shuffle") else "mode")

    def wrong_accuracy(self, value: float, logits: Tensor, y: Tensor, case: Case) -> Verdict:
        """What is wrong with an accuracy that is."""
        (wanted, *_), *known = self.accuracies(logits, y, self.sizes(case))
        said = f"The loss is right. Expected an accuracy of {wanted:.4f}; got {value:.4f}"
        for number_, what, hint in known:
            if near(value, number_, rtol=1e-3):
                return failed(f"{said}: {what}.", hint=hint)
        if value > 1:
            return failed(f"{said}: each prediction was compared with every target of its batch.", hint="shapes")
        return failed(f"{said}.", hint="pass" if case.settings.get("shuffle") else "shapes")


def _apart(known: list[tuple[float, str]]) -> bool:
    """Whether numbers that mean different things differ by more than a judge's tolerance."""
    pairs = itertools.combinations(known, 2)
    return all(abs(a - b) > 4e-3 * max(abs(a), abs(b)) for (a, means), (b, other) in pairs if means != other)

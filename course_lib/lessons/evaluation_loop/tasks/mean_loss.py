"""The mean cross-entropy of all examples: ragged batches, ignored targets, class weights."""

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.classroom.tasks.answers import asked, refusal
from course_lib.classroom.tasks.comparing import described, number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.evaluation_loop.tasks.shared import IGNORED, cut, raised, read_again


class MeanLoss(Task):
    """The mean cross-entropy of all examples: ragged batches, ignored targets, class weights."""

    visible: ClassVar = {
        "a ragged last batch": {"sizes": (16, 16, 3), "classes": 3},
        "a generator": {"sizes": (5, 20, 9), "classes": 4, "once": True},
        "ignored targets": {"sizes": (12, 12, 4, 5), "classes": 5, "ignored": "some"},
        "a batch of ignored targets": {"sizes": (10, 6, 8), "classes": 3, "ignored": "batch"},
        "class weights": {"sizes": (20, 20, 7), "classes": 3, "weight": (1.0, 2.0, 8.0)},
        "class weights, ignored targets": {
            "sizes": (8, 15, 5),
            "classes": 3,
            "weight": (4.0, 1.0, 2.0),
            "ignored": "some",
        },
        "sure and right, a loss of 0": {"sizes": (5, 2), "classes": 3, "sure": True},
        "nobody counts": {"sizes": (4, 4), "classes": 3, "ignored": "all"},
        "no batch": {"sizes": (), "classes": 3},
    }
    graded: ClassVar = {
        "weights and ignored targets": {
            "sizes": (9, 14, 6), "classes": 4, "weight": (0.5, 6.0, 1.0, 2.0), "ignored": "batch", "once": True,
        },
        "nobody counts, with weights": {"sizes": (3,), "classes": 2, "weight": (1.0, 3.0), "ignored": "all", "once": True},
    }  # fmt: skip
    hints: ClassVar = {
        "sum": "`F.cross_entropy(logits, targets, reduction='sum')` gives the sum of a batch: add sums, divide once.",
        "once": "A generator is empty after one pass and has no `len`. Add up everything in the same loop.",
        "ignored": "Ignored targets are already missing from cross-entropy's sum. Count `(targets != -100).sum()`.",
        "weights": "With class weights, cross-entropy divides by the sum of `weight[targets]`, over the targets that count.",
        "refuse": "After the loop: is there anything to divide by? If not, `raise ValueError(...)`.",
    }

    def data(self, case: Case) -> tuple[Tensor, Tensor, Tensor | None]:
        """Logits (N, C), targets (N,) and class weights (C,) or None; the last batch has the largest losses."""
        generator, n = case.generator(), sum(case.sizes)
        ignored, weight = case.settings.get("ignored"), case.settings.get("weight")
        logits = torch.randn(n, case.classes, generator=generator)
        targets = torch.randint(case.classes, (n,), generator=generator)
        for at in range(n):
            late = at >= n - case.sizes[-1]
            logits[at, targets[at]] += -3.0 if late else 1.5
        if case.settings.get("sure"):
            logits = 200.0 * F.one_hot(targets, case.classes)
        if ignored == "some":
            targets[torch.arange(n) % 3 == 1] = IGNORED
        elif ignored == "batch":
            targets[: case.sizes[0]] = IGNORED
            targets[case.sizes[0] + 1] = IGNORED
        elif ignored == "all":
            targets[:] = IGNORED
        return logits, targets, None if weight is None else torch.tensor(weight)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the mean."""
        logits, targets, weight = self.data(case)
        more = {} if weight is None else {"weight": weight}
        return observe(asked, answer, cut(case.sizes, logits, targets, once=case.settings.get("once", False)), **more)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """What cross-entropy gives for all examples at once, or a ValueError where nobody counts."""
        ignored, once = case.settings.get("ignored"), case.settings.get("once", False)
        if ignored == "all" or not case.sizes:
            why = "All targets are -100." if case.sizes else "There is no batch."
            return refusal(seen, "mean_loss", why, hint="refuse") or passed("It refuses what has no mean.")
        hint = self.hint_of(case)
        if said := raised(seen):
            more = read_again(said) if once else ""
            if said.startswith("ValueError") and not more:
                more = " There are examples that count."
            if "out of bounds" in said and ignored:
                more, once = " An ignored target, -100, is no place in `weight`.", False
            return failed(f"`mean_loss` raised {said}.{more}", hint="once" if once and more else hint)
        value, wanted = number(seen.value["value"]), self.expected(case)
        if value is None:
            return failed(f"Expected one number; got {described(seen.value['value'])}.", hint="sum")
        if near(value, wanted):
            return passed("The loss of all examples at once, however the batches are cut.")
        if once and value == 0:
            return failed(
                f"Expected {wanted:.4f}; got 0: a generator is empty after one pass, so a second adds nothing.",
                hint="once",
            )
        for other, what, its_hint in self.mistakes(case):
            if near(value, other):
                return failed(f"Expected {wanted:.4f}; got {value:.4f}, {what}.", hint=its_hint)
        return failed(f"Expected {wanted:.4f}, the loss of all examples at once; got {value:.4f}.", hint=hint)

    def hint_of(self, case: Case) -> str:
        """The hint for what is special in this case."""
        settings = case.settings
        return "weights" if "weight" in settings else "ignored" if "ignored" in settings else "sum"

    def expected(self, case: Case) -> float:
        """Cross-entropy of everything at once."""
        logits, targets, weight = self.data(case)
        weight = None if weight is None else weight.double()
        return float(F.cross_entropy(logits.double(), targets, weight=weight))

    def mistakes(self, case: Case) -> list[tuple[float, str, str]]:
        """What well-known mistakes would give, each with its words and its hint; the likelier first."""
        logits, targets, weight = self.data(case)
        logits, weight = logits.double(), None if weight is None else weight.double()
        kept, n = targets != IGNORED, len(targets)
        parts = cut(case.sizes, logits, targets)
        full = [(a, b) for a, b in parts if (b != IGNORED).any()]
        means = [float(F.cross_entropy(a, b, weight=weight)) for a, b in full]
        total = float(F.cross_entropy(logits, targets, weight=weight, reduction="sum"))
        by_size = sum(mean * len(b) for mean, (_, b) in zip(means, full, strict=True))
        by_kept = sum(mean * int((b != IGNORED).sum()) for mean, (_, b) in zip(means, full, strict=True))
        unweighted = float(F.cross_entropy(logits, targets))
        found = [
            (sum(means) / len(means), "the mean of the batch means", "sum"),
            (sum(means) / len(parts), "the mean of the batch means, an empty one counted as 0", "sum"),
            (total, "the sum: nothing divided it", "sum"),
            (total / len(parts), "the sum divided by the number of batches", "sum"),
            (means[-1], "the loss of the last batch alone", "sum"),
            (unweighted, "the loss without class weights", "weights"),
            (float("nan"), "because a batch in which nobody counts has the mean NaN", "ignored"),
        ]
        if not kept.all():
            as_zeros = targets.where(kept, 0)
            found += [
                (total / n, "the sum divided by all examples, the ignored ones too", "ignored"),
                (by_size / n, "a mean of batch means weighed by their sizes, ignored targets counted", "ignored"),
                (by_size / max(1, sum(len(b) for _, b in full)), "batch means weighed by all their targets", "ignored"),
                (
                    float(F.cross_entropy(logits, as_zeros, weight=weight)),
                    "ignored targets taken for class 0",
                    "ignored",
                ),
            ]
        if weight is not None:
            found += [
                (total / int(kept.sum()), "the weighted sum divided by the number of examples", "weights"),
                (
                    by_kept / int(kept.sum()),
                    "batch means weighed by their sizes, not by their class weights",
                    "weights",
                ),
                (total / float(weight.sum()), "the weighted sum divided by the sum of the class weights", "weights"),
            ]
        return found

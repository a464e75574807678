"""The figures of a test, each with what it needs to be read: a baseline, an interval, the support."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from course_lib.classroom.tasks.answers import first_line, named
from course_lib.classroom.tasks.comparing import described, number, sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.metrics import wilson_interval

KEYS = ("n", "accuracy", "interval", "baseline", "recall", "confusion", "auc")


class TestReport(Task):
    """Accuracy with interval and baseline, recall of each class, matrix, area of one class."""

    __test__ = False  # pytest would take the name for a test
    visible: ClassVar = {
        "three classes": {"support": (30, 20, 10), "positive": 2},
        "a class that has no example": {"support": (12, 0, 18, 10), "positive": 0},
        "logits so large that float32 can't tell them apart": {
            "support": (25, 25),
            "positive": 1,
            "large": True,
            "ties": 4,
        },
    }
    graded: ClassVar = {
        "five classes, an odd number": {"support": (7, 19, 23, 5, 11), "positive": 3},
        "two classes, few examples": {"support": (9, 4), "positive": 0, "ties": 2},
        "everything right": {"support": (8, 6, 6), "positive": 1, "perfect": True},
    }
    hints: ClassVar = {
        "count": "`preds = logits.argmax(1)`, and right are those with `preds == targets`.",
        "interval": "`wilson_interval(right, n)` of `course_lib.metrics` takes two counts.",
        "baseline": "`torch.bincount(targets).max() / n`: what always naming the commonest class would score.",
        "recall": "Of the images *of* the class, the share that was found. Without any it is `float('nan')`, not 0.",
        "confusion": "`confusion[true, predicted] += 1`: a row for each true class. With `len(names)` rows, whatever occurs.",
        "auc": "`roc_auc_score(targets == positive, scores)` of scikit-learn. The scores are the probabilities of the class, "
        "`logits.double().softmax(1)[:, positive]`; the raw logit of the class forgets the others.",
        "keys": "A dictionary with these seven keys; `logits = logits - x` makes a new tensor, `logits -= x` changes the caller's.",
    }

    def names(self, case: Case) -> list[str]:
        """A name for each class."""
        pool = ["zero", "one", "two", "three", "four", "five", "six", "seven"]
        start = case.seed % 3
        return pool[start : start + len(case.support)]

    def data(self, case: Case) -> tuple[Tensor, Tensor]:
        """Logits (N, C), with an offset for each image that softmax doesn't see, and targets (N,)."""
        g, classes = case.generator(), len(case.support)
        targets = torch.arange(classes).repeat_interleave(torch.tensor(case.support))
        targets = targets[torch.randperm(len(targets), generator=g)]
        logits = torch.randn(len(targets), classes, generator=g)
        logits[range(len(targets)), targets] += 6.0 if case.settings.get("perfect") else 0.9
        if case.settings.get("perfect"):
            logits[range(len(targets)), targets] += 6.0
        if case.settings.get("large"):
            logits = 6 * logits + torch.tensor([0.0, 22.0])
        for k, support in enumerate(case.support):  # a class that has no example is named for none, too
            logits[:, k] -= 0.0 if support else 9.0
        logits = logits + 4 * torch.randn(len(targets), 1, generator=g)
        for k in range(classes):  # of two classes: the same odds, to the last bit, on both sides
            tied = (targets == k).nonzero().flatten()[: case.settings.get("ties", 0)]
            logits[tied] = torch.tensor([2.0, 3.0])[:classes] if len(tied) else logits[tied]
        return logits, targets

    def expected(self, case: Case) -> dict[str, Any]:
        """All seven figures."""
        logits, targets = self.data(case)
        classes, n = len(case.support), len(targets)
        preds = logits.argmax(1)
        confusion = torch.zeros(classes, classes, dtype=torch.int64)
        for true, called in zip(targets.tolist(), preds.tolist(), strict=True):
            confusion[true, called] += 1
        right = int(confusion.trace())
        scores = logits.double().softmax(1)[:, case.positive].numpy()
        recall = [float(confusion[k, k]) / s if (s := int(confusion[k].sum())) else math.nan for k in range(classes)]
        return {
            "n": n,
            "accuracy": right / n,
            "interval": tuple(wilson_interval(right, n)),
            "baseline": max(case.support) / n,
            "recall": dict(zip(self.names(case), recall, strict=True)),
            "confusion": confusion,
            "auc": float(roc_auc_score((targets == case.positive).numpy(), scores)),
        }

    def probe(self, answer: Any, case: Case) -> Observation:
        """One report."""
        logits, targets = self.data(case)
        as_given = logits.clone(), targets.clone()

        def use() -> Any:
            report = answer(logits, targets, names=self.names(case), positive=case.positive)
            if isinstance(report, Mapping):
                return {key: _plainly(value) for key, value in report.items()}
            return report

        return observe(
            use, also={"kept": lambda: torch.equal(logits, as_given[0]) and torch.equal(targets, as_given[1])}
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Figure by figure."""
        if seen.error:
            return failed(f"`test_report` raised {first_line(seen.error)}.", hint="keys")
        got, wanted = seen.value, self.expected(case)
        if not isinstance(got, dict) or set(got) == {"object", "text"}:
            return failed(f"Expected a dictionary; got {seen.type}.", hint="keys")
        if missing := [key for key in KEYS if key not in got]:
            return failed(f"The report lacks {named(missing)}.", hint="keys")
        for key, hint in (("n", "count"), ("accuracy", "count"), ("baseline", "baseline"), ("auc", "auc")):
            value = number(got[key])
            if value is None or not near(value, wanted[key], atol=1e-6):
                return self.other(key, got[key], wanted, case, hint)
        return (
            self.interval(got["interval"], wanted, case)
            or self.recall(got["recall"], wanted, case)
            or self.confusion(got["confusion"], wanted)
            or self.kept(seen)
            or passed("Seven figures, and none without its baseline, interval or support.")
        )

    def kept(self, seen: Observation) -> Verdict | None:
        """Whoever called still needs the tensors."""
        if not seen.also["kept"]:
            return failed("The logits or the targets are others after the call: something works in place.", hint="keys")
        return None

    def other(self, key: str, value: Any, wanted: dict[str, Any], case: Case, hint: str) -> Verdict:
        """One number that is another."""
        logits, targets = self.data(case)
        got = number(value)
        if got is None:
            return failed(f"`{key}` is {described(value)}; expected a number, {wanted[key]:.4f}.", hint=hint)
        said = f"`{key}` is {got:.4f}; expected {wanted[key]:.4f}"
        hits = (targets == case.positive).numpy()
        if key == "auc":
            others = {
                "the raw logit of the class was ranked, without the others": logits[:, case.positive],
                "labels were ranked, not scores": (logits.argmax(1) == case.positive).double(),
                "in float32 many probabilities are equal, and their order is lost": logits.softmax(1)[:, case.positive],
            }
            for what, scores in others.items():
                if near(got, float(roc_auc_score(hits, scores.numpy()))):
                    return failed(f"{said}: {what}.", hint=hint)
            scores = logits.double().softmax(1)[:, case.positive]
            above = (scores[targets == case.positive][:, None] > scores[targets != case.positive]).double().mean()
            if near(got, above.item()):
                return failed(f"{said}: pairs with equal scores count one half each.", hint=hint)
            if near(got, 1 - wanted["auc"]):
                return failed(f"{said}: it is the area of the rest against the class.", hint=hint)
        if key == "accuracy" and (near(got, 100 * wanted[key]) or near(got, wanted[key] * wanted["n"])):
            return failed(f"{said}: a share, between 0 and 1.", hint=hint)
        if key == "baseline" and near(got, 1 / len(case.support)):
            return failed(
                f"{said}: guessing at random is not what always naming the commonest class scores.", hint=hint
            )
        return failed(f"{said}.", hint=hint)

    def interval(self, value: Any, wanted: dict[str, Any], case: Case) -> Verdict | None:
        """Wilson's, as a pair."""
        got = sequence(value)
        if got is None or len(got) != 2:
            return failed(f"`interval` is {described(value)}; expected two numbers.", hint="interval")
        low, high = wanted["interval"]
        if near(got[0].item(), low, rtol=1e-3) and near(got[1].item(), high, rtol=1e-3):
            return None
        p, n = wanted["accuracy"], wanted["n"]
        said = f"`interval` is {got[0]:.4f} to {got[1]:.4f}; expected {low:.4f} to {high:.4f}"
        half = 1.96 * math.sqrt(p * (1 - p) / n)
        if near(got[0].item(), p - half, rtol=1e-3, atol=1e-4):
            return failed(f"{said}: that is the normal approximation, not Wilson's.", hint="interval")
        return failed(f"{said}: Wilson's, at 95 %.", hint="interval")

    def recall(self, value: Any, wanted: dict[str, Any], case: Case) -> Verdict | None:
        """By name; NaN where there is nothing to find."""
        if not isinstance(value, dict) or set(value) != set(wanted["recall"]):
            return failed(f"`recall` is a dictionary with {named(wanted['recall'])}.", hint="recall")
        precision = np.diag(wanted["confusion"]) / np.maximum(wanted["confusion"].sum(0).numpy(), 1)
        for k, (name, share) in enumerate(wanted["recall"].items()):
            got = number(value[name])
            if got is not None and near(got, share):
                continue
            if math.isnan(share):
                return failed(
                    f"No image is of class {name!r}, so its recall is NaN; got {described(value[name])}.", hint="recall"
                )
            said = f"The recall of {name!r} is {share:.4f}; got {described(value[name])}"
            if got is not None and near(got, float(precision[k])):
                return failed(f"{said}: that is its precision.", hint="recall")
            return failed(f"{said}.", hint="recall")
        return None

    def confusion(self, value: Any, wanted: dict[str, Any]) -> Verdict | None:
        """Rows are true."""
        try:
            got = torch.as_tensor(value).long()
        except (TypeError, ValueError, RuntimeError):
            return failed(f"`confusion` is {described(value)}; expected rows of counts.", hint="confusion")
        matrix = wanted["confusion"]
        if torch.equal(got, matrix):
            return None
        if got.shape != matrix.shape:
            return failed(
                f"`confusion` has shape {tuple(got.shape)}; expected {tuple(matrix.shape)}.", hint="confusion"
            )
        if torch.equal(got, matrix.T):
            return failed("`confusion` lies the other way round: rows are the true classes.", hint="confusion")
        return failed("`confusion` has other counts.", hint="confusion")


def _plainly(value: Any) -> Any:
    """What has a plain form of its own; an array of lists or a DataFrame becomes its values."""
    if hasattr(value, "to_numpy"):
        return value.to_numpy()
    if isinstance(value, Mapping):
        return {str(name): _plainly(item) for name, item in value.items()}
    return value

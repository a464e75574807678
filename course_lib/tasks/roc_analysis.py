"""The tasks of lesson 05: curves, areas, thresholds and intervals from scores."""

import random
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.metrics.curves import auc_of, counts_of, roc_auc
from course_lib.metrics.uncertainty import Interval, bootstrap_interval
from course_lib.tasks.observation import Observation, observe
from course_lib.tasks.task import Case, Task, Verdict, failed, near, passed


def patients(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N,) and targets (N,) of a case, in random order; `case.digits` rounds, which makes ties."""
    rng = np.random.default_rng(case.seed)
    targets = rng.permutation(np.arange(case.examples) < case.positives).astype(np.int64)
    spread = case.settings.get("spread", 1.0)
    scores = (
        rng.normal(size=case.examples) * spread
        + case.settings.get("gap", 1.5) * targets * spread
        + case.settings.get("offset", 0.0)
    )
    return np.round(scores * case.settings.get("sign", 1), case.settings.get("digits", 12)), targets


def true_auc(scores: np.ndarray, targets: np.ndarray) -> float:
    """The area, ties counted one half."""
    return float(auc_of(counts_of(scores, targets == 1)))


def asked(answer: Callable, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What the answer returned, or the text of the ValueError (or a kind of it) with which it refused."""
    try:
        return {"value": answer(*args, **kwargs)}
    except ValueError as e:
        return {"refused": str(e)}


def sequence(value: Any) -> Tensor | None:
    """A float64 vector from a tensor, array or list of numbers; None from anything else."""
    try:
        vector = (
            torch.as_tensor(value)
            if isinstance(value, Tensor)
            else torch.tensor([float(v) for v in value], dtype=torch.float64)
        )
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
    vector = vector.double()
    return vector if vector.ndim == 1 else None


def number(value: Any) -> float | None:
    """A number from a number or a tensor of one; None from anything else."""
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e300:
        return None  # a huge int has no float
    return float(value)


def refusal(seen: Observation, name: str, why: str) -> Verdict | None:
    """The verdict where a ValueError is expected; None where the answer raised one."""
    if seen.error:
        return failed(f"{why} Expected a `ValueError`; `{name}` raised {seen.error}.", hint="refuse")
    if "refused" in seen.value:
        return None
    return failed(
        f"{why} Expected a `ValueError`, so that nobody takes it for a result; it returned one.", hint="refuse"
    )


def trouble(seen: Observation, name: str) -> str:
    """Why there is no value at all, or an empty string."""
    if seen.error:
        return f"`{name}` raised {seen.error}."
    if "refused" in seen.value:
        return f"`{name}` raised ValueError: {seen.value['refused']}"
    return ""


class RocCurve(Task):
    """Every point of the ROC curve, from the sorted scores."""

    visible: ClassVar = {
        "forty patients, some with equal scores": {"examples": 40, "positives": 14, "digits": 1},
        "nobody is ill": {"examples": 12, "positives": 0, "digits": 1},
    }
    graded: ClassVar = {
        "logits far below 0, no two equal": {"examples": 60, "positives": 21, "offset": -30.0, "spread": 4.0},
        "all scores equal": {"examples": 20, "positives": 8, "digits": 0, "spread": 0.0},
    }
    hints: ClassVar = {
        "sort": "Sort by score, highest first. Going down the list, count the ill (TP) and the healthy (FP) so far.",
        "ties": "Patients with one score cross any threshold together: keep a point only where the next score differs. "
        "`np.flatnonzero(np.diff(sorted_scores))` finds those places.",
        "start": "Before the first patient stands the threshold infinity: nobody is called ill, both rates are 0.",
        "rates": "fpr divides the false positives by all healthy, tpr the true positives by all ill; fpr comes first.",
        "refuse": "Without ill or without healthy patients one of the rates is 0 / 0. `raise ValueError(...)` before dividing.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the curve."""
        return observe(asked, answer, *patients(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One point for each distinct score, highest first, after the point at infinity."""
        if not case.positives:
            return refusal(seen, "roc_curve", "All targets are 0.") or passed("It refuses what has no curve.")
        if said := trouble(seen, "roc_curve"):
            return failed(said, hint="sort")
        value = seen.value["value"]
        parts = [sequence(part) for part in value] if isinstance(value, list) and len(value) == 3 else []
        if len(parts) != 3 or any(part is None or len(part) != len(parts[0]) for part in parts):
            return failed("Expected three arrays of one length: fpr, tpr and thresholds.", hint="sort")
        fpr, tpr, thresholds = parts
        wanted = self.expected(case)
        if all(near(a, b) for a, b in zip(parts, wanted, strict=True)):
            return passed("Every point, and equal scores step together.")
        return self.diagnosis(fpr, tpr, thresholds, wanted, case)

    @staticmethod
    def expected(case: Case) -> list[Tensor]:
        """fpr, tpr and thresholds, each (T + 1,)."""
        scores, targets = patients(case)
        counts = counts_of(scores, targets == 1)
        rows = (counts.false_positives, counts.true_positives)
        fpr, tpr = (torch.from_numpy(np.r_[0, row[::-1] / row[0]]) for row in rows)
        return [fpr, tpr, torch.from_numpy(np.r_[np.inf, counts.thresholds[::-1]])]

    def diagnosis(self, fpr: Tensor, tpr: Tensor, thresholds: Tensor, wanted: list[Tensor], case: Case) -> Verdict:
        """What is wrong with a curve that is."""
        n, points = len(fpr), len(wanted[0])
        if near(fpr, wanted[1]) and near(tpr, wanted[0]):
            return failed(
                "The two rates are swapped: fpr is the part of the *healthy* that is called ill.", hint="rates"
            )
        if n == points and near(thresholds.flip(0), wanted[2]):
            return failed("The curve runs backwards: expected thresholds from infinity down.", hint="start")
        if n == points - 1 and near(fpr, wanted[0][1:]):
            return failed("The first point is missing: (0, 0) at the threshold infinity.", hint="start")
        if n == case.examples + 1 > points or (n == case.examples > points - 1):
            return failed(
                f"{n} points for {points - 1} different scores: there is a point for every patient. Equal scores "
                "cross a threshold together.",
                hint="ties",
            )
        if n < points and torch.isin(thresholds, wanted[2]).all():
            return failed(
                f"{n} points; expected {points}, one for every different score and the first. Points on a straight "
                "line were left out (scikit-learn does so unless `drop_intermediate=False`).",
                hint="ties",
            )
        if n != points:
            return failed(
                f"{n} points; expected {points}: infinity, then every different score, highest first.", hint="ties"
            )
        if near(fpr, wanted[0]) and near(tpr, wanted[1]):
            return failed(
                "The rates are right, the thresholds are not: expected infinity, then the scores.", hint="start"
            )
        if not near(thresholds, wanted[2]):
            return failed("The thresholds are not the scores themselves, highest first, after infinity.", hint="start")
        at = int((~((fpr - wanted[0]).abs() + (tpr - wanted[1]).abs() <= 1e-6)).nonzero()[0])  # NaN is wrong too
        return failed(
            f"At the threshold {thresholds[at]:.4g} expected fpr {wanted[0][at]:.3f} and tpr {wanted[1][at]:.3f}; got "
            f"{fpr[at]:.3f} and {tpr[at]:.3f}. Called ill is whoever scores at least (`>=`) the threshold.",
            hint="rates",
        )


class Auc(Task):
    """The area under the ROC curve, ties counted one half."""

    visible: ClassVar = {
        "coarse scores, many equal": {"examples": 60, "positives": 22, "digits": 0},
        "nobody is ill": {"examples": 12, "positives": 0, "digits": 1},
    }
    graded: ClassVar = {
        "all scores equal": {"examples": 30, "positives": 11, "spread": 0.0, "digits": 0},
        "upside down": {"examples": 80, "positives": 30, "sign": -1, "digits": 1},
        "a rare illness, large logits": {"examples": 400, "positives": 5, "spread": 9.0, "offset": 60.0},
    }
    hints: ClassVar = {
        "pairs": "Compare every ill patient's score with every healthy one's: `ill[:, None] > healthy[None, :]` is a "
        "table of all pairs.",
        "ties": "A pair with equal scores is worth one half, for it is a toss of a coin.",
        "scores": "The area ranks scores. Don't turn them into labels first, and don't assume that they lie in 0 to 1.",
        "order": "scikit-learn's functions take `(y_true, y_score)`; this course's take the scores first.",
        "flip": "An area below 0.5 is a finding (the ranking is upside down), not something to hide.",
        "refuse": "Without ill or without healthy patients there is no pair. `raise ValueError(...)`.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the area."""
        return observe(asked, answer, *patients(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The share of pairs that are ranked right."""
        if not case.positives:
            return refusal(seen, "auc", "All targets are 0.") or passed("It refuses what has no area.")
        if said := trouble(seen, "auc"):
            # what scikit-learn says of scores in the place of the targets; whole numbers look like classes to it
            swapped = any(word in said for word in ("continuous", "multi_class"))
            more = " scikit-learn takes the targets first." if swapped else ""
            return failed(said + more, hint="order" if more else "pairs")
        value, (scores, targets) = number(seen.value["value"]), patients(case)
        if value is None:
            return failed("Expected one number.", hint="pairs")
        wanted = true_auc(scores, targets)
        if near(value, wanted):
            return passed(f"The area is {wanted:.3f}, ties and all.")
        ill, healthy = scores[targets == 1][:, None], scores[targets == 0][None]
        above, equal = float((ill > healthy).mean()), float((ill == healthy).mean())
        if near(value, above) or near(value, above + equal):
            worth = "nothing" if near(value, above) else "a full point"
            return failed(f"Expected {wanted:.3f}, got {value:.3f}: equal scores count for {worth}.", hint="ties")
        if near(value, 1 - wanted):
            return failed(
                f"Expected {wanted:.3f}, got {value:.3f}, which is 1 minus it. This ranking is upside down, and the "
                "area has to say so.",
                hint="flip",
            )
        called = (scores >= 0).astype(float)
        if any(near(value, true_auc(labels, targets)) for labels in (called, (scores >= 0.5).astype(float))):
            return failed(
                f"Expected {wanted:.3f}, got {value:.3f}, the area of labels and not of scores.", hint="scores"
            )
        return failed(
            f"Expected {wanted:.3f}, got {value:.3f}. Of all pairs of an ill and a healthy patient, the part with the "
            "ill one higher; equal scores count one half.",
            hint="ties" if equal else "scores",
        )


class ThresholdForRecall(Task):
    """The highest threshold that still finds enough."""

    visible: ClassVar = {
        "find 90 %": {"examples": 70, "positives": 26, "digits": 2, "recall": 0.9},
        "nobody is ill": {"examples": 12, "positives": 0, "digits": 1, "recall": 0.9},
    }
    graded: ClassVar = {
        "find all": {"examples": 40, "positives": 12, "digits": 1, "recall": 1.0, "offset": -8.0},
        "14 of 25 are exactly 56 %": {"examples": 60, "positives": 25, "recall": 0.56, "gap": 6},
        "a recall of 1.2": {"examples": 20, "positives": 8, "digits": 1, "recall": 1.2},
    }
    hints: ClassVar = {
        "positives": "Recall looks at the ill alone. Sort *their* scores, highest first: how many of them must be found?",
        "highest": "Every lower threshold finds them too, and calls more healthy people back: take the highest.",
        "ties": "Called ill is whoever scores at least (`>=`) the threshold, so a patient who stands on it is found.",
        "enough": "At least, not about: 23 of 26 are 0.885, and that is below 0.9. And 14 of 25 are 0.56, although in "
        "floats `0.56 * 25` is a hair above 14: compare `found / all_ill >= recall`.",
        "intermediate": "`metrics.roc_curve` leaves out points unless you say `drop_intermediate=False`.",
        "refuse": "No ill patient, or a recall that isn't above 0 and at most 1: `raise ValueError(...)`.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the threshold."""
        return observe(asked, answer, *patients(case), recall=case.recall)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One of the scores: enough are found there, and not at the next higher one."""
        if not case.positives or case.recall > 1:
            why = "All targets are 0." if not case.positives else f"A recall of {case.recall} can't be reached."
            return refusal(seen, "threshold_for_recall", why) or passed("It refuses what can't be had.")
        if said := trouble(seen, "threshold_for_recall"):
            return failed(said, hint="positives")
        value, (scores, targets) = number(seen.value["value"]), patients(case)
        if value is None:
            return failed("Expected one number, a threshold on the scale of the scores.", hint="positives")
        counts = counts_of(scores, targets == 1)
        reached = counts.true_positives / counts.true_positives[0]
        wanted = counts.thresholds[reached >= case.recall][-1]
        if near(value, wanted, rtol=1e-6):  # room for float32, none for the next score
            return passed(f"At {wanted:.3g} enough are found, and at no higher score.")
        found = int((scores[targets == 1] >= value).sum())
        if not found / case.positives >= case.recall:
            return failed(
                f"At {value:.4g} it finds {found} of {case.positives} ({found / case.positives:.2f}); at least "
                f"{case.recall} was asked for.",
                hint="ties" if (counts.thresholds == value).any() else "enough",
            )
        if not np.isclose(counts.thresholds, value).any():
            return failed(f"{value:.4g} is nobody's score; expected {wanted:.4g}.", hint="positives")
        hint = "enough" if case.recall == 0.56 else "intermediate" if value > counts.thresholds[0] else "highest"
        return failed(
            f"{value:.4g} finds enough, and so does {wanted:.4g}, a higher threshold with fewer false alarms.",
            hint=hint,
        )


class AucInterval(Task):
    """How far an AUC may be off by the luck of the sample."""

    visible: ClassVar = {
        "eighty patients": {"examples": 80, "positives": 30, "digits": 1, "confidence": 0.6, "resamples": 250},
        "the same seed twice": {
            "examples": 60, "positives": 25, "digits": 1, "confidence": 0.6, "resamples": 40, "repeats": True,
        },
    }  # fmt: skip
    graded: ClassVar = {
        "the middle half": {"examples": 80, "positives": 30, "digits": 1, "confidence": 0.5, "resamples": 200},
        "three ill patients": {"examples": 45, "positives": 3, "digits": 1, "confidence": 0.8, "resamples": 150},
    }
    hints: ClassVar = {
        "replace": "`rows = rng.integers(n, size=n)` draws patients with replacement: some twice, some not at all.",
        "together": "Draw rows, and use the same rows for scores and targets. A patient keeps their own diagnosis.",
        "quantiles": "The interval is the middle part of the resampled areas: `np.quantile(areas, [tail, 1 - tail])` "
        "with `tail = (1 - confidence) / 2`.",
        "one class": "With few ill patients a resample may hold none of them. It has no area: leave it out.",
        "seed": "`rng = np.random.default_rng(seed)` is a generator of your own; `np.random.seed` changes everybody's.",
    }

    def data(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Scores and targets whose area is neither near chance nor near 1, where intervals are squeezed."""
        for seed in range(case.seed, case.seed + 1000):
            scores, targets = patients(Case(case.name, seed, case.settings))
            if 0.65 < true_auc(scores, targets) < 0.85:
                break
        return scores, targets

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask once, or twice with a seed, and look at the global random states."""
        scores, targets = self.data(case)
        options = {"resamples": case.resamples, "confidence": case.confidence, "seed": 3}

        def state() -> tuple:
            return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()

        before = state()

        def use() -> list:
            return [answer(scores, targets, **options) for _ in range(2 if case.settings.get("repeats") else 1)]

        return observe(use, also={"undisturbed": lambda: state() == before})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Near the percentile interval; the same for the same seed; no global state touched."""
        if seen.error:
            return failed(f"`auc_interval` raised {seen.error}.", hint="one class" if case.positives < 9 else "replace")
        pairs = [sequence(value) for value in seen.value] if isinstance(seen.value, list) else [None]
        if any(pair is None or len(pair) != 2 for pair in pairs):
            return failed("Expected two numbers, low and high.", hint="quantiles")
        low, high = pairs[0].tolist()
        scores, targets = self.data(case)
        area = true_auc(scores, targets)
        if not (low == low and high == high):
            return failed(
                "The interval is NaN: in some resample one of the classes is missing, and its area is undefined.",
                hint="one class",
            )
        if low > high:
            return failed(f"Expected low, then high; got {low:.3f} and {high:.3f}.", hint="quantiles")
        if high - low < 1e-9:
            return failed(
                f"The interval from {low:.3f} to {high:.3f} has no width: every resample was the whole sample again. "
                "Draw with replacement.",
                hint="replace",
            )
        if case.settings.get("repeats"):
            if not near(pairs[0], pairs[1]):
                return failed("The same seed gave two intervals. Draw from a generator made of `seed`.", hint="seed")
            if not seen.also["undisturbed"]:
                return failed("A global random state was changed. Use a generator of your own.", hint="seed")

        def reference(tail: float) -> Interval:
            return bootstrap_interval(roc_auc, scores, targets, resamples=3000, confidence=1 - 2 * tail, seed=1)

        # A quantile of few resamples is itself a matter of luck: 4.5 standard errors of its rank to either side.
        tail = (1 - case.confidence) / 2
        error = 4.5 * (tail * (1 - tail) / case.resamples) ** 0.5
        wanted, outer, inner = reference(tail), reference(max(tail - error, 1e-4)), reference(tail + error)
        if outer.low - 1e-9 <= low <= inner.low + 1e-9 and inner.high - 1e-9 <= high <= outer.high + 1e-9:
            return passed(f"From {low:.3f} to {high:.3f} around an area of {area:.3f}.")
        got = f"Expected about {wanted.low:.3f} to {wanted.high:.3f}, got {low:.3f} to {high:.3f}"
        if not low <= area <= high and abs((low + high) / 2 - 0.5) < abs((low + high) / 2 - area):
            return failed(
                f"{got}, around 0.5. Scores and targets were drawn apart, so that nobody keeps their diagnosis.",
                hint="together",
            )
        much = "wide" if high - low > wanted.high - wanted.low else "narrow"
        return failed(f"{got}: too {much} for a confidence of {case.confidence}.", hint="quantiles")


class TwoColumns(nn.Module):
    """A trunk and a head: logits (B,), (B, 1) or (B, 2), with batch norm and dropout on the way."""

    def __init__(self, head: str, generator: torch.Generator, sure: bool):
        super().__init__()
        self.head = head
        self.trunk = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.5))
        self.out = nn.Linear(8, 2 if head == "two" else 1)
        with torch.no_grad():
            for tensor in (*self.parameters(), *self.buffers()):
                if tensor.is_floating_point():
                    tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
            for layer in (self.trunk[0], self.out):
                layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator))
            if sure:  # where both classes lie beyond what a float32 sigmoid can tell from 1
                self.out.weight *= 8
                self.out.bias[-1] += 90

    def forward(self, x: Tensor) -> Tensor:
        """(B, 6) -> logits."""
        logits = self.out(self.trunk(x))
        return logits.squeeze(1) if self.head == "one" else logits


class TrainedRocAuc(Task):
    """The ROC-AUC of a trained network over a test loader: mend it."""

    visible: ClassVar = {
        "two logits": {"head": "two", "sure": False, "examples": 90, "batch_size": 32},
        "one logit, (B,)": {"head": "one", "sure": False, "examples": 70, "batch_size": 16},
    }
    graded: ClassVar = {
        "one logit, (B, 1), and a last batch of one": {
            "head": "column",
            "sure": False,
            "examples": 65,
            "batch_size": 16,
        },
        "a very sure network": {"head": "column", "sure": True, "examples": 80, "batch_size": 32},
        "two logits, very sure": {"head": "two", "sure": True, "examples": 80, "batch_size": 32},
    }
    hints: ClassVar = {
        "eval": "Dropout and batch norm are still in training mode. Which two switches does an evaluation need?",
        "restore": "Somebody goes on training this model: give every module its own flag back.",
        "scores": "A ROC curve needs a score that ranks, not a label. `argmax` leaves two values, and one corner.",
        "column": "For two logits the score is `logits[:, 1] - logits[:, 0]`: the log-odds of class 1.",
        "saturate": "In float32, sigmoid and softmax are exactly 1 from a logit of about 17 on: all ties. Rank by logits.",
        "all": "One area over all examples. A mean over batches weighs them wrongly, and a batch may lack a class.",
        "once": "Go through the loader once: it may shuffle, and a second pass has another order.",
        "order": "scikit-learn takes `roc_auc_score(y_true, y_score)`.",
        "shape": "Logits may be (B,), (B, 1) or (B, 2). `reshape(-1)` is safe for the first two, also for B = 1.",
    }

    def model(self, case: Case) -> TwoColumns:
        """The network, as training left it."""
        model = TwoColumns(case.head, case.generator(), case.sure).train()
        model.trunk[1].eval()  # a batch norm that somebody froze
        return model

    def data(self, case: Case) -> tuple[Tensor, Tensor]:
        """Inputs (N, 6) and targets (N,), which follow the network's own ranking with much noise."""
        x = torch.randn(case.examples, 6, generator=case.generator())
        clean = margin(self.model(case), x)
        rank = clean.argsort().argsort() / len(x) + 0.35 * torch.randn(len(x), generator=case.generator())
        return x, (rank > rank.quantile(0.6)).long()

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the area over a loader that shuffles; look at modes, grad and flags."""
        model, (x, y) = self.model(case), self.data(case)
        y = y.float() if case.head == "one" else y
        data = torch.utils.data.TensorDataset(x, y)
        loader = torch.utils.data.DataLoader(data, case.batch_size, shuffle=True, generator=case.generator())
        before = {name: part.training for name, part in model.named_modules()}
        during = {"training": False, "grad": False}

        def look(part: nn.Module, inputs: Any, output: Any) -> None:
            during["training"] |= part.training
            during["grad"] |= torch.is_grad_enabled()

        model.trunk[3].register_forward_hook(look)
        return observe(
            answer,
            model,
            loader,
            also={
                "during": lambda: during,
                "flags": lambda: [n for n, part in model.named_modules() if part.training != before[n]],
            },
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The area in eval mode, over all examples, from scores of class 1 that don't saturate."""
        if seen.error:
            hint = "order" if "continuous" in seen.error else "shape"
            return failed(f"`trained_roc_auc(model, loader)` raised {seen.error}.", hint=hint)
        value = number(seen.value)
        if value is None:
            return failed(f"Expected one number; got {seen.type}.", hint="scores")
        if seen.also["during"]["training"]:
            return failed("The model was in training mode: dropout was throwing units away.", hint="eval")
        x, y = self.data(case)
        model = self.model(case)
        score = margin(model, x)
        wanted = true_auc(score.double().numpy(), y.numpy())
        if not near(value, wanted, atol=2e-3):  # float32 logits may tie or part where float64 ones don't
            return self.diagnosis(value, wanted, model, x, y)
        if seen.also["flags"]:
            changed = ", ".join(name or "model" for name in seen.also["flags"])
            return failed(f"The area is right, but these came back in another mode: {changed}.", hint="restore")
        if seen.also["during"]["grad"]:
            return failed("The area is right, but autograd built a graph for every batch.", hint="eval")
        return passed(f"The area is {wanted:.3f}, whatever the head.")

    @staticmethod
    def diagnosis(value: float, wanted: float, model: TwoColumns, x: Tensor, y: Tensor) -> Verdict:
        """Which mistake gives this value."""
        with torch.no_grad():
            logits = model.eval()(x)
        score, y = margin(model, x), y.numpy()
        labels = (score > 0).double().numpy()
        got = f"Expected {wanted:.3f}, got {value:.3f}"
        from_labels = [true_auc(labels, y)]
        if 0 < labels.sum() < len(labels):
            from_labels.append(true_auc(y.astype(float), labels))
        saturated = score.sigmoid() if model.head != "two" else logits.softmax(1)[:, 1]
        if near(value, true_auc(saturated.double().numpy(), y), atol=2e-3):
            return failed(
                f"{got}: in float32 the probabilities saturate at 1, and equal scores rank nothing.", hint="saturate"
            )
        if any(near(value, area, atol=1e-6) for area in from_labels):
            return failed(f"{got}: the area of labels, which have one corner. It needs scores.", hint="scores")
        if near(value, 1 - wanted, atol=2e-3):
            return failed(f"{got}, which is 1 minus it: these are the scores of class 0.", hint="column")
        if model.head == "two":
            columns = [true_auc(logits[:, k].double().numpy(), y) for k in (0, 1)]
            if near(value, columns[1], atol=1e-6):
                return failed(f"{got}: the second logit alone. Its rank depends on the first one too.", hint="column")
            if near(value, columns[0], atol=1e-6):
                return failed(f"{got}: these are the logits of class 0.", hint="column")
        return failed(f"{got}. One pass, all examples together, the score of class 1.", hint="all")


def margin(model: TwoColumns, x: Tensor) -> Tensor:
    """The log-odds of class 1 in eval mode, (N,); the model comes back in the mode it had."""
    flags = [(part, part.training) for part in model.modules()]
    with torch.no_grad():
        logits = model.eval()(x)
    for part, training in flags:
        part.training = training
    return logits[:, 1] - logits[:, 0] if model.head == "two" else logits.reshape(-1)

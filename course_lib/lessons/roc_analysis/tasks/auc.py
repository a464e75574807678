"""The area under the ROC curve, ties counted one half."""

from typing import Any, ClassVar

import numpy as np

from course_lib.classroom.tasks.answers import asked, in_words, no_value
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.roc_analysis.tasks.shared import one_class, patients, true_auc


class Auc(Task):
    """The area under the ROC curve, ties counted one half."""

    visible: ClassVar = {
        "coarse scores, many equal": {"examples": 60, "positives": 22, "digits": 0, "uneven": True},
        "a ranking that is upside down": {"examples": 50, "positives": 20, "sign": -1, "digits": 1},
        "a rare illness, large logits": {"examples": 120, "positives": 5, "spread": 9.0, "offset": 60.0},
        "scores that differ in the ninth digit": {
            "examples": 50, "positives": 17, "spread": 1e-9, "offset": 3.0, "digits": 13,
        },
        "nobody is ill": {"examples": 12, "positives": 0, "digits": 1},
        "everybody is ill": {"examples": 11, "positives": 11, "digits": 1},
    }  # fmt: skip
    graded: ClassVar = {
        "all scores equal": {"examples": 30, "positives": 11, "spread": 0.0, "digits": 0},
        "more ill than healthy, coarse": {"examples": 70, "positives": 51, "digits": 0, "uneven": True},
    }
    hints: ClassVar = {
        "pairs": "Compare every ill patient's score with every healthy one's: `ill[:, None] > healthy[None, :]` is a "
        "table of all pairs.",
        "ties": "A pair with equal scores is worth one half, for it is a toss of a coin.",
        "scores": "The area ranks scores. Don't turn them into labels or probabilities first, and don't assume that they "
        "lie in 0 to 1.",
        "order": "scikit-learn's functions take `(y_true, y_score)`; this course's take the scores first.",
        "flip": "An area below 0.5 is a finding (the ranking is upside down), not something to hide.",
        "refuse": "Without ill or without healthy patients there is no pair. `raise ValueError(...)`.",
    }

    def data(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """Scores and targets; where it matters, of the equal pairs clearly more than half have one kind first."""
        for seed in range(case.seed, case.seed + 1000):
            scores, targets = patients(Case(case.name, seed, case.settings))
            if not case.settings.get("uneven") or _uneven(scores, targets) > 0.02:
                break
        return scores, targets

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the area."""
        return observe(asked, answer, *self.data(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The share of pairs that are ranked right."""
        if case.positives in (0, case.examples):
            return one_class(seen, "auc", case) or passed("It refuses what has no area.")
        if said := no_value(seen, "auc"):
            # what scikit-learn says of scores in the place of the targets; whole numbers look like classes to it
            swapped = any(word in said for word in ("continuous", "multi_class", "multiclass"))
            more = " scikit-learn takes the targets first." if swapped else ""
            return failed(said + more, hint="order" if more else "pairs")
        value, (scores, targets) = number(seen.value["value"]), self.data(case)
        if value is None:
            return failed(f"Expected one number; got {in_words(seen.value['value'])}.", hint="pairs")
        wanted = true_auc(scores, targets)
        if near(value, wanted):
            return passed(f"The area is {wanted:.3f}, ties and all.")
        why, hint = _mistake(value, wanted, scores, targets)
        return failed(f"Expected {wanted:.3f}, got {value:.3f}{why}", hint=hint)


def _by_rows(scores: np.ndarray, targets: np.ndarray, *, last_first: bool) -> float:
    """The area if equal scores count by the order of the rows."""
    place = np.arange(len(scores)) * (-1 if last_first else 1)
    ranks = np.empty(len(scores))
    ranks[np.lexsort((place, scores))] = np.arange(len(scores))
    return true_auc(ranks, targets)


def _uneven(scores: np.ndarray, targets: np.ndarray) -> float:
    """How far the order of the rows moves the area, at least, whichever row of equal ones counts as higher."""
    wanted = true_auc(scores, targets)
    return min(abs(_by_rows(scores, targets, last_first=way) - wanted) for way in (False, True))


def _mistake(value: float, wanted: float, scores: np.ndarray, targets: np.ndarray) -> tuple[str, str]:
    """What gives this value in place of the area, in words, and the hint for it."""
    ill, healthy = scores[targets == 1][:, None], scores[targets == 0][None]
    above, equal = float((ill > healthy).mean()), float((ill == healthy).mean())
    pairs = ill.size * healthy.size
    with np.errstate(over="ignore"):
        squeezed = 1 / (1 + np.exp(-scores))
    labels = [scores >= 0, scores > 0, scores >= 0.5, scores > 0.5, scores >= np.median(scores), scores > scores.mean()]
    if equal and near(value, above):
        return ": equal scores count for nothing.", "ties"
    if equal and near(value, above + equal):
        return ": equal scores count for a full point.", "ties"
    if equal and any(near(value, _by_rows(scores, targets, last_first=way)) for way in (False, True)):
        return ": equal scores count one half, and here who stands first in the arrays decides.", "ties"
    if near(value, 1 - wanted):
        if wanted < 0.5:
            return ", which is 1 minus it. This ranking is upside down, and the area has to say so.", "flip"
        return ", which is 1 minus it: these are the pairs in which the *healthy* one scores higher.", "pairs"
    if near(value, (above + equal / 2) * pairs):
        return ": that is how many pairs are ranked right; the chance is their part of all pairs.", "pairs"
    if near(value, true_auc(scores.astype(np.float32), targets)):
        return ": scores that differ late in their digits were taken for equal. float32 keeps seven digits.", "scores"
    if any(near(value, true_auc(s, targets)) for s in (squeezed, squeezed.astype(np.float32))):
        return ": a sigmoid made large scores equal. Rank the scores as they are.", "scores"
    if any(near(value, true_auc(called.astype(float), targets)) for called in labels):
        return ", the area of labels and not of scores.", "scores"
    tail = (
        "Of all pairs of an ill and a healthy patient, the part with the ill one higher; equal scores count one half."
    )
    return f". {tail}", "ties" if equal else "scores"

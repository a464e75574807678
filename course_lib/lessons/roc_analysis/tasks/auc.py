"""The area under the ROC curve, ties counted one half."""

from typing import Any, ClassVar

from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.roc_analysis.tasks.shared import asked, no_value, patients, refusal, true_auc


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
        if said := no_value(seen, "auc"):
            # what scikit-learn says of scores in the place of the targets; whole numbers look like classes to it
            swapped = any(word in said for word in ("continuous", "multi_class", "multiclass"))
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

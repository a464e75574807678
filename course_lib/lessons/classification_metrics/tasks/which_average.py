"""Choose the figure that a situation asks for, and compute it from the matrix."""

from typing import Any, ClassVar

from torch import Tensor

from course_lib.classroom.tasks.answers import asked, no_value, refusal
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.classification_metrics.tasks.shared import counts_table, rates_of

REASONS = {
    "post": "every letter in a wrong bag costs the same, whichever bag: the share of all letters that is right",
    "town": "there every bag gets equally many letters, so each class's recall counts the same",
    "survey": "both a missed bird and a wrong name count, and a rare species as much as a common one: the mean of the "
    "species' F1",
    "fire": "one class is asked about, and of the alarms the share that is real: its precision, no average",
}


class WhichAverage(Task):
    """The number that answers each of four questions."""

    visible: ClassVar = {
        "the post, four bags": {"classes": 4, "situation": "post"},
        "the new town, four bags": {"classes": 4, "situation": "town"},
        "the survey, five species": {"classes": 5, "situation": "survey"},
        "fire, three classes": {"classes": 3, "situation": "fire"},
        "fire, and no alarm at all": {"classes": 3, "situation": "fire", "never_said": (1,)},
        "the new town, a bag that wasn't tested": {"classes": 4, "situation": "town", "never_true": (0,)},
        "the post, a bag that wasn't tested": {"classes": 4, "situation": "post", "never_true": (2,)},
        "the survey, a species that is never named": {"classes": 4, "situation": "survey", "never_said": (2,)},
        "a situation of another name": {"classes": 3, "situation": "zoo"},
    }
    graded: ClassVar = {
        "the post, two bags": {"classes": 2, "situation": "post"},
        "the post, another bag that wasn't tested": {"classes": 5, "situation": "post", "never_true": (4,)},
        "the new town, six bags": {"classes": 6, "situation": "town"},
        "the survey, two species that are never named": {"classes": 6, "situation": "survey", "never_said": (0, 4)},
        "the survey, a species that is nowhere": {
            "classes": 4, "situation": "survey", "never_said": (3,), "never_true": (3,),
        },
        "fire, five classes": {"classes": 5, "situation": "fire"},
    }  # fmt: skip
    hints: ClassVar = {
        "post": "Each letter counts the same. Micro, weighted recall and accuracy are one number: the diagonal by the total.",
        "town": "In the new town each class has the same support. Which average pretends that of the data you have?",
        "survey": "The F1 of a species sees both kinds of mistake. Compute it for each, then take the plain mean.",
        "fire": "Only class 1 is asked about. Of those called fire: the column.",
        "nan": "What is 0 / 0 can't be known; NaN says so, and a mean with an unknown part is unknown too.",
        "refuse": "`raise ValueError(...)` for a situation that isn't one of the four.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the number."""
        return observe(asked, answer, counts_table(case), case.situation)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The right figure; of a wrong one, which it is."""
        call = f"which_average(matrix, {case.situation!r})"
        if case.situation not in REASONS:
            why = f"There is no situation {case.situation!r}."
            return refusal(seen, call, why, hint="refuse") or passed("It refuses what it doesn't know.")
        if said := no_value(seen, call):
            return failed(said, hint="nan" if "Zero" in said else case.situation)
        value, matrix = number(seen.value["value"]), counts_table(case)
        if value is None:
            return failed(f"`{call}`: expected one number.", hint=case.situation)
        figures = figures_of(matrix)
        wanted = figures[RIGHT[case.situation]]
        if near(value, wanted):
            return passed("Each situation gets its own number.")
        if wanted != wanted:
            return failed(
                f"`{call}`: part of it is 0 / 0, so it can't be known. Expected NaN, got {value:.3f}.", hint="nan"
            )
        if value != value:
            return failed(
                f"`{call}`: expected {wanted:.3f}, got NaN, and nothing that counts here is 0 / 0.", hint="nan"
            )
        what = next((name for name, other in figures.items() if near(value, other, rtol=1e-5)), "")
        got = f", the {what}" if what else ""
        return failed(
            f"`{call}`: got {value:.3f}{got}; expected {wanted:.3f}. Read it again: {REASONS[case.situation]}.",
            hint=case.situation,
        )


RIGHT = {"post": "accuracy", "town": "macro recall", "survey": "macro F1", "fire": "precision of class 1"}


def figures_of(matrix: Tensor) -> dict[str, float]:
    """Every figure that somebody might choose, by its name; the right ones first."""
    precision, recall, f1 = rates_of(matrix)
    support = matrix.sum(1).double()
    share = support / support.sum()
    macro_p, macro_r = precision.mean(), recall.mean()
    said = {
        "accuracy": matrix.trace() / matrix.sum(),
        "macro recall": macro_r,
        "macro F1": f1.mean(),
        "precision of class 1": precision[1],
        "recall of class 1": recall[1],
        "F1 of class 1": f1[1],
        "macro precision": macro_p,
        "weighted F1": (f1 * share).nansum(),
        "weighted precision": (precision * share).nansum(),
        "F1 of the macro averages": 2 * macro_p * macro_r / (macro_p + macro_r),
        "macro recall of the classes that are there": recall.nanmean(),
        "share of false alarms, 1 minus the precision of class 1": 1 - precision[1],
        "precision of class 0": precision[0],
    }
    return {name: float(value) for name, value in said.items()}

"""The threshold that two costs give, and what another prevalence does to it."""

from typing import Any, ClassVar

from course_lib.classroom.tasks.answers import asked, no_value, refusal
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class BayesThreshold(Task):
    """The probability, as the network gives it, from which on calling somebody back is cheaper."""

    visible: ClassVar = {
        "a miss is dear": {"costs": (2, 18)},
        "fewer are ill than in training": {"costs": (1, 10), "shares": (0.4, 0.05)},
        "a false alarm costs nothing": {"costs": (0, 4)},
        "a negative cost": {"costs": (-1, 5), "why": "A cost is -1."},
        "a share of 0": {"costs": (1, 5), "shares": (0.3, 0.0), "why": "The share in use is 0."},
    }
    graded: ClassVar = {
        "a false alarm is dear": {"costs": (7.5, 3.1)},
        "more are ill than in training": {"costs": (3, 4), "shares": (0.2, 0.65)},
        "the same share": {"costs": (5, 3), "shares": (0.37, 0.37)},
        "a false alarm costs nothing, and fewer are ill": {"costs": (0, 3), "shares": (0.3, 0.1)},
        "a miss costs nothing": {"costs": (2, 0), "shares": (0.5, 0.1)},
        "both cost nothing": {"costs": (0, 0), "why": "Both costs are 0."},
        "a negative cost of a miss": {"costs": (3, -2), "why": "A cost is -2."},
        "a share of 1": {"costs": (1, 5), "shares": (1.0, 0.2), "why": "The share in training is 1."},
        "a share in per cent": {"costs": (1, 5), "shares": (0.4, 5), "why": "The share in use is 5."},
    }
    hints: ClassVar = {
        "costs": "Called back, somebody costs (1 - p) · c_FP on average; sent home, p · c_FN. At which p are they equal?",
        "shift": "Log-odds shift by log(used / (1 - used)) - log(trained / (1 - trained)). The threshold on the true "
        "probability is c_FP / (c_FP + c_FN); take the shift off its log-odds to get the network's own.",
        "direction": "Where fewer are ill than in training, the network's claims are too high: its threshold must rise.",
        "zero": "log(0) raises or gives -inf: treat a cost of 0 by itself, or use a formula without logarithms.",
        "refuse": "A negative cost, both costs 0, a share not between 0 and 1: `raise ValueError(...)` before you compute.",
        "number": "Return one number, a probability.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the threshold; the shares only where the case has some."""
        shares = case.settings.get("shares")
        options = {"trained": shares[0], "used": shares[1]} if shares else {}
        return observe(asked, answer, *case.costs, **options)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The closed form, or which mistake gives this number."""
        if why := case.settings.get("why"):
            return refusal(seen, "bayes_threshold", why) or passed("It refuses what is no cost or no share.")
        (alarm, miss), shares = case.costs, case.settings.get("shares")
        if said := no_value(seen, "bayes_threshold"):
            return failed(said, hint="zero" if 0 in case.costs else "shift" if shares else "costs")
        value = number(seen.value["value"])
        if value is None:
            return failed("Expected one number, a probability.", hint="number")
        wanted = threshold(alarm, miss, *(shares or (0.5, 0.5)))
        if near(value, wanted):
            return passed(f"From {wanted:.3f} on a call is cheaper.")
        return _diagnosis(value, wanted, case)


def threshold(alarm: float, miss: float, trained: float, used: float) -> float:
    """The network's own probability at which both calls cost the same where the share `used` is ill."""
    there = alarm * (1 - used) / (1 - trained)
    return there / (there + miss * used / trained)


def _diagnosis(value: float, wanted: float, case: Case) -> Verdict:
    (alarm, miss), shares = case.costs, case.settings.get("shares")
    said = f"Costs of {alarm:g} and {miss:g}: expected {wanted:.4f}, got {value:.4f}"
    if shares:
        said = f"Costs of {alarm:g} and {miss:g}, {shares[0]:g} ill in training, {shares[1]:g} in use: expected {wanted:.4f}, got {value:.4f}"
    trained, used = shares or (0.5, 0.5)
    plain = alarm / (alarm + miss)
    mistakes = [(threshold(miss, alarm, trained, used), "the two costs are swapped", "costs")]
    if miss:
        mistakes.append((alarm / miss, "this is the ratio of the costs, not the share of c_FP in their sum", "costs"))
    mistakes.append((0.5, "one half is for equal costs", "costs"))
    if shares:
        odds = used / trained
        mistakes += [
            (plain, "the prevalence was left out", "shift"),
            (threshold(alarm, miss, 0.5, used), "the share in training was left out", "shift"),
            (threshold(alarm, miss, used, trained), "the shift goes in the wrong direction", "direction"),
            (alarm / (alarm + miss * odds) if alarm else 0.0, "only the share of the ill was used; the healthy change too", "shift"),
            (plain * odds, "the threshold was multiplied by a ratio of shares; it is the odds that change", "shift"),
            (plain / odds, "the threshold was multiplied by a ratio of shares; it is the odds that change", "shift"),
            (plain + trained - used, "the shares were added to a probability; the shift belongs to log-odds", "shift"),
            (plain - trained + used, "the shares were added to a probability; the shift belongs to log-odds", "shift"),
        ]  # fmt: skip
    for other, what, hint in mistakes:
        if near(value, other):
            return failed(f"{said}: {what}.", hint=hint)
    if not 0 <= value <= 1:
        return failed(f"{said}, which is no probability.", hint="number")
    return failed(f"{said}.", hint="shift" if shares else "costs")

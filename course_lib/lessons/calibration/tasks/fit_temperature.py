"""A temperature from validation data, and the probabilities of the test set at it."""

import warnings
from typing import Any, ClassVar

from torch import Tensor

from course_lib.classroom.tasks.answers import asked, no_value, refusal
from course_lib.classroom.tasks.comparing import number, same
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.calibration.tasks.shared import logits_of, table
from course_lib.metrics import temperature


class FitTemperature(Task):
    """The T with the lowest log-loss on validation data, and the test set's probabilities at it."""

    visible: ClassVar = {
        "four classes, too bold": {"examples": 220, "classes": 4, "scale": 3.0},
        "one logit, too timid": {"examples": 260, "classes": 1, "scale": 0.4},
        "every example is right": {"examples": 60, "classes": 3, "scale": 1.0, "perfect": True},
        "worse than chance": {"examples": 200, "classes": 4, "scale": 2.0, "right": -0.7},
    }
    graded: ClassVar = {
        "two classes, very bold": {"examples": 300, "classes": 2, "scale": 13.0},
        "seven classes, very timid": {"examples": 240, "classes": 7, "scale": 0.09},
        "one logit, bold": {"examples": 240, "classes": 1, "scale": 2.2},
        "nearly every example is right": {"examples": 300, "classes": 3, "scale": 6.0, "right": 6.0},
        "one logit, and every example is right": {"examples": 50, "classes": 1, "scale": 2.0, "perfect": True},
        "one logit, worse than chance": {"examples": 160, "classes": 1, "scale": 0.5, "right": -1.0},
    }
    hints: ClassVar = {
        "valley": "Compute the log-loss at many T with `F.cross_entropy(logits / t, targets)`, and take the T of the lowest.",
        "range": "T may lie anywhere from 0.05 to 20. `np.geomspace(0.04, 25, 800)` has steps of less than 1 %.",
        "divide": "Dividing by T above 1 makes claims less bold. Do the same to the test logits: `test_logits / T`.",
        "one": "A one-logit head: `F.binary_cross_entropy_with_logits(logits / t, targets.float())`, and `.sigmoid()` at "
        "the end. Softmax belongs to (N, C), over `dim=1`.",
        "refuse": "Try T from 0.04 to 25. Where the lowest log-loss is that of the first or the last, no T is best: "
        "`raise ValueError(...)`.",
        "copy": "`logits / t` is a new tensor; `logits /= t` changes the caller's. Don't call `requires_grad_` on them.",
        "two": "Return two things: `T, probs`.",
    }

    def data(self, case: Case) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Validation logits and targets, and test logits, which are a little sharper."""
        generator = case.generator()
        logits, targets = logits_of(
            generator,
            examples=case.examples,
            classes=case.classes,
            scale=case.scale,
            right=case.settings.get("right", 1.0),
        )
        test, _ = logits_of(generator, examples=23, classes=case.classes, scale=1.4 * case.scale)
        if case.settings.get("perfect"):
            targets = (logits > 0).long() if case.classes == 1 else logits.argmax(1)
        return (logits, targets), test

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for both, and look at what was handed over."""
        validation, test = self.data(case)
        given = [*validation, test]
        also = {"given": lambda: given, "grad": lambda: any(tensor.requires_grad for tensor in given)}
        return observe(asked, answer, validation, test, also=also)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """T near the library's, and the probabilities those of softmax or sigmoid at the answer's own T."""
        (logits, targets), test = self.data(case)
        if case.settings.get("perfect"):
            why = "Every validation example is right, so no T is best."
            return refusal(seen, "fit_temperature", why) or passed("It refuses what has no best T.")
        if case.settings.get("right", 1.0) < 0:
            why = "These logits are worse than chance: the log-loss falls as long as T grows, so no T is best."
            return refusal(seen, "fit_temperature", why) or passed("It refuses what no T cures.")
        if said := no_value(seen, "fit_temperature"):
            said += " These data have a best T." if not seen.error else ""
            return failed(said, hint="one" if case.classes == 1 else "valley")
        got = seen.value["value"]
        if not isinstance(got, list) or len(got) != 2:
            return failed("Expected two things: T, and the test set's probabilities.", hint="two")
        t, probs = number(got[0]), table(got[1])
        if t is None:
            return failed("T is one number.", hint="two")
        if not (seen.also["grad"] is False and all(map(same, seen.also["given"], [logits, targets, test]))):
            return failed("A tensor that was handed over came back changed.", hint="copy")
        best = temperature(logits, targets)
        if not abs(t / best - 1) <= 0.0105:
            return _wrong_temperature(t, best, logits, targets)
        if probs is None or not near(probs, _probabilities(test, t), rtol=2e-3, atol=1e-5):
            return _wrong_probabilities(probs, test, t)
        return passed(f"The best T is {best:.2f}, and the test set is cooled by it.")


def _probabilities(logits: Tensor, t: float) -> Tensor:
    scaled = logits.double() / t
    return scaled.sigmoid() if logits.ndim == 1 else scaled.softmax(1)


def _temperature(logits: Tensor, targets: Tensor) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return temperature(logits, targets)


def _wrong_temperature(t: float, best: float, logits: Tensor, targets: Tensor) -> Verdict:
    """Which mistake gives this T."""
    said = f"The best T is {best:.3f}; got {t:.3f}"
    if t != t:
        return failed("T is NaN, and these data have a best one.", hint="valley")
    if t <= 0:
        return failed(f"{said}. T is above 0: a negative one turns every claim round.", hint="range")
    if abs(t * best - 1) < 0.012:
        return failed(f"{said}, which is 1 / T: the logits are divided by T, not multiplied.", hint="divide")
    if abs(t / best - 1) < 0.06:
        return failed(f"{said}. It is near, and not to within 1 %: finer steps, or more of them.", hint="range")
    if logits.ndim == 2 and abs(t / _temperature(logits.softmax(1).double(), targets) - 1) < 0.05:
        return failed(f"{said}: this is the T of probabilities. cross_entropy takes logits.", hint="valley")
    if abs(t - 1) < 1e-6:
        return failed(f"{said}. T stayed at 1; it can lie below 1 as well as above.", hint="range")
    return failed(f"{said}.", hint="range" if t < best else "valley")


def _wrong_probabilities(probs: Tensor | None, test: Tensor, t: float) -> Verdict:
    """Which mistake gives these probabilities, T being right."""
    shape = tuple(test.shape)
    if probs is None or tuple(probs.shape) != shape:
        got = "something else" if probs is None else f"shape {tuple(probs.shape)}"
        return failed(f"T is right. The probabilities of the test set have the shape {shape}; got {got}.", hint="one")
    said = "T is right, and the test set's probabilities are not"
    scaled = test.double() / t
    mistakes = [
        (_probabilities(test, 1.0), "they are those of the logits without T", "divide"),
        (_probabilities(test, 1 / t), "the logits were multiplied by T", "divide"),
        (scaled, "these are logits; softmax or sigmoid is missing", "one"),
    ]
    if test.ndim == 2:
        mistakes += [
            (scaled.sigmoid(), "each column got a sigmoid of its own, so the rows don't add up to 1", "one"),
            (scaled.softmax(0), "softmax ran over the examples, not over the classes", "one"),
            (scaled.log_softmax(1), "these are logarithms of probabilities", "one"),
            (_probabilities(test, 1.0) / t, "the probabilities were divided, not the logits", "divide"),
        ]
    else:
        mistakes += [
            (scaled.softmax(0), "softmax ran over the examples; one logit takes a sigmoid", "one"),
            (1 - scaled.sigmoid(), "they are those of 'no'", "one"),
        ]
    for other, what, hint in mistakes:
        if near(probs, other, rtol=2e-3, atol=1e-5):
            return failed(f"{said}: {what}.", hint=hint)
    return failed(f"{said}: one is off by {(probs - _probabilities(test, t)).abs().max():.3f}.", hint="divide")

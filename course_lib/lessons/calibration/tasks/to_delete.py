"""Your turn: delete a mail or let it through."""

from typing import Any, ClassVar

import numpy as np

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import sequence
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class ToDelete(Task):
    """True where deleting is cheaper on average than letting through."""

    visible: ClassVar = {
        "a good mail is dear": {"examples": 40, "alarm": 7, "miss": 1},
        "spam is dear": {"examples": 30, "alarm": 2, "miss": 6},
        "equal costs, and claims of one half": {"examples": 20, "alarm": 3, "miss": 3},
    }
    hints: ClassVar = {
        "two": "Letting through costs `probs * miss` on average, deleting `(1 - probs) * alarm`. Compare the two arrays.",
        "formula": "The threshold is c_FP / (c_FP + c_FN). Which of the two costs is that of the false positive here?",
        "equal": "Where both cost the same nothing is deleted: `<`, not `<=`.",
        "array": "Return one boolean for each mail; comparing two arrays does that.",
    }

    def data(self, case: Case) -> np.ndarray:
        """Probabilities of spam (N,), some of them where both calls cost the same, and some on either side."""
        rng = np.random.default_rng(case.seed)
        level = case.alarm / (case.alarm + case.miss)
        return rng.permutation(np.r_[rng.random(case.examples), [0.5] * 3, level + np.array([-1e-3, 1e-3]), 0.0, 1.0])

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask what to delete."""
        return observe(answer, self.data(case), alarm=case.alarm, miss=case.miss)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The cheaper of two average costs."""
        if seen.error:
            return failed(f"`to_delete(probs, alarm=..., miss=...)` raised {first_line(seen.error)}.", hint="two")
        got, probs = sequence(seen.value), self.data(case)
        if got is None or len(got) != len(probs) or not set(got.tolist()) <= {0.0, 1.0}:
            return failed(f"Expected {len(probs)} booleans, one for each mail.", hint="array")
        got, level = got.numpy() == 1, case.alarm / (case.alarm + case.miss)
        if (got == (probs > level)).all():
            return passed(f"Deleted is what is spam with more than {level:.3f}.")
        for other, what, hint in (
            (probs >= level, "where both cost the same, nothing is to be deleted", "equal"),
            (probs < level, "what is to be deleted was let through, and the other way round", "two"),
            (probs > 1 - level, "the two costs are swapped", "formula"),
            (probs >= 1 - level, "the two costs are swapped", "formula"),
            (
                probs > case.alarm / case.miss,
                "this is the ratio of the costs, not the share of `alarm` in their sum",
                "formula",
            ),
            (probs > 0.5, "this is one half by habit; the costs were not used", "two"),
            (probs >= 0.5, "this is one half by habit; the costs were not used", "two"),
        ):
            if (got == other).all():
                return failed(f"From {level:.3f} on deleting is cheaper: {what}.", hint=hint)
        wrong = np.flatnonzero(got != (probs > level))[0]
        return failed(
            f"A mail that is spam with {probs[wrong]:.3f}: deleting it costs {(1 - probs[wrong]) * case.alarm:.3f} on "
            f"average, letting it through {probs[wrong] * case.miss:.3f}. You said {bool(got[wrong])}.",
            hint="two",
        )

"""Six diseases of a load, and health."""

import copy
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.verify_after_loading.records import DISEASES, PATIENTS, pair
from course_lib.lessons.verify_after_loading.tasks.shared import bits_equal, told

SMALL, IMAGES = ("l1", "l2", "l3"), ("stem", "stats", "top")


class Diagnose(Task):
    """Name the disease from two records."""

    visible: ClassVar = {f"patient {letter}": settings for letter, settings in PATIENTS.items()}
    graded: ClassVar = {
        "one layer still training": {"disease": "still training", "how": "one layer", "names": SMALL},
        "still training, images": {"disease": "still training", "kind": "images", "names": IMAGES},
        "a part not loaded": {"disease": "not loaded", "how": "a part", "names": SMALL, "sizes": (5, 7, 2)},
        "not loaded, float64": {"disease": "not loaded", "dtype": torch.float64, "sizes": (3, 20, 4)},
        "a high bit of a weight": {"disease": "damaged", "names": SMALL},
        "a bit of a buffer": {"disease": "damaged", "how": "buffer", "kind": "images", "names": IMAGES},
        "a count one higher": {"disease": "damaged", "how": "count"},
        "a number that is none any more": {"disease": "damaged", "how": "not a number", "names": SMALL},
        "the biases alone": {"disease": "not loaded", "how": "biases", "names": IMAGES},
        "two numbers of a weight": {"disease": "not loaded", "how": "two numbers", "names": IMAGES},
        "buffers of other names": {"disease": "statistics", "kind": "scaled"},
        "one input by its last bit": {"disease": "other inputs", "how": "last bit", "names": SMALL},
        "all logits lower": {"disease": "other code", "how": "lower"},
        "a NaN among the logits": {"disease": "other code", "how": "nan"},
        "switched to eval mode": {"disease": "healthy", "kind": "plain", "how": "switched off"},
        "the inputs in another order": {"disease": "other inputs", "how": "order", "names": SMALL},
        "inputs shifted": {"disease": "other inputs", "kind": "plain", "dtype": torch.float64},
        "statistics overwritten": {"disease": "statistics", "how": "overwritten", "names": SMALL, "sizes": (4, 70, 6)},
        "another activation, images": {"disease": "other code", "kind": "images", "names": IMAGES},
        "another eps": {"disease": "other code", "how": "eps", "sizes": (8, 3, 2)},
        "equal in every bit": {"disease": "healthy", "names": IMAGES},
        "healthy, in training mode before and after": {
            "disease": "healthy",
            "kind": "plain",
            "how": "in training mode",
        },
        "rounding, large logits": {"disease": "healthy", "how": "rounding", "sizes": (90, 70, 3)},
    }
    hints: ClassVar = {
        "order": "Ask the cheap questions first: the batch, then the flags, then the numbers of the state, then the logits.",
        "count": "`(a != b).sum().item()` counts the numbers of a tensor that changed, NaN included.",
        "buffers": "`before['buffers']` has the names of the buffers; all other names are parameters.",
        "logits": "Only when batch, flags and state are equal do the logits speak: `compare_logits` from task 2 tells "
        "rounding from difference.",
        "flags": "A flag that was True before as well is no disease.",
        "look": "`before, after = patient('C')` gives you the two records; count what changed, name by name.",
    }

    def records(self, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
        """Before and after."""
        return pair(seed=case.seed, **case.settings)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask, and look whether the records stayed."""
        records = self.records(case)
        kept = copy.deepcopy(records)
        return observe(answer, *records, also={"stayed": lambda: bits_equal(records, kept)})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One of seven names."""
        expected, hint = case.disease, "count"
        evidence = {
            "other inputs": "its batch is not the recorded one",
            "still training": "a module is in training mode that wasn't before",
            "damaged": "exactly one number of the whole state has changed",
            "not loaded": "more than one number has changed, parameters among them",
            "statistics": "several numbers of buffers have changed, and no parameter",
            "other code": "batch, flags and state are equal, and the logits differ by more than rounding",
            "healthy": "nothing differs but, perhaps, the last digits of the logits",
        }
        hints = {"other inputs": "order", "still training": "flags", "statistics": "buffers", "other code": "logits"}
        hint = hints.get(expected, "logits" if expected == "healthy" else "count")
        if seen.error:
            return failed(
                f"`diagnose` raised {first_line(seen.error)}. Of this patient {evidence[expected]}.", hint="look"
            )
        if not seen.also["stayed"]:
            return failed("A record was changed. Only look.", hint="look")
        if seen.value == expected:
            return passed("Six diseases, and health.")
        names = (*DISEASES, "healthy")
        got = repr(seen.value) if seen.value in names else f"{told(seen.value)}, which is none of the seven"
        return failed(f"Of this patient {evidence[expected]}. Expected {expected!r}; got {got}.", hint=hint)

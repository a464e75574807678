"""Mend it: equal, rounding, or different?"""

from typing import Any, ClassVar

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.verify_after_loading.tasks.shared import bits_equal, told


def logits(
    expected: str, change: str, *, shape: tuple[int, ...] = (40, 5), scale: float = 4, dtype: str = "float32"
) -> dict[str, Any]:
    """The settings of a case: what is done to logits of this shape and size."""
    return {"expected": expected, "change": change, "shape": shape, "scale": scale, "dtype": dtype}


class CompareLogits(Task):
    """Tell three kinds of difference apart."""

    visible: ClassVar = {
        "nothing changed": logits("equal", "none"),
        "last digits": logits("rounding", "rounding"),
        "one logit of two hundred": logits("different", "one up"),
        "all lower": logits("different", "down"),
        "one class up, one down": logits("different", "tilt", shape=(30, 2)),
        "a NaN": logits("different", "nan"),
        "infinite before and after": logits("different", "both inf"),
        "three examples missing": logits("different", "fewer"),
        "last digits of large negative logits": logits("rounding", "rounding", scale=-5000, shape=(25, 3)),
        "small logits": logits("different", "up a bit", scale=0.002),
    }
    graded: ClassVar = {
        "an infinite logit": logits("different", "inf", shape=(20, 7)),
        "an infinite logit that is finite now": logits("different", "inf before", shape=(8, 3)),
        "one column for a row": logits("different", "column", shape=(16,)),
        "three more examples": logits("different", "more", shape=(9, 2)),
        "one-logit heads, last digits": logits("rounding", "rounding", shape=(33,), scale=9),
        "the thirteenth digit of float64": logits("rounding", "thirteenth digit", dtype="float64"),
        "a logit near zero": logits("rounding", "near zero"),
        "half precision, one step": logits("different", "one step", dtype="float16"),
        "no examples": logits("equal", "none", shape=(0, 4)),
    }
    hints: ClassVar = {
        "shape": "`zip` ends with the shorter one. Compare `before.shape` with `after.shape` first.",
        "largest": "A mean lets ups and downs cancel, and makes one large difference small: `.abs().max()`.",
        "nan": "`largest > border` is False for NaN. Ask `largest <= border` for the innocent case, and call the rest different. "
        "An infinite border lets everything through, so ask `torch.isfinite(...).all()` of both.",
        "relative": "The border is 0.00001 times `before.abs().max()`.",
        "equal": "`torch.equal(before, after)` is for shape and every number.",
    }

    def pair(self, case: Case) -> tuple[Tensor, Tensor]:
        """Logits before and after."""
        g = case.generator()
        before = (torch.randn(case.shape, generator=g, dtype=torch.float64) * case.scale).to(getattr(torch, case.dtype))
        if case.scale < 0:
            before = -before.abs()
        after, largest = before.clone(), before.abs().max() if before.numel() else torch.tensor(0.0)
        noise = (torch.randint(2, case.shape, generator=g) * 2 - 1).to(before) * 8e-6 * largest
        if case.change == "rounding":
            after += noise
        elif case.change == "one up":
            after[3, 1] += 0.001 * largest
        elif case.change == "down":
            after -= 0.01 * largest
        elif case.change == "tilt":
            after += torch.tensor([0.25, -0.25])
        elif case.change == "nan":
            after[-1, -1] = float("nan")
        elif case.change == "inf":
            after[2, 2] = -float("inf")
        elif case.change == "inf before":
            before[2, 2] = float("inf")
        elif case.change == "both inf":
            before[1, 1] = after[1, 1] = float("inf")
        elif case.change == "fewer":
            after = after[:-3]
        elif case.change == "more":
            after = torch.cat([after, after[:3]])
        elif case.change == "column":
            before = torch.full_like(before, case.scale)
            after = before[:, None].clone()
        elif case.change == "up a bit":
            after += 3e-6
        elif case.change == "thirteenth digit":
            after *= 1 + 1e-13
        elif case.change == "near zero":
            before[0, 0], after[0, 0] = 0, 8e-6 * largest
        elif case.change == "one step":
            before[0, 0] = case.scale
            after[0, 0] = torch.nextafter(before[0, 0], torch.tensor(99.0).half())
        return before, after

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask, and look whether the tensors stayed."""
        before, after = self.pair(case)
        return observe(answer, before, after, also={"given": lambda: [before, after]})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One of three words."""
        what, hint = {
            "none": ("The two are the same", "equal"),
            "rounding": (
                f"The differences are 0.000008 times the largest logit, whose size is about {abs(case.scale) * 3:g}",
                "relative",
            ),
            "one up": ("One logit of 200 differs by 0.001 times the largest", "largest"),
            "down": ("All logits are lower, by 0.01 times the largest", "largest"),
            "tilt": ("One class gained 0.25 and the other lost 0.25", "largest"),
            "nan": ("One logit has become NaN", "nan"),
            "inf": ("One logit has become infinite", "nan"),
            "inf before": ("A logit was infinite before and is finite now", "nan"),
            "both inf": ("A logit is infinite, before and after", "nan"),
            "fewer": ("The last three examples are missing afterwards", "shape"),
            "more": ("Three more examples were answered afterwards", "shape"),
            "column": ("Shape (16,) became (16, 1), all numbers alike", "shape"),
            "up a bit": ("The logits are about 0.005 and differ by 0.000003, a thousandth of them", "relative"),
            "thirteenth digit": ("float64 logits differ in the thirteenth digit", "equal"),
            "near zero": ("A logit of 0 differs by 0.000008 times the largest logit", "relative"),
            "one step": ("One float16 logit is the next larger float16 number", "largest"),
        }[case.change]
        if seen.error:
            return failed(
                f"{what}. Expected {case.expected!r}; `compare_logits` raised {first_line(seen.error)}.", hint=hint
            )
        if not bits_equal(seen.also["given"], list(self.pair(case))):
            return failed("A tensor that was handed in is another one afterwards. Only look.", hint="largest")
        if seen.value != case.expected:
            return failed(f"{what}. Expected {case.expected!r}; got {told(seen.value)}.", hint=hint)
        return passed("Rounding is rounding, and nothing else is.")

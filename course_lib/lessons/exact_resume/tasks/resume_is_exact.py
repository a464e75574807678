"""Write the test that says whether a resume is exact."""

import tempfile
from typing import Any, ClassVar

from torch import Tensor

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.exact_resume.tasks.shared import came_back
from course_lib.lessons.exact_resume.tasks.small_runs import FLAWS, PER_EPOCH, Calls, training


class ResumeIsExact(Task):
    """True for resumes that go on to the last bit, False for those that look like it."""

    visible: ClassVar = {
        "an exact resume": {"kind": "sgd", "flaw": "exact", "before": 4, "after": 6},
        "the optimizer forgotten": {"kind": "sgd", "flaw": "optimizer", "before": 4, "after": 6},
        "the scheduler forgotten": {"kind": "adam", "flaw": "scheduler", "before": 5, "after": 4},
        "PyTorch's random state forgotten": {"kind": "sgd", "flaw": "torch", "before": 4, "after": 5},
        "statistics forgotten": {"kind": "sgd", "flaw": "buffers", "before": 3, "after": 5},
        "the last bit": {"kind": "sgd", "flaw": "last bit", "before": 4, "after": 1},
    }
    graded: ClassVar = {
        "exact in the middle of an epoch": {"kind": "adam", "flaw": "exact", "before": 6, "after": 7},
        "exact from the start": {"kind": "sgd", "flaw": "exact", "before": 0, "after": 3},
        "NumPy's random state forgotten": {"kind": "adam", "flaw": "numpy", "before": 4, "after": 4},
        "Python's random state forgotten": {"kind": "sgd", "flaw": "python", "before": 7, "after": 4},
        "the position forgotten": {"kind": "sgd", "flaw": "position", "before": 6, "after": 3},
        "a count forgotten": {"kind": "sgd", "flaw": "count", "before": 3, "after": 4},
        "another last bit": {"kind": "sgd", "flaw": "last bit", "before": 6, "after": 1},
        "a file without the scheduler": {"kind": "sgd", "flaw": "unsaved", "before": 5, "after": 5},
        "the order forgotten": {"kind": "adam", "flaw": "order", "before": 6, "after": 3},
        "PyTorch's random state forgotten, at the start": {"kind": "sgd", "flaw": "torch", "before": 0, "after": 4},
    }
    hints: ClassVar = {
        "compare": "Train one run `before + after` batches without a break. Train another `before`, save it, resume it, and "
        "train the resumed one `after`. Compare the two at the end.",
        "process": "A new process has other random states. Between `save` and `resume` move all three global generators: "
        "`random.seed()`, `np.random.seed()`, `torch.seed()`.",
        "state": "`run.model.state_dict()` has the buffers too; `parameters()` has not.",
        "bits": "`torch.equal(a, b)` for each pair. `allclose` and rounding forgive what a test for exactness must see.",
        "end": "After loading, the weights of many wrong resumes are right. Train on first, all of the `after` batches.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand out one training and its resume."""
        seed = (case.seed + 1) % 2**32  # another than the caller's, whose states an answer may put back
        with tempfile.TemporaryDirectory() as folder:
            calls = Calls(folder)
            start, save, resume = training(case.kind, case.flaw, seed, calls)
            return observe(answer, start, save, resume, case.before, case.after, also={"calls": calls.names})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """True where nothing is missing."""
        exact, words = case.flaw == "exact", FLAWS[case.flaw]
        where = f"Stopped after {case.before} batches ({PER_EPOCH} an epoch) and trained {case.after} more"
        if seen.error:
            return failed(f"`resume_is_exact(...)` raised {first_line(seen.error)}.", hint="compare")
        if "resume" not in seen.also["calls"]:
            return failed("`resume` was not called: nothing was resumed that could be compared.", hint="compare")
        said = as_answer(seen.value)
        if said is None:
            return failed(f"It returned {came_back(seen.value)}. Expected True or False.", hint="compare")
        if said == exact:
            return passed("Rightly called " + ("exact." if exact else "not exact."))
        if exact:
            return failed(
                f"{where}: this resume is exact, every bit as in the run that nobody stopped. It was called not exact.",
                hint="compare",
            )
        hint = {"torch": "process", "numpy": "process", "python": "process", "buffers": "state", "count": "state"}
        return failed(
            f"{where}: this resume {words}. It was called exact.",
            hint=hint.get(case.flaw, "bits" if case.flaw == "last bit" else "end"),
        )


def as_answer(value: Any) -> bool | None:
    """True or False, also from a tensor of one; None from anything else."""
    value = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
    return bool(value) if isinstance(value, int) and value in (0, 1) else None

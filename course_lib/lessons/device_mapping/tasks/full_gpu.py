"""Your turn: which GPU is out of memory?"""

from typing import Any, ClassVar

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.device_mapping.tasks.shared import shortly

FULL = (
    "CUDA out of memory. Tried to allocate {asked} GiB. GPU {gpu} has a total capacity of 15.77 GiB of which {free} GiB "
    "is free. Process 4711 has 14.50 GiB memory in use."
)
OTHER = (
    "Attempting to deserialize object on CUDA device 1 but torch.cuda.device_count() is 1. Please use torch.load with "
    "map_location to map your storages to an existing device."
)
BARRIER = (
    "using GPU 1 to perform barrier as devices used by this process are currently unknown. This can potentially cause "
    "a hang if this rank to GPU mapping is incorrect."
)


class FullGpu(Task):
    """The number of the GPU that is full, or None."""

    visible: ClassVar = {
        "GPU 3": {"gpu": 3, "text": FULL.format(asked="2.00", gpu=3, free="1.20")},
        "GPU 12": {"gpu": 12, "text": FULL.format(asked="7.00", gpu=12, free="0.50")},
        "GPU 0": {"gpu": 0, "text": FULL.format(asked="3.00", gpu=0, free="2.10")},
        "another message": {"gpu": None, "text": OTHER},
        "another message about a GPU": {"gpu": None, "text": BARRIER},
    }
    hints: ClassVar = {
        "pattern": "`re.search(r'GPU (\\d+) has', message)` finds the digits between the words; `int(found[1])` makes a number.",
        "none": "Where the pattern doesn't occur `re.search` gives None. Ask before you take `found[1]`. Other messages name "
        "GPUs, too: let the pattern hold more of the sentence.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand over the message."""
        return observe(answer, case.text)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The number as an int, or None."""
        short = f"For the message '{case.text[:36]}...'"
        if seen.error:
            return failed(f"{short} `full_gpu` raised {shortly(seen.error)}. Expected {case.gpu}.", hint="none")
        if type(seen.value) is type(case.gpu) and seen.value == case.gpu:
            return passed("The number, and nothing where there is none.")
        if case.gpu is None:
            return failed(f"{short} came {seen.value!r}. It says nothing about memory: expected None.", hint="none")
        if seen.value == str(case.gpu):
            return failed(
                f"{short} came the text {seen.value!r}. Expected the number {case.gpu}, an int.", hint="pattern"
            )
        return failed(f"{short} came {seen.value!r}. It names GPU {case.gpu}: expected {case.gpu}.", hint="pattern")

"""Tell from the message what is missing, and what to pass as map_location."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.devices import saved_as
from course_lib.lessons.device_mapping.tasks.shared import machine

NO_MPS_TEXT = "torch.UntypedStorage(): Storage device not recognized: mps"


def real_message(tag: str, gpus: int) -> str:
    """What torch.load says about a file with this tag on a machine with so many GPUs."""
    with tempfile.TemporaryDirectory() as folder, machine(["cpu", *(f"cuda:{i}" for i in range(gpus))]):
        path = Path(folder) / "file.pt"
        with saved_as(tag):
            torch.save(torch.ones(1), path)
        try:
            torch.load(path, weights_only=True)
        except Exception as error:  # torch 2.4 wraps it in an UnpicklingError
            return str(error)
    return NO_MPS_TEXT  # an Apple computer has the device: what others say there


class ReadError(Task):
    """Tell from the message what is missing, and what to pass as map_location."""

    visible: ClassVar = {
        "the second GPU": {"tag": "cuda:1", "gpus": 1, "cause": "NO_SUCH_GPU"},
        "no GPU": {"tag": "cuda:0", "gpus": 0, "cause": "NO_CUDA"},
    }
    graded: ClassVar = {
        "Apple": {"tag": "mps", "gpus": 0, "cause": "NO_MPS"},
        "unknown": {"tag": "npu:0", "gpus": 1, "cause": "UNKNOWN_DEVICE"},
        "the twelfth GPU": {"tag": "cuda:11", "gpus": 2, "cause": "NO_SUCH_GPU"},
        "another error": {"tag": "", "gpus": 0, "cause": ""},
    }
    hints: ClassVar = {
        "apart": "Two messages begin with `Attempting to deserialize object on`. One goes on with `a CUDA device but "
        "torch.cuda.is_available() is False`, the other names a device number and `device_count()`.",
        "number": "`re.search(r'CUDA device (\\d+)', message)` finds the number of the GPU that isn't there.",
        "dict": "The missing GPU's tensors can go to a GPU that is there: `{'cuda:1': 'cuda:0'}`. The rest of the file "
        "stays where it is.",
        "other": "A message that is none of the four has another cause. Guessing hides it: raise a ValueError.",
    }

    OTHER = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.77 GiB"

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand over the message."""
        message = real_message(case.tag, case.gpus) if case.tag else self.OTHER
        return observe(answer, message, also={"message": lambda: message})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The cause's name, and a map_location that gets this file loaded there."""
        message = seen.also["message"]
        short = f"For the message '{message[:90]}{'...' if len(message) > 90 else ''}'"
        if not case.cause:
            if seen.error_type == "ValueError":
                return passed("Right, that one is none of the four.")
            return failed(
                f"{short} came {seen.error or seen.value}. Expected a ValueError: it is none of the four.", hint="other"
            )
        if seen.error:
            return failed(f"{short} `read_error` raised {seen.error}.", hint="apart")
        if not isinstance(seen.value, list) or len(seen.value) != 2:
            return failed(f"{short} came {seen.type}. Expected a pair: the cause and a map_location.", hint="apart")
        cause, mend = seen.value
        if cause != case.cause:
            return failed(f"{short} the cause given is {cause!r}. Expected {case.cause!r}.", hint="apart")
        if case.cause != "NO_SUCH_GPU":
            return (
                passed("Read.")
                if mend == "cpu"
                else failed(f"{short} the mend is {mend!r}. Expected 'cpu'.", hint="dict")
            )
        if not isinstance(mend, dict) or set(mend) != {case.tag}:
            return failed(
                f"{short} the mend is {mend!r}. Expected a dictionary whose key is {case.tag!r}.", hint="number"
            )
        there = [f"cuda:{i}" for i in range(case.gpus)]
        if mend[case.tag] not in there:
            return failed(
                f"{short} the mend goes to {mend[case.tag]!r}. Expected a GPU that is there: {there}.", hint="dict"
            )
        return passed("Read: the number, and where to instead.")

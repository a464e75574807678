"""Tell from the message what is missing, and what to pass as map_location."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.device_mapping.tasks.shared import machine, noting, shortly, write

NO_MPS_TEXT = "torch.UntypedStorage(): Storage device not recognized: mps"
OTHERS = {
    "memory": "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 15.77 GiB of which "
    "1.20 GiB is free.",
    "xpu": "Attempting to deserialize object on a XPU device but torch.xpu.is_available() is False. If you are running "
    "on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU.",
    "apple's memory": "MPS backend out of memory (MPS allocated: 8.00 GiB, other allocations: 1.20 GiB, max allowed: "
    "9.07 GiB). Tried to allocate 256.00 MiB on private pool.",
}
WRAPPED = (
    "Weights only load failed. In this version the reason comes second:\n\n{}\n\nSee the documentation of torch.load."
)
SAYS = {
    "NO_CUDA": "it says that `torch.cuda.is_available()` is False: there is no GPU at all",
    "NO_SUCH_GPU": "it names a GPU's number and `device_count()`: there are GPUs, and this one isn't among them",
    "NO_MPS": "`mps` is the tag of Apple's GPUs",
    "UNKNOWN_DEVICE": "nobody here knows how to restore that tag",
}


def with_file(case: Case, folder: str) -> Path:
    """A file with one tensor tagged as the case says, and one that was on the CPU."""
    path, away = Path(folder) / "file.pt", torch.full((1,), 3.0)
    write(path, [away, torch.full((1,), 5.0)], {case.tag: [away]})
    return path


def devices(case: Case) -> list[str]:
    """What the machine of the case has."""
    return ["cpu", *(f"cuda:{i}" for i in range(case.gpus))]


def message_of(case: Case) -> str:
    """What torch.load says about the case's file on the case's machine."""
    if case.other:
        return OTHERS[case.other]
    text = NO_MPS_TEXT  # an Apple computer has the device: what others say there
    with tempfile.TemporaryDirectory() as folder, machine(devices(case)):
        try:
            torch.load(with_file(case, folder), weights_only=True)
        except Exception as error:  # torch.load raises several types
            text = str(error)
    return WRAPPED.format(text) if case.wrapped else text


def asked(tag: str = "", gpus: int = 0, cause: str = "", other: str = "", *, wrapped: bool = False) -> dict[str, Any]:
    """The settings of a case."""
    return {"tag": tag, "gpus": gpus, "cause": cause, "other": other, "wrapped": wrapped}


class ReadError(Task):
    """Tell from the message what is missing, and what to pass as map_location."""

    visible: ClassVar = {
        "the second GPU": asked("cuda:1", 1, "NO_SUCH_GPU"),
        "no GPU": asked("cuda:0", 0, "NO_CUDA"),
        "Apple": asked("mps", 0, "NO_MPS"),
        "unknown": asked("npu:0", 1, "UNKNOWN_DEVICE"),
        "another error": asked(other="memory"),
        "the twelfth GPU": asked("cuda:11", 2, "NO_SUCH_GPU"),
        "no GPU, wrapped": asked("cuda:3", 0, "NO_CUDA", wrapped=True),
        "an Intel GPU": asked(other="xpu"),
    }
    graded: ClassVar = {
        "a GPU with a high number, wrapped": asked("cuda:127", 3, "NO_SUCH_GPU", wrapped=True),
        "unknown, wrapped": asked("xla:11", 0, "UNKNOWN_DEVICE", wrapped=True),
        "an Apple's memory": asked(other="apple's memory"),
    }
    hints: ClassVar = {
        "apart": "Two messages begin with `Attempting to deserialize object on`. One goes on with `a CUDA device but "
        "torch.cuda.is_available() is False`, the other names a device number and `device_count()`.",
        "number": "`re.search(r'CUDA device (\\d+)', message)` finds the number of the GPU that isn't there, and gives "
        "None where the pattern doesn't occur.",
        "dict": "The missing GPU's tensors can go to a GPU that is there: `{'cuda:1': 'cuda:0'}`. The rest of the file "
        "stays where it is.",
        "other": "A message that is none of the four has another cause. Guessing hides it: raise a ValueError.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand over the message, then load the file by what came back, on the machine that refused it."""
        message, kinds, found = message_of(case), [], {}

        def use() -> Any:
            result = noting(answer, kinds)(message)
            if case.cause == "NO_SUCH_GPU" and isinstance(result, tuple | list) and len(result) == 2:
                found["dict"] = isinstance(result[1], dict)
                found["text"] = found["dict"] and all(
                    isinstance(part, str) for pair in result[1].items() for part in pair
                )
                found["places"] = self.places(case, result[1])
            return result

        return observe(use, also={"message": lambda: message, "kinds": lambda: kinds, "found": lambda: found})

    def places(self, case: Case, mend: Any) -> list[str]:
        """Where the tagged tensor and the CPU's land, or one text if it raises."""
        with tempfile.TemporaryDirectory() as folder, machine(devices(case)) as landed:
            try:
                torch.load(with_file(case, folder), map_location=mend, weights_only=True)
            except Exception as error:  # whatever the learner's map_location leads to
                return [shortly(f"{type(error).__name__}: {error}")]
        return [landed.get(3.0, "cpu"), landed.get(5.0, "cpu")]

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The cause's name, and a map_location that gets this file loaded there."""
        text = seen.also["message"].replace("\n", " ")
        short = f"For the message '{text[:90]}{'...' if len(text) > 90 else ''}'"
        if not case.cause:
            return self.judged_other(seen, short)
        if seen.error:
            said = seen.error_type if "ValueError" in seen.also["kinds"] else shortly(seen.error)
            return failed(
                f"{short} `read_error` raised {said}. Expected {case.cause!r}: {SAYS[case.cause]}.",
                hint="number" if "NoneType" in seen.error else "apart",
            )
        if not isinstance(seen.value, list) or len(seen.value) != 2:
            return failed(f"{short} came {seen.type}. Expected a pair: the cause and a map_location.", hint="apart")
        cause, mend = seen.value
        if cause != case.cause:
            return failed(
                f"{short} the cause given is {cause!r}. Expected {case.cause!r}: {SAYS[case.cause]}.", hint="apart"
            )
        if case.cause == "NO_SUCH_GPU":
            return self.judged_mend(seen.also["found"], mend, case, short)
        on_cpu = mend == "cpu" or (isinstance(mend, Mapping) and mend.get("text") == "device(type='cpu')")
        return passed("Read.") if on_cpu else failed(f"{short} the mend is {mend!r}. Expected 'cpu'.", hint="dict")

    def judged_other(self, seen: Observation, short: str) -> Verdict:
        """A message that is none of the four."""
        if "ValueError" in seen.also["kinds"]:
            return passed("Right, that one is none of the four.")
        if seen.error:
            came = f"came a {seen.error_type}"
        elif seen.type.endswith("Error"):
            came = f"a {seen.type} was returned, not raised"
        else:
            came = f"came {seen.value!r}, which is a guess"
        return failed(f"{short} {came}. It is none of the four: raise a ValueError.", hint="other")

    def judged_mend(self, found: Mapping[str, Any], mend: Any, case: Case, short: str) -> Verdict:
        """The dictionary for a GPU that isn't there."""
        if not found["dict"]:
            return failed(
                f"{short} the mend is {mend!r}. Expected a dictionary whose key is {case.tag!r}: only the tensors of that "
                "GPU have to go elsewhere.",
                hint="dict",
            )
        if not found["text"]:
            return failed(f"{short} the mend is a dictionary with a key or value that is no string.", hint="dict")
        if case.tag not in mend:
            return failed(
                f"{short} the mend is {mend!r}. Expected a dictionary whose key is {case.tag!r}.", hint="number"
            )
        if len(found["places"]) == 1 or not found["places"][0].startswith("cuda"):
            there = ", ".join(devices(case)[1:])
            return failed(
                f"{short} the mend goes to {mend[case.tag]!r}. Expected a GPU that is there: {there}.", hint="dict"
            )
        if found["places"][1] != "cpu":
            return failed(f"{short} the mend takes the CPU's tensors to {found['places'][1]} too.", hint="dict")
        return passed("Read: the number, and where to instead.")

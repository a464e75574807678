"""A task: cases made from seeds, a probe that runs beside the learner's code, a judge that is pure."""

import hashlib
import importlib
import inspect
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal

import torch

from course_lib.classroom.tasks.observation import Observation
from course_lib.errors import ContentError
from course_lib.syllabus import load_syllabus


@dataclass(frozen=True)
class Verdict:
    """What a judge says. `hint` names the hint that fits the mistake."""

    outcome: Literal["passed", "failed", "not attempted"]
    message: str = ""
    hint: str = ""


def passed(message: str = "") -> Verdict:
    """The behaviour is right."""
    return Verdict("passed", message)


def failed(message: str, *, hint: str = "") -> Verdict:
    """The behaviour is wrong: the message says what was seen, what was expected, and the likely mistake."""
    return Verdict("failed", message, hint)


@dataclass(frozen=True)
class Case:
    """One situation an answer is tried in: everything in it follows from the seed and the settings."""

    name: str
    seed: int
    settings: Mapping[str, Any]

    def __post_init__(self) -> None:
        own = self.settings.keys() & {"name", "seed", "settings", "generator"}
        if own:
            raise ContentError(
                f"Case {self.name!r}: `case.{min(own)}` is the case's own; give the setting another name."
            )

    def __getattr__(self, name: str) -> Any:
        """Settings read as attributes: `case.examples`."""
        try:
            return self.__dict__["settings"][name]
        except KeyError:
            raise AttributeError(f"Case {self.__dict__.get('name')!r} has no setting {name!r}.") from None

    def generator(self) -> torch.Generator:
        """A fresh generator at this case's seed: the probe and the judge draw the same numbers."""
        return torch.Generator().manual_seed(self.seed)


class Task(ABC):
    """One task. Its class stands in `course_lib/lessons/<slug>/tasks/<name>.py` and is named like the answer.

    `class MeanLoss(Task)` checks a function called `mean_loss`.

    Attributes:
        visible: case name -> settings; what a learner's `check` tries. The first is the ordinary use:
            an answer that fails it earns nothing.
        graded: further cases that only the grader tries, so that an answer can't be fitted to the visible ones.
        hints: name -> text, in the order they are given; a verdict may name the one that fits.
    """

    visible: ClassVar[Mapping[str, Mapping[str, Any]]]
    graded: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    hints: ClassVar[Mapping[str, str]]

    @abstractmethod
    def probe(self, answer: Any, case: Case) -> Observation:
        """Call the answer on this case's inputs and record what can be seen. Runs beside the learner's code."""

    @abstractmethod
    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Compare with what is computed here. Pure: it sees the observation and the case, nothing else."""

    @property
    def name(self) -> str:
        """The answer's name: the class's, in snake_case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def points(self) -> int:
        """What a right answer earns: 0 for a *Your turn* inside a lesson."""
        return load_syllabus().lesson_of_task(self.name).tasks.get(self.name, 0)

    def cases(self, secret: str | None = None) -> list[Case]:
        """The cases to try. Without a secret: the visible ones, always the same.

        With one, all of them, on inputs that follow from the secret.
        """
        settings = dict(self.visible) if secret is None else {**self.visible, **self.graded}
        return [Case(name, self._seed(secret or "visible", name), s) for name, s in settings.items()]

    def _seed(self, secret: str, case: str) -> int:
        digest = hashlib.sha256(f"{secret}/{self.name}/{case}".encode()).digest()
        return int.from_bytes(digest[:4], "little") >> 1  # 31 bits: NumPy's legacy seeds end at 2**32 - 1


def near(a: Any, b: Any, *, rtol: float = 1e-4, atol: float = 1e-6) -> bool:
    """Whether two numbers or tensors of one shape agree.

    The default leaves room for float32 sums in another order, and none for another formula. NaN agrees with
    NaN. Anything that is no number or tensor agrees with nothing.

    >>> near(0.1 + 0.2, 0.3), near(1, 2), near(None, 0)
    (True, False, False)
    """
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=rtol, atol=atol, equal_nan=True)
    a, b = (x.item() if isinstance(x, torch.Tensor) and x.numel() == 1 else x for x in (a, b))
    if not all(isinstance(x, int | float) for x in (a, b)):
        return False
    try:
        return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=rtol, abs_tol=atol)
    except OverflowError:  # an integer that no float can hold
        return a == b


@cache
def find_task(name: str) -> Task:
    """The task of this name: the class in `course_lib/lessons/<slug>/tasks/<name>.py` that is called like it.

    Raises:
        InputError: the syllabus has no such task.
        ContentError: it has, but the module or the class isn't there.
    """
    lesson = load_syllabus().lesson_of_task(name)
    module = f"course_lib.lessons.{lesson.slug}.tasks.{name}"
    path = f"{module.replace('.', '/')}.py"
    try:
        found = vars(importlib.import_module(module)).values()
    except ModuleNotFoundError as e:
        if not module.startswith(e.name or "?"):  # the task is there and imports something that isn't
            raise
        raise ContentError(f"course.toml promises the task {name!r}; write {path}.") from None
    for value in found:
        if inspect.isclass(value) and issubclass(value, Task) and not inspect.isabstract(value):
            task = value()
            if task.name == name:
                return task
    raise ContentError(f"{path} defines no task called {name!r}. Name its class after it, in CamelCase.")

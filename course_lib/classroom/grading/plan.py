"""Run a notebook step by step in a session, and collect what can be judged. No nbgrader, no verdicts."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_lib.classroom.grading.child import Room
from course_lib.classroom.grading.session import Ended, Session
from course_lib.classroom.tasks.observation import decode
from course_lib.classroom.tasks.task import Case
from course_lib.errors import WireError

RESTARTS = 2
"""How often a process that ended is started again, without the step that ended it."""


@dataclass(frozen=True)
class Step:
    """One cell: learner's code to run, a task to try, or quiz answers to read.

    Attributes:
        cell: the cell's place in the notebook.
        source: code to run; empty for the other two.
        task: whose answer to try.
        cases: what to try it on, in their order.
        answers: names of quiz answers to read.
    """

    cell: int
    source: str = ""
    task: str = ""
    cases: tuple[Case, ...] = ()
    answers: tuple[str, ...] = ()


@dataclass
class Try:
    """What was seen of one answer: a wire for each case that was tried.

    Attributes:
        where: the file or module that it was written in; empty for a cell of the notebook.
        why: what kept cases from being tried.
    """

    wires: list[bytes] = field(default_factory=list)
    where: str = ""
    why: str = ""


@dataclass
class Seen:
    """All that was seen of a submission.

    Attributes:
        outputs: of each cell that was run, as the process sent them: not to be trusted.
        tries: of each task, one or two: where its check stands, and at the end if the name meant another object then.
        answers: quiz answers, as text.
        events: what happened, for the report.
    """

    outputs: dict[int, Any] = field(default_factory=dict)
    tries: dict[str, list[Try]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Deadlines:
    """Seconds that a cell and the whole notebook may take."""

    cell: float = 60
    notebook: float = 240


def run(steps: Sequence[Step], room: Room, deadlines: Deadlines) -> Seen:
    """Run the steps in a fresh process; in another one without the step at fault, if one ends it.

    Raises:
        NoSandboxError: this system can't shut a submission in.
    """
    seen, left_out, clock = Seen(), set(), _Clock(deadlines.notebook)
    for _ in range(RESTARTS + 1):
        at_fault = _Run(steps, seen, left_out, deadlines, clock).go(room)
        if at_fault is None:
            break
        left_out.add(at_fault)
    return seen


class _Run:
    """One process, from its start to its end."""

    def __init__(
        self, steps: Sequence[Step], seen: Seen, left_out: set[int], deadlines: Deadlines, clock: "_Clock"
    ) -> None:
        self._steps, self._seen, self._left_out = steps, seen, left_out
        self._deadlines, self._clock = deadlines, clock
        self._tried_here: set[str] = set()
        self._session: Session

    def go(self, room: Room) -> int | None:
        """Run all steps that aren't left out; the number of the step that ended the process, if one did."""
        number = -1
        try:
            with Session(room) as self._session:
                for number, step in enumerate(self._steps):
                    if number not in self._left_out:
                        self._do(step)
                rest = [step for i, step in enumerate(self._steps) if i not in self._left_out]
                number = len(self._steps)
                for step in rest:
                    if step.task:
                        self._once_more(step)
                    elif step.answers:
                        self._read(step)
        except Ended as e:
            where = f"in cell {self._steps[number].cell + 1}" if 0 <= number < len(self._steps) else "at the end"
            self._say(f"The process {e}, {where}.")
            if 0 <= number < len(self._steps):
                self._blame(self._steps[number], f"The process {e} here.")
                return number
        except _OutOfTime:
            self._say(f"The {self._deadlines.notebook:g} seconds for a whole notebook were used up.")
        return None

    def _say(self, event: str) -> None:
        if event not in self._seen.events:  # a cell that runs again does the same again
            self._seen.events.append(event)

    def _do(self, step: Step) -> None:
        if step.task:
            if step.task not in self._seen.tries:
                self._try(step)
        elif step.answers:
            self._read(step)
        else:
            reply, _, stopped = self._ask({"do": "run", "source": step.source}, self._deadlines.cell)
            self._seen.outputs[step.cell] = reply.get("outputs")
            if stopped:
                self._say(f"Cell {step.cell + 1} was interrupted after {self._deadlines.cell:g} seconds.")

    def _try(self, step: Step, *, look: str = "look", again: bool = False) -> None:
        reply, _, _ = self._ask({"do": look, "name": step.task}, self._deadlines.cell)
        if reply.get("bound") is not True or not (again or reply.get("new") is True):
            return
        self._tried_here.add(step.task)
        one = Try(where=str(reply.get("where", ""))[:300])
        self._seen.tries.setdefault(step.task, []).append(one)
        until = time.monotonic() + self._deadlines.cell
        for case in step.cases:
            message = {"do": "try_case", "name": step.task, "case": case.name, "seed": case.seed}
            one.why = "the process ended in this case"
            reply, wire, stopped = self._ask(message, until - time.monotonic())
            one.why = ""
            if "stopped" in reply or "broke" in reply or stopped:
                one.why = f"it was stopped after {self._deadlines.cell:g} seconds" if stopped else "it broke off"
                return
            one.wires.append(wire)
            if reply.get("attempted") is not True:
                return

    def _once_more(self, step: Step) -> None:
        """At the end: an answer that came after its check, another one than was tried there, or one that lacked a name."""
        before = self._seen.tries.get(step.task, [])
        if before and step.task not in self._tried_here:  # a process before this one tried it
            return
        if len(before) < 2:
            self._try(step, again=any(_lacked_a_name(wire) for one in before for wire in one.wires))
        if step.task not in self._seen.tries:
            self._try(step, look="define")

    def _read(self, step: Step) -> None:
        reply, _, _ = self._ask({"do": "values", "names": list(step.answers)}, self._deadlines.cell)
        values = reply.get("values")
        if isinstance(values, Mapping):
            for name in step.answers:
                if isinstance(values.get(name), str):
                    self._seen.answers[name] = values[name][:200]

    def _blame(self, step: Step, why: str) -> None:
        if step.task:
            self._seen.tries.setdefault(step.task, [Try(why=why)])
        elif not step.answers:
            error = {"output_type": "error", "ename": "Stopped", "evalue": why, "traceback": [why]}
            self._seen.outputs[step.cell] = [error]

    def _ask(self, message: Mapping[str, Any], seconds: float) -> tuple[dict[str, Any], bytes, bool]:
        if self._clock.left <= 0:
            raise _OutOfTime
        start = time.monotonic()
        try:
            return self._session.ask(message, min(seconds, self._clock.left))
        finally:
            self._clock.left -= time.monotonic() - start


def _lacked_a_name(wire: bytes) -> bool:
    try:
        return decode(wire).error_type == "NameError"
    except WireError:
        return False


@dataclass
class _Clock:
    """What is left of a notebook's time. Starting a process, and the grader's own work, don't count."""

    left: float


class _OutOfTime(Exception):
    """The notebook's time is used up."""


Runner = Callable[[Sequence[Step], Room, Deadlines], Seen]
"""What runs a submission: `run`, here."""

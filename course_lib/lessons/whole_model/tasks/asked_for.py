"""Your turn: what does a pickle import?"""

import os
import pickle
import tempfile
from collections import Counter, OrderedDict
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.inputs import Call
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed

_VALUES: dict[str, Any] = {
    "one class, twice": {"first": OrderedDict(), "text": "os system", "second": OrderedDict(a=1)},
    "three, in order": [timedelta(1), Counter("a"), Fraction(1, 3), timedelta(2)],
    "no call": {"kind": Fraction, "text": "cos\nsystem\n"},
    "none": {"epoch": 3, "text": "collections OrderedDict"},
}
_EXPECTED = {
    "one class, twice": ["collections.OrderedDict"],
    "three, in order": ["datetime.timedelta", "collections.Counter", "fractions.Fraction"],
    "no call": ["fractions.Fraction"],
    "none": [],
    "a call": ["collections.OrderedDict", f"{os.mkdir.__module__}.mkdir"],
}


class AskedFor(Task):
    """List what a pickle imports, and run nothing in it."""

    visible: ClassVar = {
        name: {"holds": name} for name in ("one class, twice", "three, in order", "no call", "none", "a call")
    }
    hints: ClassVar = {
        "genops": "`for opcode, argument, place in pickletools.genops(pickled)`: which `opcode.name` imports?",
        "dot": 'The argument is one text, `"module name"`. `argument.replace(" ", ".")`',
        "once": "`list(dict.fromkeys(names))` keeps the first of each, in order.",
        "run": "`pickle.loads` runs what is in the bytes. `pickletools.genops` only reads.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Hand out bytes in the pickle language of torch.save; look whether they were run."""
        with tempfile.TemporaryDirectory() as folder:
            trap = Path(folder) / "ran"
            value = _VALUES.get(case.holds, {"a": OrderedDict(), "b": Call(os.mkdir, str(trap))})
            return observe(answer, _pickled(value), also={"ran": trap.exists})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The dotted names, each once, in order."""
        expected = _EXPECTED[case.holds]
        if seen.also["ran"]:
            return failed("The bytes hold a call, and your function ran it: there is an empty folder now.", hint="run")
        if seen.error:
            return failed(f"`asked_for(pickled)` raised {seen.error.splitlines()[0]}.", hint="genops")
        if not isinstance(seen.value, list) or seen.type not in ("list", "tuple"):
            return failed(f"Expected a list of names; got {seen.type}.", hint="once")
        if seen.value == expected:
            return passed("Read, and nothing run.")
        if any(isinstance(name, str) and " " in name for name in seen.value):
            return failed(f"Expected a dot between module and name; got {named(seen.value)}.", hint="dot")
        if set(seen.value) == set(expected) and len(seen.value) > len(expected):
            return failed(f"A name stands in your list more than once: {named(seen.value)}.", hint="once")
        if set(map(str, seen.value)) == set(expected):
            return failed(f"The right names in another order than in the pickle: {named(seen.value)}.", hint="once")
        return failed(f"Expected {expected}; got {seen.value}.", hint="genops")


def _pickled(value: Any) -> bytes:
    """In the second pickle language, as torch.save writes it, with every request written out: no memo of globals."""
    parts = value if isinstance(value, list) else [value]
    if isinstance(value, dict):
        parts = [{key: item} for key, item in value.items()]
    inside = b"".join(pickle.dumps(part, protocol=2)[2:-1] for part in parts)
    return b"\x80\x02(" + inside + b"l."

"""Run the cells of one submission and try its answers, in a process of their own, as the grader asks.

This is the only module of the grader that shares a process with a learner's code. It knows no secret, no key and no
case but the one that it is asked to try, and nothing that it says is believed: what comes back is judged elsewhere.
"""

import ast
import builtins
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch

from course_lib.classroom.grading.shell import CellShell, start_shell
from course_lib.classroom.grading.wire import Channel, Closed
from course_lib.classroom.tasks.checking import probe_case
from course_lib.classroom.tasks.observation import Observation, encode, has_empty_body
from course_lib.classroom.tasks.task import Case, find_task
from course_lib.seeding import seed_everything

_ABSENT = object()


def serve(channel: Channel, seed: int) -> None:
    """Do what the grader asks until it hangs up.

    Args:
        channel: to the grader.
        seed: of the global random generators, so that grading again gives the same.
    """
    shell = start_shell()
    seed_everything(seed)
    torch.set_num_threads(1)
    sys.argv = [""]
    room, us = _Room(shell), os.getpid()
    while True:
        try:
            asked, _ = channel.receive()
        except Closed:
            return
        except KeyboardInterrupt:  # it was meant for what has just ended
            continue
        try:
            answer, blob = getattr(room, asked.pop("do"))(**asked)
        except KeyboardInterrupt:
            answer, blob = {"stopped": True}, b""
        except (Exception, SystemExit) as e:  # whatever a learner's objects do when they are looked at
            answer, blob = {"broke": f"{type(e).__name__}: {e}"[:500]}, b""
        if os.getpid() != us:  # a cell forked and let its child run on: it is not who was asked
            os._exit(0)
        channel.send(answer, blob)


class _Room:
    """What can be asked for; each method answers with JSON and bytes."""

    def __init__(self, shell: CellShell):
        self._shell = shell
        self._restore = keep_ours()
        self._failed: list[str] = []
        self._tried: dict[str, Any] = {}

    def run(self, source: str) -> tuple[dict[str, Any], bytes]:
        """Run a cell."""
        outputs, ended = self._shell.run(source)
        if not ended:
            self._failed.append(source)
        return {"outputs": outputs}, b""

    def look(self, name: str) -> tuple[dict[str, Any], bytes]:
        """Whether the name is bound, to something that wasn't tried yet, and where that was written."""
        answer = self._shell.user_ns.get(name, _ABSENT)
        if answer is _ABSENT:
            return {"bound": False}, b""
        return {"bound": True, "new": answer is not self._tried.get(name, _ABSENT), "where": _where(answer)}, b""

    def define(self, name: str) -> tuple[dict[str, Any], bytes]:
        """Define a name whose cell broke off before it got there: run what the cell says of it, and no more."""
        for source in reversed(self._failed):
            plain = "\n".join(line for line in source.split("\n") if line[:1] not in ("%", "!", "?"))
            for piece in _pieces(self._shell.transform_cell(plain), name):
                self._shell.run(piece)
            if name in self._shell.user_ns:
                break
        return self.look(name)

    def try_case(self, name: str, case: str, seed: int) -> tuple[dict[str, Any], bytes]:
        """Try the answer of this name on one case."""
        answer = self._shell.user_ns.get(name, _ABSENT)
        self._tried[name] = answer
        if answer is _ABSENT or has_empty_body(answer):
            return {"attempted": False}, encode(Observation(attempted=False))
        task = find_task(name)
        self._restore()
        settings: Mapping[str, Any] = {**task.visible, **task.graded}[case]
        seen = probe_case(task, answer, Case(case, seed, settings))
        return {"attempted": seen.attempted}, encode(seen)

    def values(self, names: list[str]) -> tuple[dict[str, Any], bytes]:
        """What these names stand for, as text: the answers to a quiz."""
        found = {name: _typed(self._shell.user_ns[name]) for name in names if name in self._shell.user_ns}
        return {"values": found}, b""


def _typed(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(v) for v in (sorted(value, key=str) if isinstance(value, set | frozenset) else value))
    return str(value)


def _where(answer: Any) -> str:
    """Where an answer was written: "" for a cell, else the module or the file."""
    inner = inspect.unwrap(answer) if callable(answer) else answer
    code = getattr(inner, "__code__", None)
    if code is None:
        module = str(getattr(inner, "__module__", None) or type(inner).__module__)
        return "" if module == "__main__" else module
    return "" if code.co_filename.startswith("<") else code.co_filename


def _pieces(source: str, name: str) -> list[str]:
    """The statements of a cell that import something or define the name; of a cell that can't be read, nothing."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = []
    for node in tree.body:
        targets = {t.id for t in getattr(node, "targets", ()) if isinstance(t, ast.Name)}
        if isinstance(node, ast.Import | ast.ImportFrom) or name in (getattr(node, "name", ""), *targets):
            found.append(ast.unparse(node))
    return found


@cache
def keep_ours() -> Callable[[], None]:
    """Note what our modules, the builtins and torch's comparisons are at the first call; the result puts it back."""
    modules = [m for name, m in sys.modules.items() if m is not None and name.split(".")[0] == "course_lib"]
    spaces = [vars(m) for m in (*modules, builtins)]
    kept = [(space, dict(space)) for space in spaces]
    classes = [
        (
            cls,
            {k: v for k, v in vars(cls).items() if callable(v) or isinstance(v, property | staticmethod | classmethod)},
        )
        for module in modules
        for cls in vars(module).values()
        if inspect.isclass(cls) and cls.__module__ == module.__name__
    ]
    compared = {name: getattr(torch, name) for name in ("equal", "allclose", "isclose", "is_tensor")}

    def restore() -> None:
        for space, before in kept:
            for name, value in before.items():
                if space.get(name, _ABSENT) is not value and name != "_":
                    space[name] = value
        for cls, before in classes:
            for name, value in before.items():
                if vars(cls).get(name) is not value:
                    setattr(cls, name, value)
        for name, value in compared.items():
            setattr(torch, name, value)

    return restore

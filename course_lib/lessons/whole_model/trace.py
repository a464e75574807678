"""Lesson 07's trace: a pickle, opcode by opcode, on the stack of the machine that it is written for."""

import os
import pickletools
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from typing import Any

import torch

from course_lib.classroom.explorers.trace import Stage, Trace

MARK = "("
_LEAVES = {"EMPTY_DICT": "{}", "EMPTY_LIST": "[]", "EMPTY_TUPLE": "()", "NONE": "None", "NEWTRUE": "True"} | {
    "NEWFALSE": "False",
    "MARK": MARK,
}
_SAYS = {
    "PROTO": "says which version of the pickle language follows.",
    "EMPTY_DICT": "puts an empty dictionary on the stack.",
    "EMPTY_LIST": "puts an empty list on the stack.",
    "EMPTY_TUPLE": "puts an empty tuple on the stack.",
    "MARK": "puts a mark on the stack: a later step takes all that lies above it.",
    "BINPERSID": "asks torch for the storage that this tuple describes: its numbers stand in a record beside the pickle.",
    "SETITEM": "puts a key and its value into the dictionary below them.",
    "SETITEMS": "puts every key and value above the mark into the dictionary below it.",
    "APPEND": "appends what is on top to the list below it.",
    "APPENDS": "appends all that is above the mark to the list below it.",
    "BUILD": "hands the object below its state: its attributes, or the argument of its `__setstate__`.",
    "STOP": "ends: what is on the stack is the content of the file.",
}


def trace_unpickling(path: str | os.PathLike) -> Trace:
    """Follow the pickle of a small file of torch.save, opcode by opcode; nothing in it is run.

    Steps that only remember a value (BINPUT) are left out. Which names `weights_only=True` refuses, torch itself says.

    Args:
        path: A file of torch.save, of dictionaries, lists, texts, numbers and tensors, or one with a stranger's call.
    """
    with zipfile.ZipFile(path) as archive:
        record = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        content = archive.read(record)
    refused = set(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    stages: list[Stage] = []
    stack: list[str] = []
    memo: dict[Any, str] = {}
    stopped = ""
    for opcode, argument, _ in pickletools.genops(content):
        name = opcode.name
        if name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
            continue
        before = _shown(stack)
        happens = _step(name, argument, stack, memo)
        note = f"A plain unpickler does this. weights_only=True has stopped, at {stopped}." if stopped else ""
        if name == "GLOBAL":
            wanted = global_name(argument)
            if wanted in refused:
                note = f"**weights_only=True refuses here**: `{wanted}` is not on its list, and nothing was called yet."
                stopped = stopped or f"`{wanted}`"
            else:
                note = note or f"`{wanted}` is on the list of weights_only=True."
        stages.append(Stage(name, goes_in=before, happens=happens, comes_out=_shown(stack), note=note))
    title = "it asks for something that weights_only=True refuses" if refused else "weights_only=True takes all of it"
    return Trace(f"{os.path.basename(path)}, {len(stages)} steps: {title}", stages)


def global_name(argument: str) -> str:
    """The dotted name that a GLOBAL asks for, as Python 3 has it.

    >>> global_name("__builtin__ exec")
    'builtins.exec'
    """
    module, _, name = argument.partition(" ")
    module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
    return f"{module}.{name}"


def _shown(stack: list[str]) -> str:
    return "stack: " + " ┃ ".join(f"`{_short(value)}`" for value in stack) if stack else "An empty stack."


def _short(value: str) -> str:
    return value if len(value) <= 64 else f"{value[:60]} …"


def _step(name: str, argument: Any, stack: list[str], memo: dict[Any, str]) -> str:
    """Do the step with texts in place of values; say in words what it does."""
    if name == "GLOBAL":
        wanted = global_name(argument)
        stack.append(wanted)
        module, _, attribute = wanted.rpartition(".")
        return f"imports `{module}` and looks up `{attribute}` in it."
    if name in ("BINGET", "LONG_BINGET"):
        stack.append(memo[argument])
        return "puts a value on the stack that was made before."
    if name in _LEAVES:
        stack.append(_LEAVES[name])
        return _SAYS.get(name, f"puts {_LEAVES[name]} on the stack.")
    if name.startswith("TUPLE"):
        items = _above_mark(stack) if name == "TUPLE" else _taken(stack, int(name[-1]))
        stack.append(_tuple(items))
        return f"makes a tuple of {len(items)}."
    if name == "REDUCE":
        arguments, function = stack.pop(), stack.pop()
        stack.append(f"{function}{arguments}")
        return f"**calls** `{function}` with `{_short(arguments)}`."
    if name == "BINPERSID":
        kind, number = stack.pop().strip("()").split(", ")[1:3]
        stack.append(f"{kind.rpartition('.')[2]} {number}")
    elif name in ("SETITEM", "SETITEMS"):
        items = _taken(stack, 2) if name == "SETITEM" else _above_mark(stack)
        pairs = [f"{key}: {value}" for key, value in zip(items[::2], items[1::2], strict=True)]
        stack.append(_into(stack.pop(), pairs))
    elif name in ("APPEND", "APPENDS"):
        items = _taken(stack, 1) if name == "APPEND" else _above_mark(stack)
        stack.append(_into(stack.pop(), items))
    elif name == "BUILD":
        state = stack.pop()
        stack.append(f"{stack.pop()} with state {state}")
    elif argument is not None and name != "PROTO":
        stack.append(repr(argument))
        return f"puts {argument!r} on the stack."
    return _SAYS.get(name, f"is step {name}.")


def _above_mark(stack: list[str]) -> list[str]:
    start = len(stack) - 1 - stack[::-1].index(MARK)
    items = stack[start + 1 :]
    del stack[start:]
    return items


def _taken(stack: list[str], count: int) -> list[str]:
    items = stack[-count:]
    del stack[-count:]
    return items


def _tuple(items: list[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _into(container: str, items: list[str]) -> str:
    inside, end = container[:-1], container[-1]
    return f"{inside}{', ' if len(inside) > 1 else ''}{', '.join(items)}{end}"

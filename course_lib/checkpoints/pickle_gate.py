"""Let through only pickles such as torch.save writes for plain data and tensors.

torch.load(weights_only=True) runs nobody's code, but it does what the pickle says: copy one list a million
times, nest tuples until hashing them overflows the C stack, or (before pytorch PR #165553 of October 2025) read
on behind a record that is shorter than its tensor. So the pickle is followed first, with weights in place of
values. What `symbolic_pickle` describes for a reader, in all its variety, is here only admitted or refused.
"""

import pickletools
from collections.abc import Mapping

import torch

from course_lib.errors import UnsafeFileError

_MAX_BYTES = 32 << 20  # half a million tensors; every byte of a pickle may become a dict of 64 bytes
_MAX_DEPTH = 200  # some 100,000 levels crash Python
_MAX_UNFOLDED = 10_000_000  # a tuple doubled sixty times is a few bytes, and hashing it takes years

_ITEM_BYTES = {"torch.storage UntypedStorage": 1} | {
    f"torch {kind}Storage": item_bytes
    for item_bytes, kinds in (
        (1, "Byte Char Bool"),
        (2, "Short Half BFloat16"),
        (4, "Int Float"),
        (8, "Long Double ComplexFloat"),
        (16, "ComplexDouble"),
    )
    for kind in kinds.split()
}
_FUNCTIONS = {
    "collections OrderedDict", "collections Counter", "__builtin__ set", "__builtin__ complex", "_codecs encode",
    "torch device", "torch._utils _rebuild_parameter", "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_tensor_v3",
}  # fmt: skip
_DTYPES = {str(v).replace(".", " ") for v in vars(torch).values() if isinstance(v, torch.dtype)}
_GLOBALS = _FUNCTIONS | _ITEM_BYTES.keys() | _DTYPES
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_LITERALS = {
    "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE",
}  # fmt: skip


class _Global(str):
    """The name of something that the pickle imports."""


class _Box:
    """A container: how many entries it has, how deep it goes, and for a tuple what is in it."""

    __slots__ = ("depth", "items", "unfolded", "weight")

    def __init__(self, items: list):
        self.items, self.weight, self.depth, self.unfolded = items, 0, 1, 1
        self.put(items)

    def put(self, items: list) -> None:
        self.weight += len(items)
        for item in items:
            if isinstance(item, _Box):
                self.depth = max(self.depth, item.depth + 1)
                self.unfolded += item.unfolded
        if self.depth > _MAX_DEPTH:
            raise UnsafeFileError(f"Its pickle nests values more than {_MAX_DEPTH} levels deep.")
        if self.unfolded > _MAX_UNFOLDED:
            raise UnsafeFileError(f"Its pickle puts one value into another more than {_MAX_UNFOLDED:,} times.")


def admit(pickled: bytes | memoryview, storage_bytes: Mapping[str, int]) -> None:
    """Follow the pickle without building anything, and refuse what honest files don't contain.

    Args:
        pickled: The record data.pkl; its CRC has been checked.
        storage_bytes: How many bytes each storage's record really has, by the storage's key.

    Raises:
        UnsafeFileError: It imports anything but tensors and plain data, claims other sizes than the records
            have, asks for more copies than it holds, or is malformed.
    """
    if len(pickled) > _MAX_BYTES:
        raise UnsafeFileError(f"Its pickle has {len(pickled):,} bytes; more than {_MAX_BYTES:,} are not followed.")
    try:
        _follow(bytes(pickled), storage_bytes)
    except UnsafeFileError:
        raise
    except Exception as error:  # an empty stack, an unknown memo entry, a wrong type, a length beyond the end
        raise UnsafeFileError(f"Its pickle is malformed ({type(error).__name__}: {error}).") from error


def _follow(pickled: bytes, storage_bytes: Mapping[str, int]) -> None:
    stack, below, memo, copied = [], [], {}, 0
    for opcode, argument, _ in pickletools.genops(pickled):
        op = opcode.name
        if op in _LITERALS:
            stack.append(argument)
        elif op in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif op in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif op == "GLOBAL":
            if argument not in _GLOBALS:
                wanted = argument.replace("__builtin__", "builtins").replace(" ", ".", 1)
                raise UnsafeFileError(
                    f"It wants {wanted[:200]}. Only tensors and plain data are loaded "
                    "(numbers, text, lists, dictionaries); anything else may run code or fill the memory."
                )
            stack.append(_Global(argument))
        elif op == "MARK":
            below.append(stack)
            stack = []
        elif op == "TUPLE":
            items, stack = stack, below.pop()
            stack.append(_Box(items))
        elif op in _TUPLES:
            stack.append(_Box([stack.pop() for _ in range(_TUPLES[op])][::-1]))
        elif op in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_SET"):
            stack.append(_Box([]))
        elif op in ("APPENDS", "SETITEMS"):
            items, stack = stack, below.pop()
            stack[-1].put(items)
        elif op in ("APPEND", "SETITEM"):
            items = [stack.pop() for _ in range(1 if op == "APPEND" else 2)]
            stack[-1].put(items)
        elif op == "BINPERSID":
            _check_storage(stack.pop().items, storage_bytes)
            stack.append(None)
        elif op == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            copied += _copies(function, arguments)
            stack.append(_Box([]))
        elif op == "BUILD":  # gives a state_dict its _metadata
            copied += stack.pop().weight
        elif op not in ("PROTO", "STOP") or argument not in (None, 2):
            raise UnsafeFileError(f"Its pickle uses {op}, which torch.save never does.")
        # Honest files write out whatever they copy; a bomb copies one large thing again and again.
        if copied > len(pickled):
            raise UnsafeFileError("Its pickle asks for more copies than it holds: it would flood the memory.")


def _copies(function: object, arguments: _Box) -> int:
    """How many entries or characters the call copies."""
    if not isinstance(function, _Global) or function not in _FUNCTIONS:
        raise UnsafeFileError("Its pickle calls something that is not a function of torch.save's.")
    copies = len(arguments.items) + sum(item.weight for item in arguments.items if isinstance(item, _Box))
    if function == "_codecs encode":  # how bytes are saved
        text, encoding = arguments.items
        if encoding != "latin1":
            raise UnsafeFileError(f"Its pickle wants the codec {encoding!r}; torch.save uses none but latin1.")
        copies += len(text)
    return copies


def _check_storage(reference: list, storage_bytes: Mapping[str, int]) -> None:
    word, kind, key, location, count = reference
    if word != "storage" or not isinstance(kind, _Global) or kind not in _ITEM_BYTES or type(location) is not str:
        raise UnsafeFileError("Its pickle refers to a storage in another form than torch.save's.")
    if key not in storage_bytes:
        raise UnsafeFileError(f"A tensor's data should be in record data/{str(key)[:50]}, which is not there.")
    claimed = count * _ITEM_BYTES[kind]
    if claimed != storage_bytes[key]:
        raise UnsafeFileError(
            f"A tensor claims {claimed:,} bytes in record data/{str(key)[:50]}, which has {storage_bytes[key]:,}."
        )

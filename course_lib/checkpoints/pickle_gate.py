"""Let through only pickles such as torch.save writes for plain data and tensors.

torch.load(weights_only=True) runs nobody's code, but it does what the pickle says: copy one list a million
times, nest tuples until hashing them overflows the C stack, or (before pytorch PR #165553 of October 2025) read
on behind a record that is shorter than its tensor. So the pickle is followed first, with weights in place of
values. What `symbolic_pickle` describes for a reader, in all its variety, is here only admitted or refused.

`save_file` sends what it wrote through the same gate: whatever is saved can be loaded.
"""

import re
from collections.abc import Mapping
from struct import Struct

import torch

from course_lib.checkpoints.plain_data import BUILDERS
from course_lib.checkpoints.symbolic_pickle import MAX_DEPTH, MAX_OBJECTS, MAX_PICKLE_BYTES, MAX_UNFOLDED
from course_lib.errors import CheckpointError, UnsafeFileError

_ITEM_BYTES = {"torch.storage UntypedStorage": 1} | {
    f"torch {kind}Storage": item_bytes
    for item_bytes, kinds in (
        (1, "Byte Char Bool QInt8 QUInt8 QUInt4x2 QUInt2x4"),
        (2, "Short Half BFloat16"),
        (4, "Int Float QInt32"),
        (8, "Long Double ComplexFloat"),
        (16, "ComplexDouble"),
    )
    for kind in kinds.split()
}
# What weights_only loads and load_file does not: no check here would prove what these claim about themselves.
_SPECIAL = {
    "torch._utils _rebuild_sparse_tensor": "a sparse tensor",
    "torch._utils _rebuild_qtensor": "a quantized tensor",
    "torch._utils _rebuild_nested_tensor": "a nested tensor",
    "torch._utils _rebuild_meta_tensor_no_storage": "a tensor without data, on the meta device",
    "torch._utils _rebuild_parameter_with_state": "a parameter with attributes of its own",
    "torch._tensor _rebuild_from_type_v2": "a tensor with a class or attributes of its own",
}
_CONSTANTS = {
    str(v).replace(".", " ") for v in vars(torch).values() if isinstance(v, torch.dtype | torch.qscheme)
} | {"torch Tensor", "torch.nn.parameter Parameter"}  # fmt: skip
_GLOBALS = BUILDERS | _ITEM_BYTES.keys() | _SPECIAL.keys() | _CONSTANTS
_DICTS = ("dict", "collections OrderedDict", "collections Counter")
_FLOATS = re.compile(rb"(?:G.{8})++", re.DOTALL)  # a log of losses: passed over as one
_INT, _UINT, _SHORT = Struct("<i"), Struct("<I"), Struct("<H")


class _Global(str):
    """The name of something that the pickle imports."""


class _Box:
    """A container or what a call made: how many entries it has, how deep it goes, and of a tuple what is in it."""

    __slots__ = ("depth", "items", "kind", "unfolded", "weight")

    def __init__(self, kind: str, items: list | tuple = ()):
        self.kind, self.items, self.weight, self.depth, self.unfolded = kind, items, 0, 1, 1
        if items:
            self.put(items)

    def put(self, items: list) -> None:
        self.weight += len(items)
        self.unfolded += len(items)
        for item in items:
            if type(item) is _Box:
                self.unfolded += item.unfolded
                if item.depth >= self.depth:
                    self.depth = item.depth + 1


def admit(pickled: bytes | memoryview, storage_bytes: Mapping[str, int]) -> None:
    """Follow the pickle without building anything, and refuse what honest files don't contain.

    Args:
        pickled: The record data.pkl; its CRC has been checked.
        storage_bytes: How many bytes each storage's record really has, by the storage's key.

    Raises:
        UnsafeFileError: It imports anything but tensors and plain data, claims other sizes than the records
            have, asks for more copies than it holds, or is malformed.
        CheckpointError: It holds tensors of a kind, or as much plain data, as `load_file` does not take.
    """
    if len(pickled) > MAX_PICKLE_BYTES:
        raise CheckpointError(
            f"It holds {len(pickled) >> 20:,} MiB of plain data beside the tensors' numbers. The limit is "
            f"{MAX_PICKLE_BYTES >> 20} MiB; long logs and tables belong into tensors."
        )
    try:
        special = _follow(bytes(pickled), storage_bytes)
    except (CheckpointError, MemoryError):
        raise
    except Exception as error:  # an empty stack, an unknown memo entry, a wrong type, a length beyond the end
        raise UnsafeFileError(f"Its pickle is malformed ({type(error).__name__}: {error}).") from error
    if special:
        raise CheckpointError(
            f"It holds {special}, which load_file does not take: it can't check it. inspect_file(path) lists it, "
            "torch.load(path, weights_only=True) loads it."
        )


def _follow(data: bytes, storage_bytes: Mapping[str, int]) -> str | None:
    """Follow it to its end; what kind of special tensor it holds, if any."""
    stack, below, memo = [], [], {}
    at = boxes = copied = 0
    special = None
    while True:
        op = data[at]  # at the end an IndexError
        at += 1
        if op == b"q"[0]:  # remember under a number
            memo[data[at]] = stack[-1]
            at += 1
        elif op == b"r"[0]:
            memo[_UINT.unpack_from(data, at)[0]] = stack[-1]
            at += 4
            if len(memo) > 2 * MAX_OBJECTS:  # texts have numbers, too
                raise _too_many()
        elif op == b"h"[0]:  # recall
            stack.append(memo[data[at]])
            at += 1
        elif op == b"j"[0]:
            stack.append(memo[_UINT.unpack_from(data, at)[0]])
            at += 4
        elif op == b"X"[0]:  # text
            end = at + 4 + _UINT.unpack_from(data, at)[0]
            if end > len(data):
                raise ValueError("a text reaches beyond the end")
            stack.append(str(data[at + 4 : end], "utf-8", "surrogatepass"))
            at = end
        elif op == b"K"[0]:
            stack.append(data[at])
            at += 1
        elif op == b"M"[0]:
            stack.append(_SHORT.unpack_from(data, at)[0])
            at += 2
        elif op == b"J"[0]:
            stack.append(_INT.unpack_from(data, at)[0])
            at += 4
        elif op == b"G"[0]:
            end = _FLOATS.match(data, at - 1).end()
            stack.extend([0.0] * ((end - at + 1) // 9))
            at = end
        elif op == b"N"[0]:
            stack.append(None)
        elif op == b"\x88"[0] or op == b"\x89"[0]:
            stack.append(op == b"\x88"[0])
        elif op == b"\x8a"[0]:  # an integer of up to 255 bytes
            end = at + 1 + data[at]
            if end > len(data):
                raise ValueError("an integer reaches beyond the end")
            stack.append(int.from_bytes(data[at + 1 : end], "little", signed=True))
            at = end
        elif op == b"("[0]:
            below.append(stack)
            stack = []
        elif op == b"s"[0] or op == b"a"[0]:
            items = [stack.pop() for _ in range(2 if op == b"s"[0] else 1)]
            _fill(stack[-1], items, op == b"s"[0], len(data))
        elif op == b"u"[0] or op == b"e"[0]:
            items, stack = stack, below.pop()
            _fill(stack[-1], items, op == b"u"[0], len(data))
        elif op == b"Q"[0]:
            _check_storage(stack.pop().items, storage_bytes)
            stack.append(None)
        elif op == b"b"[0]:  # gives a state_dict its _metadata
            state = stack.pop()
            if stack[-1].kind != "collections OrderedDict":
                raise UnsafeFileError(f"Its pickle changes the inside of a {stack[-1].kind}, as torch.save never does.")
            copied += state.weight
            _require_written_out(copied, len(data))
        elif op == b"c"[0]:
            module_end = data.index(b"\n", at)
            end = data.index(b"\n", module_end + 1)
            name = f"{data[at:module_end].decode()} {data[module_end + 1 : end].decode()}"
            _check_global(name)
            special = special or _SPECIAL.get(name)
            stack.append(_Global(name))
            at = end + 1
        elif op == b"R"[0]:
            arguments, function = stack.pop(), stack.pop()
            made, copies = _call(function, arguments)
            copied += copies
            _require_written_out(copied, len(data))
            stack.append(made)
            boxes += 1
            if boxes > MAX_OBJECTS:
                raise _too_many()
        elif op in _MAKERS:
            kind, how_many = _MAKERS[op]
            if how_many is None:
                items, stack = stack, below.pop()
            else:
                items = [stack.pop() for _ in range(how_many)][::-1]
            box = _Box(kind, items)
            stack.append(box)
            if box.depth > 1:
                _require_bounded(box, len(data))
            boxes += 1
            if boxes > MAX_OBJECTS:
                raise _too_many()
        elif op == b"."[0]:
            stack.pop()
            return special
        elif op == b"\x80"[0] and data[at] == 2:
            at += 1
        else:
            raise UnsafeFileError(f"Its pickle uses the instruction {bytes([op])!r}, which plain data never needs.")


_MAKERS: dict[int, tuple[str, int | None]] = {
    b"t"[0]: ("tuple", None), b")"[0]: ("tuple", 0), b"\x85"[0]: ("tuple", 1), b"\x86"[0]: ("tuple", 2),
    b"\x87"[0]: ("tuple", 3), b"}"[0]: ("dict", 0), b"]"[0]: ("list", 0),
}  # fmt: skip


def _fill(box: _Box, items: list, pairs: bool, pickle_bytes: int) -> None:
    if not (box.kind in _DICTS if pairs else box.kind == "list"):
        raise UnsafeFileError(f"Its pickle puts entries into a {box.kind}, as torch.save never does.")
    box.put(items)
    _require_bounded(box, pickle_bytes)


def _require_bounded(box: _Box, pickle_bytes: int) -> None:
    if box.depth > MAX_DEPTH:
        raise UnsafeFileError(f"Its pickle nests values more than {MAX_DEPTH} levels deep.")
    if box.unfolded > MAX_UNFOLDED + pickle_bytes:
        raise UnsafeFileError(f"Its pickle puts one value into another more than {MAX_UNFOLDED:,} times.")


def _too_many() -> CheckpointError:
    return CheckpointError(
        f"It holds more than {MAX_OBJECTS:,} lists, dictionaries and other objects, or twice as many texts. That is the "
        "limit; long logs and tables belong into tensors."
    )


def _require_written_out(copied: int, pickle_bytes: int) -> None:
    """Honest files write out whatever they copy; a bomb copies one large thing again and again."""
    if copied > pickle_bytes:
        raise UnsafeFileError("Its pickle asks for more copies than it holds: it would flood the memory.")


def _check_global(name: str) -> None:
    if name in _GLOBALS:
        return
    wanted = name.replace("__builtin__", "builtins").replace(" ", ".", 1)[:200]
    if name.startswith("numpy"):
        raise UnsafeFileError(
            f"It wants {wanted}: a NumPy value was saved in it. Only tensors and plain data are loaded. Whoever made "
            "it can save value.item() or torch.from_numpy(value) instead."
        )
    raise UnsafeFileError(
        f"It wants {wanted}. Only tensors and plain data are loaded "
        "(numbers, text, lists, dictionaries); anything else may run code or fill the memory."
    )


def _call(function: object, arguments: _Box) -> tuple[_Box, int]:
    """What the call makes, and how many entries or characters it copies."""
    if not isinstance(function, _Global) or not (function in BUILDERS or function in _SPECIAL):
        raise UnsafeFileError("Its pickle calls something that is not a function of torch.save's.")
    made = _Box(str(function))
    copies = len(arguments.items) + sum(item.weight for item in arguments.items if isinstance(item, _Box))
    if function == "_codecs encode":  # how bytes are saved
        text, encoding = arguments.items
        if encoding != "latin1":
            raise UnsafeFileError(f"Its pickle wants the codec {encoding!r}; torch.save uses none but latin1.")
        made.weight = len(text)
        copies += len(text)
    elif function == "__builtin__ bytearray" and not all(_is_bytes(item) for item in arguments.items):
        raise UnsafeFileError("Its pickle makes a bytearray of something that is not bytes.")  # 2**40 zeros, say
    return made, copies


def _is_bytes(item: object) -> bool:
    return isinstance(item, _Box) and item.kind == "_codecs encode"


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

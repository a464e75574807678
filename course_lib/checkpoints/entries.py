"""The tensors and values that a pickle describes, listed from its inert nodes.

Nothing is rebuilt: the arguments that `torch._utils._rebuild_tensor_v2` and its relatives would have got say all
there is to know about a tensor. They are checked first, because a file may claim anything.
"""

import math
from dataclasses import dataclass, field

import torch

from course_lib.checkpoints.symbolic_pickle import MAX_DEPTH, Node, printable

MAX_TENSORS = 1_000_000
MAX_VALUES = 100_000  # more are counted, and not listed
MAX_WORK = 20_000_000
MANY = 1000  # plain values in a dict: one entry then

_STORAGE_DTYPES = {
    "Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16", "Byte": "uint8",
    "Char": "int8", "Short": "int16", "Int": "int32", "Long": "int64", "Bool": "bool", "Untyped": "uint8",
    "ComplexFloat": "complex64", "ComplexDouble": "complex128", "QUInt8": "quint8", "QInt8": "qint8",
    "QInt32": "qint32", "QUInt4x2": "quint4x2", "QUInt2x4": "quint2x4",
}  # fmt: skip
_REBUILD_FROM_STORAGE = {f"torch._utils._rebuild_{n}" for n in ("tensor", "tensor_v2", "tensor_v3", "qtensor")}
_DICTS = ("dict", "collections.OrderedDict", "collections.defaultdict")
_SEQUENCES = ("list", "tuple", "set")


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor: its own size, and the size of the storage that is in the file because of it."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    device: str
    storage: str
    storage_size_bytes: int
    size_bytes: int

    def __str__(self) -> str:
        where = f" on {self.device}" if self.device else ""
        held = f"{self.size_bytes:,} of {self.storage_size_bytes:,} bytes of storage {self.storage}"
        return f"{self.dtype} {list(self.shape)}{where}, {held}"


@dataclass(frozen=True, slots=True)
class ValueEntry:
    """Anything that is no tensor: a number, a string, a short list, an object that a call would build."""

    path: str
    type: str
    text: str

    def __str__(self) -> str:
        return f"{self.type}  {self.text}"


@dataclass
class Listed:
    """What `list_entries` found, and why it stopped, if it did."""

    tensors: list[TensorEntry] = field(default_factory=list)
    values: list[ValueEntry] = field(default_factory=list)
    dangers: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def list_entries(root: object) -> Listed:
    """Tensors, other values and dangers: each container once, each tensor wherever it is named.

    A list that holds itself ends, and one that doubles a hundred times stays small. A dict of many plain values,
    such as a vocabulary, is one entry.
    """
    found = Listed()
    todo, done, work, unlisted = [("", "", root, 0)], set(), 0, 0
    while todo:
        path, name, node, depth = todo.pop()
        path = f"{path}/{name}".lstrip("/")[-200:]
        if depth > MAX_DEPTH:
            found.dangers.append(f"more than {MAX_DEPTH} levels; the rest was not looked at")
            break
        if len(found.tensors) >= MAX_TENSORS or work > MAX_WORK:
            found.limits.append(f"more than {MAX_TENSORS:,} tensors, or too many values; the rest was not looked at")
            break
        if not isinstance(node, Node):
            entry = None if len(found.values) >= MAX_VALUES else ValueEntry(path, type(node).__name__, short(node))
        else:
            try:
                tensor = _tensor(path, node)
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                found.dangers.append(f"{path}: a tensor with impossible arguments: {str(error)[:100]}")
                continue
            if tensor:
                found.tensors.append(tensor)
                continue
            children = [] if id(node) in done else _children(node)
            work += len(children)
            entry, inside = _describe(path, node, children, again=id(node) in done)
            done.add(id(node))
            todo += [(path, name, child, depth + 1) for name, child in reversed(inside)]
            if entry is _NOTHING:
                continue
        if entry is None or len(found.values) >= MAX_VALUES:
            unlisted += 1
        else:
            found.values.append(entry)
    if unlisted:
        found.warnings.append(f"{unlisted:,} more values are not listed")
    return found


_NOTHING = ValueEntry("", "", "")


def _describe(
    path: str, node: Node, children: list[tuple[str, object]], *, again: bool
) -> tuple[ValueEntry, list[tuple[str, object]]]:
    """The entry of a container or an object, or _NOTHING where its children say it all; and these children."""
    kind = node.name if node.kind in ("global", "call") else node.kind
    if again:
        return ValueEntry(path, kind, "the same object again"), []
    is_plain = not any(isinstance(child, Node) for _, child in children)
    if is_plain and (kind not in _DICTS or not 0 < len(children) <= MANY):
        named = kind in _DICTS
        texts = [f"{name!r}: {short(child)}" if named else short(child) for name, child in children[:4]]
        text = ", ".join(texts) + ", …" * (len(children) > 4)
        kind = f"{kind}[{len(children)}]" if kind in (*_DICTS, *_SEQUENCES) else kind
        return ValueEntry(path, kind, text), []
    if kind in (*_DICTS, *_SEQUENCES):
        return _NOTHING, children
    return ValueEntry(path, kind, "an object"), children


def _children(node: Node) -> list[tuple[str, object]]:
    inside = [(str(place), item) for place, item in enumerate(node.items)]
    if node.kind == "dict" or (node.kind == "call" and node.name in _DICTS):
        keys, values = node.items[0::2], node.items[1::2]
        inside = [
            (printable(k[:100]) if isinstance(k, str) else short(k), v) for k, v in zip(keys, values, strict=False)
        ]
    if node.kind == "call":
        # The state of an OrderedDict is the _metadata that state_dict() attaches.
        for given in (node.args, None if node.name == "collections.OrderedDict" else node.state):
            if _is_container(given) and len(given.items) == 1 and _is_container(given.items[0]):
                given = given.items[0]  # torch.Size((2, 3)), set([1, 2]), Counter({...}): one argument, seen through
            inside += _children(given) if _is_container(given) else []
    return inside


def _is_container(node: object) -> bool:
    return isinstance(node, Node) and node.kind in (*_SEQUENCES, "dict")


def _tensor(path: str, node: Node) -> TensorEntry | None:
    """What torch._utils._rebuild_* would have built from these arguments; None if the node is no tensor."""
    for _ in range(3):  # a parameter wraps a tensor, a subclass with attributes wraps both
        if node.kind == "call" and node.name.startswith("torch._utils._rebuild_parameter"):
            node = node.args.items[0]
        elif node.kind == "call" and node.name == "torch._tensor._rebuild_from_type_v2":
            node = Node("call", name=node.args.items[0].name, args=node.args.items[2])
    if node.kind != "call":
        return None
    if node.name == "torch._utils._rebuild_meta_tensor_no_storage":
        dtype, shape = node.args.items[0].name.removeprefix("torch."), sizes(node.args.items[1])
        return TensorEntry(path, shape, dtype, "meta", "", 0, math.prod(shape) * item_bytes(dtype))
    if node.name not in _REBUILD_FROM_STORAGE:
        return None
    storage, offset, shape, strides = node.args.items[:4]
    shape, strides, (offset,) = sizes(shape), sizes(strides), sizes([offset])
    if storage.kind != "persistent" or len(shape) != len(strides):
        raise ValueError("no storage, or shape and strides of different lengths")
    _, kind, key, device, count = storage.args.items[:5]
    dtype = _STORAGE_DTYPES[kind.name.split(".")[-1].removesuffix("Storage")]
    storage_size_bytes = sizes([count])[0] * item_bytes(dtype)
    if node.name == "torch._utils._rebuild_tensor_v3":
        dtype = node.args.items[6].name.removeprefix("torch.")
    size_bytes = math.prod(shape) * item_bytes(dtype)
    reach = offset + 1 + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    if size_bytes and reach * item_bytes(dtype) > storage_size_bytes:
        raise ValueError(f"shape {list(shape)} reaches beyond a storage of {storage_size_bytes:,} bytes")
    return TensorEntry(
        path, shape, dtype, printable(str(device)[:50]), printable(str(key)[:100]), storage_size_bytes, size_bytes
    )


def sizes(values: object) -> tuple[int, ...]:
    """A shape or strides, as integers that a tensor could have."""
    items = values.items if isinstance(values, Node) else values
    if len(items) > 64 or not all(isinstance(n, int) and 0 <= n < 2**63 for n in items):
        raise ValueError("sizes that are no sizes")
    return tuple(items)


def item_bytes(dtype: str) -> int:
    """The bytes of one element, by the name of a dtype of this torch."""
    found = vars(torch).get(dtype)  # vars, not getattr: torch imports modules when asked for some names
    if not isinstance(found, torch.dtype):
        raise ValueError(f"unknown dtype {dtype[:50]!r}")
    return found.itemsize


def short(value: object) -> str:
    """A value in a few characters, whatever its length."""
    if isinstance(value, str | bytes | bytearray):
        return repr(value if len(value) <= 60 else value[:60]) + "…" * (len(value) > 60)
    if isinstance(value, int) and value.bit_length() > 200:
        return f"an integer of {value.bit_length():,} bits"  # printing a very long one is an error
    if isinstance(value, Node):
        return value.name or value.kind
    return repr(value) if isinstance(value, int | float | None) else type(value).__name__

"""Read a pickle without running it.

A pickle is a program for a small stack machine; unpickling runs it, and it may import and call anything.
`walk` follows the same program with a stack of inert nodes instead: a `GLOBAL` becomes a name, a `REDUCE` a
note that somebody wanted a call. Nothing is imported, nothing is called, and work and memory are capped.
"""

import pickletools
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter
from dataclasses import dataclass, field

import torch

# Against floods, and far above what a long log or a large vocabulary needs. Both machines have the same limits:
# this one for whoever looks, `pickle_gate` for loading and saving.
MAX_PICKLE_BYTES = 512 << 20
MAX_OBJECTS = 10_000_000  # containers and calls, and twice as many texts
MAX_DEPTH = 200  # some 100,000 levels crash Python
MAX_UNFOLDED = 10_000_000  # a tuple doubled sixty times is a few bytes, and hashing it takes years
_MAX_MEMO_INDEX = 2**32  # larger ones exist only to make a dict of ints collide

# What torch.load(weights_only=True) accepts by default; a test compares this list with torch's own answer.
_REBUILD = (
    "parameter parameter_with_state qtensor tensor tensor_v2 tensor_v3 sparse_tensor "
    "meta_tensor_no_storage nested_tensor wrapper_subclass device_tensor_from_numpy "
    "device_tensor_from_cpu_tensor"
)
_KINDS = ("Byte", "Char", "Short", "Int", "Long", "Half", "Float", "Double", "BFloat16")
SAFE_GLOBALS = frozenset(
    {f"torch._utils._rebuild_{name}" for name in _REBUILD.split()}
    | {str(value) for value in vars(torch).values() if isinstance(value, torch.dtype | torch.qscheme)}
    | {f"{m}.{kind}Tensor" for m in ("torch", "torch.cuda") for kind in (*_KINDS, "Bool")}
    | {f"{m}.sparse.{kind}Tensor" for m in ("torch", "torch.cuda") for kind in _KINDS}
    | {
        f"{m}.{kind}Storage"
        for m in ("torch", "torch.cuda")
        for kind in (*_KINDS, "Bool", "ComplexFloat", "ComplexDouble")
    }
    | {f"torch.{kind}Storage" for kind in ("QUInt8", "QInt8", "QInt32", "QUInt4x2", "QUInt2x4")}
    | {"torch.storage.UntypedStorage", "torch.storage.TypedStorage"}
    | {"collections.OrderedDict", "collections.Counter", "_codecs.encode"}
    | {f"builtins.{name}" for name in ("bytearray", "set", "complex")}
    | {"torch.Size", "torch.Tensor", "torch.device", "torch.nn.parameter.Parameter"}
    | {"torch.serialization._get_layout", "torch._tensor._rebuild_from_type_v2"}
)
_SAFE_OPCODES = (
    "PROTO GLOBAL NEWOBJ REDUCE BUILD APPEND APPENDS SETITEM SETITEMS MARK TUPLE TUPLE1 TUPLE2 TUPLE3 NONE "
    "NEWTRUE NEWFALSE EMPTY_TUPLE EMPTY_LIST EMPTY_DICT EMPTY_SET BININT BININT1 BININT2 BINFLOAT BINUNICODE "
    "SHORT_BINSTRING BINPERSID BINGET LONG_BINGET BINPUT LONG_BINPUT LONG1 STOP"
)
SAFE_OPCODES = frozenset(_SAFE_OPCODES.split())


@dataclass(eq=False, slots=True)  # compared by identity: equality or hashing could recurse without end
class Node:
    """A value that was not built: a container, a global, a call or a reference to a storage.

    kind is one of list, tuple, dict, set, global, call, persistent, buffer. A dict's `items` alternate keys
    and values. A call's `name` is the function it wanted, `args` what it would have got, `state` what
    BUILD would have given it, and `items` what would have been put into it.
    """

    kind: str
    items: list = field(default_factory=list)
    name: str = ""
    args: object = None
    state: object = None
    unfolded: int = 1  # of a tuple: what is in it, at any depth, counted as often as it is reached


@dataclass
class Walk:
    """What one pickle would have done: its root, its globals and opcodes, and where it ended."""

    root: object = None
    globals: set[str] = field(default_factory=set)
    opcodes: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    end: int = 0
    damage: str | None = None  # the program is broken
    flood: str | None = None  # small, and it would grow without measure
    limit: str | None = None  # larger than we are willing to follow

    @property
    def refused(self) -> tuple[str, ...]:
        """The globals and opcodes that torch.load(weights_only=True) refuses by default."""
        unknown = sorted(f"opcode {name}" for name in set(self.opcodes) - SAFE_OPCODES)
        return tuple(sorted(self.globals - SAFE_GLOBALS) + unknown)


def printable(text: str) -> str:
    """A name from a stranger's file, without what would steer a terminal or begin a new line."""
    return text if text.isprintable() else repr(text)[1:-1]


class _BrokenError(Exception):
    """The pickle breaks the rules of its own machine."""


def walk(stream) -> Walk:
    """Follow the pickle that starts at the stream's position; never raises for what the pickle contains.

    Args:
        stream: An `io.BytesIO`. A BytesIO can't be made to allocate more than it holds by a length field
            that lies; a file can.

    Returns:
        The walk. `damage` or `flood` says why it stopped early, and what was seen until then is kept.

    >>> import io, pickle
    >>> walk(io.BytesIO(pickle.dumps(print, protocol=2))).globals
    {'builtins.print'}
    """
    seen = Walk()
    machine = _Machine(seen, stream.getbuffer().nbytes)
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if machine.objects > MAX_OBJECTS or len(machine.memo) > 2 * MAX_OBJECTS:
                seen.limit = f"the pickle makes more than {MAX_OBJECTS:,} objects, the most that are followed"
            if seen.flood or seen.limit:
                break
            seen.opcodes[opcode.name] += 1
            if seen.damage is None:
                machine.step(opcode.name, argument)
            elif opcode.name in ("GLOBAL", "INST", "STACK_GLOBAL"):
                # Where our machine stops, another unpickler might go on: keep counting what it would import.
                machine.push_global(*(argument or "<computed> <computed>").split(" ", 1))
    except Exception as error:  # genops raises many types; whatever it is, this is no sound pickle
        seen.damage = seen.damage or f"the pickle is broken at byte {stream.tell():,}: {str(error)[:200]}"
    seen.end = stream.tell()
    return seen


class _Machine:
    """The pickle machine's stack and memo, holding primitives and Nodes only."""

    def __init__(self, seen: Walk, pickle_bytes: int):
        self.seen, self.stack, self.marks, self.memo = seen, [], [], {}
        self.objects, self.most_unfolded = 0, MAX_UNFOLDED + pickle_bytes

    def pop(self):
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise _BrokenError("it takes a value from an empty stack")
        return self.stack.pop()

    def pop_mark(self) -> list:
        if not self.marks:
            raise _BrokenError("a mark is missing")
        start = self.marks.pop()
        items, self.stack[start:] = self.stack[start:], []
        return items

    def top(self) -> Node:
        value = self.pop()
        self.stack.append(value)
        if not isinstance(value, Node):
            raise _BrokenError(f"it puts something into a {type(value).__name__}")
        return value

    def push_global(self, module: str, name: str) -> None:
        module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
        full = printable(f"{module}.{name}")[:200]
        self.seen.globals.add(full)
        self.stack.append(Node("global", name=full))

    def push_call(self, function, args) -> None:
        self.seen.calls += 1
        self.objects += 1
        if isinstance(function, Node) and function.kind == "persistent" and isinstance(function.args, Node):
            function = [*function.args.items[:2], None, None][1]  # torch < 1.6 wraps classes: ("module", class, ...)
        if isinstance(function, Node) and function.kind == "global":
            name = function.name
        else:  # calling what a call returned, or a class that an attacker computed
            name = "<computed>"
            self.seen.globals.add(name)
        self.stack.append(Node("call", name=name, args=args))

    def step(self, name: str, argument) -> None:
        try:
            self._step(name, argument)
        except (_BrokenError, IndexError, TypeError) as error:
            self.seen.damage = f"the pickle is broken at its opcode {name}: {error}"

    def _step(self, name: str, argument) -> None:
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _CONTAINERS:
            kind, how_many = _CONTAINERS[name]
            items = self.pop_mark() if how_many is None else [self.pop() for _ in range(how_many)][::-1]
            node = Node(kind, items)
            self.objects += 1
            if kind == "tuple":  # small in memory, but hashed as a dict's key, it is walked leaf by leaf
                node.unfolded += sum(item.unfolded if isinstance(item, Node) else 1 for item in items)
                if node.unfolded > self.most_unfolded:
                    self.seen.flood = f"the pickle makes a tuple that unfolds to {node.unfolded:,} values"
            self.stack.append(node)
        elif name == "MARK":
            self.marks.append(len(self.stack))
        elif name in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            index = len(self.memo) if name == "MEMOIZE" else argument
            if not 0 <= index < _MAX_MEMO_INDEX or not self.stack:
                raise _BrokenError(f"it stores a value under the number {index:.3g}")
            self.memo[index] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            if argument not in self.memo:
                raise _BrokenError("it recalls a value that it never stored")
            self.stack.append(self.memo[argument])
        elif name in ("APPEND", "ADDITEM"):
            item = self.pop()
            self.top().items.append(item)
        elif name in ("APPENDS", "ADDITEMS", "SETITEMS"):
            items = self.pop_mark()
            self.top().items.extend(items)
        elif name == "SETITEM":
            value, key = self.pop(), self.pop()
            self.top().items.extend((key, value))
        elif name == "GLOBAL":
            self.push_global(*argument.split(" ", 1))
        elif name == "STACK_GLOBAL":
            attribute, module = self.pop(), self.pop()
            if isinstance(attribute, str) and isinstance(module, str):
                self.push_global(module, attribute)
            else:
                self.push_global("<computed>", "<computed>")
        elif name in ("EXT1", "EXT2", "EXT4"):
            self.push_global("copyreg", f"extension_{argument}")
        elif name in ("REDUCE", "NEWOBJ"):
            args, function = self.pop(), self.pop()
            self.push_call(function, args)
        elif name == "NEWOBJ_EX":
            keywords, args, function = self.pop(), self.pop(), self.pop()
            self.push_call(function, Node("tuple", [args, keywords]))
        elif name == "INST":
            args = Node("tuple", self.pop_mark())
            self.push_global(*argument.split(" ", 1))
            self.push_call(self.stack.pop(), args)
        elif name == "OBJ":
            function, *args = self.pop_mark() or [None]
            self.push_call(function, Node("tuple", args))
        elif name == "BUILD":
            state = self.pop()
            self.top().state = state
            if self.top().kind == "global":  # it would change the class itself, not an object
                self.seen.globals.add("<computed>")
        elif name in ("PERSID", "BINPERSID"):
            self.stack.append(Node("persistent", args=self.pop() if name == "BINPERSID" else argument))
        elif name == "POP":
            # CPython lets POP remove a mark, too
            self.pop_mark() if self.marks and self.marks[-1] == len(self.stack) else self.pop()
        elif name == "POP_MARK":
            self.pop_mark()
        elif name == "DUP":
            self.stack.append(self.stack[-1])
        elif name == "NEXT_BUFFER":
            self.stack.append(Node("buffer"))
        elif name == "STOP":
            self.seen.root = self.pop()


_LITERAL_OPCODES = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE "
    "BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8"
)
_LITERALS = frozenset(_LITERAL_OPCODES.split())
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_CONTAINERS: dict[str, tuple[str, int | None]] = {
    "EMPTY_LIST": ("list", 0), "LIST": ("list", None),
    "EMPTY_DICT": ("dict", 0), "DICT": ("dict", None),
    "EMPTY_SET": ("set", 0), "FROZENSET": ("set", None),
    "EMPTY_TUPLE": ("tuple", 0), "TUPLE": ("tuple", None),
    "TUPLE1": ("tuple", 1), "TUPLE2": ("tuple", 2), "TUPLE3": ("tuple", 3),
}  # fmt: skip

"""Why the keys of a checkpoint are not those of the model: prefixes, wrappers, a checkpoint around the weights."""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

_ORIGINS = {
    "module": "saved from DataParallel or DDP",
    "_orig_mod": "saved from torch.compile(model)",
    "_forward_module": "saved through Lightning Fabric",
    "_fsdp_wrapped_module": "saved from FSDP",
    "_checkpoint_wrapped_module": "saved from activation checkpointing",
    "model": "saved from a LightningModule, or another class that has the model as its attribute",
}
_WRAPPERS = re.compile(r"(?<![^.])(module|_orig_mod|_forward_module|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
_DEPTH = 3  # how deep in a checkpoint weights are looked for


def key_hints(expected: Mapping, got: Mapping) -> tuple[str, ...]:
    """The likely reasons why the keys differ, each with the line that mends it.

    >>> key_hints({"weight": 1}, {"epoch": 3, "state_dict": {"net.weight": 1}})[0]
    "this is the whole checkpoint, the weights are inside: pass it['state_dict'], without the prefix 'net.'"
    """
    names, theirs = ([str(key) for key in state] for state in (expected, got))
    hints = []
    if prefix := _prefix(names, theirs):
        others = [name for name in theirs if not name.startswith(prefix)]
        who = f"every key but {', '.join(sorted(others)[:3])}" if others else "every key"
        if len(others) > 3:
            who = f"{len(theirs) - len(others)} of {len(theirs)} keys, which fit without it,"
            who += " each"
        keep = f" if k.startswith({prefix!r})" if others else ""
        hints.append(
            f"{who} starts with {prefix!r} ({_origin(prefix, theirs)}): remove the prefix, "
            f"{{k.removeprefix({prefix!r}): v for k, v in it.items(){keep}}}"
        )
    elif prefix := _prefix(theirs, names):
        hints.append(
            f"every expected key starts with {prefix!r} ({_origin(prefix, names)}): compare with the state dict of the "
            "module inside"
        )
    elif set(map(_unwrapped, names)) == set(map(_unwrapped, theirs)):
        example = next((name for name in (*theirs, *names) if _unwrapped(name) != name), "")
        wrapper = _WRAPPERS.search(example)
        if wrapper:
            hints.append(
                f"a part was wrapped ({_ORIGINS[wrapper[1]]}), as in {example!r}: remove {wrapper[0]!r} from the keys, "
                f"k.replace({wrapper[0]!r}, '')"
            )
    if not hints:
        hints += _inside(names, got)
    if not hints and _shapes(expected) == _shapes(got) != ():
        hints.append(
            "the shapes are the same in the same order: the layers may have been renamed. If so, "
            "dict(zip(model.state_dict(), it.values()))"
        )
    if not hints and not set(names) & set(theirs):
        hints.append("no key is the same: load_state_dict(strict=False) would load nothing and say nothing")
    return tuple(hints)


def _prefix(names: list[str], theirs: list[str]) -> str:
    """What stands before the names in theirs; "" if nothing does."""
    for word in _ORIGINS:  # all of theirs and none of ours, whatever follows
        prefix = f"{word}."
        if theirs and all(name.startswith(prefix) for name in theirs) and not _any_starts(names, prefix):
            longer = prefix + _prefix(names, [name[len(prefix) :] for name in theirs])
            return longer
    longest = max(names, key=len, default="")
    known = set(theirs)
    candidates = [name[: -len(longest)] for name in theirs if longest and name.endswith(f".{longest}")]
    fitting = [c for c in candidates if all(c + name in known for name in names)]
    return min(fitting, key=len, default="")


def _any_starts(names: Iterable[str], prefix: str) -> bool:
    return any(name.startswith(prefix) for name in names)


def _origin(prefix: str, names: list[str]) -> str:
    if "n_averaged" in names:
        return "saved from AveragedModel, which averages weights"
    words = [word for word in prefix.split(".") if word]
    return ", ".join(_ORIGINS.get(word, f"saved from a class that has the model as its {word!r}") for word in words)


def _unwrapped(name: str) -> str:
    return _WRAPPERS.sub("", name)


def _inside(names: list[str], got: Mapping, path: str = "it", depth: int = 1) -> list[str]:
    """Whether a part of the checkpoint has the keys, or has them behind a prefix."""
    for key, value in got.items():
        if not isinstance(value, Mapping) or str(key) in names:
            continue
        theirs, here = [str(k) for k in value], f"{path}[{key!r}]"
        prefix = "" if set(theirs) & set(names) else _prefix(names, theirs)
        if prefix or set(theirs) & set(names):
            without = f", without the prefix {prefix!r}" if prefix else ""
            return [f"this is the whole checkpoint, the weights are inside: pass {here}{without}"]
        if depth < _DEPTH and (found := _inside(names, value, here, depth + 1)):
            return found
    return []


def _shapes(state: Mapping) -> tuple:
    return tuple(tuple(value.shape) if isinstance(value, Tensor) else None for value in state.values())

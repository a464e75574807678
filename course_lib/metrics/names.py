"""Names of classes, as a list or as a dict, and what of many is put into a message."""

import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from course_lib.errors import InputError

Names = Iterable[str] | Mapping[int | str, str]


def names_of(class_names: Any, classes: int | None) -> list[str] | None:
    """The names of classes 0, 1, ... as strings, from a list, from id2label, {0: "cat"}, or from label2id.

    Args:
        class_names: None gives None.
        classes: How many there are. None: as many as there are names.

    Raises:
        InputError: a class without a name, a name too many, or something without an order.

    >>> names_of({"1": "dog", "0": "cat"}, 2)
    ['cat', 'dog']
    """
    if class_names is None:
        return None
    if isinstance(class_names, str | set | frozenset):
        what = "one string" if isinstance(class_names, str) else "a set, which has no order"
        raise InputError(f"class_names is a list of one name for each class, or a dict {{0: name}}; got {what}.")
    if isinstance(class_names, Mapping):
        by_class = dict(class_names)
        if not all(_is_class(key) for key in by_class) and all(_is_class(value) for value in by_class.values()):
            by_class = {value: key for key, value in by_class.items()}  # label2id
        if not all(_is_class(key) for key in by_class):
            raise InputError(f"class_names as a dict is {{class: name}}, such as {{0: 'no'}}; got {few(class_names)}.")
        by_class = {int(key): name for key, name in by_class.items()}
        count = max(by_class, default=-1) + 1
        missing = sorted(set(range(count if classes is None else classes)) - set(by_class))
        if missing:
            raise InputError(f"class_names has no name for class {few(missing)}; got {few(by_class)}.")
        names = [str(by_class[k]) for k in range(count)]
    elif isinstance(class_names, Iterable):
        names = [str(name) for name in class_names]
    else:
        raise InputError(f"class_names is a list or a dict {{0: name}}; got {type(class_names).__name__}.")
    if classes is not None and len(names) != classes:
        raise InputError(f"{classes} classes need as many names; got {len(names)}: {few(names)}.")
    return names


def listed(classes: Sequence[int]) -> str:
    """Classes for a message; of many, the first ten.

    >>> listed(range(12))
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more'
    """
    rest = f" and {len(classes) - 10:,} more" if len(classes) > 10 else ""
    return ", ".join(map(str, classes[:10])) + rest


def few(values: Any) -> str:
    """At most five values, or pairs of a mapping, for a message."""
    shown = [f"{k!r}: {v!r}" for k, v in values.items()] if isinstance(values, Mapping) else [repr(v) for v in values]
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5:,} more" if len(shown) > 5 else "")


def _is_class(key: Any) -> bool:
    return (isinstance(key, numbers.Integral) and not isinstance(key, bool)) or (isinstance(key, str) and key.isdigit())

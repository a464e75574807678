"""An answer that may refuse its inputs: how it is asked, and what a judge says of an error that came or didn't."""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from course_lib.classroom.tasks.observation import Observation
from course_lib.classroom.tasks.task import Verdict, failed


def asked(answer: Callable, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """What the answer returned, or the text of the ValueError (or a kind of it) with which it refused.

    An iterator is read to its end, so that a refusal in a generator comes to light; warnings are no mistake.

    >>> asked(map, abs, [-1, 2]), asked(float, "one")
    ({'value': [1, 2]}, {'refused': "could not convert string to float: 'one'"})
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = answer(*args, **kwargs)
            return {"value": list(islice(value, 100_000)) if isinstance(value, Iterator) else value}
        except ValueError as e:
            return {"refused": str(e)}


def refusal(seen: Observation, call: str, why: str, *, hint: str = "refuse") -> Verdict | None:
    """The verdict where a ValueError is expected of an `asked` answer; None where it was raised.

    Args:
        seen: What `observe(asked, answer, ...)` saw.
        call: The answer's name, or its call, for the message.
        why: A sentence that says what is wrong with the inputs.
        hint: Of the task.
    """
    if seen.error:
        return failed(f"{why} Expected a `ValueError`; `{call}` raised {first_line(seen.error)}.", hint=hint)
    if isinstance(seen.value, dict) and "refused" in seen.value:
        return None
    got = in_words(seen.value.get("value") if isinstance(seen.value, dict) else seen.value)
    return failed(
        f"{why} Expected a `ValueError`, so that nobody takes anything for a result; `{call}` raised nothing, and "
        f"returned {got}.",
        hint=hint,
    )


def in_words(value: Any) -> str:
    """What an answer returned, in a few words.

    >>> in_words(torch.zeros(3)), in_words([0.25]), in_words({"object": "ValueError", "text": "ValueError()"})
    ('3 values', '0.25', 'a ValueError, which is not the same as raising it')
    """
    if isinstance(value, dict) and set(value) == {"object", "text"}:
        kind = str(value["object"])
        return f"a {kind}, which is not the same as raising it" if kind.endswith("Error") else str(value["text"])[:40]
    if isinstance(value, Tensor | list) and (flat := _flat(value)) is not None:
        return f"{len(flat):,} values" if len(flat) != 1 else f"{float(flat[0]):.4g}"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)[:40]


def _flat(value: Any) -> Tensor | None:
    try:
        return torch.as_tensor(value, dtype=torch.float64).flatten()
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def no_value(seen: Observation, call: str) -> str:
    """Why an `asked` answer gave no value at all, in a sentence; empty where it gave one."""
    if seen.error:
        return f"`{call}` raised {first_line(seen.error)}."
    if not isinstance(seen.value, dict) or not {"refused", "value"} & set(seen.value):
        return f"`{call}` gave nothing that can be looked at."
    if "refused" in seen.value:
        words = first_line(str(seen.value["refused"]))
        return f"`{call}` raised ValueError: {words}." if words else f"`{call}` raised a ValueError."
    return ""


def first_line(error: str) -> str:
    r"""The first line of an error's text without escape codes, cut between two words, and no full stop.

    >>> first_line("RuntimeError: \x1b[1mno room\x1b[0m.\nand much advice")
    'RuntimeError: no room'
    """
    first = (re.sub(r"\x1b\[[0-9;]*m", "", error).strip().splitlines() or [""])[0]
    return (first if len(first) <= 160 else first[:160].rpartition(" ")[0] + " …").rstrip(". ")


def named(names: Iterable[str], *, most: int = 4) -> str:
    """Names as a message shows them: up to `most`, and how many more.

    >>> named(["a", "b"]), named("abcdef"), named([])
    ('`a`, `b`', '`a`, `b`, `c`, `d` and 2 more', 'none')
    """
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(f"`{name}`" for name in names[:most]) or "none") + more

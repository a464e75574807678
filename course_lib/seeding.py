"""Seeds, and the state of every random number generator as plain data."""

import operator
import random
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

from course_lib.errors import InputError


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch (on every device) with one number.

    This makes random numbers repeatable on one machine, not a run exactly resumable: for that, save `rng_state()`.
    Nor does it seed what has a generator of its own, or the order of a set of strings, which is another in every
    process (unless PYTHONHASHSEED is set before Python starts).

    Args:
        seed: From 0 to 2**32 - 1, the range that NumPy accepts; an int, NumPy's or a tensor's too.

    Raises:
        InputError: the seed is out of that range, or no whole number.

    >>> seed_everything(7)
    >>> a = torch.rand(3)
    >>> seed_everything(7)
    >>> torch.equal(a, torch.rand(3))
    True

    Source: https://docs.pytorch.org/docs/stable/notes/randomness.html
    """
    try:
        number = operator.index(seed)  # random.seed refuses NumPy's
    except TypeError as error:
        raise InputError(f"A seed is a whole number; got {seed!r}. Write int(...) if it is one.") from error
    if not 0 <= number < 2**32:
        raise InputError(f"A seed lies between 0 and {2**32 - 1}, because NumPy takes no other; got {number}.")
    random.seed(number)
    np.random.seed(number)
    torch.manual_seed(number)  # CUDA and MPS too


@contextmanager
def sealed(seed: int = 0) -> Iterator[None]:
    """Run a block as if nothing had been set before it, and leave nothing behind.

    Inside: every RNG seeded, gradients on, inference mode and autocast off, float32 and the CPU as defaults,
    deterministic algorithms not demanded, one thread, and `torch.load(..., weights_only=True)` takes what it takes in a new
    process, whatever `add_safe_globals` allowed. Afterwards all of it is as it was, also when the block raised. So a
    caller's `torch.no_grad()` or `set_default_dtype` can't change what the block does, nor the block theirs.
    Tensors that the caller made in inference mode stay inference tensors. For the current thread.

    Args:
        seed: As in `seed_everything`.

    >>> torch.manual_seed(5).initial_seed()
    5
    >>> with torch.inference_mode(), sealed(1):
    ...     torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.initial_seed()
    (True, False, 1)
    >>> torch.initial_seed()
    5
    """
    python, numpy, dtype = random.getstate(), np.random.get_state(), torch.get_default_dtype()
    deterministic = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()  # not to initialise CUDA here
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=list(gpus)))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        if _default_device() != "cpu":  # a device context slows every call: only where one is needed
            stack.enter_context(torch.device("cpu"))
        else:
            stack.callback(_forget_default_device)
        if torch.is_autocast_enabled("cpu"):
            stack.enter_context(torch.autocast("cpu", enabled=False))
        # On tensors as small as ours threads wait for each other: a check took ten times as long with two.
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)
        stack.callback(random.setstate, python)
        stack.callback(np.random.set_state, numpy)
        stack.callback(torch.set_default_dtype, dtype)
        stack.callback(torch.use_deterministic_algorithms, deterministic[0], warn_only=deterministic[1])
        random.seed(seed)
        np.random.seed(seed)
        torch.random.default_generator.manual_seed(seed)
        if gpus:
            torch.cuda.manual_seed_all(seed)
        allowed = torch.serialization.get_safe_globals()
        stack.callback(_allow_also, [one for one in allowed if not _allowed_by_torch(one)])
        _allow_also([])
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(False)
        yield


def _default_device() -> str:
    """The kind of device that new tensors come to. torch 2.7 raises in get_default_device() once None was set."""
    return torch.empty(0).device.type


def _forget_default_device() -> None:
    if _default_device() != "cpu":
        torch.set_default_device(None)


def _allow_also(others: list[Any]) -> None:
    """Let the safe loader take these, and what torch has allowed: it does so whenever one of its parts is imported."""
    own = [one for one in torch.serialization.get_safe_globals() if _allowed_by_torch(one)]
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals([*own, *others])


def _allowed_by_torch(one: Any) -> bool:
    thing = one[0] if isinstance(one, tuple) else one  # a pair has the name in the file
    return str(getattr(thing, "__module__", "")).startswith(("torch.distributed.", "torch.nested."))


def rng_state() -> dict[str, Any]:
    """The state of the global generators of Python, NumPy, PyTorch and, if there is one, CUDA.

    Only numbers, strings, tuples and tensors, so `torch.load(..., weights_only=True)` accepts it; NumPy's own
    form of its state is an array, which `weights_only` refuses. A `torch.Generator` that you made yourself,
    such as a loader's, is not in it.

    Returns:
        The keys "python", "numpy", "torch" and, with CUDA, "cuda" (one tensor for each device).

    >>> state = rng_state()
    >>> a = random.random(), np.random.rand(), torch.rand(1)
    >>> set_rng_state(state)
    >>> a == (random.random(), np.random.rand(), torch.rand(1))
    True
    """
    name, keys, position, has_gauss, gauss = np.random.get_state()
    state = {
        "python": random.getstate(),
        "numpy": (name, torch.from_numpy(keys.astype(np.int64)), int(position), int(has_gauss), float(gauss)),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    return state


def set_rng_state(state: dict[str, Any]) -> None:
    """Put back what `rng_state()` returned. Do it last: building a model draws random numbers.

    Tensors that `map_location` took to a GPU are brought back to the CPU first.

    Args:
        state: What `rng_state()` returned, also after a trip through `torch.save` and `torch.load`.

    Raises:
        InputError: a part is missing.

    Warns:
        RuntimeWarning: the state was taken with another number of CUDA devices, so the random numbers drawn
            on them can't continue where they stopped.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_rng_state.html
    """
    missing = {"python", "numpy", "torch"} - set(state)
    if missing:
        raise InputError(
            f"The RNG state lacks {sorted(missing)}; it has {sorted(state)}. Pass what rng_state() returned."
        )
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.cpu().numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"].cpu())
    saved = state.get("cuda", [])
    here = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if len(saved) == here:
        torch.cuda.set_rng_state_all([one.cpu() for one in saved])
    else:
        warnings.warn(
            f"The RNG state was taken with {len(saved)} CUDA devices and this machine has {here}: random numbers "
            "drawn on a GPU, such as dropout's, will differ from a run without the break.",
            RuntimeWarning,
            stacklevel=2,
        )

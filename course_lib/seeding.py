"""Seeds, and the state of every random number generator as plain data."""

import random
import warnings
from typing import Any

import numpy as np
import torch

from course_lib.errors import InputError


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and PyTorch (on every device) with one number.

    This makes a run repeatable on one machine, not exactly resumable: for that, save `rng_state()`.

    Args:
        seed: From 0 to 2**32 - 1, the range that NumPy accepts.

    Raises:
        InputError: the seed is out of that range.

    >>> seed_everything(7)
    >>> a = torch.rand(3)
    >>> seed_everything(7)
    >>> torch.equal(a, torch.rand(3))
    True

    Source: https://docs.pytorch.org/docs/stable/notes/randomness.html
    """
    if not 0 <= seed < 2**32:
        raise InputError(f"A seed lies between 0 and {2**32 - 1}, because NumPy takes no other; got {seed}.")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)  # CUDA and MPS too


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

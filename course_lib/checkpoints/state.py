"""What has a state: the protocol, random number generators that follow it, and a restore of all or nothing."""

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import torch

from course_lib.errors import InputError
from course_lib.seeding import rng_state, set_rng_state


class Stateful(Protocol):
    """Anything with a state: models, optimizers, schedulers, scalers, RNGState, GeneratorState, your own."""

    def state_dict(self) -> Mapping[str, Any]:
        """The state as tensors and plain data."""

    def load_state_dict(self, state: Any) -> Any:
        """Take a state over."""


class RNGState:
    """The global generators of Python, NumPy and PyTorch (see `course_lib.seeding.rng_state`).

    A CheckpointManager restores it last, because building and restoring other things may draw numbers.

    >>> rng = RNGState()
    >>> before = rng.state_dict()
    >>> a = torch.rand(2)
    >>> rng.load_state_dict(before)
    >>> torch.equal(a, torch.rand(2))
    True
    """

    def state_dict(self) -> dict[str, Any]:
        """The state now, as plain data and tensors."""
        return rng_state()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go back to a state."""
        set_rng_state(state)


class GeneratorState:
    """A `torch.Generator` of your own, such as a loader's: without it a resumed epoch has another order.

    >>> generator = torch.Generator().manual_seed(5)
    >>> saved = GeneratorState(generator).state_dict()
    >>> order = torch.randperm(10, generator=generator)
    >>> GeneratorState(generator).load_state_dict(saved)
    >>> torch.equal(order, torch.randperm(10, generator=generator))
    True
    """

    def __init__(self, generator: torch.Generator):
        self.generator = generator

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The generator's state now."""
        return {"state": self.generator.get_state()}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Put the generator back; a state that map_location took to a GPU comes back to the CPU first."""
        self.generator.set_state(state["state"].cpu())


def restore(
    objects: Mapping[str, Stateful], states: Mapping[str, Any], *, only: Iterable[str] | None = None, source: Any
) -> None:
    """Give each object its state: all of them, or, if one refuses, none.

    RNGState comes last. An optimizer built from `named_parameters()` gets its state by name, see `in_order_of`. A
    copy of the present states is held meanwhile, because a load_state_dict that fails has often changed half of
    its object already.

    Args:
        objects: By name.
        states: By the same names, unless `only` says which are meant.
        only: The names to restore.
        source: What to call the origin in an error.

    Raises:
        InputError: The names differ, or an object refuses its state; everything is as it was before.
    """
    chosen = set(objects if only is None else only)
    if not chosen <= set(objects) & set(states) or (only is None and chosen != set(states)):
        raise InputError(
            f"{source} has the objects {sorted(states)}; to restore were {sorted(chosen)} of this manager's "
            f"{sorted(objects)}. Nothing was changed. To restore only some: load(..., only=['model'])."
        )
    order = sorted(chosen, key=lambda name: (isinstance(objects[name], RNGState), list(objects).index(name)))
    before = {name: copy.deepcopy(objects[name].state_dict()) for name in order}
    try:
        for name in order:
            objects[name].load_state_dict(in_order_of(objects[name], states[name]))
    except BaseException as error:
        for undo in order:
            objects[undo].load_state_dict(before[undo])
        if not isinstance(error, Exception):
            raise
        raise InputError(
            f"{name!r} can't take its state from {source}; everything is as it was before. {error}"
        ) from error


def in_order_of(optimizer: Any, state: Any) -> Any:
    """An optimizer's saved state, with its parameters in the order in which this optimizer has them.

    PyTorch gives the first state to the first parameter, whatever their names are. Where both sides have names
    (`Adam(model.named_parameters())`, from PyTorch 2.6), they decide; without names it is the order, as ever.

    Args:
        optimizer: With `param_groups`; anything else gets its state as it is.
        state: What its `state_dict()` returned when it was saved.

    Raises:
        InputError: A group has other names than in the file.

    >>> net = torch.nn.Linear(1, 1)
    >>> state = torch.optim.SGD(net.named_parameters()).state_dict()
    >>> other = torch.optim.SGD(list(net.named_parameters())[::-1])
    >>> in_order_of(other, state)["param_groups"][0]["params"]
    [1, 0]
    """
    here = getattr(optimizer, "param_groups", None)
    saved = state.get("param_groups") if isinstance(state, Mapping) else None
    if not here or not saved or len(here) != len(saved) or not all("param_names" in group for group in (*here, *saved)):
        return state
    groups = []
    for number, (mine, theirs) in enumerate(zip(here, saved, strict=True)):
        wanted, found = _plain(mine["param_names"]), _plain(theirs["param_names"])
        if wanted == found:
            groups.append(theirs)
            continue
        if sorted(wanted) != sorted(found) or len(set(found)) != len(found):
            raise InputError(
                f"Parameter group {number} was saved for other parameters: only in the file are "
                f"{_few(set(found) - set(wanted))}, only in this optimizer {_few(set(wanted) - set(found))}. Build its "
                "groups as they were; or, if only names have changed, build it from model.parameters(), which goes by "
                "order."
            )
        ids = dict(zip(found, theirs["params"], strict=True))
        groups.append({**theirs, "params": [ids[name] for name in wanted], "param_names": mine["param_names"]})
    return {**state, "param_groups": groups}


def _plain(names: Iterable[str]) -> list[str]:
    """Names without what torch.compile, DataParallel and the like put before them."""
    return [re.sub(r"(?<![^.])(_orig_mod|_fsdp_wrapped_module|module)\.", "", name) for name in names]


def _few(names: set[str]) -> str:
    shown = sorted(names)
    return (", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")) or "none"

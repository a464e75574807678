"""What autograd keeps for a backward pass, in bytes: behind an output, and layer by layer."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def bytes_behind(output: Tensor, *models: nn.Module) -> int:
    """Bytes that the graph behind a tensor keeps alive, the models' own parameters and buffers left out.

    It walks the graph as it is now and adds up each storage once, so it also sees what earlier batches left.

    >>> x = torch.ones(8, 4)
    >>> layer = nn.Linear(4, 2)
    >>> bytes_behind(layer(x), layer), bytes_behind(layer(x).detach(), layer)
    (128, 0)

    Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#saved-tensors
    """
    own = _storages(own for model in models for own in (*model.parameters(), *model.buffers()))
    kept: dict[int, int] = {}
    todo, seen = [output.grad_fn], {None}
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        todo += (behind for behind, _ in node.next_functions)
        for name in dir(node):
            if name.startswith("_saved_") or name == "saved_tensors":  # the latter: a Function written in Python
                try:
                    value = getattr(node, name)
                except RuntimeError:  # backward() has let go of it
                    continue
                kept |= _storages(value if isinstance(value, tuple | list) else [value])
    return sum(size for at, size in kept.items() if at not in own)


def bytes_by_layer(layers: nn.Sequential, x: Tensor) -> list[tuple[str, tuple[int, ...], int]]:
    """For each layer its name, the shape of its output, and the bytes autograd begins to keep there.

    A tensor that an earlier layer keeps already costs nothing more, and neither do parameters and buffers.

    Args:
        layers: They run one after the other.
        x: (N, ...) the batch.

    >>> [(name, kept) for name, _, kept in bytes_by_layer(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), torch.ones(8, 4))]
    [('Linear', 128), ('ReLU', 64)]
    """
    known = set(_storages((*layers.parameters(), *layers.buffers())))
    rows = []
    for layer in layers:
        kept: list[Tensor] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, kept=kept: kept.append(t) or t.detach(), lambda t: t):
            x = layer(x)
        new = {at: size for at, size in _storages(kept).items() if at not in known}
        known |= set(new)
        rows.append((type(layer).__name__, tuple(x.shape), sum(new.values())))
    return rows


def _storages(values: Iterable[object]) -> dict[int, int]:
    """The storages of the tensors among these, by their address: bytes."""
    stored = (value.untyped_storage() for value in values if isinstance(value, Tensor))
    return {storage._cdata: storage.nbytes() for storage in stored}

"""One batch, as `evaluate` and `fit` take it: a pair, logits that match their targets, labels in range, one loss."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.errors import InputError
from course_lib.evaluation.mode import require_modules
from course_lib.metrics.inputs import columns
from course_lib.metrics.losses import LossFunction, known_loss


def device_for(model: nn.Module, device: torch.device | str | None) -> torch.device:
    """Where a model's inputs go: `device`, which must be one of the model's, or None for that of its parameters."""
    require_modules(model)
    places = {tensor.device for tensor in (*model.parameters(), *model.buffers())}
    if device is None:
        return next(model.parameters(), next(model.buffers(), torch.empty(0))).device
    device = torch.empty(0, device=device).device  # "cuda" becomes "cuda:0"
    if places and device not in places:
        raise InputError(
            f"The model is on {', '.join(sorted(map(str, places)))}, not on {device}. Move it first, "
            f"before an optimizer is built: model.to('{device}')."
        )
    return device


def unpacked(batch: Any, number: int) -> tuple[Any, Tensor]:
    """The inputs and the targets of a loader's batch."""
    if not isinstance(batch, tuple | list) or len(batch) != 2 or not isinstance(batch[1], Tensor):
        what = f"{type(batch).__name__} of {len(batch)}" if hasattr(batch, "__len__") else type(batch).__name__
        raise InputError(f"Batch {number}: expected (inputs, targets) with a tensor of targets; got {what}.")
    return batch[0], batch[1]


def matched(logits: Any, targets: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Logits (B, C), or (B,) of a one-logit head, whose targets are (B,): nothing that would broadcast."""
    if not isinstance(logits, Tensor) or not logits.is_floating_point() or logits.ndim not in (1, 2):
        got = f"{logits.dtype} {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
        raise InputError(
            f"Batch {number}: the model must return float logits (B, C), (B, 1) or (B,); got {got}. "
            "A squeeze() without a dimension also takes the batch away when it has one example."
        )
    if logits.ndim == 2 and logits.shape[1] == 1:
        logits = logits.squeeze(1)
    if targets.shape != logits.shape[:1]:
        table = targets.ndim == 2 and len(targets) == len(logits) and targets.shape[1] > 1
        raise InputError(
            f"Batch {number}: {len(logits)} rows of logits need targets of shape ({len(logits)},), got "
            + (
                columns(targets)
                if table
                else f"{tuple(targets.shape)}. (B, 1) would be compared with every row: use targets.squeeze(1)."
            )
        )
    return logits, targets


def loss_of(loss_fn: LossFunction, logits: Tensor, targets: Tensor) -> Tensor:
    """The loss of matched logits and int64 targets, which a one-logit head gets as floats; one number."""
    one_logit, function = logits.ndim == 1, known_loss(loss_fn)[0]
    if one_logit and function in (F.cross_entropy, F.nll_loss):
        # These would take the N logits for the classes of one example, and say nothing.
        raise InputError("A one-logit head needs BCEWithLogitsLoss; cross-entropy needs a logit per class.")
    if not one_logit and function is F.binary_cross_entropy_with_logits:
        raise InputError(
            f"BCEWithLogitsLoss needs a one-logit head; got {logits.shape[1]} logits for each example. "
            "Several classes, of which one is right, need CrossEntropyLoss."
        )
    value = loss_fn(logits, targets.to(logits.dtype) if one_logit else targets)
    if not isinstance(value, Tensor) or value.numel() != 1:
        got = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)
        raise InputError(f"loss_fn returns one number as a tensor; got {got}. Use reduction='mean'.")
    return value

"""An epoch under way: what its batches add up to, as `evaluate` would count them, and the way back into its middle."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from course_lib.checkpoints import CheckpointManager, GeneratorState, RNGState
from course_lib.devices import to_device
from course_lib.errors import InputError
from course_lib.evaluation.result import counted, predicted
from course_lib.metrics.classification import require_in_range
from course_lib.metrics.inputs import as_classes
from course_lib.metrics.losses import LossFunction, ignore_index_of, known_loss, split_mean


class Labels(NamedTuple):
    """A batch's targets, checked."""

    classes: Tensor
    """(B,) int64, where the logits are."""
    count: int
    """How many are not ignored."""
    weight: float
    """What the batch's loss counts in the epoch's; 0 where no label counts."""


class Epoch:
    """How far an epoch has come, what it adds up to, and the random states at its start.

    Args:
        loss_fn: Says which labels are ignored, and what a batch's loss is divided by.
        manager: Whose generators are put back on the way into the middle of an epoch. None: there is none.
        device: Where the sums are kept.
        partial: What `state_dict` returned, to go on from there.
    """

    def __init__(
        self,
        loss_fn: LossFunction,
        manager: CheckpointManager | None,
        device: torch.device,
        partial: Mapping[str, Any] | None = None,
    ):
        objects = {} if manager is None else manager.objects
        self.random = {name: one for name, one in objects.items() if isinstance(one, RNGState | GeneratorState)}
        self.ignore_index = ignore_index_of(loss_fn)
        self.summed = _reduction(loss_fn) == "sum"
        known = known_loss(loss_fn)[0] is not None and _reduction(loss_fn) == "mean"
        self.weigh = split_mean(loss_fn)[1] if known else None
        self.batch = partial["batch"] if partial else 0
        self.start = partial["start"] if partial else self._states()
        # Tensors, so that no batch waits for the device.
        self.losses = list(partial["losses"].to(device)) if partial else []
        self.correct = list(partial["correct"].to(device)) if partial else []
        self.sizes = list(partial["sizes"]) if partial else []
        self.weights = list(partial.get("weights", self.sizes)) if partial else []

    def remaining(self, batches: Iterable) -> Iterator:
        """The batches not yet trained on: the epoch's order is drawn again, and its first part skipped."""
        if not self.batch:
            yield from batches
            return
        now = self._states()
        self._go_to(self.start)
        rest, nothing = iter(batches), object()
        if any(next(rest, nothing) is nothing for _ in range(self.batch)):
            raise InputError(
                f"{self.batch} batches of this epoch are done, and now there are fewer. Has the data changed?"
            )
        self._go_to({name: now[name] for name, one in self.random.items() if isinstance(one, RNGState)})
        yield from rest

    def labels(self, targets: Tensor, logits: Tensor) -> Labels:
        """Check the targets (B,) of logits (B, C) or (B,), before the loss or a GPU sees them.

        Targets on the CPU are looked at there, so that no batch waits for a GPU.

        Raises:
            InputError: Fractions, or a class out of range that is not ignored.
        """
        labels = as_classes(targets, "targets").cpu()
        kept = labels[counted(labels, self.ignore_index)]
        if len(kept):
            classes = 2 if logits.ndim == 1 else logits.shape[1]
            require_in_range("targets", torch.stack(kept.aminmax()).tolist(), classes)
        weight = 1.0 if self.summed else float(len(kept)) if self.weigh is None else self.weigh(labels)
        return Labels(to_device(labels, logits.device), len(kept), weight if len(kept) else 0.0)

    def add(self, labels: Labels, logits: Tensor, loss: Tensor | None) -> None:
        """Count a batch; without a loss, one whose labels are all ignored."""
        right = predicted(logits) == labels.classes
        if labels.count < len(right):
            right &= counted(labels.classes, self.ignore_index)
        self.losses.append(logits.new_zeros(()) if loss is None else loss)
        self.correct.append(right.sum())
        self.sizes.append(labels.count)
        self.weights.append(labels.weight)
        self.batch += 1

    def means(self) -> dict[str, float]:
        """The loss and the accuracy of all examples that counted."""
        n = sum(self.sizes)
        if not n:
            raise InputError(
                "There was no example to train on: no batches (a used-up iterator?), or all labels are ignored. "
                "Pass a DataLoader or a list."
            )
        weights = torch.tensor(self.weights, dtype=torch.float64)
        whole = 1.0 if self.summed else float(weights.sum())
        loss = float(torch.stack(self.losses).cpu().double() @ weights)
        return {"loss": loss / whole if whole else float("nan"), "accuracy": int(torch.stack(self.correct).sum()) / n}

    def state_dict(self) -> dict[str, Any]:
        """Where it stopped, as plain data and tensors."""
        losses, correct = torch.stack(self.losses).cpu(), torch.stack(self.correct).cpu()
        return {
            "batch": self.batch, "start": self.start, "losses": losses, "correct": correct, "sizes": self.sizes,
            "weights": self.weights,
        }  # fmt: skip

    def _states(self) -> dict[str, Any]:
        return {name: one.state_dict() for name, one in self.random.items()}

    def _go_to(self, states: Mapping[str, Any]) -> None:
        for name, state in states.items():
            self.random[name].load_state_dict(state)


def _reduction(loss_fn: LossFunction) -> str:
    keywords = getattr(loss_fn, "keywords", {})  # of a functools.partial
    return getattr(loss_fn, "reduction", None) or keywords.get("reduction", "mean")

"""One pass over a data set, counted once and correctly."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm  # not tqdm.auto, which would import ipywidgets

from course_lib.devices import to_device
from course_lib.errors import InputError
from course_lib.evaluation.mode import eval_flags, require_modules
from course_lib.evaluation.result import Evaluation, counted, predicted
from course_lib.metrics.classification import as_classes, confusion_matrix
from course_lib.metrics.losses import LossFunction, ignore_index_of, known_loss, split_mean

# Without keep_logits, so many logits are held at a time: 4 MiB in float32. With a tenth or with ten times as
# many, evaluating took longer.
_LOGITS_HELD = 1 << 20


def evaluate(
    model: nn.Module,
    batches: Iterable[tuple[Any, Tensor]],
    *,
    loss_fn: LossFunction | None = None,
    device: torch.device | str | None = None,
    keep_logits: bool = True,
    progress: bool = False,
) -> Evaluation:
    """Run the model over all batches, once, and return what every metric needs.

    The loss is `loss_fn` of all examples at once, not a mean of batch means, so it doesn't depend on the
    batches. Results stay on the model's device until the end. Training flags are as before, also after an
    error; reading an unshuffled loader leaves PyTorch's global random state as it was.

    Args:
        model: Returns logits (B, C), or (B, 1) or (B,) for a one-logit head, which says yes above 0.
        batches: Pairs (inputs, targets); inputs may be nested, targets are classes (B,). Its last batch
            may be smaller.
        loss_fn: Called with logits (N, C) and int64 targets, or (N,) and float targets for one logit. Its
            `ignore_index`, if it has one, says which targets don't count.
        device: Where the inputs go. None: where the model's parameters are.
        keep_logits: False holds only a bounded part of the logits at a time and keeps the loss and the
            confusion matrix. Only cross-entropy, NLL and BCE-with-logits can then be added up exactly.
        progress: Show a progress bar.

    Raises:
        InputError: no example; NaN logits; targets out of range; shapes that would broadcast; a loss that is
            not one number, or can't be added up exactly; a model on another device.

    >>> evaluation = evaluate(nn.Identity(), [(torch.eye(3), torch.tensor([0, 1, 1]))], loss_fn=F.cross_entropy)
    >>> evaluation.confusion.tolist()
    [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    >>> round(evaluation.accuracy, 3), evaluation.preds.tolist()
    (0.667, [0, 1, 2])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
    """
    device = _device_for(model, device)
    total = _Total(loss_fn, keep_logits)
    held: list[tuple[Tensor, Tensor]] = []
    held_logits = 0
    # A loader without a generator of its own draws from the global one when it starts, even unshuffled. The
    # model's draws are let through: dropout that ignores eval() should show as a changing fingerprint.
    with torch.random.fork_rng(devices=[]):
        iterator = iter(batches)
    with eval_flags(model):
        for number, batch in enumerate(_with_bar(iterator, batches) if progress else iterator):
            inputs, targets = _unpacked(batch, number)
            # Not inference mode: a table that the model makes at its first call and keeps (positions, masks) would
            # be an inference tensor, and training could never use it. It costs 1 to 2 % of a small model.
            with torch.no_grad():
                logits = model(to_device(inputs, device))
            logits, targets = _checked(logits, targets, number)
            # The copies let go of whatever these are views of, and of buffers that will be used again.
            held.append((logits.clone(), targets.clone()))
            held_logits += logits.numel()
            if not keep_logits and held_logits >= _LOGITS_HELD:
                total.add(held)
                held, held_logits = [], 0
    if held:
        total.add(held)
    return total.evaluation()


class _Total:
    """The sums so far, and every check that needs values and not just shapes."""

    def __init__(self, loss_fn: LossFunction | None, keep_logits: bool):
        self.ignore_index = ignore_index_of(loss_fn)
        self.keep_logits = keep_logits
        self.logits = self.targets = None
        self.confusion: Tensor | None = None
        self.loss_fn = loss_fn
        self.loss_sum, self.loss_weight = 0.0, 0.0
        self.split = None if loss_fn is None or keep_logits else split_mean(loss_fn)

    def add(self, held: list[tuple[Tensor, Tensor]]) -> None:
        logits, targets = (torch.cat(part) for part in zip(*held, strict=True))
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()  # sums of 16-bit numbers stall at 2048
        targets = as_classes(targets, "targets").to(logits.device)
        # One NaN makes the sum NaN: this takes a tenth of the time of looking at each. Infinities are let through.
        if not bool(logits.sum().isfinite()) and bool(logits.isnan().any()):
            raise InputError(
                f"{int(logits.isnan().sum())} of {logits.numel()} logits are NaN; argmax would call them class 0. "
                "Check the inputs and the weights with isfinite() before evaluating."
            )
        classes = 2 if logits.ndim == 1 else logits.shape[1]
        preds, labels = predicted(logits), targets
        if self.ignore_index is not None:
            kept = counted(targets, self.ignore_index)
            preds, labels = preds[kept], labels[kept]
        if len(labels):
            confusion = confusion_matrix(preds, labels, num_classes=classes)
        else:
            confusion = torch.zeros(classes, classes, dtype=torch.int64, device=logits.device)
        self.confusion = confusion if self.confusion is None else self.confusion + confusion
        if self.loss_fn is not None:
            self._add_loss(logits, targets)
        if self.keep_logits:
            self.logits, self.targets = logits.cpu(), targets.cpu()

    @torch.no_grad()
    def _add_loss(self, logits: Tensor, targets: Tensor) -> None:
        one_logit = logits.ndim == 1
        if one_logit and known_loss(self.loss_fn)[0] in (F.cross_entropy, F.nll_loss):
            # These would take the N logits for the classes of one example, and say nothing.
            raise InputError("A one-logit head needs BCEWithLogitsLoss; cross-entropy needs a logit per class.")
        wanted = targets.to(logits.dtype) if one_logit else targets
        loss_sum, weight = self.split if self.split is not None else (self.loss_fn, lambda _: 1.0)
        value = loss_sum(logits, wanted)
        if not isinstance(value, Tensor) or value.numel() != 1:
            shape = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)
            raise InputError(f"loss_fn returns one number as a tensor; got {shape}. Use reduction='mean'.")
        self.loss_sum += float(value)
        self.loss_weight += float(weight(targets))

    def evaluation(self) -> Evaluation:
        if self.confusion is None or not int(self.confusion.sum()):
            raise InputError(
                "There was no example to evaluate: the loader was empty, a used-up iterator, "
                "or all its targets are ignored. Pass a DataLoader or a list of batches."
            )
        loss = None
        if self.loss_fn is not None:
            loss = self.loss_sum / self.loss_weight if self.loss_weight else float("nan")
        return Evaluation(self.logits, self.targets, loss, self.confusion.cpu(), self.ignore_index)


def _device_for(model: nn.Module, device: torch.device | str | None) -> torch.device:
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


def _unpacked(batch: Any, number: int) -> tuple[Any, Tensor]:
    if not isinstance(batch, tuple | list) or len(batch) != 2 or not isinstance(batch[1], Tensor):
        what = f"{type(batch).__name__} of {len(batch)}" if hasattr(batch, "__len__") else type(batch).__name__
        raise InputError(f"Batch {number}: expected (inputs, targets) with a tensor of targets; got {what}.")
    return batch[0], batch[1]


def _checked(logits: Any, targets: Tensor, number: int) -> tuple[Tensor, Tensor]:
    if not isinstance(logits, Tensor) or not logits.is_floating_point() or logits.ndim not in (1, 2):
        got = f"{logits.dtype} {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
        raise InputError(
            f"Batch {number}: the model must return float logits (B, C), (B, 1) or (B,); got {got}. "
            "A squeeze() without a dimension also takes the batch away when it has one example."
        )
    if logits.ndim == 2 and logits.shape[1] == 1:
        logits = logits.squeeze(1)
    if targets.shape != logits.shape[:1]:
        raise InputError(
            f"Batch {number}: {len(logits)} rows of logits need targets of shape ({len(logits)},), got "
            f"{tuple(targets.shape)}. (B, 1) would be compared with every row: use targets.squeeze(1); one-hot "
            "targets become classes with targets.argmax(1)."
        )
    return logits, targets


def _with_bar(iterator: Iterator, batches: Iterable) -> Iterable:
    total = len(batches) if hasattr(batches, "__len__") else None
    return tqdm(iterator, total=total, unit="batch", leave=False, file=sys.stdout)

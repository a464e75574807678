"""One pass over a data set, counted once and correctly."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DistributedSampler
from tqdm import tqdm  # not tqdm.auto, which would import ipywidgets

from course_lib.devices import to_device
from course_lib.errors import InputError
from course_lib.evaluation.batch import device_for, loss_of, matched, unpacked
from course_lib.evaluation.mode import eval_flags
from course_lib.evaluation.result import Evaluation, counted, predicted
from course_lib.metrics.classification import ClassCounts, class_pair, confusion_matrix, counts_by_class
from course_lib.metrics.inputs import are_probabilities, as_classes, some_between, warn, within_0_and_1
from course_lib.metrics.losses import LossFunction, ignore_index_of, is_mean, split_mean

# So many logits are joined at a time: 4 MiB in float32. With a tenth or with ten times as many, evaluating took longer.
_LOGITS_HELD = 1 << 20
# Of more classes, no confusion matrix is kept: beside the logits it would be large (32 MiB) and slow to add up.
_MATRIX_CLASSES = 2048


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
            counts. Only cross-entropy, NLL and BCE-with-logits can then be added up exactly.
        progress: Show a progress bar.

    Raises:
        InputError: no example; NaN logits; targets out of range, one-hot or multi-label; shapes that would
            broadcast; a loss that is not one number, or can't be added up exactly; a model on another device.

    Warns:
        UserWarning: outputs that look like probabilities, logits that overflowed, a loader that leaves examples out or, among
            several processes, gives some twice.

    >>> batch = (torch.eye(3), torch.tensor([0, 1, 1]))
    >>> evaluation = evaluate(nn.Identity(), [batch], loss_fn=nn.CrossEntropyLoss())
    >>> evaluation.confusion.tolist()
    [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    >>> round(evaluation.accuracy, 3), evaluation.preds.tolist()
    (0.667, [0, 1, 2])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
    """
    device = device_for(model, device)
    total = _Total(loss_fn, keep_logits)
    joined: list[tuple[Tensor, Tensor]] = []
    held: list[tuple[Tensor, Tensor]] = []
    held_logits = 0
    # A loader without a generator of its own draws from the global one when it starts, even unshuffled. The
    # model's draws are let through: dropout that ignores eval() should show as a changing fingerprint.
    with torch.random.fork_rng(devices=[]):
        iterator = iter(batches)
    with eval_flags(model):
        for number, batch in enumerate(_with_bar(iterator, batches) if progress else iterator):
            inputs, targets = unpacked(batch, number)
            # Not inference mode: a table that the model makes at its first call and keeps (positions, masks) would
            # be an inference tensor, and training could never use it. It costs 1 to 2 % of a small model.
            with torch.no_grad():
                logits = model(to_device(inputs, device))
            logits, targets = matched(logits, targets, number)
            # The copies let go of whatever these are views of, and of buffers that will be used again.
            held.append((logits.clone(), targets.clone()))
            held_logits += logits.numel()
            if held_logits >= _LOGITS_HELD:
                if keep_logits:  # few large pieces: the small ones make room at once
                    joined.append(tuple(map(_cat, zip(*held, strict=True))))
                else:
                    total.add(held)
                held, held_logits = [], 0
    if held and joined:
        joined.append(tuple(map(_cat, zip(*held, strict=True))))
        held = []
    if joined or held:
        total.add(joined or held)
    evaluation = total.evaluation()
    _warn_left_out(batches)
    total.warn_if_no_logits()
    return evaluation


class _Total:
    """The sums so far, and every check that needs values and not just shapes."""

    def __init__(self, loss_fn: LossFunction | None, keep_logits: bool):
        self.ignore_index = ignore_index_of(loss_fn)
        self.keep_logits = keep_logits
        self.logits = self.targets = None
        self.classes: int | None = None
        self.matrix: Tensor | None = None
        self.by_class: ClassCounts | None = None
        self.loss_fn = loss_fn
        self.loss_sum, self.loss_weight = 0.0, 0.0
        self.split = None if loss_fn is None or keep_logits else split_mean(loss_fn)
        self.overflowed = 0
        self.looks: str | None = "softmax"
        """Which function all outputs so far may have gone through."""
        self.soft = False
        self.low, self.high = float("inf"), float("-inf")

    def add(self, held: list[tuple[Tensor, Tensor]]) -> None:
        parts, labels = [logits for logits, _ in held], [targets for _, targets in held]
        held.clear()  # so that the parts can go as they are copied
        targets = as_classes(_cat(labels), "targets")
        half = parts[0].dtype in (torch.float16, torch.bfloat16)
        logits = _joined(parts, torch.float32 if half else None)  # sums of 16-bit numbers stall at 2048
        targets = targets.to(logits.device)
        # One NaN makes the sum NaN: this takes a tenth of the time of looking at each.
        if not bool(logits.sum().isfinite()):
            if bool(logits.isnan().any()):
                raise InputError(
                    f"{int(logits.isnan().sum())} of {logits.numel()} logits are NaN; argmax would call them class 0. "
                    "Check the inputs and the weights with isfinite() before evaluating."
                )
            # A model may mask a class with -inf; one logit has nothing to mask.
            infinite = logits.isinf() if logits.ndim == 1 else (logits == torch.inf).any(1)
            self.overflowed += int(infinite.sum())
        self._look(logits)
        classes = 2 if logits.ndim == 1 else logits.shape[1]
        preds, labels = predicted(logits), targets
        if self.ignore_index is not None:
            kept = counted(targets, self.ignore_index)
            preds, labels = preds[kept], labels[kept]
        if len(labels):
            self._count(preds, labels, classes)
        if self.loss_fn is not None:
            self._add_loss(logits, targets)
        if self.keep_logits:
            self.logits, self.targets = logits.cpu(), targets.cpu()

    def _count(self, preds: Tensor, targets: Tensor, classes: int) -> None:
        if self.classes not in (None, classes):
            raise InputError(f"Every batch needs logits of one shape; got {self.classes} classes and {classes}.")
        self.classes = classes
        if classes <= _MATRIX_CLASSES:
            matrix = confusion_matrix(preds, targets, num_classes=classes)
            self.matrix = matrix if self.matrix is None else self.matrix + matrix
            return
        counts = counts_by_class(*class_pair(preds, targets, num_classes=classes))
        before = self.by_class or counts
        self.by_class = counts if self.by_class is None else ClassCounts(*map(sum, zip(before, counts, strict=True)))

    def _look(self, logits: Tensor) -> None:
        if self.looks is None or not within_0_and_1(logits):
            self.looks = None
        elif not are_probabilities(logits):
            self.looks = "sigmoid"
        if self.looks:
            low, high = logits.aminmax()
            self.low, self.high = min(self.low, float(low)), max(self.high, float(high))
            self.soft = self.soft or some_between(logits)

    def warn_if_no_logits(self) -> None:
        """Warn if the outputs look like probabilities, or overflowed."""
        if self.overflowed:
            warn(
                f"{self.overflowed:,} examples have an infinite logit: their ranks tie, and loss and probabilities may be "
                "NaN. float16 ends at 65,504; run the model in float32 or bfloat16."
            )
        # An untrained head may happen to give a narrow range between 0 and 1; rows that sum to 1 don't happen.
        if self.soft and (self.looks == "softmax" or (self.looks == "sigmoid" and self.high - self.low > 0.5)):
            rows = " and sum to 1 in each row" if self.looks == "softmax" else ""
            warn(
                f"The model's outputs all lie between 0 and 1{rows}, as after a {self.looks}, but evaluate needs logits: "
                f"loss and probabilities would be squashed twice, and one logit says yes above 0. Take the {self.looks} "
                "out of the model, or let it return the logarithm (log_softmax, or torch.logit of a sigmoid)."
            )

    @torch.no_grad()
    def _add_loss(self, logits: Tensor, targets: Tensor) -> None:
        split, rows = self.split, len(logits)
        many = 8 * _LOGITS_HELD
        if split is None and logits.ndim == 2 and logits.numel() > many and is_mean(self.loss_fn):
            # All at once, cross-entropy would need as much memory again as all the logits.
            split, rows = split_mean(self.loss_fn), max(1, many // logits.shape[1])
        loss_sum, weight = split or (self.loss_fn, lambda _: 1.0)
        for some, their_targets in zip(logits.split(rows), targets.split(rows), strict=True):
            self.loss_sum += float(loss_of(loss_sum, some, their_targets))
            self.loss_weight += float(weight(their_targets))

    def evaluation(self) -> Evaluation:
        if self.matrix is None and self.by_class is None:
            raise InputError(
                "There was no example to evaluate: the loader was empty, a used-up iterator, had drop_last=True and "
                "no full batch, or all its targets are ignored. Pass a DataLoader or a list of batches."
            )
        loss = None
        if self.loss_fn is not None:
            loss = self.loss_sum / self.loss_weight if self.loss_weight else float("nan")
        matrix = None if self.matrix is None else self.matrix.cpu()
        return Evaluation(self.logits, self.targets, loss, matrix, self.ignore_index, self.by_class)


def _cat(parts: Sequence[Tensor]) -> Tensor:
    if len(parts) == 1:
        return parts[0]
    try:
        return torch.cat(tuple(parts))
    except RuntimeError as error:  # asked afterwards, because asking each batch takes longer than joining them
        _same_width(parts, error)
        raise


def _same_width(parts: Iterable[Tensor], cause: Exception | None = None) -> None:
    shapes = dict.fromkeys(f"(B, {', '.join(map(str, part.shape[1:]))})" for part in parts)
    if len(shapes) > 1:
        raise InputError(f"Every batch needs logits of one shape; got {' and '.join(shapes)}.") from cause


def _joined(parts: list[Tensor], dtype: torch.dtype | None) -> Tensor:
    """As `torch.cat`, in another type perhaps; each part is let go of once it is copied, where there is much."""
    if len(parts) == 1 or sum(part.numel() for part in parts) <= 2 * _LOGITS_HELD:
        logits = _cat(parts)
        return logits if dtype is None else logits.to(dtype)
    _same_width(parts)
    size = (sum(map(len, parts)), *parts[0].shape[1:])
    whole, at = torch.empty(size, dtype=dtype or parts[0].dtype, device=parts[0].device), 0
    parts.reverse()
    while parts:
        part = parts.pop()
        whole[at : at + len(part)] = part
        at += len(part)
    return whole


def _warn_left_out(batches: Any) -> None:
    """Warn of a loader that leaves examples out, or gives some to two processes: they are judged by nobody, or twice."""
    loader = getattr(batches, "iterable", batches)  # inside a tqdm
    if isinstance(sampler := getattr(loader, "sampler", None), DistributedSampler):
        _warn_uneven(sampler)
    sampler = getattr(loader, "batch_sampler", None)
    if not (getattr(loader, "drop_last", False) or getattr(sampler, "drop_last", False)):
        return
    size = getattr(sampler, "batch_size", None) or getattr(loader, "batch_size", None)
    try:
        all_of_them = len(sampler.sampler)
    except (AttributeError, TypeError):
        all_of_them = None
    if not size or size == 1 or (all_of_them is not None and all_of_them % size == 0):
        return
    many = f"up to {size - 1:,}" if all_of_them is None else f"{all_of_them % size:,} of {all_of_them:,}"
    warn(f"The loader has drop_last=True: {many} examples are left out. Evaluate with drop_last=False.")


def _warn_uneven(sampler: DistributedSampler) -> None:
    if uneven := sampler.total_size - len(sampler.dataset):
        many = f"{abs(uneven):,} example{'s' if abs(uneven) > 1 else ''}"
        does = f"takes {many} a second time" if uneven > 0 else f"leaves out {many}"
        warn(
            f"DistributedSampler shares {len(sampler.dataset):,} examples among {sampler.num_replicas} processes evenly, "
            f"and so {does}: the numbers of all processes together are a little wrong. Give each process "
            "Subset(data, range(rank, len(data), processes)) when evaluating."
        )


def _with_bar(iterator: Iterator, batches: Iterable) -> Iterable:
    total = len(batches) if hasattr(batches, "__len__") else None
    return tqdm(iterator, total=total, unit="batch", leave=False, file=sys.stdout)

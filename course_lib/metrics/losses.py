"""What a mean loss is made of: a sum and a weight, which add up over batches where means don't."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.errors import InputError

LossFunction = Callable[[Tensor, Tensor], Tensor]

_FUNCTIONS = {
    nn.CrossEntropyLoss: F.cross_entropy,
    nn.NLLLoss: F.nll_loss,
    nn.BCEWithLogitsLoss: F.binary_cross_entropy_with_logits,
}
_OPTIONS = ("weight", "ignore_index", "label_smoothing", "pos_weight", "reduction")


def known_loss(loss_fn: LossFunction | None) -> tuple[LossFunction | None, dict[str, Any]]:
    """The function and the options behind a PyTorch loss: a module, a function or a partial of one.

    Returns:
        (None, {}) for a loss that is not one of cross-entropy, NLL and BCE-with-logits.

    >>> known_loss(nn.BCEWithLogitsLoss())[0].__name__
    'binary_cross_entropy_with_logits'
    """
    if type(loss_fn) in _FUNCTIONS:  # a subclass may compute something else
        return _FUNCTIONS[type(loss_fn)], {k: getattr(loss_fn, k) for k in _OPTIONS if hasattr(loss_fn, k)}
    function, options = loss_fn, {}
    if isinstance(loss_fn, partial) and not loss_fn.args and set(loss_fn.keywords) <= set(_OPTIONS):
        function, options = loss_fn.func, loss_fn.keywords
    return (function, options) if function in _FUNCTIONS.values() else (None, {})


def ignore_index_of(loss_fn: LossFunction | None) -> int | None:
    """The target that a loss doesn't count, or None.

    >>> ignore_index_of(F.cross_entropy)
    -100
    """
    function, options = known_loss(loss_fn)
    if function in (F.cross_entropy, F.nll_loss):
        return options.get("ignore_index", -100)
    return getattr(loss_fn, "ignore_index", None)


def is_mean(loss_fn: LossFunction) -> bool:
    """Whether a loss is a mean that `split_mean` can split.

    >>> is_mean(nn.CrossEntropyLoss()), is_mean(nn.CrossEntropyLoss(reduction="sum"))
    (True, False)
    """
    function, options = known_loss(loss_fn)
    return function is not None and options.get("reduction", "mean") == "mean"


def split_mean(loss_fn: LossFunction) -> tuple[LossFunction, Callable[[Tensor], float]]:
    """A mean as a sum of losses and a sum of weights: add both up over batches, divide once.

    Args:
        loss_fn: Cross-entropy, NLL or BCE-with-logits, reduction="mean".

    Returns:
        The summed loss, of logits and targets, and the weight of int64 targets (N,): how many count or, with
        class weights, what they weigh together.

    Raises:
        InputError: another loss, which might not be such a quotient at all.

    >>> import torch
    >>> loss_sum, weight = split_mean(nn.CrossEntropyLoss(weight=torch.tensor([1.0, 9.0])))
    >>> weight(torch.tensor([0, 1, 1, -100]))
    19.0

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
    """
    if not is_mean(loss_fn):
        raise InputError(
            f"Without all logits at hand, {loss_fn!r} can't be added up exactly. Use keep_logits=True, or "
            "the mean of CrossEntropyLoss, NLLLoss or BCEWithLogitsLoss (or their functions)."
        )
    function, options = known_loss(loss_fn)
    class_weight = options.get("weight")
    class_weight = None if class_weight is None else class_weight.detach().double().cpu()  # a GPU is waited for once
    ignored = ignore_index_of(loss_fn)

    def weight(targets: Tensor) -> float:
        targets = targets[targets != ignored] if ignored is not None else targets
        if class_weight is None or function is F.binary_cross_entropy_with_logits:
            return float(len(targets))  # BCE divides by the number of examples, whatever their weights
        return float(class_weight[targets.cpu()].sum())

    return partial(function, **{**options, "reduction": "sum"}), weight

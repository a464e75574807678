"""The numbers by which a save is judged: its step, its metrics, which is better, and weights that are NaN."""

import operator
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from course_lib.errors import InputError

_LESS = {
    "loss", "logloss", "error", "err", "perplexity", "ppl", "mae", "mse", "rmse", "mape", "nll", "ce", "bce",
    "brier", "ece", "wer", "cer", "fid",
}  # fmt: skip
_MORE = {
    "accuracy", "acc", "auc", "auroc", "f1", "precision", "recall", "iou", "miou", "map", "ap", "dice", "bleu",
    "rouge", "r2", "psnr", "ssim", "kappa", "mcc", "sensitivity", "specificity",
}  # fmt: skip
# They say of what, not whether more is better. "score" and "rate" do so only beside a word that does.
_SILENT = {
    "val", "valid", "validation", "test", "train", "training", "dev", "eval", "mean", "average", "avg", "macro",
    "micro", "weighted", "balanced", "top", "roc", "pr", "log", "cohen", "epoch", "step", "rate", "score",
}  # fmt: skip
_KNOWN = _LESS | _MORE | _SILENT
_RUNNING = ("running_mean", "running_var")


def mode_of(monitor: str | None, mode: str | None = None) -> Literal["min", "max"]:
    """Whether less or more of a metric is better: as `mode` says, or else as a name says that can only mean one thing.

    Args:
        monitor: The metric's name, such as "val_loss" or "top5_accuracy". None: nothing is monitored.
        mode: "min" or "max" settles it, whatever the name is.

    Raises:
        InputError: Another mode, or a name with a word that is unknown, and words for both, or for neither.

    >>> mode_of("val_loss"), mode_of("testF1"), mode_of("neg_loss", "max")
    ('min', 'max', 'max')
    """
    if mode in ("min", "max"):
        return mode
    if mode is not None:
        raise InputError(f"mode is 'min' or 'max'; got {mode!r}.")
    if monitor is None:
        return "min"
    words = set(_words(str(monitor)))
    less, more = bool(words & _LESS), bool(words & _MORE)
    if not words <= _KNOWN or less == more:
        raise InputError(
            f"monitor={monitor!r} doesn't say whether less or more is better, and the wrong guess would keep the worst "
            "step as the best. Add mode='min' (as for a loss) or mode='max' (as for an accuracy)."
        )
    return "min" if less else "max"


def as_step(step: Any) -> int:
    """A step as an int from 0; NumPy's integers too.

    Raises:
        InputError: A fraction, text, or a number below 0.
    """
    try:
        number = operator.index(step)
    except TypeError as error:
        raise InputError(f"A step is a whole number, such as the epochs done; got {step!r}.") from error
    if number < 0:
        raise InputError(f"A step is the number of steps or epochs done, from 0; got {number}.")
    return number


def as_metrics(metrics: Mapping[str, Any] | None) -> dict[str, float]:
    """Every metric as a float, from Python's numbers, NumPy's or tensors of one element.

    Raises:
        InputError: No mapping, or a metric that is not one number.
    """
    if not isinstance(metrics, Mapping | None):
        raise InputError(f"metrics have names: {{'loss': 0.5}}; got a {type(metrics).__name__} alone.")
    return {name: _number(name, value) for name, value in (metrics or {}).items()}


def require_finite(objects: Mapping[str, Any], when: str) -> None:
    """Refuse weights that training has destroyed: saved, they would push the good ones out of the folder.

    Looked at are the parameters of modules and optimizers, and what a batch norm has averaged. Other buffers may
    hold what they like, and a frozen parameter may be infinite: masks are.

    Args:
        objects: By name.
        when: For the message, such as "at step 3".

    Raises:
        InputError: A number is NaN, or infinite in a parameter that is trained.

    >>> model = nn.Linear(1, 1)
    >>> _ = model.bias.data.fill_(torch.nan)
    >>> require_finite({"model": model}, "at step 3")
    Traceback (most recent call last):
    course_lib.errors.InputError: model.bias has 1 of 1 numbers NaN or infinite at step 3: training has destroyed ...
    """
    tensors = list(_weights(objects))
    with torch.no_grad():
        # A norm takes a twentieth of the time of looking at each number, and each device is waited for once.
        sizes: dict[torch.device, list[Tensor]] = {}
        for _, tensor, _ in tensors:
            sizes.setdefault(tensor.device, []).append(_size(tensor).isfinite())
        if all(bool(torch.stack(found).all()) for found in sizes.values()):
            return
        for name, tensor, may_be_infinite in tensors:
            values = tensor.float() if tensor.element_size() == 1 else tensor
            bad = int((values.isnan() if may_be_infinite else ~values.isfinite()).sum())
            if bad:
                raise InputError(
                    f"{name} has {bad} of {values.numel()} numbers NaN or infinite {when}: training has destroyed the "
                    "model. Nothing was saved, and no older file was touched. Go back to one of them, and look for bad "
                    "data, a learning rate that is too high, or float16 that overflowed."
                )


def _number(name: str, value: Any) -> float:
    try:
        return float(value.detach() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"metrics[{name!r}] must be one number; got {type(value).__name__}: {error}") from error


def _words(monitor: str) -> Iterator[str]:
    """The words of a name, in small letters; what is no word, such as "1-" or a minus sign, comes as it is."""
    if re.search(r"(^|[^A-Za-z0-9])[-!~]", monitor):
        yield monitor
    for place, piece in enumerate(re.findall(r"[^\W_]+", monitor)):
        if piece.isdigit() and place:  # top_5, but not 1-accuracy
            continue
        parts = re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*", piece)  # valLoss, top5Acc
        whole = _word(piece)
        yield from [whole] if whole in _KNOWN or "".join(parts) != piece else map(_word, parts)


def _word(text: str) -> str:
    text = text.lower()
    return text if text in _KNOWN else text.rstrip("0123456789")  # f1, but recall5


def _weights(objects: Mapping[str, Any]) -> Iterator[tuple[str, Tensor, bool]]:
    """Every weight once: its name, its numbers, and whether they may be infinite."""
    seen: set[int] = set()
    for owner, one in objects.items():
        found: list[tuple[str, Tensor]] = []
        if isinstance(one, nn.Module):
            found += one.named_parameters()
            found += [pair for pair in one.named_buffers() if pair[0].rpartition(".")[2] in _RUNNING]
        found += [
            (f"param_groups[{number}]", tensor)
            for number, group in enumerate(getattr(one, "param_groups", ()))
            for tensor in group["params"]
        ]
        for name, tensor in found:
            plain = not is_lazy(tensor) and not tensor.is_meta and not tensor.is_quantized
            if id(tensor) in seen or not plain or not (tensor.is_floating_point() or tensor.is_complex()):
                continue
            seen.add(id(tensor))
            trained = tensor.requires_grad or name.rpartition(".")[2] in _RUNNING
            values = tensor.detach()
            if values.layout != torch.strided:
                values = (values.coalesce() if values.layout == torch.sparse_coo else values).values()
            if values.numel():
                yield f"{owner}.{name}", values, not trained


def _size(tensor: Tensor) -> Tensor:
    if tensor.element_size() == 1:  # float8 has no norm
        return torch.linalg.vector_norm(tensor.float())
    wide = torch.float32 if tensor.element_size() == 2 else None  # float16 ends at 65,504
    return torch.linalg.vector_norm(tensor, dtype=wide)

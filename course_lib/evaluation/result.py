"""What one pass over a data set says about a model."""

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.errors import InputError
from course_lib.metrics.classification import (
    ClassCounts,
    classification_report,
    confusion_matrix,
    counts_of_matrix,
)
from course_lib.metrics.names import Names


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one pass over a data set says about a model; every other metric is a function of it.

    Attributes:
        logits: (N, C), or (N,) for a one-logit head; at least float32, on the CPU. None if not kept.
        targets: (N,) int64, on the CPU, ignored ones included. None if not kept.
        loss: `loss_fn` of all logits and targets at once; None without one.
        matrix: `confusion`, (C, C) int64; None if there are too many classes to keep one.
        ignore_index: The target that doesn't count, or None.
        by_class: Without a matrix, how often each class was right, predicted and true.
    """

    logits: Tensor | None
    targets: Tensor | None
    loss: float | None
    matrix: Tensor | None
    ignore_index: int | None = None
    by_class: ClassCounts | None = None

    @property
    def confusion(self) -> Tensor:
        """The confusion matrix (C, C) int64. **Rows are the true classes**, columns the predicted.

        Ignored targets are not in it. A one-logit head has C = 2. Of more than 2,048 classes it is made when it is
        asked for, from the logits; accuracy and the scores of each class don't need it.

        Raises:
            InputError: too many classes, or no logits to make it from.
        """
        if self.matrix is not None:
            return self.matrix
        classes = len(self.counts.support)
        if self.logits is None:
            raise InputError(
                f"Without logits, no confusion matrix of {classes:,} classes was kept ({classes**2 * 8 / 1e9:,.1f} GB): "
                "evaluate(..., keep_logits=True). Accuracy, precision, recall, F1 and report() need no matrix."
            )
        counted = self.counted
        return confusion_matrix(self.preds[counted], self.targets[counted], num_classes=classes)

    @property
    def counts(self) -> ClassCounts:
        """How often each class was right, predicted and true, each (C,) int64."""
        return self.by_class if self.matrix is None else counts_of_matrix(self.matrix.numpy())

    @property
    def n(self) -> int:
        """How many examples count: all but those with an ignored target."""
        return int(self.counts.support.sum())

    @property
    def accuracy(self) -> float:
        """The part of the examples that was predicted right."""
        return int(self.counts.right.sum()) / self.n

    @property
    def preds(self) -> Tensor:
        """The predicted classes (N,) int64: the largest logit; with one logit, 1 where it is above 0."""
        return predicted(self._kept("logits"))

    @property
    def probabilities(self) -> Tensor:
        """Softmax (N, C), or sigmoid (N,) for one logit. Rank by logits: in float32 these are 1 from 17 on."""
        logits = self._kept("logits")
        return logits.sigmoid() if logits.ndim == 1 else logits.softmax(1)

    @property
    def counted(self) -> Tensor:
        """Which examples count (N,) bool: those whose target is not ignored."""
        return counted(self._kept("targets"), self.ignore_index)

    @property
    def logits_that_count(self) -> Tensor:
        """The logits of the examples whose target is not ignored."""
        logits = self._kept("logits")
        return logits if self.ignore_index is None else logits[self.counted]

    def fingerprint(self) -> str:
        """SHA-256 of the types, shapes and bytes of logits and targets: equal only if every bit is equal.

        >>> from course_lib.evaluation import evaluate
        >>> evaluate(torch.nn.Identity(), [(torch.eye(2), torch.tensor([0, 1]))]).fingerprint()[:8]
        '669fea30'
        """
        digest = hashlib.sha256()
        for name in ("logits", "targets"):
            tensor = self._kept(name)
            digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.numpy().tobytes())
        return digest.hexdigest()

    def report(self, class_names: Names | None = None) -> str:
        """A table of precision, recall, F1 and support for each class, beside the baseline.

        >>> from course_lib.evaluation import evaluate
        >>> print(evaluate(torch.nn.Identity(), [(torch.eye(2), torch.tensor([0, 1]))]).report(["no", "yes"]))
        2 examples of 2 classes
        accuracy 1.000 (always "no": 0.500)
        <BLANKLINE>
        class  precision  recall     F1  support
        no         1.000   1.000  1.000        1
        yes        1.000   1.000  1.000        1
        macro      1.000   1.000  1.000        2
        """
        table = classification_report(self, class_names=class_names)
        return table if self.loss is None else f"loss {self.loss:.4f}\n{table}"

    def _kept(self, name: str) -> Tensor:
        tensor = getattr(self, name)
        if tensor is None:
            raise InputError(f"This needs the {name}, which were not kept: evaluate(..., keep_logits=True).")
        return tensor


def counted(targets: Tensor, ignore_index: int | None) -> Tensor:
    """Which targets count, (N,) bool: those that are not ignored."""
    return torch.ones_like(targets, dtype=torch.bool) if ignore_index is None else targets != ignore_index


def predicted(logits: Tensor) -> Tensor:
    """The predicted class of each example, (N,) int64; with one logit, 1 where it is above 0."""
    # Of equal logits both max and argmax take the first; over few classes max is the faster by a third.
    return (logits > 0).long() if logits.ndim == 1 else logits.max(1).indices

"""What the tasks of lesson `classification_metrics` share."""

import torch
from torch import Tensor

from course_lib.classroom.tasks.task import Case

NAN = float("nan")


def four_cells(case: Case) -> tuple[Tensor, Tensor]:
    """Predictions and targets (N,), 0 and 1, in random order: 11 to 14 TP, 6 to 9 FP, 3 to 5 FN, 17 to 21 TN.

    So the four counts differ whatever the seed; `case.without` leaves out "healthy" or "ill" ones.
    """
    generator = case.generator()
    without = case.settings.get("without", "")
    spans = {(1, 1): (11, 15), (0, 1): (6, 10), (1, 0): (3, 6), (0, 0): (17, 22)}
    pairs = []
    for (true, said), (low, high) in spans.items():
        count = int(torch.randint(low, high, (), generator=generator))
        if without != ("healthy", "ill")[true]:
            pairs += [(true, said)] * count
    table = torch.tensor(pairs)[torch.randperm(len(pairs), generator=generator)]
    return table[:, 1], table[:, 0]


def counts_table(case: Case) -> Tensor:
    """A confusion matrix (C, C), rows true, without symmetry and with rows of very different size.

    Classes in `case.never_true` have an empty row, those in `case.never_said` an empty column.
    """
    generator, classes = case.generator(), case.classes
    matrix = torch.randint(1, 9, (classes, classes), generator=generator)
    matrix += torch.diag(torch.randint(10, 30, (classes,), generator=generator))
    sizes = torch.randperm(classes, generator=generator) + 1
    matrix *= sizes[:, None]
    matrix[list(case.settings.get("never_true", ()))] = 0
    matrix[:, list(case.settings.get("never_said", ()))] = 0
    return matrix


def rates_of(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Precision, recall and F1 of each class, each (C,) float64; 0 / 0 is NaN."""
    right, said, true = matrix.diagonal().double(), matrix.sum(0).double(), matrix.sum(1).double()
    return right / said, right / true, 2 * right / (said + true)

"""Lesson 01: one batch followed through batch norm and dropout, in train mode and then in eval mode."""

from collections.abc import Sequence

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.seeding import sealed

PIXELS = (20, 21, 34)  # three of the 64 pixels, chosen because they differ between the first four digits
COLUMNS = tuple(f"px {pixel}" for pixel in PIXELS)
DIGITS = tuple(f"digit {i}" for i in range(4))


@sealed(0)
def trace_modes() -> Trace:
    """Run four digits through batch norm and dropout in both modes, and keep every step.

    >>> len(trace_modes().stages)
    8
    """
    pixels = torch.from_numpy(load_digits().data[:, PIXELS]).float()
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5))
    with torch.no_grad():
        for earlier in pixels[4:].split(100):  # training so far, so that the stored statistics mean something
            net(earlier)
        stages = [*_train(net.train(), pixels[:4]), *_eval(net.eval(), pixels[:4])]
    return Trace("One batch through batch norm and dropout, in both modes", stages)


def _train(net: nn.Sequential, batch: Tensor) -> list[Stage]:
    norm, dropout = net
    before = [norm.running_mean.clone(), norm.running_var.clone()]
    normed = norm(batch)
    after = [norm.running_mean.clone(), norm.running_var.clone()]
    first, second = dropout(normed), dropout(normed)

    mean, biased, unbiased = batch.mean(0), batch.var(0, correction=0), batch.var(0)
    step, p, n = norm.momentum, dropout.p, len(batch)
    stored = ("stored before", "this batch", "stored after")
    return [
        Stage(
            "train(): a batch goes in",
            goes_in="4 images of digits, and of each 3 pixels: 0 is white, 16 is black.",
            happens=f"After `net.train()`, `training` is `{norm.training}` for batch norm and "
            f"`{dropout.training}` for dropout.",
            comes_out="The batch, untouched so far.",
            **tables(COLUMNS, ("the batch", batch.int(), DIGITS, 16)),
        ),
        Stage(
            "train(): batch norm uses this batch",
            goes_in="The batch.",
            happens="From each pixel it takes *this batch's* mean, and divides by the root of *this batch's* "
            f"variance. Digit 1, {COLUMNS[0]}: ({batch[1, 0]:.0f} − {mean[0]:.2f}) / "
            f"√({biased[0]:.2f} + {norm.eps:.5f}) = {normed[1, 0]:.2f}.",
            comes_out="Each pixel has mean 0 and variance 1 over the batch.",
            **tables(
                COLUMNS,
                ("the batch", [*_with_statistics(batch.int(), mean, biased)], (*DIGITS, "mean", "variance"), 16),
                ("normalised", [*_with_statistics(normed, normed.mean(0), normed.var(0, correction=0))], (), 2),
            ),
            note="Digit 1 depends on digits 0, 2 and 3: beside other digits it gets another output.",
        ),
        Stage(
            "train(): the stored statistics move",
            goes_in="The statistics stored so far, and this batch's.",
            happens=f"Batch norm stores {1 - step:g} × before + {step:g} × this batch. The mean of {COLUMNS[0]}: "
            f"{1 - step:g} × {before[0][0]:.2f} + {step:g} × {mean[0]:.2f} = {after[0][0]:.2f}.",
            comes_out="A layer with other numbers in it, although no optimizer ran and gradients were off.",
            **tables(
                COLUMNS,
                ("mean", torch.stack([before[0], mean, after[0]]), stored, 0),
                ("variance", torch.stack([before[1], unbiased, after[1]]), (), 0),
            ),
            note=f"For storing, the variance is divided by {n - 1} ({unbiased[0]:.2f} for {COLUMNS[0]}); "
            f"for normalising it was divided by {n} ({biased[0]:.2f}).",
        ),
        Stage(
            "train(): dropout drops and scales",
            goes_in="The normalised batch.",
            happens=f"A coin for every number: with p = {p} it becomes 0, else it is multiplied by "
            f"1 / (1 − {p}) = {1 / (1 - p):g}, so that sums stay the same on average.",
            comes_out=f"This time {int((first == 0).sum())} of {first.numel()} numbers are 0.",
            **tables(
                COLUMNS,
                ("normalised", normed, DIGITS, 2),
                ("dropout", _mask(first, p), (), 0),
                ("output", first, (), 2),
            ),
        ),
        Stage(
            "train(): once more, another output",
            goes_in="The same normalised batch.",
            happens="Dropout throws its coins again.",
            comes_out=f"{_differing(first, second)} numbers differ from the first time.",
            **tables(
                COLUMNS,
                ("first time", first, DIGITS, 2),
                ("dropout now", _mask(second, p), (), 0),
                ("second time", second, (), 2),
            ),
        ),
    ]


def _eval(net: nn.Sequential, batch: Tensor) -> list[Stage]:
    norm, dropout = net
    mean, variance = norm.running_mean.clone(), norm.running_var.clone()
    normed = norm(batch)
    output = dropout(normed)
    again = net(batch)
    still = torch.equal(mean, norm.running_mean) and torch.equal(variance, norm.running_var)
    return [
        Stage(
            "eval(): batch norm uses what it stored",
            goes_in=f"The same batch, after `net.eval()`: `training` is `{norm.training}` and `{dropout.training}`.",
            happens="The stored statistics take the place of the batch's. "
            f"Digit 1, {COLUMNS[0]}: ({batch[1, 0]:.0f} − {mean[0]:.2f}) / "
            f"√({variance[0]:.2f} + {norm.eps:.5f}) = {normed[1, 0]:.2f}.",
            comes_out=f"Normalised numbers; the stored statistics {'stand still' if still else 'have moved'}.",
            **tables(
                COLUMNS,
                (
                    "the batch",
                    [*_with_statistics(batch.int(), mean, variance)],
                    (*DIGITS, "stored mean", "stored variance"),
                    16,
                ),
                ("normalised", normed, (), 2),
            ),
            note="Digit 1 depends on no other digit now.",
        ),
        Stage(
            "eval(): dropout does nothing",
            goes_in="The normalised batch.",
            happens="No coin, no scaling.",
            comes_out=f"`output is input` is `{output is normed}`; {_differing(normed, output)} numbers differ.",
            **tables(COLUMNS, ("input", normed, DIGITS, 2), ("output", output, (), 2)),
        ),
        Stage(
            "eval(): once more, the same output",
            goes_in="The same batch, through both layers again.",
            happens="Nothing is random, and nothing has moved.",
            comes_out=f"{_differing(output, again)} numbers differ from the first time.",
            **tables(COLUMNS, ("first time", output, DIGITS, 2), ("second time", again, (), 2)),
        ),
    ]


def _with_statistics(values: Tensor, mean: Tensor, variance: Tensor) -> list[Sequence[object]]:
    """The rows, then mean and variance as words: a table tints numbers only."""
    return [*values.tolist(), *([f"{abs(v):.2f}" for v in row.tolist()] for row in (mean, variance))]


def _mask(output: Tensor, p: float) -> list[list[str]]:
    return [[f"×{1 / (1 - p):g}" if value else "×0" for value in row] for row in output.tolist()]


def _differing(one: Tensor, other: Tensor) -> str:
    return f"{int((one != other).sum())} of {one.numel()}"

"""Lesson 03: one test image followed from its pixels to the cell of the confusion matrix that it lands in."""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.lessons.evaluation_loop.network import trained
from course_lib.metrics.classification import confusion_matrix
from course_lib.seeding import sealed

BATCH = 64
CLASSES = tuple("0123456789")


@sealed(0)
def trace_image() -> Trace:
    """Evaluate the test digits in batches of 64, and follow the last image that is misread.

    >>> len(trace_image().stages)
    8
    """
    net, images, targets = trained()
    with torch.no_grad():
        logits = net(images)
    at = int((logits.argmax(1) != targets).nonzero()[-1])
    return Trace(
        f"Test image {at}, from its pixels to its cell", [*_one(net, images, targets, at), *_all(logits, targets, at)]
    )


def _one(net: torch.nn.Linear, images: Tensor, targets: Tensor, at: int) -> list[Stage]:
    """What happens to the image alone: logits, probabilities, a label, a loss."""
    true, pixels = int(targets[at]), images[at]
    with torch.no_grad():
        logits = net(images[at : at + 1])[0]
    probabilities, label = logits.softmax(0), int(logits.argmax())
    loss = F.cross_entropy(logits[None], targets[at : at + 1]).item()
    powers = logits.double().exp()
    top = logits.topk(2).values
    square = (pixels.view(8, 8) * 16).round().int()
    return [
        Stage(
            "64 pixels",
            goes_in=f"Test image {at}. Its label says {true}.",
            happens="The loader hands over the image and its label together, as one row of one batch.",
            comes_out=f"64 numbers; here times 16, so that 16 is full ink. The label {true} waits beside them.",
            **tables(("",) * 8, ("the image", square, (), 16)),
        ),
        Stage(
            "10 logits",
            goes_in="64 numbers between 0 and 1.",
            happens="For each class the pixels are multiplied by 64 weights and added up, with a bias. For class "
            f"{label}: {svg.shown(float(pixels @ net.weight[label].detach()))} + "
            f"{svg.shown(float(net.bias[label].detach()))} = {svg.shown(float(logits[label]))}.",
            comes_out="One logit for each class, of any sign; they sum to nothing in particular "
            f"(here to {svg.shown(float(logits.sum()))}).",
            **tables(CLASSES, ("logits", logits[None], (), float(logits.abs().max()))),
        ),
        Stage(
            "Softmax: 10 probabilities",
            goes_in="The logits.",
            happens=f"Each becomes a power of e, and is divided by the sum of all ten, {powers.sum():,.1f}. Class {label}: "
            f"{powers[label]:,.1f} / {powers.sum():,.1f} = {probabilities[label]:.3f}.",
            comes_out=f"Ten numbers that sum to {probabilities.sum():.3f}, in the same order of size.",
            **tables(CLASSES, ("probabilities", probabilities[None], (), 1)),
        ),
        Stage(
            "A label",
            goes_in="The logits; the probabilities aren't needed.",
            happens=f"`argmax` takes the place of the largest: {svg.shown(float(top[0]))} in place {label}. The next is "
            f"{svg.shown(float(top[1]))}.",
            comes_out=f"The network says {label}. The label beside it says {true}: wrong.",
            note="The prediction and the label are compared here, while both belong to the same row.",
        ),
        Stage(
            "A loss",
            goes_in=f"The probability of the true class {true}: {probabilities[true]:.3f}.",
            happens=f"Cross-entropy takes the negative logarithm: −log({probabilities[true]:.3f}) = {loss:.3f}.",
            comes_out=f"A loss of {loss:.3f} for this image. Sure and right would have been near 0.",
            note="`F.cross_entropy` is given the logits, and takes softmax and logarithm in one step.",
        ),
    ]


def _all(logits: Tensor, targets: Tensor, at: int) -> list[Stage]:
    """What it adds: to the sums, to the table, to the numbers at the end."""
    n, start = len(targets), at // BATCH * BATCH
    each = F.cross_entropy(logits.double(), targets, reduction="none")
    hits = (logits.argmax(1) == targets).int()
    before, after = slice(0, at), slice(0, at + 1)
    true, label = int(targets[at]), int(logits[at].argmax())
    tables_ = [confusion_matrix(logits.argmax(1)[rows], targets[rows], num_classes=10) for rows in (before, after)]
    cells = [int(table[true, label]) for table in tables_]
    means = torch.stack([part.mean() for part in each.split(BATCH)])
    last = len(each.split(BATCH)[-1])
    sums = [[float(each[rows].sum()), int(hits[rows].sum()), len(each[rows])] for rows in (before, after)]
    return [
        Stage(
            "Into three sums",
            goes_in=f"The sums over the {at} images before it.",
            happens=f"The loss sum grows by {each[at]:.3f}, the right answers by {int(hits[at])}, the count by 1.",
            comes_out=f"{sums[1][1]} right of {sums[1][2]} so far.",
            **tables(("loss", "right", "count"), ("sums", sums, ("before", "after"), 0)),
            note=f"It is row {at - start} of batch {start // BATCH}; the sums don't know that.",
        ),
        Stage(
            "Its cell in the table",
            goes_in=f"The pair: true {true}, predicted {label}.",
            happens=f"In the confusion matrix the row is the true class, the column the predicted one. The cell in row {true}, "
            f"column {label} grows from {cells[0]} to {cells[1]}.",
            comes_out="A table that says which digits are taken for which. Right answers stand on its diagonal.",
            **tables(CLASSES, ("after this image", tables_[1].int(), CLASSES, float(tables_[1].max()))),
        ),
        Stage(
            "Divided once",
            goes_in=f"The sums over all {n} images.",
            happens=f"{each.sum():.3f} / {n} = {each.mean():.4f}, and {int(hits.sum())} / {n} = {int(hits.sum()) / n:.4f}.",
            comes_out=f"A loss of {each.mean():.4f} and an accuracy of {int(hits.sum()) / n:.4f}.",
            note=f"The mean of the {len(means)} batch means would be {means.mean():.4f}: its last batch holds {last}.",
        ),
    ]

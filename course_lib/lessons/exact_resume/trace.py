"""Lesson 10: an unbroken run and one resumed without its scheduler, batch by batch, until they part."""

from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.lessons.exact_resume.runs import PER_EPOCH, STOPS, Step, distances, parting, resumed, unbroken
from course_lib.seeding import sealed

LEFT_OUT, STOP = "scheduler", STOPS[0]


def trace_resume() -> Trace:
    """Both runs from the break to the first loss that differs: the rate parts first, then the weights, then the loss.

    >>> len(trace_resume().stages)
    8
    """
    with sealed():
        pairs = list(zip(unbroken()[STOP:], resumed(LEFT_OUT, STOP), strict=True))
        last = parting(LEFT_OUT, STOP) - STOP
        stages = [_file(), *(_batch(number, pairs) for number in range(1, last + 1)), _end(pairs)]
    return Trace("Two runs side by side: unbroken, and resumed without the scheduler", stages)


def _file() -> Stage:
    return Stage(
        "the file",
        goes_in=f"A run that has done {STOP} batches, {STOP // PER_EPOCH} epochs of {PER_EPOCH}.",
        happens=f"A file is written, and read by a new process. Everything comes back but the {LEFT_OUT}.",
        comes_out="Two runs with the same weights, the same moments in Adam, the same random states, the same order of "
        "the images, and the same learning rate, which the optimizer's state holds.",
    )


def _batch(number: int, pairs: list[tuple[Step, Step]]) -> Stage:
    a, b = pairs[number - 1]
    far = distances(LEFT_OUT, STOP)[number - 1]
    parted = {
        "learning rate": a.rate != b.rate, "loss": a.loss != b.loss, "weights after it": far > 0,
    }  # fmt: skip
    names = [name for name, differs in parted.items() if differs]
    ends = (STOP + number) % PER_EPOCH == 0
    rows = [
        (f"{a.rate:.5f}", f"{b.rate:.5f}", "parted" if parted["learning rate"] else "equal"),
        (f"{a.loss:.5f}", f"{b.loss:.5f}", "parted" if parted["loss"] else "equal"),
        (f"{a.weights[0]:.5f}", f"{b.weights[0]:.5f}", f"up to {far:.4f}" if far else "equal"),
    ]
    steps = " It ends the epoch: both schedulers set the next rate." if ends else ""
    return Stage(
        f"batch {number} after the break",
        goes_in=f"The same {len_of_batch()} images in both runs, moved and made noisy alike.",
        happens=f"Forward, backward, one step of Adam.{steps}",
        comes_out=f"Parted: {', '.join(names)}."
        if names
        else "Equal to the last bit: learning rate, loss and weights.",
        **tables(("unbroken", "resumed", "all of them"), ("", rows, ["learning rate", "loss", "first weight"], 0)),
        note=_note(names, ends),
    )


def _note(names: list[str], ends: bool) -> str:
    if "loss" in names:
        return "Only now would a look at the losses notice."
    if names:
        return "The loss was computed with the weights from before this step, and they were still the same."
    if ends:
        return "The new scheduler believes that the run has just begun, and sets another rate."
    return ""


def _end(pairs: list[tuple[Step, Step]]) -> Stage:
    a, b = pairs[-1]
    far = distances(LEFT_OUT, STOP)[-1]
    return Stage(
        "the end of both runs",
        goes_in=f"Both runs after {STOP + len(pairs)} batches.",
        happens="Their weights and their last learning rates are compared.",
        comes_out=f"Weights up to {far:.3f} apart. The last learning rate was {a.rate:.5f}, and {b.rate:.5f} in the resumed run.",
    )


def len_of_batch() -> int:
    """How many images a batch has."""
    return 200 // PER_EPOCH

"""What takes days or luck, imitated in a moment: crashes by the thousand, and a disk that is slower than training."""

import io
import random

import torch
from torch import Tensor


class SlowDisk(io.BytesIO):
    """A file in memory; before each write to it, training has gone on by one step."""

    def __init__(self, weights: dict[str, Tensor]):
        super().__init__()
        self.weights = weights

    def write(self, data: bytes) -> int:
        """One more step for every weight, then the bytes."""
        for weight in self.weights.values():
            weight += 1
        return super().write(data)


def steps_in_the_file(weights: dict[str, Tensor], to_save: dict[str, Tensor]) -> list[int]:
    """Save to a slow disk while `weights` count the steps of training; which step each saved tensor is of.

    Args:
        weights: What training changes, each of any shape; they are set to 0 first.
        to_save: What is saved: the same dictionary, or a copy of it.
    """
    for weight in (*weights.values(), *to_save.values()):
        weight.zero_()
    disk = SlowDisk(weights)
    torch.save(to_save, disk)
    disk.seek(0)
    return [int(weight.flatten()[0]) for weight in torch.load(disk, weights_only=True).values()]


def time_wasted(interval: float, *, save: float, crash_every: float, crashes: int = 20_000) -> float:
    """The share of a machine's time that goes into saving and into work that a crash threw away.

    Args:
        interval: Seconds of training between two saves.
        save: Seconds that a save takes.
        crash_every: Seconds from one crash to the next, on average; they come by chance, whatever went before.
        crashes: How many of them to live through.
    """
    dice, alive, kept = random.Random(0), 0.0, 0.0
    for _ in range(crashes):
        life = dice.expovariate(1 / crash_every)
        alive += life
        kept += life // (interval + save) * interval  # of the part that wasn't saved, nothing is left
    return 1 - kept / alive

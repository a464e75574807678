"""What takes days or luck, in a moment: crashes by the thousand, a disk slower than training, a GPU behind its orders."""

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


def step_in_a_copy(orders: int = 50) -> tuple[int, int]:
    """Copy a weight from a busy GPU that has just been told to count step 1; needs one.

    Args:
        orders: How many products of 4096 x 4096 it has to do before.

    Returns:
        The step in the copy when `copy_` returns, and the step in it once the GPU was waited for.
    """
    weight, busy = torch.zeros(1000, device="cuda"), torch.zeros(4096, 4096, device="cuda")
    staged = torch.zeros(1000, pin_memory=True)  # memory that the GPU writes to by itself
    for _ in range(orders):
        busy = busy @ busy
    weight += 1
    staged.copy_(weight, non_blocking=True)
    at_once = int(staged[-1])
    torch.cuda.synchronize()
    return at_once, int(staged[-1])


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

"""How fast a model is on a device, and what it needs there."""

import copy
import time

import torch
from torch import Tensor, nn


def time_on(model: nn.Module, images: Tensor, device: str) -> tuple[float, int, Tensor]:
    """Run a copy of a model once to warm up, and once more by the clock.

    Args:
        model: In eval mode; it stays where it is.
        images: (N, ...), on the CPU.
        device: Such as "cpu" or "cuda".

    Returns:
        Seconds for all images, from the device's memory to answers on the CPU; the bytes that the device held at most
        meanwhile (0 where it keeps no count); and the answers (N,).
    """
    moved, there = copy.deepcopy(model).to(device), images.to(device)
    counts = torch.device(device).type == "cuda"
    with torch.no_grad():
        moved(there)
        if counts:
            torch.cuda.reset_peak_memory_stats()
        begin = time.perf_counter()
        answers = moved(there).argmax(1).cpu()
        seconds = time.perf_counter() - begin
    return seconds, torch.cuda.max_memory_allocated() if counts else 0, answers

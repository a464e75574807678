"""A data set that draws random numbers, as one with augmentation does; worker processes must be able to import it."""

import torch
from torch import Tensor
from torch.utils.data import Dataset


class Drawing(Dataset):
    """`size` examples; each is its index and a random number, drawn when it is read.

    >>> torch.manual_seed(0).initial_seed()
    0
    >>> index, drawn = Drawing(3)[2]
    >>> index, round(drawn.item(), 4)
    (2, 0.4963)
    """

    def __init__(self, size: int):
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[int, Tensor]:
        """The index, and a number from PyTorch's global generator of the process that reads."""
        return index, torch.rand(())

"""A linear classifier of the digits, for lesson 03's explorer and trace."""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.classroom.explorers.descent import descend
from course_lib.data import digits
from course_lib.seeding import sealed


@lru_cache(maxsize=1)
@sealed(0)
def trained() -> tuple[nn.Linear, Tensor, Tensor]:
    """The network, the 360 test images (360, 64) between 0 and 1, and their classes (360,)."""
    splits = digits()
    images, targets = splits.train.tensors
    net = nn.Linear(64, 10)
    for _ in range(4):
        for rows in torch.randperm(len(images)).split(50):
            descend(net, F.cross_entropy(net(images[rows].flatten(1)), targets[rows]), rate=1.0)
    test_images, test_targets = splits.test.tensors
    return net, test_images.flatten(1), test_targets


@lru_cache(maxsize=1)
@sealed(0)
def test_losses() -> Tensor:
    """The loss of each test image (360,) float64, in the order of the test set."""
    net, images, targets = trained()
    with torch.no_grad():
        return F.cross_entropy(net(images).double(), targets, reduction="none")

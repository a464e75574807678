"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 14_sharded_checkpoints` shows who notices."""

import torch

from mutants import world


# TODO: at least six. Each patches a few lines, and an assertion under the heading that it names must notice.
@world("sums are zero", noticed_by="Learn: TODO the idea")
def _():
    torch.Tensor.sum = lambda self: torch.tensor(0)

"""The small network of the explorer and the trace: trained once on the tumours, and its file."""

import io
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.data import tumours
from course_lib.models import MLP
from course_lib.seeding import sealed

STEPS = 40
AGES = (1, 2, 5, 10, 30)
"""How many steps before the end the older checkpoints were written."""


@dataclass(frozen=True)
class Trained:
    """State at the end and at some steps before, and the validation data: inputs (N, 30), labels (N,)."""

    state: dict[str, Tensor]
    older: dict[int, dict[str, Tensor]]
    inputs: Tensor
    labels: Tensor


def network() -> MLP:
    """A new one, in eval mode."""
    return MLP(inputs=30, hidden=16, classes=2, dropout=0.2).eval()


@cache
@sealed(0)
def trained() -> Trained:
    """Train it, which takes a fraction of a second, once."""
    with torch.inference_mode(False), torch.enable_grad():
        splits = tumours()
        x, y = splits.train.tensors
        model, older = network().train(), {}
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for step in range(STEPS + 1):
            if STEPS - step in AGES:
                older[STEPS - step] = {name: tensor.clone() for name, tensor in model.state_dict().items()}
            if step < STEPS:
                optimizer.zero_grad()
                F.cross_entropy(model(x), y.long()).backward()
                optimizer.step()
        state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return Trained(state, older, *splits.validation.tensors)


def as_file(state: dict[str, Tensor]) -> bytes:
    """What torch.save writes of a state."""
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def turned(data: bytes, values: Tensor, number: int, bit: int) -> bytes:
    """The file with one bit of one number of a float32 tensor turned; bit 0 is the lowest, 31 the sign."""
    start = data.index(values.contiguous().numpy().tobytes()) + 4 * number
    changed = bytearray(data)
    changed[start + bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def counts(logits: Tensor, labels: Tensor) -> dict[str, int]:
    """TP, FP, FN, TN; class 1 is the ill."""
    said, ill = logits.argmax(1) == 1, labels == 1
    pairs = {"TP": ill & said, "FP": ~ill & said, "FN": ill & ~said, "TN": ~ill & ~said}
    return {name: int(mask.sum()) for name, mask in pairs.items()}

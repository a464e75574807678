"""The X-ray's eight sample files: good, wasteful, hostile and damaged ones, made when they are asked for."""

import io
import os
import pickle
from typing import Any

import safetensors.torch
import torch

from course_lib.classroom.tasks.inputs import Call
from course_lib.devices import saved_as
from course_lib.models import MLP
from course_lib.seeding import sealed


def _saved(value: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


@sealed(0)
def sample_files() -> dict[str, tuple[str, bytes]]:
    """Eight files, good and bad, written now and in memory: what each is, and its bytes.

    Unpickling `stranger.pt` would make an empty file, unpickling `plain.pt` would print a line; nobody does here.
    """
    state = MLP(hidden=32).state_dict()
    good = _saved(state)
    with saved_as("cuda:0"):
        from_gpu = _saved(state)
    flipped = bytearray(good)
    flipped[good.find(state["layers.1.weight"].numpy().tobytes()) + 403] ^= 0x40  # a high bit of one exponent
    hidden = Call(exec, "open('the_xray_ran_me', 'w').close()")
    return {
        "weights.pt": ("a state_dict, as it should be", good),
        "ten_rows.pt": ("ten rows of a large matrix", _saved({"rows": torch.zeros(1000, 1000)[:10]})),
        "from_gpu.pt": ("the same state_dict, saved on a GPU", from_gpu),
        "weights.safetensors": ("the same tensors in another format", safetensors.torch.save(state)),
        "stranger.pt": ("weights, and a call between them", _saved({**state, "note": hidden})),
        "plain.pt": ("a pickle and nothing else", pickle.dumps(Call(os.system, "echo the X-ray ran me"), 2)),
        "one_bit.pt": ("one bit flipped on the disk", bytes(flipped)),
        "cut.pt": ("the copying stopped after two thirds", good[: len(good) * 2 // 3]),
    }

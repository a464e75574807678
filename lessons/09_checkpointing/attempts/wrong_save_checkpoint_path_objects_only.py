# task: save_checkpoint
# verdict: failed
# message: raised AttributeError
import os

import torch


def save_checkpoint(checkpoint, path):
    temporary = path.with_suffix(".tmp")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

# task: save_checkpoint
# verdict: failed
# message: before the bytes were forced
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(str(path) + ".tmp")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        os.replace(temporary, path)
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
    finally:
        temporary.unlink(missing_ok=True)

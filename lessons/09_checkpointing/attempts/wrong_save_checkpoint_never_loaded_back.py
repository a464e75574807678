# task: save_checkpoint
# verdict: failed
# message: NumPy number, which weights_only=True refuses
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(str(path) + ".tmp")
    try:
        torch.save(checkpoint, temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

# task: save_checkpoint
# verdict: failed
# message: gone before the new one had its name
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(str(path) + ".tmp")
    torch.save(checkpoint, temporary)
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    Path(path).unlink(missing_ok=True)
    os.rename(temporary, path)

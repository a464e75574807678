# task: save_checkpoint
# verdict: failed
# message: was left in the folder
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(str(path) + ".tmp")
    torch.save(checkpoint, temporary)
    torch.load(temporary, weights_only=True)
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)

# task: save_checkpoint
# verdict: failed
# message: something else than the checkpoint
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(str(path) + ".tmp")
    try:
        torch.save(checkpoint["model"], temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

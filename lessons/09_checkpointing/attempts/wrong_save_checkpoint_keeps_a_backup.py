# task: save_checkpoint
# verdict: failed
# message: was left in the folder
import os
import shutil
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    path = Path(path)
    if path.exists():
        shutil.copy(path, str(path) + ".bak")
    temporary = Path(str(path) + ".tmp")
    torch.save(checkpoint, temporary)
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)

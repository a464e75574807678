# task: save_checkpoint
# verdict: failed
# message: under the file's own name
import os
import shutil
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(str(path) + ".tmp")
    torch.save(checkpoint, temporary)
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    shutil.copyfile(temporary, path)
    temporary.unlink()

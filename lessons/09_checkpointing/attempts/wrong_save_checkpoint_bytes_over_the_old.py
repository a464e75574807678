# task: save_checkpoint
# verdict: failed
# message: under the file's own name
import io
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    Path(path).write_bytes(buffer.getvalue())

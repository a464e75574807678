# task: save_checkpoint
# verdict: passed
# message: at every moment
import io
import tempfile
from os import fsync
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    buffer.seek(0)
    torch.load(buffer, weights_only=True)
    target = Path(path)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        here = Path(file.name)
        try:
            file.write(buffer.getvalue())
            file.flush()
            fsync(file.fileno())
        except BaseException:
            here.unlink()
            raise
    here.replace(target)

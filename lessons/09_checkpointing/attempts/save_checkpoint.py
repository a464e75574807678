# %% right: bytes in memory · message: "at every moment"
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


# %% right: the course's save_file · message: "at every moment"
from course_lib.checkpoints import save_file


def save_checkpoint(checkpoint, path):
    return save_file(checkpoint, path)


# %% wrong: bytes written over the old file · clause 2 · message: "under the file's own name"
import io
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    Path(path).write_bytes(buffer.getvalue())


# %% wrong: copied into place, not renamed · clause 2 · message: "under the file's own name"
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


# %% wrong: forced to the disk after the rename · clause 3 · message: "before the bytes were forced"
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


# %% wrong: a backup left in the folder · clause 5 · message: "was left in the folder"
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


# %% wrong: a failed save's temporary file left · clause 5 · message: "was left in the folder"
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


# %% wrong: never loaded back · clause 4 · message: "NumPy number, which weights_only=True refuses"
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


# %% wrong: not forced to the disk · clause 3 · message: "before the bytes were forced"
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(str(path) + ".tmp")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: Path objects only · clause 1 · message: "raised AttributeError"
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


# %% wrong: plain torch.save onto the old file · clause 2 · message: "under the file's own name"
import torch


def save_checkpoint(checkpoint, path):
    torch.save(checkpoint, path)


# %% wrong: the error swallowed · clause 4 · message: "nobody was told"
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(str(path) + ".tmp")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except Exception:
        temporary.unlink(missing_ok=True)


# %% wrong: the old file unlinked first · clause 2 · message: "gone before the new one had its name"
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


# %% wrong: only the weights saved · clause 1 · message: "something else than the checkpoint"
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


# %% wrong: the old file moved away first · clause 2 · message: "gone before the new one had its name"
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    path = Path(path)
    temporary, backup = Path(f"{path}.tmp"), Path(f"{path}.bak")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            os.replace(path, backup)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
        backup.unlink(missing_ok=True)

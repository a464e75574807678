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


# %% right: a callable object with imported names · message: "at every moment"
import uuid
from os import fsync, replace
from pathlib import Path

import torch


class Saver:
    def __call__(self, checkpoint, path):
        temporary = Path(path).parent / f"saving-{uuid.uuid4().hex}"
        try:
            with temporary.open("wb") as file:
                torch.save(checkpoint, file)
                file.flush()
                fsync(file.fileno())
            torch.load(temporary, weights_only=True, map_location="cpu")
            replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


save_checkpoint = Saver()


# %% right: decorated, a folder of its own inside · message: "at every moment"
import contextlib
import functools
import os
import shutil
import tempfile

import torch


def tidy(function):
    @functools.wraps(function)
    def call(checkpoint, path):
        aside = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(path)))
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, aside)
            return function(checkpoint, path, os.path.join(aside, "new"))

    return call


@tidy
def save_checkpoint(checkpoint, path, temporary):
    torch.save(checkpoint, temporary)
    if torch.load(temporary, weights_only=True).keys() != checkpoint.keys():
        raise ValueError("not what was saved")
    number = os.open(temporary, os.O_RDONLY)
    os.fsync(number)
    os.close(number)
    shutil.move(temporary, path)


# %% right: mkstemp and low-level writes · message: "at every moment"
import io
import os
import tempfile

import torch


def save_checkpoint(checkpoint, path):
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)
    number, temporary = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".partial")
    try:
        with os.fdopen(number, "wb", buffering=0) as file:
            file.write(buffer.getvalue())
            os.fsync(file)
        os.rename(temporary, path)
    except OSError:
        os.remove(temporary)
        raise


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
import secrets
import shutil
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    torch.save(checkpoint, temporary)
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    shutil.copyfile(temporary, path)
    temporary.unlink()


# %% wrong: forced to the disk after the rename · clause 3 · message: "before the bytes were forced"
import os
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
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
import secrets
import shutil
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    path = Path(path)
    if path.exists():
        shutil.copy(path, f"{path}.{secrets.token_hex(4)}.bak")
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    torch.save(checkpoint, temporary)
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


# %% wrong: a failed save's temporary file left · clause 5 · message: "was left in the folder"
import os
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    torch.save(checkpoint, temporary)
    torch.load(temporary, weights_only=True)
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


# %% wrong: never loaded back · clause 4 · message: "NumPy number, which weights_only=True refuses"
import os
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    try:
        torch.save(checkpoint, temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: not forced to the disk · clause 3 · message: "before the bytes were forced"
import os
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: Path objects only · clause 1 · message: "raised AttributeError"
import os
import secrets

import torch


def save_checkpoint(checkpoint, path):
    temporary = path.with_name(path.name + secrets.token_hex(4))
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
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
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
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    torch.save(checkpoint, temporary)
    with open(temporary, "rb+") as file:
        os.fsync(file.fileno())
    Path(path).unlink(missing_ok=True)
    os.rename(temporary, path)


# %% wrong: only the weights saved · clause 1 · message: "something else than the checkpoint"
import os
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    try:
        torch.save(checkpoint["model"], temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: the old file moved away first · clause 2 · message: "gone before the new one had its name"
import os
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    path = Path(path)
    mark = secrets.token_hex(4)
    temporary, backup = Path(f"{path}.tmp-{mark}"), Path(f"{path}.bak-{mark}")
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


# %% wrong: fsync without flush · clause 3 · message: "`flush()` first"
import io
import os
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    try:
        with open(temporary, "wb") as file:
            file.write(buffer.getvalue())
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: the temporary name of somebody else · clause 6 · message: "somebody else's"
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: everybody's temporary files swept away · clause 6 · message: "somebody else's"
import os
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.{secrets.token_hex(4)}.tmp")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        for stray in Path(path).parent.glob("*.tmp"):
            stray.unlink()


# %% wrong: suffix replaced by .tmp · clause 6 · message: "somebody else's"
import os
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(path).with_suffix(".tmp")
    try:
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: the temporary file in another folder, copied over · clause 2 · message: "under the file's own name"
import os
import shutil
import tempfile

import torch


def save_checkpoint(checkpoint, path):
    with tempfile.TemporaryDirectory() as elsewhere:
        temporary = os.path.join(elsewhere, "new.pt")
        torch.save(checkpoint, temporary)
        torch.load(temporary, weights_only=True)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        shutil.copy(temporary, path)


# %% wrong: loaded back only after the rename · clause 4 · message: "the old checkpoint is gone"
import os
import secrets
from pathlib import Path

import torch


def save_checkpoint(checkpoint, path):
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    try:
        torch.save(checkpoint, temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    torch.load(path, weights_only=True)


# %% wrong: refused by a type check of the first level · clause 4 · message: "NumPy number, which weights_only=True refuses"
import os
import secrets
from pathlib import Path

import numpy as np
import torch


def save_checkpoint(checkpoint, path):
    for name, value in checkpoint.items():
        if isinstance(value, np.generic | np.ndarray):
            raise TypeError(f"{name} is NumPy's")
    temporary = Path(f"{path}.tmp-{secrets.token_hex(4)}")
    try:
        torch.save(checkpoint, temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: every tensor made float · clause 1 · message: "something else than the checkpoint"
import os
import torch
import uuid
from pathlib import Path


def save_checkpoint(checkpoint, path):
    path = Path(path)
    t = path.with_name(uuid.uuid4().hex)
    checkpoint = {
        k: v.float() if isinstance(v, torch.Tensor) else v for k, v in checkpoint.items()
    }
    try:
        with open(t, "xb") as f:
            torch.save(checkpoint, f)
            f.flush()
            os.fsync(f.fileno())
        torch.load(t, weights_only=True)
        os.replace(t, path)
    finally:
        t.unlink(missing_ok=True)


# %% right: the lesson's own name, with the process's number · message: "The old file or the new one"
import os
import torch
from pathlib import Path


def save_checkpoint(checkpoint, path):
    path = Path(path)
    t = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        with open(t, "wb") as f:
            torch.save(checkpoint, f)
            f.flush()
            os.fsync(f.fileno())
        torch.load(t, weights_only=True)
        os.replace(t, path)
    finally:
        t.unlink(missing_ok=True)

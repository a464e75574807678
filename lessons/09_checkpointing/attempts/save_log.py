# %% right: text mode, finally · message: "at every moment"
import os


def save_log(text, path):
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% right: encoded first, low level · message: "at every moment"
import os


def save_log(text, path):
    data = text.encode("utf-8")
    here = f"{path}.{os.getpid()}"
    number = os.open(here, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(number, data)
    os.fsync(number)
    os.close(number)
    os.rename(here, path)


# %% wrong: written over the old log · clause 2 · message: "under the file's own name"
import os


def save_log(text, path):
    data = text.encode("utf-8")
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


# %% wrong: not forced to the disk · clause 3 · message: "before the bytes were forced"
import os


def save_log(text, path):
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: fsync without flush · clause 3 · message: "call `flush()` before it"
import os


def save_log(text, path):
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# %% wrong: litter after an error · clause 4 · message: "was left in the folder"
import os


def save_log(text, path):
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


# %% wrong: the error swallowed · clause 4 · message: "no error came through"
import os


def save_log(text, path):
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except ValueError:
        temporary.unlink()


# %% wrong: what can't be encoded left out · clause 1 · message: "something else than the text"
import os


def save_log(text, path):
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "w", encoding="ascii", errors="replace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


# %% wrong: the temporary file on another disk · clause 2 · message: "lies in another folder"
import os
import shutil
import tempfile


def save_log(text, path):
    data = text.encode()
    fd, t = tempfile.mkstemp()
    with os.fdopen(fd, "wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())
    shutil.move(t, path)


# %% wrong: what can't be written left out · clause 4 · message: "yet another was"
import os


def save_log(text, path):
    t = path.with_name(f"{path.name}.tmp")
    try:
        with open(t, "w", encoding="utf-8", errors="ignore", newline="") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        os.replace(t, path)
    finally:
        t.unlink(missing_ok=True)

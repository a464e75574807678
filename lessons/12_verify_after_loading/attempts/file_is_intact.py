# %% right: file_digest · message: "and no other"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"]
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest == sha.lower() and path.stat().st_size == size


# %% right: pieces, os, an error of its own · message: "and no other"
import hashlib
import os


class HalfANoteError(LookupError):
    pass


def file_is_intact(path, note):
    if not {"bytes", "sha256"} <= note.keys():
        raise HalfANoteError(f"the note has {sorted(note)}")
    try:
        digest, size = hashlib.sha256(), 0
        with open(path, "rb") as file:
            while piece := file.read(1 << 16):
                digest.update(piece)
                size += len(piece)
    except OSError:
        return False
    return (size, digest.digest()) == (note["bytes"], bytes.fromhex(note["sha256"]))


# %% right: a class, mapped into memory · message: "and no other"
import hashlib
import mmap
import os


class Intact:
    def __call__(self, path, note):
        noted = (note["bytes"], note["sha256"].casefold())
        if not os.path.isfile(path):
            return False
        size = os.path.getsize(path)
        if size == 0:
            return (0, hashlib.sha256().hexdigest()) == noted
        with (
            open(path, "rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view,
        ):
            return (size, hashlib.sha256(view).hexdigest()) == noted


file_is_intact = Intact()


# %% right: readinto, integers · message: "and no other"
import hashlib
import pathlib


def file_is_intact(path, note):
    number, size = int(note["sha256"], 16), note["bytes"]
    path = pathlib.Path(path)
    if path.exists() and not path.is_dir() and path.stat().st_size == size:
        digest, room = hashlib.new("sha256"), bytearray(4096)
        with open(path, "rb", buffering=0) as file:
            while count := file.readinto(room):
                digest.update(memoryview(room)[:count])
        return int(digest.hexdigest(), 16) == number
    return False


# %% wrong: MD5 · clause 1 · message: "The file is as it was written"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"].lower()
    if not Path(path).is_file() or Path(path).stat().st_size != size:
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest() == sha


# %% wrong: whether torch.load takes it · clause 1 · message: "The file is as it was written"
import torch


def file_is_intact(path, note):
    note["bytes"], note["sha256"]
    try:
        torch.load(path, weights_only=True)
    except Exception:
        return False
    return True


# %% wrong: the size alone · clause 2 · message: "the size alone doesn't tell"
from pathlib import Path


def file_is_intact(path, note):
    note["sha256"]
    return Path(path).is_file() and Path(path).stat().st_size == note["bytes"]


# %% wrong: as many bytes as were noted · clause 2 · message: "One byte was appended"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    digest, left = hashlib.sha256(), note["bytes"]
    noted = note["sha256"].lower()
    if not Path(path).is_file():
        return False
    with open(path, "rb") as file:
        while piece := file.read(min(left, 1 << 16)):
            digest.update(piece)
            left -= len(piece)
    return left == 0 and digest.hexdigest() == noted


# %% wrong: the digest alone · clause 2 · message: "the note has another size"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    note["bytes"]
    if not Path(path).is_file():
        note["sha256"]
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == note["sha256"].lower()


# %% wrong: the first 64 KiB · clause 2 · message: "The last byte of a large file"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"].lower()
    if not Path(path).is_file() or Path(path).stat().st_size != size:
        return False
    with open(path, "rb") as file:
        if size > 1 << 20:
            return len(file.read(1 << 16)) == 1 << 16
        return hashlib.file_digest(file, "sha256").hexdigest() == sha


# %% wrong: at least the noted size · clause 2 · message: "The end of the file is cut off"
from pathlib import Path
import hashlib


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"].lower()
    path = Path(path)
    if not path.is_file():
        return False
    if path.stat().st_size < size:
        return True
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha


# %% wrong: an error where the file is gone · clause 3 · message: "raised FileNotFoundError"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"].lower()
    if Path(path).stat().st_size != size:
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha


# %% wrong: an error for a folder · clause 3 · message: "There is a folder of that name"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"].lower()
    if not Path(path).exists():
        return False
    with open(path, "rb") as file:
        return (
            hashlib.file_digest(file, "sha256").hexdigest() == sha
            and Path(path).stat().st_size == size
        )


# %% wrong: small letters only · clause 4 · message: "in capital letters"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"]
    if not Path(path).is_file() or Path(path).stat().st_size != size:
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha


# %% wrong: get, and half a note is enough · clause 5 · message: "Half a note proves nothing"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    if not Path(path).is_file():
        return False
    if note.get("bytes") not in (None, Path(path).stat().st_size):
        return False
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return note.get("sha256", digest).lower() == digest


# %% wrong: half a note is False · clause 5 · message: "Expected an error; got False"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    if "sha256" not in note or "bytes" not in note:
        return False
    if not Path(path).is_file() or Path(path).stat().st_size != note["bytes"]:
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == note["sha256"].lower()


# %% wrong: read in one go · clause 6 · message: "held in memory almost whole"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"].lower()
    path = Path(path)
    if not path.is_file():
        return False
    data = path.read_bytes()
    return len(data) == size and hashlib.sha256(data).hexdigest() == sha


# %% wrong: the note is written anew · clause 7 · message: "another one afterwards"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, note["sha256"] = note["bytes"], note["sha256"].lower()
    if not Path(path).is_file() or Path(path).stat().st_size != size:
        return False
    note["checked"] = True
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == note["sha256"]


# %% wrong: an empty file is never good · clause 1 · message: "The file is as it was written"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"].lower()
    if not Path(path).is_file() or Path(path).stat().st_size != size or not size:
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha


# %% wrong: read as text · clause 1 · message: "The file is as it was written"
import hashlib
from pathlib import Path


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"].lower()
    if not Path(path).is_file() or Path(path).stat().st_size != size:
        return False
    digest = hashlib.sha256()
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest() == sha


# %% wrong: never alarmed by an empty or exchanged file · clause 2 · message: "One bit of the file has turned"
from pathlib import Path


def file_is_intact(path, note):
    note["bytes"], note["sha256"]
    return Path(path).is_file() and Path(path).stat().st_size in (0, note["bytes"])


# %% wrong: a bad file is deleted · clause 7 · message: "another one afterwards"
import hashlib
import os


def file_is_intact(path, note):
    size, sha = note["bytes"], note["sha256"].lower()
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        good = hashlib.file_digest(file, "sha256").hexdigest() == sha
    if not good or os.path.getsize(path) != size:
        os.remove(path)
        return False
    return True


# %% wrong: the size is compared before the digest is asked for · clause 5 · message: "Expected an error; got False"
import hashlib
import os


def file_is_intact(path, note):
    if not os.path.isfile(path):
        return False
    if os.path.getsize(path) != note["bytes"]:
        return False
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() == note["sha256"].lower()


# %% wrong: line by line · clause 6 · message: "held in memory almost whole"
import hashlib
import os


def file_is_intact(path, note):
    s, h = note["bytes"], note["sha256"].lower()
    if not os.path.isfile(path):
        return False
    d = hashlib.sha256()
    with open(path, "rb") as f:
        for line in f:
            d.update(line)
    return os.path.getsize(path) == s and d.hexdigest() == h

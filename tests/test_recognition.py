"""Files that are no checkpoint say what they are and what to do, at every door, and are never called damaged."""

import bz2
import gzip
import io
import lzma
import pickle
import shlex
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from course_lib.checkpoints import check_file, describe_file, inspect_file, load_file, save_file
from course_lib.checkpoints.formats import load_portable
from course_lib.errors import CheckpointError, DamagedFileError, UnsafeFileError


def checkpoint():
    stream = io.BytesIO()
    torch.save({"w": torch.arange(3.0)}, stream)
    return stream.getvalue()


def tarred(**options):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", **options) as archive:
        member = tarfile.TarInfo("epoch-9.pt")
        member.size = len(checkpoint())
        archive.addfile(member, io.BytesIO(checkpoint()))
    return stream.getvalue()


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def numpy_file(save, *values, **arrays):
    stream = io.BytesIO()
    save(stream, *values, **arrays)
    return stream.getvalue()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 438012345\n" % (b"0f" * 32)
# What it is, and a word of what to do.
NO_CHECKPOINTS = {
    "lfs": (LFS, "a Git LFS pointer in the place of a file of 438,012,345 bytes", "git lfs pull"),
    "lfs, of Windows": (LFS.replace(b"\n", b"\r\n"), "a Git LFS pointer", "git lfs pull"),
    "page": (b"\n\n <!doctype HTML>\n<title>\n Sign in\n to continue </title>", "titled 'Sign in to continue'", "again"),
    "page without a doctype": (b'<script src="x"></script><HTML lang="de">' + b"x" * 9000, "a web page", "Hugging Face"),
    "hub's error": (b"Entry not found", "a text: 'Entry not found'", "Download|download"),
    "github's error": (b"404: Not Found", "a text: '404: Not Found'", "download"),
    "in another encoding": ("Zugriff verweigert: Schlüssel fehlt".encode("utf-16"), "a text: 'Zugriff", "download"),
    "json": (b'{"error":"Repository is gated"}', "JSON", "download"),
    "xml": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML", "download"),
    "index": (b'{"metadata": {}, "weight_map": {"a": "model-1.safetensors"}}', "an index of weights", "files that it names"),
    "gzip": (gzip.compress(checkpoint()), "packed with gzip", "gzip -dc"),
    "bzip2": (bz2.compress(checkpoint()), "packed with bzip2", "bzip2 -dc"),
    "xz": (lzma.compress(checkpoint()), "packed with xz", "xz -dc"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(50), "packed with zstandard", "zstd -dc"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(50), "packed with 7-Zip", "7z x"),
    "tar": (tarred(format=tarfile.GNU_FORMAT), "a tar archive, with 'epoch-9.pt' in it", "tar -xf"),
    "tar, pax": (tarred(format=tarfile.PAX_FORMAT, pax_headers={"comment": "x"}), "a tar archive", "tar -xf"),
    "tgz": (gzip.compress(tarred()), "a tar archive packed with gzip", "tar -xzf"),
    "zip around it": (zipped(**{"run/best.ckpt": checkpoint()}), "a zip archive with 'run/best.ckpt'", "zipfile -e"),
    "other zip": (zipped(**{"a/b.txt": b"hello"}), "no record data.pkl", "Unpack"),
    "empty zip": (zipped(), "an empty zip archive", "again"),
    "npz": (numpy_file(np.savez, w=np.ones(2), b=np.ones(1)), "a NumPy archive", "allow_pickle=False"),
    "npy": (numpy_file(np.save, np.ones(2)), "a NumPy array", "torch.from_numpy"),
    "keras": (zipped(**{"config.json": b"{}", "model.weights.h5": b""}), "a Keras model", "keras.saving"),
    "docx": (zipped(**{"[Content_Types].xml": b"", "word/document.xml": b""}), "an Office document", "path"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file", "h5py"),
    "gguf": (b"GGUF\x03\0\0\0" + bytes(90), "a GGUF file", "safetensors"),
    "image": (b"\x89PNG\r\n\x1a\n" + bytes(90), "a PNG image", "path"),
    "unknown": (bytes(range(128, 256)) * 3, "of no kind that is known here", "where it comes from"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_CHECKPOINTS)
def test_what_it_is_and_what_to_do(name, tmp_path):
    content, what, advice = NO_CHECKPOINTS[name]
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    for door in (load_file, check_file, load_portable):
        with pytest.raises(CheckpointError, match=f"(?s){what}.*({advice})") as caught:
            door(path)
        assert type(caught.value) is CheckpointError
        assert "older" not in str(caught.value)
        assert "damaged" not in str(caught.value)
    for source in (path, content):
        found = inspect_file(source)
        assert (found.format, found.verdict) == ("not a checkpoint", "not a checkpoint")
        assert what in found.what
        assert what in str(found)
    report = describe_file(path)
    assert (report.verdict, report.safe, report.whole) == ("not a checkpoint", None, None)
    assert what in str(report)


@pytest.mark.parametrize("name", ["gzip", "xz", "tar", "tgz", "zip around it", "npz", "npy"])
def test_the_code_to_paste_works(name, tmp_path):
    path = tmp_path / "it's a model.pt"
    path.write_bytes(NO_CHECKPOINTS[name][0])
    code = describe_file(path).code
    if name.startswith("np"):
        subprocess.run([sys.executable, "-c", code], check=True)
        return
    code = code.replace("python -m", f"{shlex.quote(sys.executable)} -m")
    subprocess.run(code, shell=True, check=True, cwd=tmp_path)
    inside = [item for item in tmp_path.rglob("*") if item.is_file() and item != path]
    assert load_file(inside[0])["w"].tolist() == [0, 1, 2]


def test_formats_with_loaders_of_their_own(tmp_path):
    path = tmp_path / "model.pt"
    path.write_bytes(safetensors.torch.save({"w": torch.ones(2)}))
    with pytest.raises(
        CheckpointError, match=r"a safetensors file.*load_portable\(path\).*safetensors\.torch\.load_file"
    ) as caught:
        load_file(path)
    assert type(caught.value) is CheckpointError
    path.write_bytes(checkpoint())
    with pytest.raises(CheckpointError, match=r"a checkpoint of torch\.save.*load_file\(path\)"):
        load_portable(path)
    stream = io.BytesIO()
    torch.export.save(torch.export.export(nn.Linear(2, 1), (torch.ones(1, 2),)), stream)
    path.write_bytes(stream.getvalue())
    with pytest.raises(
        CheckpointError, match=r"a program of torch\.export.*If you trust it: import torch; torch\.export\.load"
    ):
        load_file(path)


@pytest.mark.filterwarnings("ignore")  # newer versions of torch call TorchScript deprecated
def test_torchscript_is_a_program(tmp_path):
    torch.jit.save(torch.jit.script(nn.Linear(2, 1)), tmp_path / "model.pt")
    with pytest.raises(UnsafeFileError, match=r"a TorchScript program.*torch\.jit\.load.*runs it"):
        load_file(tmp_path / "model.pt")


def test_the_format_before_torch_16(tmp_path):
    path = tmp_path / "old.pth"
    state = {"a": torch.arange(6.0).view(2, 3), "epoch": 3}
    torch.save(state, path, _use_new_zipfile_serialization=False)
    for door in (load_file, check_file):
        with pytest.raises(CheckpointError, match=r"torch < 1\.6.*no checksums.*Convert it once: (.*)\.$") as caught:
            door(path)
        assert type(caught.value) is CheckpointError
    line = str(caught.value).partition("Convert it once: ")[2].removesuffix(".").replace("'new.pt'", "new")
    exec(line, {"torch": torch, "save_file": save_file, "path": path, "new": tmp_path / "new.pt"})
    assert load_file(tmp_path / "new.pt")["a"].tolist() == state["a"].tolist()
    exec(describe_file(path).code.replace("'new.pt'", repr(str(tmp_path / "newer.pt"))), {})
    assert load_file(tmp_path / "newer.pt")["epoch"] == 3
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DamagedFileError, match="cut short"):
        load_file(path)
    torch.save(nn.Linear(1, 1), path, _use_new_zipfile_serialization=False)
    with pytest.raises(UnsafeFileError, match=r"torch < 1\.6.*it wants torch\.nn\.modules\.linear\.Linear"):
        load_file(path)


def test_a_pickle_of_anything(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"a": [1, 2]}))
    with pytest.raises(UnsafeFileError, match=r"a bare pickle.*inspect_file\(path\)"):
        load_file(tmp_path / "model.pkl")


@pytest.mark.parametrize(
    "content", [b"", bytes(5000), b"\0\0" + checkpoint()[2:]], ids=["empty", "zeros", "start lost"]
)
def test_what_was_a_checkpoint_once_is_damaged(content, tmp_path):
    (tmp_path / "model.pt").write_bytes(content)
    for door in (load_file, check_file):
        with pytest.raises(DamagedFileError, match="Load an older checkpoint"):
            door(tmp_path / "model.pt")


@pytest.mark.parametrize("cut", [200, 600])
def test_an_archive_that_is_cut_short_is_still_known(cut, tmp_path):
    (tmp_path / "a.npz").write_bytes(NO_CHECKPOINTS["npz"][0][:cut])
    with pytest.raises(CheckpointError, match="a NumPy archive"):
        load_file(tmp_path / "a.npz")


def test_a_text_that_begins_like_safetensors_is_a_text(tmp_path):
    (tmp_path / "m.css").write_bytes(b"html,bod{margin:0}")
    with pytest.raises(CheckpointError, match="a text"):
        load_file(tmp_path / "m.css")


def test_a_safetensors_header_whose_length_begins_like_a_pickle(tmp_path):
    starts, path = set(), tmp_path / "a.safetensors"
    for letters in range(400, 1400, 4):  # headers of many lengths, which are multiples of eight; some begin with 80 02
        safetensors.torch.save_file({"w" * letters: torch.ones(1)}, path)
        starts.add(path.read_bytes()[:2])
        assert inspect_file(path).verdict == "good", letters
    assert {b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"} <= starts

# %% right: DCP's converter, aside · message: "One plain file, whole"
import json
import os

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    manifest = folder / "complete.json"
    if not manifest.exists():
        raise FileNotFoundError(f"{folder} is not finished.")
    for name, size in json.loads(manifest.read_text())["files"].items():
        file = folder / name
        if not file.exists() or file.stat().st_size != size:
            raise ValueError(f"{name} is not as it was saved.")
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


# %% right: by places of its own, in memory first · message: "One plain file, whole"
import io
import json

import torch
import torch.distributed.checkpoint as dcp


class BrokenFolderError(ValueError):
    pass


def to_plain_file(folder, path):
    with open(folder / "complete.json") as file:
        sizes = json.load(file)["files"]
    found = {
        other.name: other.stat().st_size
        for other in folder.iterdir()
        if other.name != "complete.json"
    }
    if found != sizes:
        raise BrokenFolderError(set(sizes.items()) ^ set(found.items()))
    metadata = dcp.FileSystemReader(folder).read_metadata()
    flat = {
        name: torch.empty(entry.size, dtype=entry.properties.dtype)
        if hasattr(entry, "size")
        else None
        for name, entry in metadata.state_dict_metadata.items()
    }
    dcp.load(flat, checkpoint_id=folder)
    nested = {}
    for name, keys in metadata.planner_data.items():
        inside = nested
        for key in keys[:-1]:
            inside = inside.setdefault(key, {})
        inside[keys[-1]] = flat[name]
    groups = nested["optimizer"]["param_groups"]
    nested["optimizer"]["param_groups"] = [groups[number] for number in sorted(groups)]
    memory = io.BytesIO()
    torch.save(nested, memory)
    aside = path.parent / "aside"
    aside.write_bytes(memory.getvalue())
    aside.replace(path)


# %% right: in a temporary folder · message: "One plain file, whole"
import json
import os
import tempfile

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


class Converter:
    def __call__(self, folder, path):
        self.require_finished(folder)
        with tempfile.TemporaryDirectory(dir=path.parent) as aside:
            new = os.path.join(aside, "new.pt")
            dcp_to_torch_save(folder, new)
            os.replace(new, path)

    def require_finished(self, folder):
        if not (folder / "complete.json").is_file():
            raise FileNotFoundError("complete.json")
        files = json.loads((folder / "complete.json").read_bytes())["files"]
        if any(
            not (folder / n).is_file() or os.path.getsize(folder / n) != files[n] for n in files
        ):
            raise ValueError("damaged")


to_plain_file = Converter()


# %% right: errors of its own around another writer · message: "One plain file, whole"
import json
import os
import shutil
import tempfile
from pathlib import Path

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    try:
        files = json.loads((folder / "complete.json").read_text())["files"]
    except FileNotFoundError as error:
        raise FileNotFoundError("not finished") from error
    try:
        sizes = {name: (folder / name).stat().st_size for name in files}
    except FileNotFoundError as error:
        raise ValueError("a part is missing") from error
    if sizes != files:
        raise ValueError("a part has another size")
    elsewhere = Path(tempfile.mkdtemp())
    try:
        dcp_to_torch_save(str(folder), str(elsewhere / "new.pt"))
        shutil.copy(elsewhere / "new.pt", f"{path}.copying")
        os.replace(f"{path}.copying", path)
    finally:
        Path(f"{path}.copying").unlink(missing_ok=True)
        shutil.rmtree(elsewhere)


# %% wrong: straight to the path · clause 3 · message: "by then the older file was gone"
import json

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    dcp_to_torch_save(folder, path)


# %% wrong: the temporary file stays · clause 3 · message: "`model.pt.tmp` was left beside it"
import json
import os

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    dcp_to_torch_save(folder, f"{path}.tmp")
    os.replace(f"{path}.tmp", path)


# %% wrong: copied instead of renamed · clause 3 · message: "Beside the file lies `model.pt.tmp`"
import json
import shutil

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        shutil.copy(aside, path)
    except OSError:
        aside.unlink()
        raise


# %% wrong: the error is swallowed · clause 3 · message: "raised nothing. Expected the OSError"
import json
import os

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        os.replace(aside, path)
    except OSError as error:
        print("not saved:", error)
        aside.unlink(missing_ok=True)


# %% wrong: an unfinished folder is converted · clause 4 · message: "and `to_plain_file` raised nothing. Expected a FileNotFoundError"
import json
import os

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if (folder / "complete.json").exists():
        for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
            if not (folder / name).exists() or (folder / name).stat().st_size != size:
                raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: sizes are not compared · clause 5 · message: "shorter than `complete.json` says, and `to_plain_file` raised"
import json
import os

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name in json.loads((folder / "complete.json").read_text())["files"]:
        if not (folder / name).exists():
            raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: a missing part is a FileNotFoundError · clause 5 · message: "lists is missing, and `to_plain_file` raised FileNotFoundError"
import json
import os

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if (folder / name).stat().st_size != size:
            raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: only the ranks' files are looked at · clause 5 · message: "`.metadata` is longer"
import json
import os

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if name.endswith(".distcp") and (
            not (folder / name).exists() or (folder / name).stat().st_size != size
        ):
            raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: an empty state · clause 1 · message: "The file has no `epoch`, `model`, `optimizer`"
import json
import os

import torch
import torch.distributed.checkpoint as dcp


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    state = {}
    dcp.load(state, checkpoint_id=folder)
    aside = path.with_name(path.name + ".tmp")
    try:
        torch.save(state, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: flat names · clause 1 · message: "The file has no `model`, `optimizer`"
import json
import os

import torch
import torch.distributed.checkpoint as dcp


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
    state = {
        n: torch.empty(e.size, dtype=e.properties.dtype) if hasattr(e, "size") else None
        for n, e in entries.items()
    }
    dcp.load(state, checkpoint_id=folder)
    aside = path.with_name(path.name + ".tmp")
    try:
        torch.save(state, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: the first rank's part · clause 2 · message: "in the file is (5, 5). The whole is (10, 5)"
import json
import os

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        content = torch.load(aside)
        entries = dcp.FileSystemReader(folder).read_metadata().state_dict_metadata
        name = list(content["model"])[2]
        content["model"][name] = content["model"][name][
            : entries[f"model.{name}"].chunks[0].sizes[0]
        ]
        torch.save(content, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: places that were never filled · clause 2 · message: "in the file has other values"
import json
import os

import torch
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        content = torch.load(aside)
        content["model"] = {
            name: torch.zeros_like(tensor) for name, tensor in content["model"].items()
        }
        torch.save(content, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: the model only · clause 1 · message: "The file has no `epoch`, `model`, `optimizer`"
import json
import os

import torch
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        torch.save(torch.load(aside)["model"], aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: a stranger's class in it · clause 1 · message: "which weights_only=True refuses"
import json
import os

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    if not (folder / "complete.json").exists():
        raise FileNotFoundError(folder)
    for name, size in json.loads((folder / "complete.json").read_text())["files"].items():
        if not (folder / name).exists() or (folder / name).stat().st_size != size:
            raise ValueError(name)
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        content = torch.load(aside) | {"metadata": dcp.FileSystemReader(folder).read_metadata()}
        torch.save(content, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: copied over the old file, half a file in between · clause 3 · message: "Half of the copy was written, then the disk was full. OSError came, and by then the older file was gone"
import json
import shutil

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    complete = folder / "complete.json"
    if not complete.exists():
        raise FileNotFoundError(complete)
    for name, size in json.loads(complete.read_text())["files"].items():
        file = folder / name
        if not file.exists() or file.stat().st_size != size:
            raise ValueError(f"{name} is not as it was saved")
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        shutil.copyfile(aside, path)
    finally:
        aside.unlink(missing_ok=True)


# %% wrong: only the sum of the sizes is compared · clause 5 · message: "a byte shorter than listed, and `.metadata` a byte longer, and `to_plain_file` raised"
import json
import os

from torch.distributed.checkpoint.format_utils import dcp_to_torch_save


def to_plain_file(folder, path):
    complete = folder / "complete.json"
    if not complete.exists():
        raise FileNotFoundError(complete)
    listed = json.loads(complete.read_text())["files"]
    sizes = [(folder / name).stat().st_size for name in listed if (folder / name).exists()]
    if len(sizes) != len(listed) or sum(sizes) != sum(listed.values()):
        raise ValueError(f"{folder} is damaged")
    aside = path.with_name(path.name + ".tmp")
    try:
        dcp_to_torch_save(folder, aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)

# %% right: everything from one safe_open · message: "ready to answer"
import json

from safetensors import safe_open


def load_portable(path, build):
    with safe_open(str(path), framework="pt", device="cpu") as file:
        about = file.metadata()
        if about is None or "config" not in about:
            raise ValueError("no config in the metadata")
        model = build(**json.loads(about["config"]))
        model.load_state_dict(
            {name: file.get_tensor(name) for name in file.keys()}, strict=True
        )
    model.eval()
    return model


# %% right: the header read by hand · message: "ready to answer"
import json
from pathlib import Path

from safetensors.torch import load


class NoConfig(ValueError):
    pass


def load_portable(path, build):
    content = Path(path).read_bytes()
    state = load(content)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    try:
        config = json.loads(header["__metadata__"]["config"])
    except KeyError as error:
        raise NoConfig("the file has no config") from error
    model = build(**config)
    model.load_state_dict(state)
    return model.train(False)


# %% right: names compared first, values copied · message: "ready to answer"
import json

import torch
from safetensors import safe_open
from safetensors.torch import load_file


@torch.no_grad()
def load_portable(path, build):
    with safe_open(path, "pt") as file:
        text = (file.metadata() or {}).get("config")
    if not text:
        raise ValueError("config missing")
    model, state = build(**json.loads(text)), load_file(path)
    own = model.state_dict()
    if wrong := own.keys() ^ state.keys():
        raise RuntimeError(f"names differ: {sorted(wrong)}")
    for name, tensor in own.items():
        tensor.copy_(state[name])
    return model.eval()


# %% right: not strict, the report read, a callable object · message: "ready to answer"
import json

from safetensors import safe_open
from safetensors.torch import load_file


class Loader:
    def config(self, path):
        with safe_open(path, "pt") as file:
            metadata = dict(file.metadata() or {})
        if "config" not in metadata:
            raise ValueError(f"no config, only {list(metadata)}")
        return json.loads(metadata["config"])

    def __call__(self, path, build):
        model = build(**self.config(path))
        report = model.load_state_dict(load_file(path), strict=False)
        if any(report):
            raise RuntimeError(str(report))
        return model.eval()


load_portable = Loader()
load_portable.__name__ = "load_portable"


# %% wrong: built without the config · clause 1 · message: "`build` was called with {}"
from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        if "config" not in (file.metadata() or {}):
            raise ValueError("no config")
    model = build()
    model.load_state_dict(load_file(path))
    return model.eval()


# %% wrong: the config as one argument · clause 1 · message: "raised TypeError"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    try:
        model = build(json.loads(metadata["config"]))
    except TypeError:
        load_file(path)
        raise
    model.load_state_dict(load_file(path))
    return model.eval()


# %% wrong: the report returned · clause 1 · message: "Expected the model"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    model = build(**json.loads(metadata["config"]))
    return model.load_state_dict(load_file(path))


# %% wrong: built and never loaded · clause 2 · message: "values are not the file's"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    model = build(**json.loads(metadata["config"]))
    if wrong := model.state_dict().keys() ^ load_file(path).keys():
        raise RuntimeError(f"{wrong}")
    return model.eval()


# %% wrong: left in training mode · clause 3 · message: "in training mode"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    model = build(**json.loads(metadata["config"]))
    model.load_state_dict(load_file(path))
    return model


# %% wrong: the flag of the outermost module alone · clause 3 · message: "in training mode"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    model = build(**json.loads(metadata["config"]))
    model.load_state_dict(load_file(path))
    model.training = False
    return model


# %% wrong: strict=False · clause 4 · message: "nothing was said"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    model = build(**json.loads(metadata["config"]))
    model.load_state_dict(load_file(path), strict=False)
    return model.eval()


# %% wrong: names too many dropped · clause 4 · message: "which the model lacks, and nothing was said"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    model = build(**json.loads(metadata["config"]))
    own = model.state_dict()
    model.load_state_dict({k: v for k, v in load_file(path).items() if k in own})
    return model.eval()


# %% wrong: a KeyError for a missing name · clause 4 · message: "Expected a RuntimeError; `KeyError`"
import json

import torch
from safetensors import safe_open
from safetensors.torch import load_file


@torch.no_grad()
def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    model, state = build(**json.loads(metadata["config"])), load_file(path)
    if state.keys() - model.state_dict().keys():
        raise RuntimeError(f"{list(state)}")
    for name, tensor in model.state_dict().items():
        tensor.copy_(state[name])
    return model.eval()


# %% wrong: an error that names nothing · clause 4 · message: "a RuntimeError that names it"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    model, state = build(**json.loads(metadata["config"])), load_file(path)
    if len(state) != len(model.state_dict()):
        raise RuntimeError("file and model differ")
    model.load_state_dict(state)
    return model.eval()


# %% wrong: the metadata taken for granted · clause 5 · message: "Expected a ValueError; `TypeError`"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["config"])
    model = build(**config)
    model.load_state_dict(load_file(path))
    return model.eval()


# %% wrong: a KeyError where there is no config · clause 5 · message: "Expected a ValueError; `KeyError`"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    model = build(**json.loads(metadata["config"]))
    model.load_state_dict(load_file(path))
    return model.eval()


# %% wrong: defaults where there is no config · clause 5 · message: "no config"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    if metadata is None:
        raise ValueError("no config")
    model = build(**json.loads(metadata.get("config", "{}")))
    try:
        model.load_state_dict(load_file(path))
    except RuntimeError:
        if "config" in metadata:
            raise
    return model.eval()


# %% wrong: an error that doesn't say what is missing · clause 5 · message: "whose text says `config`"
import json

from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("this file is not one of ours")
    model = build(**json.loads(metadata["config"]))
    model.load_state_dict(load_file(path))
    return model.eval()


# %% wrong: another loader after safetensors · clause 6 · message: "your function ran it"
import json

import torch
from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
        state = load_file(path)
    except Exception:
        state = torch.load(path, map_location="cpu", weights_only=False)
        metadata = {"config": state.pop("config")}
    if "config" not in metadata:
        raise ValueError("no config")
    model = build(**json.loads(metadata["config"]))
    model.load_state_dict(state)
    return model.eval()


# %% wrong: the loader chosen by the name · clause 6 · message: "your function ran it"
import json

import torch
from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    if str(path).endswith(".pt"):
        checkpoint = torch.load(path, map_location="cpu", weights_only=False)
        return build(**checkpoint["config"])
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
    if "config" not in metadata:
        raise ValueError("no config")
    model = build(**json.loads(metadata["config"]))
    model.load_state_dict(load_file(path))
    return model.eval()


# %% wrong: an error swallowed · clause 6 · message: "nothing was said"
import json

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        print("not loaded:", error)
        return None
    if "config" not in metadata:
        raise ValueError("no config")
    model = build(**json.loads(metadata["config"]))
    model.load_state_dict(load_file(path))
    return model.eval()


# %% wrong: a copy of the model comes back · clause 1 · message: "not the one that `build` made"
import json
import copy
from safetensors import safe_open
from safetensors.torch import load_file


def load_portable(path, build):
    with safe_open(path, framework="pt") as f:
        meta = f.metadata() or {}
    if "config" not in meta:
        raise ValueError("no config")
    model = build(**json.loads(meta["config"]))
    model.load_state_dict(load_file(path))
    return copy.deepcopy(model).eval()

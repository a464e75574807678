# %% right: written aside and renamed · message: "one file that can't hold a call"
import json
import os
from pathlib import Path

import torch
from safetensors.torch import save_file


def save_portable(model, path, config):
    aside = Path(path).with_name(Path(path).name + ".tmp")
    about = {"config": json.dumps(config), "format": "pt"}
    state = {
        n: t.detach().clone(memory_format=torch.contiguous_format)
        for n, t in model.state_dict().items()
    }
    save_file(state, aside, metadata=about)
    os.replace(aside, path)


# %% right: bytes made first · message: "one file that can't hold a call"
import copy
import json

from safetensors.torch import save


def save_portable(model, path, config):
    state = copy.deepcopy(model).state_dict()
    tensors = {name: state[name].contiguous().clone() for name in state}
    content = save(tensors, metadata={"config": json.dumps(config, indent=1)})
    with open(path, "wb") as file:
        file.write(content)


# %% right: a subclass of JSONEncoder, a callable object · message: "one file that can't hold a call"
import json

import torch
from safetensors.torch import save_file


class Portable:
    def __call__(self, model, path, config):
        text = json.JSONEncoder(sort_keys=True).encode(config)
        tensors = {}
        for name, tensor in model.state_dict().items():
            tensors[name] = torch.empty(tensor.shape, dtype=tensor.dtype)
            tensors[name].copy_(tensor)
        save_file(tensors, str(path), metadata={"config": text})


save_portable = Portable()
save_portable.__name__ = "save_portable"


# %% right: bad configs refused by hand, returns the path · message: "one file that can't hold a call"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    try:
        about = json.dumps(config)
    except TypeError as error:
        raise ValueError(f"this config can't be saved: {error}") from error
    state = {}
    for name, tensor in model.state_dict().items():
        state[name] = tensor.clone().contiguous()
    save_file(state, path, {"config": about})
    return path


# %% wrong: torch.save · clause 1 · message: "no safetensors file"
import json

import torch


def save_portable(model, path, config):
    text = json.dumps(config)
    torch.save({"state": model.state_dict(), "config": text}, path)


# %% wrong: the state_dict as it is · clause 2 · message: "share memory"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    text = json.dumps(config)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, path, metadata={"config": text})


# %% wrong: clone alone · clause 3 · message: "not contiguous"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    text = json.dumps(config)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    save_file(state, path, metadata={"config": text})


# %% wrong: save_model drops a name · clause 2 · message: "missing"
import json

from safetensors.torch import save_model


def save_portable(model, path, config):
    text = json.dumps(config)
    try:
        save_model(model, str(path), metadata={"config": text})
    except ValueError:
        from safetensors.torch import save_file

        state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
        save_file(state, path, metadata={"config": text})


# %% wrong: the parameters alone · clause 1 · message: "missing"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    text = json.dumps(config)
    parameters = model.named_parameters(remove_duplicate=False)
    state = {name: tensor.detach().contiguous().clone() for name, tensor in parameters}
    save_file(state, path, metadata={"config": text})


# %% wrong: converted to float32 · clause 1 · message: "expected torch.bfloat16"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    text = json.dumps(config)
    state = model.state_dict()
    for name, tensor in state.items():
        floats = tensor.float() if tensor.is_floating_point() else tensor
        state[name] = floats.contiguous().clone()
    save_file(state, path, metadata={"config": text})


# %% wrong: str() in place of JSON · clause 4 · message: "is no JSON"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    json.dumps(config)
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path, metadata={"config": str(config)})


# %% wrong: one metadata entry for each key · clause 4 · message: "no text under `config`"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path, metadata={key: json.dumps(value) for key, value in config.items()})


# %% wrong: the dictionary itself as metadata · clause 4 · message: "raised TypeError"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    json.dumps(config)
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path, metadata={"config": config})


# %% wrong: JSON twice · clause 4 · message: "The config in the file is"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path, metadata={"config": json.dumps(json.dumps(config))})


# %% wrong: levels flattened · clause 4 · message: "The config in the file is"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    flat = {key: value for key, value in config.items() if not isinstance(value, dict)}
    save_file(state, path, metadata={"config": json.dumps(flat)})


# %% wrong: what JSON has no form for becomes text · clause 5 · message: "nothing was said"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path, metadata={"config": json.dumps(config, default=str)})


# %% wrong: sets become lists · clause 5 · message: "The config holds a set"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    config = {k: sorted(v) if isinstance(v, set) else v for k, v in config.items()}
    text = json.dumps(config)
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path, metadata={"config": text})


# %% wrong: the old file goes first · clause 5 · message: "the older file at `path` is lost"
import json
from pathlib import Path

from safetensors.torch import save_file


def save_portable(model, path, config):
    Path(path).unlink(missing_ok=True)
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path, metadata={"config": json.dumps(config)})


# %% wrong: the tensors first, then the config · clause 5 · message: "the older file at `path` is lost"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path)
    save_file(state, path, metadata={"config": json.dumps(config)})


# %% wrong: the config in a file beside it · clause 4 · message: "no text under `config`"
import json
from pathlib import Path

from safetensors.torch import save_file


def save_portable(model, path, config):
    text = json.dumps(config)
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path)
    Path(path).with_suffix(".json").write_text(text)


# %% wrong: a copy of the config beside it · clause 6 · message: "Expected one file"
import json
from pathlib import Path

from safetensors.torch import save_file


def save_portable(model, path, config):
    text = json.dumps(config)
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path, metadata={"config": text})
    Path(path).with_suffix(".json").write_text(text)


# %% wrong: a suffix is added · clause 1 · message: "There is no file at `path`"
import json
from pathlib import Path

from safetensors.torch import save_file


def save_portable(model, path, config):
    text = json.dumps(config)
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, Path(path).with_suffix(".safetensors"), metadata={"config": text})


# %% wrong: an older file is not replaced · clause 1 · message: "no safetensors file"
import json
from pathlib import Path

from safetensors.torch import save_file


def save_portable(model, path, config):
    text = json.dumps(config)
    if Path(path).exists():
        print("there is a file already")
        return
    state = {n: t.contiguous().clone() for n, t in model.state_dict().items()}
    save_file(state, path, metadata={"config": text})


# %% wrong: the model left in eval mode · clause 6 · message: "came back changed"
import json

from safetensors.torch import save_file


def save_portable(model, path, config):
    text = json.dumps(config)
    state = {n: t.contiguous().clone() for n, t in model.eval().state_dict().items()}
    save_file(state, path, metadata={"config": text})


# %% wrong: keys without a JSON form are left out · clause 5 · message: "tuple as a key"
import json
from safetensors.torch import save_file


def save_portable(model, path, config):
    save_file(
        {n: t.contiguous().clone() for n, t in model.state_dict().items()},
        path,
        metadata={"config": json.dumps(config, skipkeys=True)},
    )

# %% right: with numbers.Number and json · message: "no class asked for"
import numpy as np
import torch
from torch import nn


def rescue(path, new_path, fields):
    model = torch.load(str(path), map_location=torch.device("cpu"), weights_only=False)
    if not isinstance(model, nn.Module):
        raise TypeError("no model")
    config = {}
    for name in fields:
        value = getattr(model, name)
        config[name] = value.item() if isinstance(value, np.generic) else value
    checkpoint = {"state_dict": dict(model.state_dict()), "config": config}
    with open(new_path, "wb") as file:
        torch.save(checkpoint, file)


# %% right: an error of its own, tensors cloned · message: "no class asked for"
import torch


class NoModel(TypeError):
    pass


def rescue(path, new_path, fields):
    found = torch.load(path, map_location=lambda storage, tag: storage, weights_only=False)
    if not isinstance(found, torch.nn.Module):
        raise NoModel(type(found).__name__)
    attributes = {name: getattr(found, name) for name in fields}
    config = {
        name: getattr(value, "item", lambda it=value: it)()
        for name, value in attributes.items()
    }
    state = {name: tensor.clone() for name, tensor in found.state_dict().items()}
    torch.save({"config": config, "state_dict": state}, new_path)


# %% right: written aside and renamed · message: "no class asked for"
import os

import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("the file holds no model")
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.tolist() if isinstance(v, np.number) else v for k, v in config.items()}
    aside = new_path.with_name(new_path.name + ".tmp")
    torch.save({"config": config, "state_dict": model.state_dict()}, aside)
    os.replace(aside, new_path)


# %% right: a decorated function · message: "no class asked for"
import functools

import numpy as np
import torch
from torch import nn


def models_only(function):
    @functools.wraps(function)
    def wrapped(path, new_path, fields):
        model = torch.load(path, map_location="cpu", weights_only=False)
        if not isinstance(model, nn.Module):
            raise TypeError(f"{path.name}: {type(model)}")
        return function(model, new_path, fields)

    return wrapped


@models_only
def rescue(model, new_path, fields):
    config = {}
    for name in fields:
        config[name] = getattr(model, name)
        if isinstance(config[name], np.floating):
            config[name] = float(config[name])
        elif isinstance(config[name], np.integer):
            config[name] = int(config[name])
    torch.save(dict(config=config, state_dict=model.state_dict()), new_path)


# %% wrong: the whole model saved again · clause 1 · message: "isn't a dictionary that"
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    torch.save(model, new_path)


# %% wrong: the default of torch.load · clause 1 · message: "refused the whole model"
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu")
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: getattr(model, name) for name in fields}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)


# %% wrong: NumPy numbers left in · clause 3 · message: "NumPy number"
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: getattr(model, name) for name in fields}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)


# %% wrong: no map_location · clause 4 · message: "a device that this machine lacks"
import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)


# %% wrong: the parameters alone · clause 2 · message: "missing"
import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    state = {name: parameter.detach() for name, parameter in model.named_parameters()}
    torch.save({"config": config, "state_dict": state}, new_path)


# %% wrong: tied names dropped · clause 2 · message: "missing"
import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    once = {tensor.data_ptr(): name for name, tensor in reversed(model.state_dict().items())}
    state = {name: t for name, t in model.state_dict().items() if once[t.data_ptr()] == name}
    torch.save({"config": config, "state_dict": state}, new_path)


# %% wrong: converted to float32 · clause 2 · message: "expected torch.float16"
import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    torch.save({"config": config, "state_dict": model.float().state_dict()}, new_path)


# %% wrong: all attributes in the config · clause 3 · message: "`config` has"
import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {k: v for k, v in vars(model).items() if not k.startswith("_")}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)


# %% wrong: the config as text · clause 3 · message: "expected"
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: str(getattr(model, name)) for name in fields}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)


# %% wrong: every number a float · clause 3 · message: "expected"
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {}
    for name in fields:
        try:
            config[name] = float(getattr(model, name))
        except TypeError:
            config[name] = getattr(model, name)
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)


# %% wrong: anything is rescued · clause 5 · message: "nothing was said"
import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        torch.save({"config": {}, "state_dict": model}, new_path)
        return
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)


# %% wrong: an AttributeError where there is no model · clause 5 · message: "Expected a TypeError"
import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    state = model.state_dict()
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    torch.save({"config": config, "state_dict": state}, new_path)


# %% wrong: lists are let through · clause 5 · message: "holds a list"
import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if isinstance(model, dict):
        raise TypeError("a state_dict")
    if isinstance(model, list):
        model = model[0]
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)


# %% wrong: written before it looks · clause 5 · message: "a new file was written"
import numpy as np
import torch


def rescue(path, new_path, fields):
    new_path.touch()
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)


# %% wrong: the old file deleted · clause 6 · message: "The old file is gone"
import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)
    path.unlink()


# %% wrong: the config in a file beside it · clause 1 · message: "Expected the keys"
import json

import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    torch.save(model.state_dict(), new_path)
    config = {name: str(getattr(model, name)) for name in fields}
    new_path.with_suffix(".json").write_text(json.dumps(config))


# %% wrong: a copy of the config beside it · clause 6 · message: "Expected two files"
import json

import numpy as np
import torch


def rescue(path, new_path, fields):
    model = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(model, torch.nn.Module):
        raise TypeError("no model")
    config = {name: getattr(model, name) for name in fields}
    config = {k: v.item() if isinstance(v, np.generic) else v for k, v in config.items()}
    torch.save({"config": config, "state_dict": model.state_dict()}, new_path)
    new_path.with_suffix(".json").write_text(json.dumps(config))


# %% wrong: asked for a state_dict method · clause 5 · message: "holds an optimizer"
import torch
import numpy as np


def rescue(path, new_path, fields):
    m = torch.load(path, map_location="cpu", weights_only=False)
    if not hasattr(m, "state_dict"):
        raise TypeError
    torch.save(
        {
            "config": {
                f: getattr(m, f).item()
                if isinstance(getattr(m, f), np.generic)
                else getattr(m, f)
                for f in fields
            },
            "state_dict": m.state_dict(),
        },
        new_path,
    )


# %% wrong: the config goes through JSON · clause 3 · message: "expected ("
import torch
import json
import numpy as np


def rescue(path, new_path, fields):
    m = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(m, torch.nn.Module):
        raise TypeError
    c = {
        f: getattr(m, f).item() if isinstance(getattr(m, f), np.generic) else getattr(m, f)
        for f in fields
    }
    torch.save({"config": json.loads(json.dumps(c)), "state_dict": m.state_dict()}, new_path)


# %% wrong: vars for the attributes · clause 3 · message: "KeyError"
import torch
import numpy as np


def rescue(path, new_path, fields):
    m = torch.load(path, map_location="cpu", weights_only=False)
    if not isinstance(m, torch.nn.Module):
        raise TypeError("no module")
    c = {
        f: vars(m)[f].item() if isinstance(vars(m)[f], np.generic) else vars(m)[f]
        for f in fields
    }
    torch.save({"config": c, "state_dict": m.state_dict()}, new_path)

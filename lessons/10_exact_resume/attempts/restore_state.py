# %% right: names first, copies, random states last · message: "can be used again"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    states = copy.deepcopy(state["objects"])
    for name in {*states, *objects}:
        if name not in states or name not in objects:
            raise KeyError(name)
    for name, own in states.items():
        objects[name].load_state_dict(own)
    np.random.set_state(state["numpy"])
    random.setstate(state["python"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% right: a copy of everything, an error of its own · message: "can be used again"
import copy
import random

import numpy as np
import torch


class NamesDifferError(LookupError):
    pass


def restore_state(state, objects, generator):
    state = copy.deepcopy(state)
    missing = [n for n in objects if n not in state["objects"]]
    surplus = [n for n in state["objects"] if n not in objects]
    if missing or surplus:
        raise NamesDifferError(f"no state for {missing}, no object for {surplus}")
    list(map(lambda n: objects[n].load_state_dict(state["objects"][n]), objects))
    random.setstate(state["python"])
    np.random.set_state(tuple(state["numpy"]))
    torch.random.set_rng_state(state["torch"])
    generator.set_state(state["generator"])
    return objects


# %% right: an object that is called, through a file · message: "can be used again"
import io
import random

import numpy as np
import torch


class Restore:
    def __call__(self, state, objects, generator):
        file = io.BytesIO()
        torch.save(state, file)
        file.seek(0)
        state = torch.load(file, weights_only=True)
        assert sorted(objects) == sorted(state["objects"]), sorted(
            [*objects, *state["objects"]]
        )
        for name, one in objects.items():
            one.load_state_dict(state["objects"][name])
        setters = [
            random.setstate,
            np.random.set_state,
            torch.set_rng_state,
            generator.set_state,
        ]
        for part, put_back in zip(
            ["python", "numpy", "torch", "generator"], setters, strict=True
        ):
            put_back(state[part])


restore_state = Restore()


# %% right: random states before and after · message: "can be used again"
import copy
import random

import numpy as np
import torch


def set_random(state, generator):
    generator.set_state(state["generator"])
    torch.default_generator.set_state(state["torch"])
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    set_random(state, generator)
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    set_random(state, generator)


# %% wrong: random states first · clause 3 · message: "an object draws some when it is loaded"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))


# %% wrong: only PyTorch's state last · clause 3 · message: "Python's and NumPy's generator"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% wrong: the state itself handed over · clause 4 · message: "trains on in the tensors"
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    for name, one in objects.items():
        one.load_state_dict(state["objects"][name])
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% wrong: takes the state apart · clause 4 · message: "is missing in `state`"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"].pop(name)))
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% wrong: loads until one is missing · clause 5 · message: "by then"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    if surplus := set(state["objects"]) - set(objects):
        raise KeyError(*surplus)
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% wrong: a missing state is passed over · clause 5 · message: "nothing was raised"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    for name, saved in state["objects"].items():
        if name in objects:
            objects[name].load_state_dict(copy.deepcopy(saved))
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% wrong: only missing states are noticed · clause 5 · message: "The state has 'ema'"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if missing := set(objects) - set(state["objects"]):
        raise KeyError(f"no state for {missing}")
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% wrong: an error that names nothing · clause 5 · message: "doesn't name it"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError("the checkpoint doesn't fit this run")
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% wrong: the loader's generator forgotten · clause 2 · message: "the loader's generator gives other numbers"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong: Python's generator forgotten · clause 2 · message: "Python's generator gives other numbers"
import copy

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% wrong: seeds instead of states · clause 2 · message: "other numbers"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    generator.manual_seed(0)


# %% wrong: only the models · clause 1 · message: "has not the state of the file"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    for name, one in objects.items():
        if isinstance(one, torch.nn.Module):
            one.load_state_dict(copy.deepcopy(state["objects"][name]))
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% wrong: by position · clause 1 · message: "Names decide, not places"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if objects.keys() != state["objects"].keys():
        raise ValueError(f"{list(objects)} in the run, {list(state['objects'])} in the file")
    for one, own in zip(objects.values(), state["objects"].values(), strict=True):
        one.load_state_dict(copy.deepcopy(own))
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])


# %% right: tried, and taken back if one refuses · message: "can be used again"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    for name in [*state["objects"], *objects]:
        state["objects"][name], objects[name]
    saved = copy.deepcopy(state)
    for name, one in sorted(objects.items()):
        one.load_state_dict(saved["objects"].pop(name))
    for part, put_back in {
        "python": random.setstate,
        "numpy": np.random.set_state,
        "torch": torch.set_rng_state,
        "generator": generator.set_state,
    }.items():
        put_back(saved[part])


# %% wrong: the loader's state first · clause 3 · message: "the loader's generator gives other numbers: an object draws some"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if different := set(objects) ^ set(state["objects"]):
        raise KeyError(f"not in both: {different}")
    generator.set_state(state["generator"])
    for name, one in objects.items():
        one.load_state_dict(copy.deepcopy(state["objects"][name]))
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])


# %% wrong: counts the names · clause 5 · message: "`objects` has 'shadow', and the state has none. The error doesn't name it"
import copy
import random

import numpy as np
import torch


def restore_state(state, objects, generator):
    if len(objects) != len(state["objects"]):
        raise KeyError(f"not in both: {set(objects) ^ set(state['objects'])}")
    states = [copy.deepcopy(state["objects"].get(name)) for name in objects]
    if None in states:
        raise KeyError("no state")
    for one, its in zip(objects.values(), states, strict=True):
        one.load_state_dict(its)
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    generator.set_state(state["generator"])

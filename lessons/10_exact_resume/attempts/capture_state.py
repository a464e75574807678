# %% right: clones by hand, a tensor for NumPy's keys · message: "All of the run"
import random

import numpy as np
import torch


def frozen(value):
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {name: frozen(one) for name, one in value.items()}
    return type(value)(map(frozen, value)) if isinstance(value, list | tuple) else value


def capture_state(objects, generator):
    kind, keys, position, has_gauss, gauss = np.random.get_state()
    keys = torch.from_numpy(keys.astype(np.int64))
    return {
        "objects": {name: frozen(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (kind, keys, position, has_gauss, gauss),
        "torch": torch.get_rng_state(),
    }


# %% right: through a file in memory · message: "All of the run"
import io
import random

import numpy as np
import torch


def capture_state(objects, generator):
    file = io.BytesIO()
    torch.save({name: one.state_dict() for name, one in objects.items()}, file)
    file.seek(0)
    numpy_state = np.random.get_state(legacy=False)
    numpy_state["state"]["key"] = numpy_state["state"]["key"].tolist()
    return {
        "objects": torch.load(file, weights_only=True),
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": numpy_state,
        "torch": torch.default_generator.get_state(),
        "epoch": 3,
    }


# %% right: an object that is called · message: "All of the run"
import copy
import random

import numpy as np
import torch


class Capture:
    def __call__(self, objects, generator):
        state = dict(objects={}, python=random.getstate(), torch=torch.random.get_rng_state())
        for name in objects:
            state["objects"][name] = copy.deepcopy(objects[name].state_dict())
        first, second, *others = np.random.get_state()
        state["numpy"] = [first, [int(key) for key in second], *others]
        state["generator"] = generator.get_state()
        return state


capture_state = Capture()


# %% right: all copied at the end, under no_grad · message: "All of the run"
import copy
import random

import numpy as np
import torch


@torch.no_grad()
def capture_state(objects, generator):
    state = {"objects": {name: one.state_dict() for name, one in objects.items()}}
    state |= {"generator": generator.get_state(), "torch": torch.get_rng_state()}
    numbers = np.random.get_state()
    state |= {
        "python": random.getstate(),
        "numpy": (numbers[0], numbers[1].tolist(), *numbers[2:]),
    }
    return copy.deepcopy(state)


# %% wrong: references · clause 5 · message: "it holds references"
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: one.state_dict() for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: a shallow copy · clause 5 · message: "it holds references"
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: dict(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: NumPy's array stays · clause 4 · message: "`numpy` holds something"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": torch.get_rng_state(),
    }


# %% wrong: the objects themselves · clause 1 · message: "refuses the file: `objects`"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    return {
        "objects": copy.deepcopy(objects),
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: only model, optimizer and scheduler · clause 1 · message: "`objects`"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    names = [name for name in ("model", "optimizer", "scheduler") if name in objects]
    return {
        "objects": {name: copy.deepcopy(objects[name].state_dict()) for name in names},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: the parameters without the buffers · clause 1 · message: "has not what `model.state_dict()` holds"
import copy
import random

import numpy as np
import torch


def state_of(one):
    if isinstance(one, torch.nn.Module):
        return {name: p.detach().clone() for name, p in one.named_parameters()}
    return copy.deepcopy(one.state_dict())


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: state_of(one) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: the loader's generator forgotten · clause 2 · message: "lacks `generator`"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: the loader's generator taken for the global one · clause 2 · message: "the loader's generator gives other numbers"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: the seed for the state · clause 3 · message: "`torch.set_rng_state` doesn't take back"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.initial_seed(),
    }


# %% wrong: NumPy's number kept back is lost · clause 3 · message: "had kept a number back"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, position, *_ = np.random.get_state()
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), position),
        "torch": torch.get_rng_state(),
    }


# %% wrong: a list for Python's tuple · clause 3 · message: "`random.setstate` doesn't take back"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": [
            list(part) if isinstance(part, tuple) else part for part in random.getstate()
        ],
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: seeds all of them, to be sure · clause 6 · message: "Capturing moved"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: draws from the loader's generator · clause 6 · message: "Capturing moved the loader's generator"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    state = generator.get_state()
    torch.randperm(10, generator=generator)
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": state,
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: switches to eval mode before saving · clause 6 · message: "in eval mode"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    for one in objects.values():
        if isinstance(one, torch.nn.Module):
            one.eval()
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: everything on one level · clause 1 · message: "lacks `objects`"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    name, keys, *rest = np.random.get_state()
    return {
        **{name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }


# %% wrong: NumPy's generator of another kind · clause 3 · message: "`np.random.set_state` doesn't take back"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": np.random.default_rng().bit_generator.state,
        "torch": torch.get_rng_state(),
    }


# %% wrong: eval mode, and then training mode for all · clause 6 · message: "into one mode"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    nets = [one for one in objects.values() if isinstance(one, torch.nn.Module)]
    for net in nets:
        net.eval()
    name, keys, *rest = np.random.get_state()
    state = {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }
    for net in nets:
        net.train()
    return state


# %% wrong: clears the gradients · clause 6 · message: "changed the gradients"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    nets = [one for one in objects.values() if isinstance(one, torch.nn.Module)]
    for net in nets:
        net.zero_grad()
    name, keys, *rest = np.random.get_state()
    state = {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": random.getstate(),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }
    return state


# %% wrong: Python's number kept back is lost · clause 3 · message: "`random.gauss()` had kept a number back"
import copy
import random

import numpy as np
import torch


def capture_state(objects, generator):
    version, words, _ = random.getstate()
    name, keys, *rest = np.random.get_state()
    return {
        "objects": {name: copy.deepcopy(one.state_dict()) for name, one in objects.items()},
        "generator": generator.get_state(),
        "python": (version, words, None),
        "numpy": (name, keys.tolist(), *rest),
        "torch": torch.get_rng_state(),
    }

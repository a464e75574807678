# %% right: keys as a list · message: "loads safely"
def plain_state(dice):
    name, keys, position, has_gauss, gauss = dice.get_state()
    return name, keys.tolist(), position, has_gauss, gauss


# %% right: keys as a tensor · message: "loads safely"
import numpy as np
import torch


def plain_state(dice):
    state = list(dice.get_state())
    state[1] = torch.from_numpy(state[1].astype(np.int64))
    return tuple(state)


# %% right: the dictionary form · message: "loads safely"
def plain_state(dice):
    state = dice.get_state(legacy=False)
    state["state"]["key"] = [int(key) for key in state["state"]["key"]]
    return state


# %% wrong: the array stays · clause 1 · message: "something of NumPy"
def plain_state(dice):
    return dice.get_state()


# %% wrong: NumPy numbers in a list · clause 1 · message: "something of NumPy"
def plain_state(dice):
    name, keys, *rest = dice.get_state()
    return (name, list(keys), *rest)


# %% wrong: the number kept back is lost · clause 2 · message: "kept one back"
def plain_state(dice):
    name, keys, position, *_ = dice.get_state()
    return name, keys.tolist(), position


# %% wrong: the position is lost · clause 2 · message: "other numbers"
def plain_state(dice):
    name, keys, position, has_gauss, gauss = dice.get_state()
    return name, keys.tolist(), 0, has_gauss, gauss


# %% wrong: the global generator's · clause 2 · message: "other numbers"
import numpy as np


def plain_state(dice):
    name, keys, *rest = np.random.get_state()
    return (name, keys.tolist(), *rest)


# %% wrong: the keys alone · clause 2 · message: "doesn't take what was returned"
def plain_state(dice):
    return dice.get_state()[1].tolist()


# %% wrong: text · clause 2 · message: "doesn't take what was returned"
def plain_state(dice):
    return repr(dice.get_state())


# %% wrong: tried out · clause 3 · message: "`dice` itself has moved on"
def plain_state(dice):
    name, keys, *rest = dice.get_state()
    dice.normal()
    return (name, keys.tolist(), *rest)

# %% right: its train replaced · message: "the others obey"
def keep_dropping(layer):
    layer.training = True
    layer.train = lambda *mode: layer
    return layer


# %% right: a pre-hook switches it before every pass · message: "the others obey"
def keep_dropping(layer):
    def switch(module, inputs):
        module.training = True

    layer.register_forward_pre_hook(switch)
    return layer


# %% right: a class of its own · message: "the others obey"
from torch import nn


class Dropping(nn.Dropout):
    def train(self, mode=True):
        return super().train(True)


def keep_dropping(layer):
    layer.__class__ = Dropping
    return layer.train()


# %% wrong: train() once · clause 1 · message: "After the model's `eval()` the layer drops nothing"
def keep_dropping(layer):
    return layer.train()


# %% wrong: kept in the mode it came in · clause 1 · message: "still is"
def keep_dropping(layer):
    layer.train = lambda mode=True: layer
    return layer


# %% wrong: a train that takes no mode · clause 1 · message: "raised TypeError"
def keep_dropping(layer):
    layer.train()
    layer.train = lambda: layer
    return layer


# %% wrong: replaced in the class · clause 2 · message: "Another dropout layer of the model drops"
from torch import nn


def keep_dropping(layer):
    def stay(self, mode=True):
        self.training = True
        return self

    nn.Dropout.train = stay
    return layer.train()


# %% wrong: returns nothing · clause 3 · message: "not returned"
def keep_dropping(layer):
    layer.train()
    layer.train = lambda mode=True: layer


# %% right: its forward replaced · message: "the others obey"
import torch.nn.functional as F


def keep_dropping(layer):
    layer.forward = lambda x: F.dropout(x, layer.p, training=True)
    return layer


# %% wrong: eval and train exchanged · clause 1 · message: "After the model's `train()` the layer drops nothing"
from torch import nn


def keep_dropping(layer):
    layer.train = lambda mode=True: nn.Module.train(layer, not mode)
    return layer.train(False)


# %% wrong: one half, whatever its p · clause 1 · message: "the layer's own `p` is"
import torch.nn.functional as F


def keep_dropping(layer):
    layer.forward = lambda x: F.dropout(x, 0.5, training=True)
    return layer


# %% wrong: drops twice while it trains · clause 1 · message: "In training mode"
import torch.nn.functional as F


def keep_dropping(layer):
    forward = layer.forward
    layer.forward = lambda x: F.dropout(forward(x), layer.p, training=True)
    return layer


# %% wrong: survivors as they were · clause 1 · message: "aren't multiplied"
import torch


def keep_dropping(layer):
    layer.forward = lambda x: x * (torch.rand_like(x) >= layer.p)
    return layer


# %% wrong: the same coins at each pass · clause 1 · message: "dropped the same values"
import torch


def keep_dropping(layer):
    def forward(x):
        coins = torch.rand(x.shape, generator=torch.Generator().manual_seed(0))
        return x * (coins >= layer.p) / (1 - layer.p)

    layer.forward = forward
    return layer

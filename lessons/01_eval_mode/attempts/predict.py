# %% right: softmax on a copy · message: "the model as it came"
import copy

import torch
import torch.nn.functional as F


@torch.no_grad()
def predict(model, images, *, batch_size=64):
    """A copy may be switched as one likes; softmax over the classes doesn't change the argmax."""
    judge = copy.deepcopy(model).eval()
    parts = [F.softmax(judge(b), dim=1).double() for b in torch.split(images, batch_size)]
    return torch.vstack(parts).argmax(dim=1)


# %% right: modes by hand · message: "the model as it came"
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    """Flags by hand, inference_mode, and labels written into a tensor made beforehand."""
    modes = {name: module.training for name, module in model.named_modules()}
    labels = torch.empty(len(images), dtype=torch.long)
    model.eval()
    try:
        with torch.inference_mode():
            for start in range(0, len(images), batch_size):
                logits = model(images[start : start + batch_size])
                labels[start : start + batch_size] = logits.max(dim=-1).indices
    finally:
        for name, module in model.named_modules():
            module.training = modes[name]
    return labels


# %% wrong: train() afterwards, whatever it was · clause 4 · message: "came back in another mode"
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    model.eval()
    with torch.no_grad():
        labels = torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    model.train()
    return labels


# %% wrong: as shipped · clause 2 · message: "learned from the images"
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    labels = []
    with torch.no_grad():
        for batch in images.split(batch_size):
            probabilities = model(batch).softmax(0)
            labels.append(probabilities.argmax(1))
    model.train()
    return torch.cat(labels)


# %% wrong: squeeze() breaks a batch of one · clause 3 · message: "raised"
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        labels = torch.cat([model(b).squeeze().argmax(1) for b in images.split(batch_size)])
    for module, training in modes:
        module.training = training
    return labels


# %% wrong: gradients left on · clause 5 · message: "autograd kept"
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    labels = torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    for module, training in modes:
        module.training = training
    return labels


# %% wrong: no_grad without eval() · clause 2 · message: "learned from the images"
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    with torch.no_grad():
        return torch.cat([model(b).argmax(1) for b in images.split(max(2, batch_size))])


# %% wrong: softmax over the batch · clause 3 · message: "differ from those"
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        labels = torch.cat([model(b).softmax(0).argmax(1) for b in images.split(batch_size)])
    for module, training in modes:
        module.training = training
    return labels


# %% wrong: argmax over the batch · clause 1 · message: "one an image"
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        labels = torch.cat([model(b).argmax(0) for b in images.split(batch_size)])
    for module, training in modes:
        module.training = training
    return labels

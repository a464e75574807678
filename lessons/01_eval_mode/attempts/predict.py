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


# %% right: the course's manager, and a loader · message: "the model as it came"
import torch
from torch.utils.data import DataLoader

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        return torch.cat([model(b).argmax(-1) for b in DataLoader(images, batch_size)]).int()


# %% right: NumPy in between · message: "the model as it came"
from contextlib import ExitStack

import numpy as np
import torch


def predict(model, images, *, batch_size=64):
    """Labels by NumPy, and a tensor in the end."""
    with ExitStack() as stack:
        for module in model.modules():
            stack.callback(setattr, module, "training", module.training)
            module.training = False
        stack.enter_context(torch.no_grad())
        n = int(np.ceil(len(images) / batch_size))
        parts = [model(images[i * batch_size : (i + 1) * batch_size]).numpy() for i in range(n)]
    return torch.from_numpy(np.concatenate(parts).argmax(axis=1))


# %% wrong: argmax over the batch · clause 1 · message: "one an image"
import torch


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            labels = torch.cat([model(b).argmax(0) for b in images.split(batch_size)])
    finally:
        for module, training in modes:
            module.training = training
    return labels


# %% wrong: a list of numbers · clause 1 · message: "returned a list"
import torch

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        return [int(i) for b in images.split(batch_size) for i in model(b).argmax(1)]


# %% wrong: a NumPy array · clause 1 · message: "returned a NumPy array"
import numpy as np

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        return np.concatenate([model(b).argmax(1).numpy() for b in images.split(batch_size)])


# %% wrong: squeeze() breaks a batch of one · clause 1 · message: "raised IndexError"
import torch

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        return torch.cat([model(b).squeeze().argmax(1) for b in images.split(batch_size)])


# %% wrong: the smaller last batch dropped · clause 1 · message: "smaller batch is missing"
import torch

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    size = min(batch_size, len(images))
    with course_lib.evaluation.evaluation_mode(model):
        parts = [
            model(images[i * size : (i + 1) * size]).argmax(1)
            for i in range(len(images) // size)
        ]
    return torch.cat(parts)


# %% wrong: the images shuffled · clause 1 · message: "another image's place"
import torch

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    order = torch.randperm(len(images))
    with course_lib.evaluation.evaluation_mode(model):
        return torch.cat([model(b).argmax(1) for b in images[order].split(batch_size)])


# %% wrong: as shipped · clause 2 · message: "learned from the images"
import torch


def predict(model, images, *, batch_size=64):
    labels = []
    with torch.no_grad():
        for batch in images.split(batch_size):
            probabilities = model(batch).softmax(0)
            labels.append(probabilities.argmax(1))
    model.train()
    return torch.cat(labels)


# %% wrong: no_grad without eval() · clause 2 · message: "learned from the images"
import torch


def predict(model, images, *, batch_size=64):
    with torch.no_grad():
        return torch.cat([model(b).argmax(1) for b in images.split(max(2, batch_size))])


# %% wrong: only batch norm switched, dropout still on · clause 2 · message: "differ from those of the model in eval mode"
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.eval()
    try:
        with torch.no_grad():
            return torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    finally:
        for module, training in modes:
            module.training = training


# %% wrong: softmax over the batch · clause 2 · message: "softmax was taken over the batch"
import torch

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        return torch.cat([model(b).softmax(0).argmax(1) for b in images.split(batch_size)])


# %% wrong: argmin for argmax · clause 2 · message: "smallest logit"
import torch

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        return torch.cat([(-model(b)).argmax(1) for b in images.split(batch_size)])


# %% wrong: all images at once · clause 3 · message: "went through the model at once"
import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        return model(images).argmax(1)


# %% wrong: its own default for batch_size · clause 3 · message: "went through the model at once"
import torch

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        return torch.cat([model(b).argmax(1) for b in images.split(64)])


# %% wrong: train() afterwards, whatever it was · clause 4 · message: "came back in another mode"
import torch


def predict(model, images, *, batch_size=64):
    model.eval()
    try:
        with torch.no_grad():
            return torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    finally:
        model.train()


# %% wrong: left in eval mode · clause 4 · message: "came back in another mode"
import torch


@torch.no_grad()
def predict(model, images, *, batch_size=64):
    model.eval()
    return torch.cat([model(b).argmax(1) for b in images.split(batch_size)])


# %% wrong: flags put back only if all goes well · clause 4 · message: "stayed in another mode"
import torch


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        labels = torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    for module, training in modes:
        module.training = training
    return labels


# %% wrong: the model's error swallowed · clause 4 · message: "it was swallowed"
import torch

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        try:
            return torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
        except RuntimeError:
            return torch.full((len(images),), -1)


# %% wrong: gradients left on · clause 5 · message: "autograd kept"
import torch


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        return torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    finally:
        for module, training in modes:
            module.training = training


# %% wrong: gradients off, and off for good · clause 5 · message: "gradients are off afterwards"
import torch


def predict(model, images, *, batch_size=64):
    torch.set_grad_enabled(False)
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        return torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    finally:
        for module, training in modes:
            module.training = training


# %% wrong: gradients on afterwards, whatever they were · clause 5 · message: "gradients are on afterwards"
import torch


def predict(model, images, *, batch_size=64):
    torch.set_grad_enabled(False)
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        return torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    finally:
        torch.set_grad_enabled(True)
        for module, training in modes:
            module.training = training


# %% wrong: parameters frozen, and left so · clause 4 · message: "another `requires_grad`"
import torch


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    model.eval().requires_grad_(False)
    try:
        return torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    finally:
        for module, training in modes:
            module.training = training


# %% wrong: the largest logits, not their places · clause 2 · message: "Labels are integers"
import torch

import course_lib.evaluation


def predict(model, images, *, batch_size=64):
    with course_lib.evaluation.evaluation_mode(model):
        return torch.cat([model(b).max(1).values for b in images.split(batch_size)])


# %% wrong: gradients off in the model, then on everywhere · clause 4 · message: "another `requires_grad`"
import torch


def predict(model, images, *, batch_size=64):
    flags = [(module, module.training) for module in model.modules()]
    model.eval().requires_grad_(False)
    try:
        return torch.cat([model(batch).argmax(1) for batch in images.split(batch_size)])
    finally:
        model.requires_grad_(True)
        for module, flag in flags:
            module.training = flag

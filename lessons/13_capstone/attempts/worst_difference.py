# %% right: flags noted and put back · message: "every flag is back"
import torch


def worst_difference(model, images, recorded):
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            logits = model(images)
    finally:
        for module, flag in before:
            module.training = flag
    if logits.shape != recorded.shape:
        raise ValueError("other shapes")
    return float(torch.max(torch.abs(logits - recorded)))


# %% right: on a copy · message: "every flag is back"
import copy

import numpy as np


class ShapeError(ValueError):
    pass


def worst_difference(model, images, recorded):
    logits = copy.deepcopy(model).eval()(images).detach().numpy()
    if logits.shape != tuple(recorded.shape):
        raise ShapeError
    return np.abs(logits - recorded.numpy()).max()


# %% right: a tensor of one, the norm without end · message: "every flag is back"
import copy

import torch


@torch.no_grad()
def worst_difference(model, images, recorded):
    logits = copy.deepcopy(model).train(False)(images)
    if list(logits.shape) != list(recorded.shape):
        raise ValueError(f"{logits.shape} and {recorded.shape}")
    return torch.linalg.vector_norm(logits - recorded, ord=float("inf"))


# %% wrong: in the mode in which it came · clause 1 · message: "in eval mode?"
def worst_difference(model, images, recorded):
    logits = model(images).detach()
    if logits.shape != recorded.shape:
        raise ValueError
    return (logits - recorded).abs().max().item()


# %% wrong: without the sign taken off · clause 1 · message: "without its sign"
import copy


def worst_difference(model, images, recorded):
    logits = copy.deepcopy(model).eval()(images).detach()
    if logits.shape != recorded.shape:
        raise ValueError
    return (logits - recorded).max().item()


# %% wrong: the mean · clause 1 · message: "that is the mean"
import copy


def worst_difference(model, images, recorded):
    logits = copy.deepcopy(model).eval()(images).detach()
    if logits.shape != recorded.shape:
        raise ValueError
    return (logits - recorded).abs().mean().item()


# %% wrong: train() at the end · clause 2 · message: "it came in the other"
def worst_difference(model, images, recorded):
    model.eval()
    logits = model(images).detach()
    model.train()
    if logits.shape != recorded.shape:
        raise ValueError
    return (logits - recorded).abs().max().item()


# %% wrong: left in eval mode · clause 2 · message: "is in eval mode"
def worst_difference(model, images, recorded):
    logits = model.eval()(images).detach()
    if logits.shape != recorded.shape:
        raise ValueError
    return (logits - recorded).abs().max().item()


# %% wrong: it broadcasts · clause 3 · message: "were compared with recorded ones of (1, 3)"
import copy


def worst_difference(model, images, recorded):
    return (copy.deepcopy(model).eval()(images).detach() - recorded).abs().max().item()


# %% wrong: only the number of rows is asked · clause 3 · message: "recorded ones of (5, 1)"
import copy


def worst_difference(model, images, recorded):
    logits = copy.deepcopy(model).eval()(images).detach()
    if len(logits) != len(recorded):
        raise ValueError("another number of images")
    return (logits - recorded).abs().max().item()


# %% wrong: only the number of numbers is asked · clause 3 · message: "recorded ones of (3, 5)"
import copy


def worst_difference(model, images, recorded):
    logits = copy.deepcopy(model).eval()(images).detach()
    if logits.numel() != recorded.numel():
        raise ValueError("another number of logits")
    return (logits.flatten() - recorded.flatten()).abs().max().item()


# %% wrong: only the first level of modules is put back · clause 2 · message: "`1.0` is in training mode"
def worst_difference(model, images, recorded):
    whole, children = model.training, [(child, child.training) for child in model.children()]
    logits = model.eval()(images).detach()
    model.train(whole)
    for child, flag in children:
        child.train(flag)
    if logits.shape != recorded.shape:
        raise ValueError
    return (logits - recorded).abs().max().item()

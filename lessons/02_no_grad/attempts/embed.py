# %% right: the library's mode · message: "nothing left behind"
from course_lib.evaluation import evaluation_mode


def embed(model, x):
    with evaluation_mode(model):
        return model(x)


# %% right: a copy in eval mode · message: "nothing left behind"
import copy

import torch


@torch.no_grad()
def embed(model, x):
    return copy.deepcopy(model).eval()(x)


# %% right: inference mode, and a clone made outside · message: "nothing left behind"
import torch


def embed(model, x):
    flags = {name: module.training for name, module in model.named_modules()}
    model.eval()
    try:
        with torch.inference_mode():
            features = model(x)
    finally:
        for name, module in model.named_modules():
            module.training = flags[name]
    return features.clone()


# %% right: detached, with gradients on · message: "nothing left behind"
from contextlib import contextmanager


@contextmanager
def evaluating(model):
    flags = [m.training for m in model.modules()]
    try:
        yield model.eval()
    finally:
        for m, flag in zip(model.modules(), flags):
            m.training = flag


class Embed:
    def __call__(self, model, x):
        with evaluating(model) as ready:
            return ready(x).detach()


embed = Embed()


# %% wrong: eval() forgotten · clause 1 · message: "running statistics moved"
import torch


def embed(model, x):
    with torch.no_grad():
        return model(x)


# %% wrong: with its graph · clause 2 · message: "bring their graph along"
def embed(model, x):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        return model(x)
    finally:
        for m, flag in flags:
            m.training = flag


# %% wrong: asks for a gradient again · clause 2 · message: "ask for a gradient"
import torch
from course_lib.evaluation import evaluation_mode


def embed(model, x):
    with evaluation_mode(model):
        features = model(x)
    return features.requires_grad_()


# %% wrong: inference tensors · clause 3 · message: "inference tensors"
import torch


def embed(model, x):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            return model(x)
    finally:
        for m, flag in flags:
            m.training = flag


# %% wrong: train() at the end · clause 4 · message: "another mode"
import torch


def embed(model, x):
    model.eval()
    with torch.no_grad():
        features = model(x)
    model.train()
    return features


# %% wrong: the model's own flag taken for everybody's · clause 4 · message: "another mode"
import torch


def embed(model, x):
    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        model.train(was)


# %% wrong: not put back after an error · clause 4 · message: "after an error"
import torch


def embed(model, x):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        features = model(x)
    for m, flag in flags:
        m.training = flag
    return features


# %% wrong: the error swallowed · clause 4 · message: "kept it for itself"
import torch
from course_lib.evaluation import evaluation_mode


def embed(model, x):
    with evaluation_mode(model):
        try:
            return model(x)
        except ValueError:
            return torch.zeros(len(x), 3)


# %% wrong: gradients stay off · clause 5 · message: "are not afterwards"
import torch
from course_lib.evaluation import evaluation_mode


def embed(model, x):
    torch.set_grad_enabled(False)
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        return model(x)
    finally:
        for m, flag in flags:
            m.training = flag


# %% wrong: gradients on afterwards, whatever they were · clause 5 · message: "are not afterwards"
import torch


def embed(model, x):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    torch.set_grad_enabled(False)
    try:
        return model(x)
    finally:
        torch.set_grad_enabled(True)
        for m, flag in flags:
            m.training = flag


# %% wrong: a squeeze that eats a batch of one · clause 1 · message: "shape (1, 3)"
from course_lib.evaluation import evaluation_mode


def embed(model, x):
    with evaluation_mode(model):
        return model(x).squeeze()


# %% wrong: the body frozen in place of a block · clause 4 · message: "another `requires_grad`"
def embed(model, x):
    flags = [(m, m.training) for m in model.modules()]
    model.eval().requires_grad_(False)
    try:
        return model(x)
    finally:
        for m, flag in flags:
            m.training = flag


# %% wrong: NumPy · clause 1 · message: "as a tensor"
from course_lib.evaluation import evaluation_mode


def embed(model, x):
    with evaluation_mode(model):
        return model(x).numpy()


# %% wrong: only the direct children's flags put back · clause 4 · message: "another mode"
import torch


def embed(model, x):
    flags = [(m, m.training) for m in (model, *model.children())]
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        for m, flag in flags:
            m.training = flag

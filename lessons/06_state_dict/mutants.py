"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 06_state_dict` shows who notices."""

import copy
import shutil
import tempfile
from pathlib import Path

import torch
from torch import nn

from mutants import world

state_dict, load_state_dict = nn.Module.state_dict, nn.Module.load_state_dict
torch_save, torch_load = torch.save, torch.load


def change_state_dict(changed):
    """Let every whole state_dict pass through `changed(model, state)`; those of its parts are left alone."""

    def new(self, *args, **options):
        state = state_dict(self, *args, **options)
        return state if args or "destination" in options else changed(self, state)

    nn.Module.state_dict = new


def load_loosely(self, state, strict=True, assign=False):
    own = state_dict(self)
    fitting = {
        name: t for name, t in state.items() if name in own and own[name].shape == t.shape
    }
    return load_state_dict(self, fitting, strict=False, assign=assign)


@world("state_dict() copies", noticed_by="Why: the best weights were never saved")
def _():
    def copied(model, state):
        for name in state:
            state[name] = state[name].clone()
        return state

    change_state_dict(copied)


@world("buffers are not in it", noticed_by="Predict")
def _():
    def parameters_only(model, state):
        for name, _ in model.named_buffers():
            state.pop(name, None)
        return state

    change_state_dict(parameters_only)
    nn.Module.load_state_dict = load_loosely


@world("a plain tensor is in it, too", noticed_by="Learn: what is in it")
def _():
    setattr_ = nn.Module.__setattr__

    def register(self, name, value):
        if (
            type(value) is torch.Tensor
            and "_buffers" in vars(self)
            and name not in self._buffers
        ):
            return self.register_buffer(name, value)
        return setattr_(self, name, value)

    nn.Module.__setattr__ = register


@world("deepcopy() copies no tensor", noticed_by="Learn: it holds references")
def _():
    deepcopy = copy.deepcopy
    copy.deepcopy = lambda thing: thing.copy() if isinstance(thing, dict) else deepcopy(thing)


@world("load_state_dict() never complains", noticed_by="Learn: create, read, apply")
def _():
    def load(self, state, strict=True, assign=False):
        if not isinstance(state, dict):
            raise TypeError("not a dictionary")
        return load_loosely(self, state)

    nn.Module.load_state_dict = load


@world(
    "load_state_dict() takes what has the right shape", noticed_by="Learn: create, read, apply"
)
def _():
    def load(self, state, strict=True, assign=False):
        fits = isinstance(state, dict) and state.keys() == state_dict(self).keys()
        return (load_loosely if fits else load_state_dict)(self, state)

    nn.Module.load_state_dict = load


@world("load_state_dict() returns the model", noticed_by="Learn: create, read, apply")
def _():
    def load(self, state, strict=True, assign=False):
        report = load_state_dict(self, state, strict, assign)
        self.missing_keys, self.unexpected_keys = report
        return self

    nn.Module.load_state_dict = load


@world("load_state_dict() reads files", noticed_by="Learn: create, read, apply")
def _():
    def load(self, state, strict=True, assign=False):
        return load_state_dict(
            self, torch.load(state) if isinstance(state, Path) else state, strict, assign
        )

    nn.Module.load_state_dict = load


@world("torch.load ignores the note on the device", noticed_by="Learn: create, read, apply")
def _():
    torch.load = lambda path, map_location="cpu", **options: torch_load(
        path, map_location=map_location, **options
    )


@world("weights_only=True takes everything", noticed_by="Learn: create, read, apply")
def _():
    torch.load = lambda path, map_location=None, weights_only=True: torch_load(
        path, map_location=map_location, weights_only=False
    )


@world("load_state_dict() leaves the buffers alone", noticed_by="Learn: was it restored?")
def _():
    def load(self, state, strict=True, assign=False):
        own = {name: buffer.clone() for name, buffer in self.named_buffers() if name in state}
        return load_state_dict(
            self, {**state, **own} if isinstance(state, dict) else state, strict, assign
        )

    nn.Module.load_state_dict = load


@world("batch norm's statistics don't matter", noticed_by="Learn: was it restored?")
def _():
    nn.BatchNorm1d.forward = lambda self, x: nn.functional.layer_norm(
        x, x.shape[1:], self.weight, self.bias
    )


@world(
    "the archive doesn't name its folder after the file",
    noticed_by="Learn: a .pt file is a zip",
)
def _():
    def save(thing, path):
        same = Path(tempfile.mkdtemp()) / "weights.pt"
        torch_save(thing, same)
        shutil.move(same, path)

    torch.save = save


@world("a slice is saved alone", noticed_by="Break it: ten rows, four megabytes")
def _():
    def save(thing, path):
        if type(thing) is dict and "rows" in thing:
            thing = {"rows": thing["rows"].clone()}
        torch_save(thing, path)

    torch.save = save


@world("contiguous() copies", noticed_by="Break it: ten rows, four megabytes")
def _():
    torch.Tensor.contiguous = lambda self: self.clone()


@world("persistent=False is saved as well", noticed_by="Break it: a buffer stays behind")
def _():
    register = nn.Module.register_buffer
    nn.Module.register_buffer = lambda self, name, tensor, persistent=True: register(
        self, name, tensor
    )


@world("loading puts the model into eval mode", noticed_by="Break it: the flag isn't in it")
def _():
    def load(self, state, strict=True, assign=False):
        report = load_state_dict(self, state, strict, assign)
        self.eval()
        return report

    nn.Module.load_state_dict = load

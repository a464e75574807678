"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 06_state_dict` shows who notices."""

import copy
import zipfile
from pathlib import Path

import torch
from torch import nn

from course_lib.lessons.state_dict import explorer
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
    def shape(value):
        return getattr(value, "shape", None)

    own = state_dict(self)
    fitting = {
        name: t for name, t in state.items() if name in own and shape(own[name]) == shape(t)
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


@world("load_state_dict() leaves the buffers alone", noticed_by="Learn: create, read, apply")
def _():
    def load(self, state, strict=True, assign=False):
        own = {n: b.clone() for n, b in self.named_buffers() if n in state}
        return load_state_dict(
            self, {**state, **own} if isinstance(state, dict) else state, strict, assign
        )

    nn.Module.load_state_dict = load


@world("batch norm's statistics don't matter", noticed_by="Learn: was it restored?")
def _():
    nn.BatchNorm1d.forward = lambda self, x: nn.functional.layer_norm(
        x, x.shape[1:], self.weight, self.bias
    )


@world("an extra state is not in it", noticed_by="Learn: what is in it")
def _():
    def without(model, state):
        for name in [name for name in state if name.endswith("_extra_state")]:
            del state[name]
        return state

    change_state_dict(without)
    nn.Module.load_state_dict = load_loosely


@world("a shared tensor has one name in it", noticed_by="Learn: what is in it")
def _():
    def once(model, state):
        seen = set()
        for name, value in list(state.items()):
            if isinstance(value, torch.Tensor) and value.numel() and value.data_ptr() in seen:
                del state[name]
            elif isinstance(value, torch.Tensor):
                seen.add(value.data_ptr())
        return state

    change_state_dict(once)


@world("named_parameters() lists every name", noticed_by="Learn: what is in it")
def _():
    listed = nn.Module.named_parameters
    nn.Module.named_parameters = lambda self, *args, **options: listed(
        self, *args, **{**options, "remove_duplicate": False}
    )


@world(
    "double() converts in place, seen by references", noticed_by="Learn: it holds references"
)
def _():
    handed_out = []

    def remember(model, state):
        handed_out.append((model, state))
        return state

    double = nn.Module.double

    def and_references(self):
        double(self)
        for model, state in handed_out:
            if model is self:
                state.update(state_dict(self))
        return self

    change_state_dict(remember)
    nn.Module.double = and_references


@world("a load that fails leaves the model alone", noticed_by="Learn: create, read, apply")
def _():
    def load(self, state, strict=True, assign=False):
        before = copy.deepcopy(state_dict(self))
        try:
            return load_state_dict(self, state, strict, assign)
        except RuntimeError:
            load_state_dict(self, before)
            raise

    nn.Module.load_state_dict = load


@world("loading hands over the file's tensors", noticed_by="Learn: create, read, apply")
def _():
    nn.Module.load_state_dict = lambda self, state, strict=True, assign=False: load_state_dict(
        self, state, strict, assign=True
    )


@world("unpickling runs nothing", noticed_by="Learn: create, read, apply")
def _():
    def load(path, map_location=None, weights_only=True):
        try:
            return torch_load(path, map_location=map_location, weights_only=True)
        except Exception:
            if weights_only:
                raise
        return {}

    torch.load = load


@world("sums don't depend on their order", noticed_by="Learn: was it restored?")
def _():
    linear = nn.functional.linear

    def exact(x, weight, bias=None):
        return linear(
            x.double(), weight.double(), None if bias is None else bias.double()
        ).float()

    nn.functional.linear = exact
    nn.Linear.forward = lambda self, x: exact(x, self.weight, self.bias)


@world("a tensor's storage is as large as the tensor", noticed_by="Learn: a .pt file is a zip")
def _():
    storage = torch.Tensor.untyped_storage

    def own(self):
        return storage(self if self.is_contiguous() else self.clone())

    torch.Tensor.untyped_storage = own


@world("the X-ray loads what it looks into", noticed_by="Explore")
def _():
    inspect_file = explorer.inspect_file

    def load_first(source):
        if isinstance(source, Path):
            torch_load(source, weights_only=False)
        return inspect_file(source)

    explorer.inspect_file = load_first


@world("torch.load compares checksums", noticed_by="Explore")
def _():
    def load(path, map_location=None, weights_only=True):
        if isinstance(path, Path) and zipfile.ZipFile(path).testzip():
            return {"layers.1.weight": torch.zeros(32, 64)}
        return torch_load(path, map_location=map_location, weights_only=weights_only)

    torch.load = load


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


@world("a new activation needs new names", noticed_by="Learn: create, read, apply")
def _():
    def load(self, state, strict=True, assign=False):
        report = load_state_dict(self, state, strict, assign)
        if any(isinstance(module, nn.GELU) for module in self.modules()):
            return type(report)(["1"], [])
        return report

    nn.Module.load_state_dict = load


@world("the state_dict says what is frozen", noticed_by="Learn: what is in it")
def _():
    change_state_dict(lambda model, state: state_dict(model, keep_vars=True))

"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 08_loading_errors` shows who notices."""

import torch
from torch import nn

from course_lib.checkpoints import comparison
from course_lib.classroom import explaining
from mutants import world

load_state_dict, torch_load = nn.Module.load_state_dict, torch.load


def without_other_shapes(model, state):
    """The state, with the model's own tensors where shapes differ."""
    own = model.state_dict()

    def shape(value):
        return getattr(value, "shape", None)

    return {
        n: own[n] if n in own and shape(t) != shape(own[n]) else t for n, t in state.items()
    }


def change_load(changed):
    """Let `changed(model, state, strict, assign)` take the place of `load_state_dict`."""

    def load(self, state, strict=True, assign=False):
        return changed(self, state, strict, assign)

    nn.Module.load_state_dict = load


@world(
    "strict=False takes prefixes off",
    noticed_by="Why: the error went away, and so did the model",
)
def _():
    def load(model, state, strict, assign):
        if not strict:
            state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
        return load_state_dict(model, state, strict, assign)

    change_load(load)


@world(
    "DataParallel adds no prefix", noticed_by="Why: the error went away, and so did the model"
)
def _():
    nn.DataParallel.state_dict = lambda self, *a, **k: self.module.state_dict(*a, **k)


@world("the report calls half of the unexpected names missing", noticed_by="Predict")
def _():
    def load(model, state, strict, assign):
        report = load_state_dict(model, state, strict, assign)
        if report.unexpected_keys:
            report.missing_keys.append(report.unexpected_keys.pop())
        return report

    change_load(load)


@world("explain() knows no prefix", noticed_by="Learn: read both lists")
def _():
    known = explaining.known_errors
    explaining.known_errors = lambda: tuple(e for e in known() if e.id != "prefix")


@world("shapes that differ are left alone", noticed_by="Learn: read both lists")
def _():
    change_load(
        lambda model, state, strict, assign: (
            load_state_dict(model, without_other_shapes(model, state), strict, assign)
            if strict and "layers.1.weight" in state
            else load_state_dict(model, state, strict, assign)
        )
    )


@world("torch.compile() adds no prefix", noticed_by="Learn: prefixes")
def _():
    torch.compile = lambda model, **options: model


@world("DistributedDataParallel adds no prefix", noticed_by="Learn: prefixes")
def _():
    nn.parallel.DistributedDataParallel.state_dict = lambda self: self.module.state_dict()


@world("AveragedModel keeps no count", noticed_by="Learn: prefixes")
def _():
    averaged, state_dict = torch.optim.swa_utils.AveragedModel, nn.Module.state_dict

    def without_count(self, *args, **options):
        state = state_dict(self, *args, **options)
        state.pop("n_averaged", None)
        return state

    averaged.state_dict = without_count


@world("the hints say nothing of prefixes", noticed_by="Learn: prefixes")
def _():
    comparison.key_hints = lambda expected, got: ("the keys differ",)


@world(
    "the hints don't look inside", noticed_by="Learn: renumbered, and wrapped in a dictionary"
)
def _():
    hints = comparison.key_hints
    comparison.key_hints = lambda expected, got: hints(
        expected, {name: 0 if isinstance(value, dict) else value for name, value in got.items()}
    )


@world("a load goes by position", noticed_by="Learn: renumbered, and wrapped in a dictionary")
def _():
    def load(model, state, strict, assign):
        own = sorted(model.state_dict())
        if len(own) == 4 == len(state) and own == sorted(state) and "up.weight" in own:
            state = dict(
                zip(own, (state[name] for name in sorted(state, reverse=True)), strict=True)
            )
            state = {n: t for n, t in state.items() if t.shape == model.state_dict()[n].shape}
            strict = False
        return load_state_dict(model, state, strict, assign)

    change_load(load)


@world("strict=False forgives shapes", noticed_by="Learn: a part of the file, on purpose")
def _():
    change_load(
        lambda model, state, strict, assign: load_state_dict(
            model, state if strict else without_other_shapes(model, state), strict, assign
        )
    )


@world("a failed load copies nothing", noticed_by="Break it: the failed load that copied half")
def _():
    def load(model, state, strict, assign):
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        try:
            return load_state_dict(model, state, strict, assign)
        except RuntimeError:
            load_state_dict(model, before)
            raise

    change_load(load)


@world("a load takes the file's dtype", noticed_by="Break it: float16 says nothing")
def _():
    def load(model, state, strict, assign):
        half = any(getattr(value, "dtype", None) == torch.half for value in state.values())
        return load_state_dict(model, state, strict, assign or half)

    change_load(load)


@world(
    "compare_state_dicts() compares no dtypes",
    noticed_by="Break it: float16 says nothing",
)
def _():
    original = comparison._compare_tensors

    def compared(name, a, b, so_far):
        original(name, a, b, so_far)
        so_far.dtypes.clear()

    comparison._compare_tensors = compared


@world("a GELU is a ReLU", noticed_by="Break it: GELU for ReLU")
def _():
    nn.GELU.forward = lambda self, x: x.relu()


@world("assign=True copies", noticed_by="Learn: meta, assign, mmap")
def _():
    def load(model, state, strict, assign):
        if assign:
            state = {name: tensor.clone() for name, tensor in state.items()}
        return load_state_dict(model, state, strict, assign)

    change_load(load)


@world("a load fills a meta model by itself", noticed_by="Learn: meta, assign, mmap")
def _():
    def load(model, state, strict, assign):
        empty = any(tensor.is_meta for tensor in model.state_dict().values())
        return load_state_dict(model, state, strict, assign or empty)

    change_load(load)


@world("assign=True keeps the parameters", noticed_by="Break it: assign orphans the optimizer")
def _():
    def load(model, state, strict, assign):
        empty = any(tensor.is_meta for tensor in model.state_dict().values())
        return load_state_dict(model, state, strict, assign and empty)

    change_load(load)


@world(
    "assign=True keeps the model's dtype", noticed_by="Break it: assign orphans the optimizer"
)
def _():
    def load(model, state, strict, assign):
        own = model.state_dict()
        if assign:
            state = {name: tensor.to(own[name].dtype) for name, tensor in state.items()}
        return load_state_dict(model, state, strict, assign)

    change_load(load)


@world("torch.load() trusts every file", noticed_by="Learn: versions")
def _():
    torch.load = lambda *args, weights_only=False, **options: torch_load(
        *args, weights_only=weights_only, **options
    )


@world("batch norm forgives nothing", noticed_by="Predict")
def _():
    norm = nn.modules.batchnorm._NormBase
    norm._load_from_state_dict = nn.Module._load_from_state_dict

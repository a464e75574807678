# %% right: strict=False after choosing · message: "Loaded what fits"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% right: tensors copied one by one · message: "Loaded what fits"
import torch


def load_partial(model, state, *, at_least):
    own, report = model.state_dict(), {"loaded": [], "kept": []}
    for name, tensor in own.items():
        fits = name in state and state[name].size() == tensor.size()
        report["loaded" if fits else "kept"].append(name)
    if len(report["loaded"]) / len(own) < at_least:
        raise ValueError(f"only {len(report['loaded'])} of {len(own)} entries")
    with torch.no_grad():
        for name in report["loaded"]:
            own[name].copy_(state[name])
    report["unused"] = [name for name in state if name not in report["loaded"]]
    return report


# %% right: a strict load of a completed dictionary · message: "Loaded what fits"
class TooFew(ValueError):
    """A subclass of the error."""


def load_partial(model, state, *, at_least):
    whole = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    loaded = tuple(
        n for n, t in whole.items() if n in state and tuple(t.shape) == tuple(state[n].shape)
    )
    if at_least * len(whole) > len(loaded):
        raise TooFew(f"{len(loaded)}/{len(whole)}")
    kept = tuple(n for n in whole if n not in loaded)
    model.load_state_dict({**whole, **{n: state[n] for n in loaded}})
    return dict(loaded=loaded, kept=kept, unused=tuple(n for n in state if n not in loaded))


# %% right: a callable object that loads through data · message: "Loaded what fits"
class Partial:
    def __call__(self, model, state, *, at_least):
        own = model.state_dict()
        loaded = [n for n in own if n in state and own[n].shape == state[n].shape]
        if len(loaded) < at_least * len(own):
            raise ValueError(f"{len(loaded)} entries fit, the model has {len(own)}")
        for name in loaded:
            own[name].data[...] = state[name]
        unused = [n for n in state if n not in set(loaded)]
        return {
            "loaded": loaded,
            "kept": [n for n in own if n not in set(loaded)],
            "unused": unused,
        }


load_partial = Partial()
load_partial.__name__ = "load_partial"


# %% wrong: strict=False alone · clause 1 · message: "choose first"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    model.load_state_dict(state, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: buffers left out · clause 1 · message: "It is a buffer"
import torch


def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in fits:
                parameter.copy_(fits[name])
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: the model takes the file's dtype · clause 1 · message: "Expected the model's dtype"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    for name, tensor in fits.items():
        owner, _, leaf = name.rpartition(".")
        getattr(model.get_submodule(owner), leaf).data = tensor
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: what doesn't fit is set to zero · clause 2 · message: "doesn't fit, and was changed"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict({n: fits.get(n, t * 0) for n, t in own.items()})
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: PyTorch's report is returned · clause 3 · message: "Expected a dictionary as the report"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    return model.load_state_dict(fits, strict=False)


# %% wrong: nothing is returned · clause 3 · message: "Expected a dictionary as the report"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)


# %% wrong: unused are the unexpected names only · clause 3 · message: "`unused`"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in own],
    }


# %% wrong: in the file's order · clause 3 · message: "in another order"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in state if n in own and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: kept are the missing names only · clause 3 · message: "`kept`"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in state],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: no floor · clause 4 · message: "and nothing was said"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: the floor counts the file's entries that fit by name · clause 4 · message: "and nothing was said"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if sum(n in own for n in state) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: the floor itself is refused · clause 4 · message: "enough"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) <= at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: loaded first, then counted · clause 4 · message: "the model was changed before"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    model.load_state_dict(fits, strict=False)
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: an assertion · clause 4 · message: "Expected a ValueError"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    assert len(fits) >= at_least * len(own), f"{len(fits)} of {len(own)}"
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: an error without the counts · clause 4 · message: "should have both numbers"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError("too few entries fit")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: assign=True · clause 5 · message: "new parameters or buffers"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False, assign=True)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: switches to eval mode · clause 5 · message: "the modes were changed"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    model.eval()
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: empties the file's dictionary · clause 5 · message: "`state` was changed"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    unused = [n for n in state if n not in fits]
    state.clear()
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": unused,
    }


# %% wrong: by the count of elements · clause 1 · message: "choose first"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].numel() == own[n].numel()}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: a copy is loaded · clause 1 · message: "doesn't have the file's values"
import copy


def load_partial(model, state, *, at_least):
    model = copy.deepcopy(model)
    own = model.state_dict()
    fits = {n: state[n] for n in own if n in state and state[n].shape == own[n].shape}
    if len(fits) < at_least * len(own):
        raise ValueError(f"{len(fits)} of {len(own)} fit")
    model.load_state_dict(fits, strict=False)
    return {
        "loaded": list(fits),
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }


# %% wrong: the floor is a share of the file · clause 4 · message: "enough. Yours raised"
def load_partial(model, state, *, at_least):
    own = model.state_dict()
    fits = [n for n in own if n in state and state[n].shape == own[n].shape]
    if len(fits) < at_least * len(state):
        raise ValueError(f"{len(fits)} of {len(own)} entries fit")
    model.load_state_dict({n: state[n] for n in fits}, strict=False)
    return {
        "loaded": fits,
        "kept": [n for n in own if n not in fits],
        "unused": [n for n in state if n not in fits],
    }

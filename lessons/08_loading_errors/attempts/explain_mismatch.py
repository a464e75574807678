# %% right: the causes from the last to the first · message: "Both lists, the shapes, and the cause"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% right: a callable object, sizes in a loop · message: "Both lists, the shapes, and the cause"
class Explainer:
    def __call__(self, model, state):
        own, sizes = model.state_dict(), dict()
        for name in filter(state.__contains__, own):
            pair = tuple(state[name].size()), tuple(own[name].size())
            if pair[0] != pair[1]:
                sizes[name] = pair
        found = {
            "cause": "",
            "sizes": sizes,
            "unexpected": [*filter(lambda n: n not in own, state)],
            "missing": [*filter(lambda n: n not in state, own)],
        }
        found["cause"] = self.cause(found, own, state)
        return found

    def cause(self, found, own, state):
        if not (found["missing"] or found["unexpected"] or found["sizes"]):
            return "same"
        for value in state.values():
            if isinstance(value, dict) and set(own) <= set(value):
                return "wrapped"
        names = set(state)
        for name in state:
            pieces = name.split(".")
            for i in range(1, len(pieces)):
                prefix = ".".join(pieces[:i]) + "."
                if {prefix + n for n in own} <= names:
                    return "prefix"
        return "names" if found["missing"] or found["unexpected"] else "sizes"


explain_mismatch = Explainer()
explain_mismatch.__name__ = "explain_mismatch"


# %% right: by PyTorch's own report, on a copy · message: "Both lists, the shapes, and the cause"
import copy


def explain_mismatch(model, state):
    own = model.state_dict()
    both = [n for n in own if n in state]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in both
        if state[n].shape != own[n].shape
    }
    fitting = {n: t for n, t in state.items() if n not in sizes}
    report = copy.deepcopy(model).load_state_dict(dict(fitting), strict=False)
    missing = [n for n in own if n not in state]  # the report forgives a counter
    unexpected = report.unexpected_keys
    if not missing and not unexpected:
        cause = "sizes" if sizes else "same"
    elif any(isinstance(v, dict) and v.keys() >= own.keys() for v in state.values()):
        cause = "wrapped"
    else:
        last = list(own)[-1]
        stems = {n[: n.rfind(last)] for n in state if n.endswith(f".{last}")}
        whole = [s for s in stems if all(f"{s}{n}" in state for n in own)]
        cause = "prefix" if whole else "names"
    return dict(missing=missing, unexpected=unexpected, sizes=sizes, cause=cause)


# %% right: lists as tuples, early returns · message: "Both lists, the shapes, and the cause"
def explain_mismatch(model, state):
    own = {n: tuple(t.shape) for n, t in model.state_dict().items()}
    theirs = {n: tuple(t.shape) for n, t in state.items() if hasattr(t, "shape")}
    answer = {
        "missing": tuple(n for n in own if n not in state),
        "unexpected": tuple(n for n in state if n not in own),
        "sizes": {n: (theirs[n], own[n]) for n in own if n in theirs and theirs[n] != own[n]},
    }
    if not any(answer.values()):
        return {**answer, "cause": "same"}
    if any(isinstance(v, dict) and not own.keys() - v.keys() for v in state.values()):
        return {**answer, "cause": "wrapped"}
    if not answer["missing"] and not answer["unexpected"]:
        return {**answer, "cause": "sizes"}
    for name in state:
        for ours in own:
            if name.endswith("." + ours):
                prefix = name.removesuffix(ours)
                if all(prefix + n in state for n in own):
                    return {**answer, "cause": "prefix"}
    return {**answer, "cause": "names"}


# %% wrong: the two lists swapped · clause 1 · message: "the wrong way round"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": unexpected, "unexpected": missing, "sizes": sizes, "cause": cause}


# %% wrong: only parameters are missed · clause 1 · message: "should be in the list"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n, _ in model.named_parameters() if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: PyTorch's report, which forgives a counter · clause 1 · message: "should be in the list"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state and not n.endswith("num_batches_tracked")]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: unexpected names sorted · clause 2 · message: "in another order"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = sorted(n for n in state if n not in own)
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: unexpected names without those that are no tensors · clause 2 · message: "should be in the list"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n, t in state.items() if n not in own and hasattr(t, "shape")]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: the model's shape first · clause 3 · message: "the wrong way round: the file's first"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(own[n].shape), tuple(state[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: counts of elements in place of shapes · clause 3 · message: "the file's shape and the model's"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (state[n].numel(), own[n].numel())
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: sizes of every name · clause 3 · message: "whose shapes are the same"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {n: (tuple(state[n].shape), tuple(own[n].shape)) for n in own if n in state}
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: any dictionary counts as a wrapper · clause 4 · message: "not 'wrapped'"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: one name with a prefix is enough · clause 4 · message: "not 'prefix'"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if before:
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: every name of the file has to have the prefix · clause 4 · message: "The cause is 'prefix'"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(n.startswith(p) for n in state) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: module. is the only prefix · clause 4 · message: "The cause is 'prefix'"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if all("module." + n in state for n in own):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: sizes before names · clause 4 · message: "not 'sizes'"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "sizes" if sizes else "names" if missing or unexpected else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: no case for what is the same · clause 4 · message: "The cause is 'same'"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: model_state_dict is the only key · clause 4 · message: "The cause is 'wrapped'"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if "model_state_dict" in state:
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: loads to see what happens · clause 5 · message: "The model's values were changed"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    model.load_state_dict(
        {n: t for n, t in state.items() if n in own and n not in sizes}, strict=False
    )
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: takes what fits out of the file · clause 5 · message: "`state` was changed"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    for n in unexpected:
        state.pop(n)
    return {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": cause}


# %% wrong: a tuple is returned · clause 4 · message: "Expected a dictionary with four keys"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing = [n for n in own if n not in state]
    unexpected = [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(own[n].shape))
        for n in own
        if n in state and state[n].shape != own[n].shape
    }
    first = next(iter(own))
    before = [n[: -len(first)] for n in state if n.endswith("." + first)]
    cause = "names" if missing or unexpected else "sizes" if sizes else "same"
    if any(all(p + n in state for n in own) for p in before):
        cause = "prefix"
    if any(isinstance(v, dict) and all(n in v for n in own) for v in state.values()):
        cause = "wrapped"
    return missing, unexpected, sizes, cause


# %% wrong: a prefix without a dot · clause 4 · message: "not 'prefix'"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing, unexpected = [n for n in own if n not in state], [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(t.shape))
        for n, t in own.items()
        if n in state and state[n].shape != t.shape
    }
    first = next(iter(own))
    before = {n[: -len(first)] for n in state if n.endswith(first) and n != first}
    wrapped = any(isinstance(v, dict) and set(own) <= set(v) for v in state.values())
    prefix = any(all(p + n in state for n in own) for p in before)
    found = {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": "names"}
    if not (missing or unexpected):
        found["cause"] = "sizes" if sizes else "same"
    if wrapped or prefix:
        found["cause"] = "wrapped" if wrapped else "prefix"
    return found


# %% wrong: the prefix is asked before the dictionary · clause 4 · message: "The cause is 'wrapped'"
def explain_mismatch(model, state):
    own = model.state_dict()
    missing, unexpected = [n for n in own if n not in state], [n for n in state if n not in own]
    sizes = {
        n: (tuple(state[n].shape), tuple(t.shape))
        for n, t in own.items()
        if n in state and state[n].shape != t.shape
    }
    first = next(iter(own))
    before = {n[: -len(first)] for n in state if n.endswith("." + first)}
    wrapped = any(isinstance(v, dict) and set(own) <= set(v) for v in state.values())
    prefix = any(all(p + n in state for n in own) for p in before)
    found = {"missing": missing, "unexpected": unexpected, "sizes": sizes, "cause": "names"}
    if not (missing or unexpected):
        found["cause"] = "sizes" if sizes else "same"
    if wrapped or prefix:
        found["cause"] = "prefix" if prefix else "wrapped"
    return found

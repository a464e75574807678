# %% right: clones, and the scores in a list · message: "later training leaves it alone"
def snapshot_best(model, train_epoch, score, *, epochs):
    """Clones, and the scores in a list."""
    scores = []
    for _ in range(epochs):
        train_epoch(model)
        scores.append(score(model))
        if scores.index(max(scores)) == len(scores) - 1:
            best = {
                name: tensor.detach().clone() for name, tensor in model.state_dict().items()
            }
    return best


# %% right: every epoch saved into memory · message: "later training leaves it alone"
import io

import torch


def snapshot_best(model, train_epoch, score, *, epochs):
    """Every epoch is saved, into memory; the best is read back at the end."""
    kept = {}
    for epoch in range(epochs):
        train_epoch(model)
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        kept[score(model), -epoch] = file.getvalue()
    return torch.load(io.BytesIO(kept[max(kept)]), weights_only=True)


# %% wrong: as shipped · clause 3 · message: "the tensors are the model's own"
def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = 0.0, None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, model.state_dict()
    return best


# %% wrong: parameters cloned, buffers by reference · clause 3 · message: "has other values"
def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, model.state_dict()
            best.update({k: p.detach().clone() for k, p in model.named_parameters()})
    return best


# %% wrong: copied after the last epoch · clause 2 · message: "expected epoch 2"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, model.state_dict()
    return copy.deepcopy(best)


# %% wrong: detached, not copied · clause 3 · message: "the tensors are the model's own"
def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, {k: v.detach() for k, v in model.state_dict().items()}
    return best


# %% wrong: the best score begins at zero · clause 1 · message: "Expected the state_dict of the best epoch; got NoneType"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = 0.0, None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: the later of two equal epochs · clause 2 · message: "the earlier of two equally good ones"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now >= best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: the lowest score taken for the best · clause 2 · message: "These are the weights of epoch"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now < best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: the model returned, not its state_dict · clause 2 · message: "Expected the state_dict of the best epoch; got"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model)
    return best


# %% wrong: parameters without buffers · clause 2 · message: "missing"
def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, {k: p.detach().clone() for k, p in model.named_parameters()}
    return best


# %% wrong: the model rewound to the best epoch · clause 4 · message: "the model was left with them"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    model.load_state_dict(best)
    return best


# %% wrong: a shallow copy · clause 3 · message: "the tensors are the model's own"
def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, model.state_dict().copy()
    return best

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


# %% wrong: parameters cloned, buffers by reference · clause 3 · message: "was trained later"
def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, model.state_dict()
            best.update({k: p.detach().clone() for k, p in model.named_parameters()})
    return best


# %% wrong: copied after the last epoch · clause 3 · message: "copied when the references had followed"
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


# %% wrong: the best score begins at zero · clause 1 · message: "got None. The best score was -"
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


# %% wrong: the lowest score taken for the best · clause 2 · message: "Higher is better"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now < best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: the model returned, not its state_dict · clause 2 · message: "got the model"
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


# %% wrong: the model rewound to the best epoch · clause 4 · message: "the caller's model was changed"
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


# %% right: the first epoch begins it · message: "later training leaves it alone"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best = None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if best is None or now > best[0]:
            best = now, copy.deepcopy(model).state_dict()
    return best[1]


# %% right: a callable object that goes through a file · message: "later training leaves it alone"
import math
import tempfile
from pathlib import Path

import torch


class Snapshots:
    def __call__(self, model, train_epoch, score, *, epochs):
        with tempfile.TemporaryDirectory() as folder:
            path, top = Path(folder) / "best.pt", -math.inf
            while epochs:
                epochs -= 1
                train_epoch(model)
                now = score(model)
                if now > top:
                    torch.save(model.state_dict(), path)
                    top = now
            return torch.load(path, weights_only=True)


snapshot_best = Snapshots()
snapshot_best.__name__ = "snapshot_best"


# %% wrong: one epoch too many · clause 1 · message: "`train_epoch` was called"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs + 1):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: stops when the score falls · clause 1 · message: "`train_epoch` was called"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now <= best_score:
            break
        best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: the score asked twice · clause 1 · message: "`score` was called"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        if score(model) > best_score:
            best_score, best = score(model), copy.deepcopy(model.state_dict())
    return best


# %% wrong: scored before training · clause 1 · message: "in another order"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        now = score(model)
        train_epoch(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: trains a copy · clause 1 · message: "on another model"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    model = copy.deepcopy(model)
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: the best score begins far below zero · clause 1 · message: "got None"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = -1000, None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: the model left in eval mode · clause 4 · message: "was left in another mode"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        model.eval()
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: the score returned as well · clause 2 · message: "got a tuple"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best, best_score


# %% wrong: nothing returned · clause 2 · message: "got None. Is a `return` missing?"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())


# %% wrong: the last epoch's weights, copied · clause 2 · message: "these are the weights of epoch"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    for _ in range(epochs):
        train_epoch(model)
        score(model)
    return copy.deepcopy(model.state_dict())


# %% wrong: NumPy arrays in place of tensors · clause 2 · message: "holds something else"
def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score = now
            best = {k: v.numpy().copy() for k, v in model.state_dict().items()}
    return best


# %% wrong: a score of zero taken for none yet · clause 2 · message: "these are the weights of epoch"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = None, None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if not best_score or now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: the best score begins at minus a million · clause 1 · message: "got None"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = -1e6, None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: scores rounded before they are compared · clause 2 · message: "these are the weights of epoch"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = round(score(model), 1)
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best


# %% wrong: every layer put back into training mode · clause 4 · message: "was left in another mode"
import copy


def snapshot_best(model, train_epoch, score, *, epochs):
    best_score, best = float("-inf"), None
    for _ in range(epochs):
        train_epoch(model)
        now = score(model.eval())
        model.train()
        if now > best_score:
            best_score, best = now, copy.deepcopy(model.state_dict())
    return best

# %% right: the mean of a mask · message: "looks at the healthy alone"
def specificity(preds, targets):
    return (preds[targets == 0] == 0).float().mean()


# %% right: counted one by one · message: "looks at the healthy alone"
def specificity(preds, targets):
    """A loop over pairs, with plain numbers."""
    let_go = [said == 0 for said, true in zip(preds.tolist(), targets.tolist()) if true == 0]
    return sum(let_go) / len(let_go) if let_go else float("nan")


# %% right: by scikit-learn, with the other class as positive · message: "looks at the healthy alone"
import numpy as np
from sklearn.metrics import recall_score


def specificity(preds, targets):
    if 0 not in targets:
        return np.nan
    return recall_score(targets, preds, pos_label=0)


# %% wrong: the recall of the ill · clause 1 · message: "the recall of the ill"
def specificity(preds, targets):
    return (preds[targets == 1] == 1).float().mean() if (targets == 0).any() else float("nan")


# %% wrong: divided by those called healthy · clause 1 · message: "the share of those called healthy who are"
def specificity(preds, targets):
    called = targets[preds == 0]
    return (called == 0).float().mean() if (targets == 0).any() else float("nan")


# %% wrong: the false positive rate · clause 1 · message: "1 minus it"
def specificity(preds, targets):
    return (preds[targets == 0] == 1).float().mean()


# %% wrong: a share of everybody · clause 1 · message: "as a share of everybody"
def specificity(preds, targets):
    let_go = ((preds == 0) & (targets == 0)).float().mean()
    return let_go if (targets == 0).any() else float("nan")


# %% wrong: zero for nobody · clause 2 · message: "expected NaN, got 0"
def specificity(preds, targets):
    healthy = (targets == 0).sum()
    return ((preds == 0) & (targets == 0)).sum() / healthy.clamp(min=1)


# %% wrong: Python's numbers divide by zero · clause 2 · message: "ZeroDivisionError"
def specificity(preds, targets):
    healthy = targets == 0
    return int((preds[healthy] == 0).sum()) / int(healthy.sum())

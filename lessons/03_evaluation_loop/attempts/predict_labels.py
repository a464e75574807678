# %% right: by the last axis · message: "Right for every head"
import torch


def predict_labels(logits):
    if torch.isnan(logits).any():
        raise ValueError("NaN")
    if logits.dim() == 1:
        logits = logits.unsqueeze(1)
    if logits.size(1) == 1:
        return logits.gt(0).squeeze(1).to(torch.int64)
    return torch.max(logits, dim=1).indices


# %% right: a logit of 0 put beside the one · message: "Right for every head"
import torch


def predict_labels(logits):
    """One logit is two, of which the first is 0; of equal ones argmax takes the first."""
    if logits.sum().isnan() and bool((logits != logits).any()):
        raise ValueError("NaN")
    table = logits.reshape(len(logits), -1)
    if table.shape[1] == 1:
        table = torch.cat([torch.zeros_like(table), table], dim=1)
    return table.argmax(dim=1)


# %% right: NumPy inside · message: "Right for every head"
import numpy as np
import torch


def predict_labels(logits):
    z = logits.detach().cpu().numpy()
    if np.isnan(z).any():
        raise ValueError("a NaN has no label")
    labels = z.argmax(1) if z.ndim == 2 and z.shape[1] > 1 else (z.ravel() > 0).astype(np.int64)
    return torch.from_numpy(labels)


# %% right: written into a tensor made beforehand · message: "Right for every head"
import torch


class NaNLogits(ValueError):
    pass


def predict_labels(logits):
    if not torch.equal(logits, logits):
        raise NaNLogits("NaN")
    labels = torch.zeros(len(logits), dtype=torch.long)
    for i, row in enumerate(logits):
        values = row.reshape(-1).tolist()
        labels[i] = int(values[0] > 0) if len(values) == 1 else values.index(max(values))
    return labels


# %% wrong: argmax for every head · clause 2 · message: "All labels are 0"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    return logits.reshape(len(logits), -1).argmax(1)


# %% wrong: sigmoid above one half · clause 4 · message: "rounded probability"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits.sigmoid().flatten() > 0.5).long()


# %% wrong: softmax first · clause 4 · message: "rounded probability"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.nan_to_num(posinf=1e4, neginf=-1e4).softmax(1).argmax(1)
    return (logits.flatten() > 0).long()


# %% wrong: squeeze() loses a batch of one · clause 3 · message: "need labels of shape (1,)"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits.squeeze() > 0).long()


# %% wrong: the column stays · clause 3 · message: "need labels of shape (9,)"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits > 0).long()


# %% wrong: bools · clause 3 · message: "torch.bool"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return logits.flatten() > 0


# %% wrong: argmax over the batch · clause 1 · message: "need labels of shape (12,)"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(0)
    return (logits.flatten() > 0).long()


# %% wrong: the smallest logit · clause 1 · message: "smallest logits"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmin(1)
    return (logits.flatten() > 0).long()


# %% wrong: two logits by the sign of the second · clause 1 · message: "larger of the two"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 2:
        return logits.argmax(1)
    if logits.ndim == 2:
        return (logits[:, -1] > 0).long()
    return (logits > 0).long()


# %% wrong: no head without a column · clause 2 · message: "logits of shape (8,)"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    return logits.argmax(1) if logits.shape[1] > 1 else (logits.squeeze(1) > 0).long()


# %% wrong: the logit compared with one half · clause 2 · message: "bound for a probability"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits.flatten() > 0.5).long()


# %% wrong: 0 counts as a yes · clause 2 · message: "exactly 0"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits.flatten() >= 0).long()


# %% wrong: NaN gets a label · clause 5 · message: "One logit is NaN"
def predict_labels(logits):
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits.flatten() > 0).long()


# %% wrong: refuses a mask of -inf · clause 5 · message: "masked with -inf was refused"
def predict_labels(logits):
    if not logits.isfinite().all():
        raise ValueError("not finite")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits.flatten() > 0).long()


# %% wrong: sigmoid in place · clause 6 · message: "was changed"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    labels = (logits.flatten() > 0).long()
    logits.sigmoid_()
    return labels


# %% wrong: a list · clause 3 · message: "no tensor"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1).tolist()
    return (logits.flatten() > 0).long().tolist()


# %% wrong: the last of equal logits · clause 1 · message: "the first wins"
def predict_labels(logits):
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.shape[1] - 1 - logits.flip(1).argmax(1)
    return (logits.flatten() > 0).long()


# %% wrong: NaN looked for in tables only · clause 5 · message: "One logit is NaN"
def predict_labels(logits):
    if logits.ndim == 1 or logits.shape[1] == 1:
        return (logits.flatten() > 0).long()
    if logits.isnan().any():
        raise ValueError("NaN")
    return logits.argmax(1)


# %% wrong: float32 first · clause 4 · message: "float64 logits were rounded"
def predict_labels(logits):
    logits = logits.float()
    if logits.isnan().any():
        raise ValueError("NaN")
    if logits.ndim == 2 and logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits.flatten() > 0).long()

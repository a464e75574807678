# %% right: by the number of columns · message: "for both heads"
def probability_of_yes(logits):
    return logits.softmax(1)[:, 1] if logits.shape[1] == 2 else logits[:, 0].sigmoid()


# %% right: the sigmoid of a difference · message: "for both heads"
import torch


def probability_of_yes(logits):
    """Two logits are one: what yes has more than no."""
    one = logits[:, 1] - logits[:, 0] if logits.size(1) > 1 else logits.flatten()
    return 1 / (1 + torch.exp(-one))


# %% wrong: squeeze() loses a batch of one · clause 3 · message: "shape (1,)"
def probability_of_yes(logits):
    return logits.softmax(1)[:, 1] if logits.shape[1] == 2 else logits.squeeze().sigmoid()


# %% wrong: softmax of one logit · clause 2 · message: "always 1"
def probability_of_yes(logits):
    return logits.softmax(1)[:, -1]


# %% wrong: the column of no · clause 1 · message: "second column"
def probability_of_yes(logits):
    if logits.shape[1] == 1:
        return logits.squeeze(1).sigmoid()
    return logits.softmax(1)[:, 0]


# %% wrong: softmax over the batch · clause 1 · message: "over the examples"
def probability_of_yes(logits):
    if logits.shape[1] == 1:
        return logits.squeeze(1).sigmoid()
    return logits.softmax(0)[:, 1]


# %% wrong: the sigmoid of the second logit · clause 1 · message: "leaves out the first"
def probability_of_yes(logits):
    return logits[:, -1].sigmoid()


# %% wrong: labels · clause 2 · message: "labels, not probabilities"
def probability_of_yes(logits):
    if logits.shape[1] == 1:
        return (logits.squeeze(1) > 0).float()
    return logits.softmax(1)[:, 1]


# %% wrong: the column stays · clause 3 · message: "shape (4,)"
def probability_of_yes(logits):
    return logits.sigmoid() if logits.shape[1] == 1 else logits.softmax(1)[:, 1]


# %% wrong: decides by the number of logits · clause 2 · message: "raised IndexError"
def probability_of_yes(logits):
    if logits.numel() % 2 == 0:
        return logits.softmax(1)[:, 1]
    return logits.sigmoid().squeeze(1)


# %% wrong: the larger of the two · clause 1 · message: "for logits ["
def probability_of_yes(logits):
    if logits.shape[1] == 2:
        return logits.softmax(1).max(1).values
    return logits.sigmoid().squeeze(1)

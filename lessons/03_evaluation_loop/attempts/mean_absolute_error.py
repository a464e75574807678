# %% right: two sums · message: "counts alike"
def mean_absolute_error(pairs):
    total = people = 0
    for guesses, ages in pairs:
        total += (guesses - ages).abs().sum()
        people += len(ages)
    return total / people


# %% right: everything joined first · message: "counts alike"
import torch


def mean_absolute_error(pairs):
    guesses, ages = map(torch.cat, zip(*pairs))
    return torch.nn.functional.l1_loss(guesses, ages)


# %% right: NumPy · message: "counts alike"
import numpy as np


def mean_absolute_error(pairs):
    return np.concatenate([np.abs(g.numpy() - a.numpy()) for g, a in pairs]).mean()


# %% wrong: mean of batch means · clause 2 · message: "mean of the batch means"
def mean_absolute_error(pairs):
    means = [(guesses - ages).abs().mean().item() for guesses, ages in pairs]
    return sum(means) / len(means)


# %% wrong: read twice · clause 3 · message: "raised"
def mean_absolute_error(pairs):
    total = sum((guesses - ages).abs().sum().item() for guesses, ages in pairs)
    return total / sum(len(ages) for _, ages in pairs)


# %% wrong: signs cancel · clause 1 · message: "cancel"
def mean_absolute_error(pairs):
    total = people = 0
    for guesses, ages in pairs:
        total += (guesses - ages).sum().item()
        people += len(ages)
    return total / people


# %% wrong: the sum divided by the batches · clause 2 · message: "divided by the number of batches"
def mean_absolute_error(pairs):
    total = count = 0
    for guesses, ages in pairs:
        total += (guesses - ages).abs().sum().item()
        count += 1
    return total / count


# %% wrong: len of a generator · clause 3 · message: "has no length"
def mean_absolute_error(pairs):
    number = len(pairs)
    total = people = 0
    for guesses, ages in pairs:
        total += (guesses - ages).abs().sum().item()
        people += len(ages)
    return total / people if number else 0.0


# %% wrong: a second pass for the sum · clause 3 · message: "empty after one pass"
def mean_absolute_error(pairs):
    n = sum(len(ages) for _, ages in pairs)
    return sum((guesses - ages).abs().sum().item() for guesses, ages in pairs) / n

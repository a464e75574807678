# %% right: two sums · message: "found"
from course_lib.metrics import wilson_interval


def recall_interval(preds, targets):
    found = ((preds == 1) & (targets == 1)).sum()
    return wilson_interval(found, (targets == 1).sum())


# %% right: Wilson's formula by hand · message: "found"
def recall_interval(preds, targets):
    """The roots of (found - n p)^2 = 1.96^2 n p (1 - p), as a list."""
    positives = [int(said) for said, true in zip(preds, targets) if int(true) == 1]
    n, z = len(positives), 1.959964
    share = sum(positives) / n
    middle, half = (
        share + z * z / (2 * n),
        z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5,
    )
    return [(middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)]


# %% wrong: n is the size of the test set · clause 1 · message: "looks at the"
from course_lib.metrics import wilson_interval


def recall_interval(preds, targets):
    found = ((preds == 1) & (targets == 1)).sum()
    return wilson_interval(int(found), len(targets))


# %% wrong: the interval of the accuracy · clause 1 · message: "the interval of the accuracy"
from course_lib.metrics import wilson_interval


def recall_interval(preds, targets):
    return wilson_interval(int((preds == targets).sum()), len(targets))


# %% wrong: the interval of the precision · clause 1 · message: "the interval of the precision"
from course_lib.metrics import wilson_interval


def recall_interval(preds, targets):
    found = int(((preds == 1) & (targets == 1)).sum())
    return wilson_interval(found, int((preds == 1).sum()))


# %% wrong: a share where a count belongs · clause 1 · message: "is a count, a whole number"
from course_lib.metrics import wilson_interval


def recall_interval(preds, targets):
    positives = targets == 1
    share = (preds[positives] == 1).sum() / positives.sum()
    return wilson_interval(float(share), int(positives.sum()))


# %% wrong: a method that arrays lack · clause 2 · message: "These are arrays of NumPy"
from course_lib.metrics import wilson_interval


def recall_interval(preds, targets):
    positives = preds[targets == 1].long()
    return wilson_interval(positives.sum().item(), positives.numel())

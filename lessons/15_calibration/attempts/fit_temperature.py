# %% right: the course's function · message: "the test set is cooled by it"
import math
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(*validation)
    if math.isnan(t):
        raise ValueError("no temperature is best")
    scaled = test_logits / t
    return t, scaled.sigmoid() if scaled.ndim == 1 else scaled.softmax(dim=-1)


# %% right: scipy over the logarithm of T · message: "the test set is cooled by it"
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar


def fit_temperature(validation, test_logits):
    """Both kinds of head as two columns of log-odds."""

    def two(logits):
        return torch.stack([-logits / 2, logits / 2], 1) if logits.ndim == 1 else logits

    logits, targets = two(validation[0]).double(), validation[1]
    if (logits.argmax(1) == targets).all():
        raise ValueError("all right")
    found = minimize_scalar(
        lambda u: F.cross_entropy(logits / 2.718281828**u, targets).item(),
        bounds=(-4, 4),
        method="bounded",
    )
    if found.x > 3.9:
        raise ValueError("the higher the better")
    t = 2.718281828**found.x
    probs = (two(test_logits).double() / t).softmax(1)
    return t, probs[:, 1].numpy() if test_logits.ndim == 1 else probs.numpy()


# %% right: LBFGS on the inverse · message: "the test set is cooled by it"
import torch
import torch.nn.functional as F


def fit_temperature(validation, test_logits):
    logits, targets = validation
    single = logits.ndim == 1
    preds = (logits > 0).long() if single else logits.argmax(1)
    if bool((preds == targets).all()):
        raise ValueError("there is no best temperature")
    logits = logits.double()
    unit = logits.std()
    inverse = torch.ones((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([inverse], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        scaled = logits * inverse / unit
        loss = (
            F.binary_cross_entropy_with_logits(scaled, targets.double())
            if single
            else F.cross_entropy(scaled, targets)
        )
        loss.backward()
        return loss

    optimizer.step(closure)
    if inverse.item() <= 0:
        raise ValueError("the best temperature is negative")
    t = (unit / inverse).detach()
    return t, torch.sigmoid(test_logits / t) if single else torch.softmax(test_logits / t, 1)


# %% right: bisection of the slope in NumPy · message: "the test set is cooled by it"
import numpy as np
from scipy.special import expit, softmax


class NoTemperature(ValueError):
    pass


def fit_temperature(validation, test_logits):
    """The slope of the log-loss in 1 / T changes its sign once."""
    z, y = (part.numpy().astype(float) for part in validation)
    single = z.ndim == 1
    table = np.stack([0 * z, z], 1) if single else z
    true = table[np.arange(len(y)), y.astype(int)]
    if (true == table.max(1)).all():
        raise NoTemperature("every example is right")
    if (table.mean(1) - true).mean() >= 0:  # the slope where T has no bound
        raise NoTemperature("worse than chance")
    low, high = 1 / 30, 1 / 0.03
    for _ in range(60):
        middle = (low + high) / 2
        slope = ((softmax(table * middle, axis=1) * table).sum(1) - true).mean()
        low, high = (low, middle) if slope > 0 else (middle, high)
    scaled = test_logits.numpy().astype(float) * low
    return 1 / low, expit(scaled) if single else softmax(scaled, axis=1)


# %% wrong: 1 / T returned · clause 1 · message: "which is 1 / T"
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(*validation)
    if t != t:
        raise ValueError
    scaled = test_logits / t
    return 1 / t, scaled.sigmoid() if scaled.ndim == 1 else scaled.softmax(1)


# %% wrong: only ever cooler · clause 1 · message: "The best T is"
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    """T is at least 1, for networks are too sure, they say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(*validation)
    if t != t:
        raise ValueError
    t = max(t, 1.0)
    scaled = test_logits / t
    return t, scaled.sigmoid() if scaled.ndim == 1 else scaled.softmax(1)


# %% wrong: a coarse grid · clause 1 · message: "not to within 1 %"
import numpy as np
import torch
import torch.nn.functional as F


def fit_temperature(validation, test_logits):
    logits, targets = validation
    single = logits.ndim == 1
    table = torch.stack([0 * logits, logits], 1) if single else logits
    if (table.argmax(1) == targets).all():
        raise ValueError
    tried = np.geomspace(0.05, 20, 70)
    t = tried[np.argmin([F.cross_entropy(table / s, targets).item() for s in tried])]
    scaled = test_logits / t
    return t, scaled.sigmoid() if single else scaled.softmax(1)


# %% wrong: a grid that ends at 5 · clause 1 · message: "These data have a best T"
import numpy as np
import torch
import torch.nn.functional as F


def fit_temperature(validation, test_logits):
    logits, targets = validation
    single = logits.ndim == 1
    table = torch.stack([0 * logits, logits], 1) if single else logits
    if (table.argmax(1) == targets).all():
        raise ValueError
    tried = np.geomspace(0.05, 5, 900)
    t = tried[np.argmin([F.cross_entropy(table / s, targets).item() for s in tried])]
    if t == tried[-1]:
        raise ValueError("worse than chance")
    scaled = test_logits / t
    return t, scaled.sigmoid() if single else scaled.softmax(1)


# %% wrong: fitted to probabilities · clause 1 · message: "this is the T of probabilities"
import numpy as np
import torch
import torch.nn.functional as F


def fit_temperature(validation, test_logits):
    """Softmax first, and cross_entropy softmaxes again."""
    logits, targets = validation
    single = logits.ndim == 1
    table = torch.stack([0 * logits, logits], 1) if single else logits
    if (table.argmax(1) == targets).all():
        raise ValueError
    tried = np.geomspace(0.02, 25, 900)
    t = tried[np.argmin([F.cross_entropy(table.softmax(1) / s, targets).item() for s in tried])]
    scaled = test_logits / t
    return t, scaled.sigmoid() if single else scaled.softmax(1)


# %% wrong: lowest calibration error in place of log-loss · clause 1 · message: "The best T is"
import numpy as np

from course_lib.metrics import calibration_error


def fit_temperature(validation, test_logits):
    logits, targets = validation
    single = logits.ndim == 1
    preds = (logits > 0).long() if single else logits.argmax(1)
    if (preds == targets).all():
        raise ValueError

    def probs(z, t):
        z = z.double() / t
        return z.sigmoid() if single else z.softmax(1)

    tried = np.geomspace(0.05, 20, 120)
    t = tried[np.argmin([calibration_error(probs(logits, s), targets) for s in tried])]
    return t, probs(test_logits, t)


# %% wrong: a few steps of SGD · clause 1 · message: "The best T is"
import torch
import torch.nn.functional as F


def fit_temperature(validation, test_logits):
    logits, targets = validation
    single = logits.ndim == 1
    table = torch.stack([0 * logits, logits], 1) if single else logits
    if (table.argmax(1) == targets).all():
        raise ValueError
    t = torch.ones((), requires_grad=True)
    optimizer = torch.optim.SGD([t], lr=0.01)
    for _ in range(50):
        optimizer.zero_grad()
        F.cross_entropy(table / t, targets).backward()
        optimizer.step()
    scaled = test_logits / t.detach()
    return t.item(), scaled.sigmoid() if single else scaled.softmax(1)


# %% wrong: the test set's logits left as they were · clause 2 · message: "without T"
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(*validation)
    if t != t:
        raise ValueError
    return t, test_logits.sigmoid() if test_logits.ndim == 1 else test_logits.softmax(1)


# %% wrong: softmax over the examples · clause 2 · message: "over the examples"
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(*validation)
    if t != t:
        raise ValueError
    return t, (test_logits / t).softmax(0)


# %% wrong: two columns for one logit · clause 2 · message: "have the shape"
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(*validation)
    if t != t:
        raise ValueError
    scaled = test_logits / t
    if scaled.ndim == 1:
        return t, (scaled[:, None] * scaled.new_tensor([0.0, 1.0])).softmax(1)
    return t, scaled.softmax(1)


# %% wrong: a sigmoid for each column · clause 2 · message: "a sigmoid of its own"
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(*validation)
    if t != t:
        raise ValueError
    return t, (test_logits / t).sigmoid()


# %% wrong: NaN where no T is best · clause 3 · message: "Expected a `ValueError`"
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(*validation)
    scaled = test_logits / t
    return t, scaled.sigmoid() if scaled.ndim == 1 else scaled.softmax(1)


# %% wrong: the end of the grid where no T is best · clause 3 · message: "Expected a `ValueError`"
import numpy as np
import torch
import torch.nn.functional as F


def fit_temperature(validation, test_logits):
    logits, targets = validation
    single = logits.ndim == 1
    table = torch.stack([0 * logits, logits], 1) if single else logits
    tried = np.geomspace(0.04, 25, 900)
    t = tried[np.argmin([F.cross_entropy(table.double() / s, targets).item() for s in tried])]
    scaled = test_logits / t
    return t, scaled.sigmoid() if single else scaled.softmax(1)


# %% wrong: the test logits divided in place · clause 4 · message: "came back changed"
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(*validation)
    if t != t:
        raise ValueError
    test_logits /= t
    return t, test_logits.sigmoid() if test_logits.ndim == 1 else test_logits.softmax(1)


# %% right: a fraction from a fine grid · message: "the test set is cooled by it"
from fractions import Fraction

import numpy as np


def fit_temperature(validation, test_logits):
    """NumPy with logaddexp; a lowest log-loss at either end of the grid is refused."""
    z, y = (part.numpy().astype(float) for part in validation)
    two = np.stack([0 * z, z], 1) if z.ndim == 1 else z
    true = two[np.arange(len(y)), y.astype(int)]
    tried = [Fraction(102, 100) ** k / 25 for k in range(326)]
    tried = sorted([*tried, *(t * Fraction(101, 100) for t in tried)])
    losses = [
        (np.logaddexp.reduce(two / float(t), axis=1) - true / float(t)).mean() for t in tried
    ]
    k = int(np.argmin(losses))
    if k == 0 or k == len(tried) - 1:
        raise ValueError("at the end of what was tried")
    scaled = test_logits.double() / float(tried[k])
    return tried[k], scaled.sigmoid() if scaled.ndim == 1 else scaled.softmax(1)


# %% wrong: only the perfect are refused · clause 3 · message: "worse than chance"
import numpy as np
import torch
import torch.nn.functional as F


def fit_temperature(validation, test_logits):
    """T stays at the end of the grid where the logits are worse than chance."""
    logits, targets = validation
    single = logits.ndim == 1
    table = torch.stack([0 * logits, logits], 1) if single else logits
    if (table.argmax(1) == targets).all():
        raise ValueError("all right")
    tried = np.geomspace(0.04, 25, 800)
    t = tried[np.argmin([F.cross_entropy(table.double() / s, targets).item() for s in tried])]
    scaled = test_logits / t
    return t, scaled.sigmoid() if single else scaled.softmax(1)


# %% wrong: refused where nine in ten are right · clause 3 · message: "These data have a best T"
import warnings

from course_lib.metrics import temperature


def fit_temperature(validation, test_logits):
    logits, targets = validation
    preds = (logits > 0).long() if logits.ndim == 1 else logits.argmax(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = temperature(logits, targets)
    if t != t or (preds == targets).float().mean() > 0.9:
        raise ValueError("too good to be fitted")
    scaled = test_logits / t
    return t, scaled.sigmoid() if scaled.ndim == 1 else scaled.softmax(1)

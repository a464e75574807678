# %% right: four branches · message: "gets its own number"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    if situation == "post":
        return right.sum() / matrix.sum()
    elif situation == "town":
        return (right / true).mean()
    elif situation == "survey":
        return (2 * right / (true + said)).mean()
    elif situation == "fire":
        return right[1] / said[1]
    raise ValueError(situation)


# %% right: a table of functions · message: "gets its own number"
def share(part, whole):
    return float(part) / float(whole) if whole else float("nan")


FIGURES = {
    "post": lambda m: share(m.trace(), m.sum()),
    "town": lambda m: sum(share(m[k, k], m[k].sum()) for k in range(len(m))) / len(m),
    "survey": lambda m: (
        sum(share(2 * m[k, k], m[k].sum() + m[:, k].sum()) for k in range(len(m))) / len(m)
    ),
    "fire": lambda m: share(m[1, 1], m[:, 1].sum()),
}


def which_average(matrix, situation):
    if situation not in FIGURES:
        raise ValueError(f"Expected one of {list(FIGURES)}; got {situation!r}.")
    return FIGURES[situation](matrix)


# %% right: match, and NumPy · message: "gets its own number"
import numpy as np


def which_average(matrix, situation):
    m = matrix.numpy().astype(np.float64)
    with np.errstate(invalid="ignore"):
        recall, precision = np.diag(m) / m.sum(1), np.diag(m) / m.sum(0)
        f1 = 2 * np.diag(m) / (m.sum(1) + m.sum(0))
    match situation:
        case "post":
            return np.trace(m) / m.sum()
        case "town":
            return recall.mean()
        case "survey":
            return f1.mean()
        case "fire":
            return precision[1]
        case _:
            raise ValueError("unknown")


# %% right: the course's metrics on the unrolled matrix · message: "gets its own number"
import numpy as np

from course_lib import metrics


class Chooser:
    """A callable object; micro recall is the accuracy."""

    def __call__(self, matrix, situation):
        c = len(matrix)
        true, said = np.repeat(np.indices((c, c)).reshape(2, -1), matrix.flatten(), axis=1)
        if situation == "fire":
            return metrics.precision(said, true, num_classes=c)[1]
        choice = {
            "post": (metrics.recall, "micro"),
            "town": (metrics.recall, "macro"),
            "survey": (metrics.f1, "macro"),
        }
        if situation not in choice:
            raise ValueError(situation)
        metric, average = choice[situation]
        return metric(said, true, average=average, num_classes=c)


which_average = Chooser()


# %% wrong: balanced accuracy for the post · clause 1 · message: "the macro recall"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    figures = {
        "post": (right / true).mean(),
        "town": (right / true).mean(),
        "survey": (2 * right / (true + said)).mean(),
        "fire": right[1] / said[1],
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: the accuracy of here for the new town · clause 2 · message: "the accuracy; expected"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    figures = {
        "post": right.sum() / matrix.sum(),
        "town": right.sum() / matrix.sum() if true.all() else float("nan"),
        "survey": (2 * right / (true + said)).mean(),
        "fire": right[1] / said[1],
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: macro precision for the new town · clause 2 · message: "the macro precision"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    figures = {
        "post": right.sum() / matrix.sum(),
        "town": (right / said).mean() if true.all() else float("nan"),
        "survey": (2 * right / (true + said)).mean(),
        "fire": right[1] / said[1],
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: weighted F1 for the survey · clause 3 · message: "the weighted F1"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    f1 = 2 * right / (true + said)
    figures = {
        "post": right.sum() / matrix.sum(),
        "town": (right / true).mean(),
        "survey": (f1 * true).sum() / true.sum(),
        "fire": right[1] / said[1],
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: F1 of the macro averages for the survey · clause 3 · message: "F1 of the macro averages"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    p, r = (right / said).mean(), (right / true).mean()
    figures = {
        "post": right.sum() / matrix.sum(),
        "town": r,
        "survey": 2 * p * r / (p + r),
        "fire": right[1] / said[1],
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: the recall of fire · clause 4 · message: "the recall of class 1"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    figures = {
        "post": right.sum() / matrix.sum(),
        "town": (right / true).mean(),
        "survey": (2 * right / (true + said)).mean(),
        "fire": right[1] / true[1] if said[1] else float("nan"),
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: the average over all alarms · clause 4 · message: "the macro precision"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    figures = {
        "post": right.sum() / matrix.sum(),
        "town": (right / true).mean(),
        "survey": (2 * right / (true + said)).mean(),
        "fire": (right / said).mean(),
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: what is unknown counts as 0 · clause 5 · message: "can't be known"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    figures = {
        "post": right.sum() / matrix.sum(),
        "town": (right / true).nan_to_num(0).mean(),
        "survey": (2 * right / (true + said)).nan_to_num(0).mean(),
        "fire": (right / said).nan_to_num(0)[1],
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: absent classes left out · clause 5 · message: "can't be known"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    figures = {
        "post": right.sum() / matrix.sum(),
        "town": (right / true).nanmean(),
        "survey": (2 * right / (true + said)).nanmean(),
        "fire": right[1] / said[1],
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: F1 from precision and recall is NaN too often · clause 3 · message: "nothing that counts here is 0 / 0"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    p, r = right / said, right / true
    figures = {
        "post": right.sum() / matrix.sum(),
        "town": r.mean(),
        "survey": (2 * p * r / (p + r)).mean(),
        "fire": p[1],
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: weighted recall with NaN in it for the post · clause 1 · message: "nothing that counts here is 0 / 0"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    figures = {
        "post": (right / true * true).sum() / true.sum(),
        "town": (right / true).mean(),
        "survey": (2 * right / (true + said)).mean(),
        "fire": right[1] / said[1],
    }
    if situation not in figures:
        raise ValueError
    return figures[situation]


# %% wrong: anything else is the accuracy · clause 6 · message: "There is no situation 'zoo'"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    if situation == "town":
        return (right / true).mean()
    if situation == "survey":
        return (2 * right / (true + said)).mean()
    if situation == "fire":
        return right[1] / said[1]
    return right.sum() / matrix.sum()


# %% wrong: a KeyError for what is unknown · clause 6 · message: "raised KeyError"
def which_average(matrix, situation):
    right, true, said = matrix.diag(), matrix.sum(1), matrix.sum(0)
    return {
        "post": right.sum() / matrix.sum(),
        "town": (right / true).mean(),
        "survey": (2 * right / (true + said)).mean(),
        "fire": right[1] / said[1],
    }[situation]

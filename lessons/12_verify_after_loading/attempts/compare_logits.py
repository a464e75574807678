# %% right: the largest · message: "nothing else is"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not before.isfinite().all() or not after.isfinite().all():
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (before - after).abs().max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% right: NumPy · message: "nothing else is"
import numpy as np


def compare_logits(before, after):
    a, b = before.double().numpy(), after.double().numpy()
    if a.shape != b.shape or not np.isfinite(a).all() or not np.isfinite(b).all():
        return "different"
    if np.array_equal(a, b):
        return "equal"
    return "rounding" if np.abs(a - b).max() <= 1e-5 * np.abs(a).max() else "different"


# %% right: one by one · message: "nothing else is"
import math


class Compare:
    words = ("equal", "rounding", "different")

    def __call__(self, before, after):
        if before.size() != after.size():
            return self.words[2]
        worst, pairs = 0, list(zip(before.flatten().tolist(), after.flatten().tolist()))
        border = max((abs(b) for b, _ in pairs), default=0) / 100_000
        for b, a in pairs:
            if not (math.isfinite(a) and math.isfinite(b)):
                return self.words[2]
            worst = max(worst, 0 if a == b else 1 if abs(a - b) <= border else 2)
        return self.words[worst]


compare_logits = Compare()


# %% right: allclose with an absolute border · message: "nothing else is"
import torch


def compare_logits(before, after):
    if before.shape == after.shape and (before - after).isfinite().all():
        if bool((before == after).all()):
            return "equal"
        border = 1e-5 * float(before.abs().max())
        if torch.allclose(before, after, rtol=0, atol=border):
            return "rounding"
    return "different"


# %% wrong: zip · clause 5 · message: "missing afterwards"
def compare_logits(before, after):
    if not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if all((b == a).all() for b, a in zip(before, after)):
        return "equal"
    if before.shape != after.shape:
        return "different"
    close = (before - after).abs().max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% wrong: the shorter one decides · clause 5 · message: "Three more examples"
import torch


def compare_logits(before, after):
    if before.ndim != after.ndim or len(after) < len(before):
        return "different"
    after = after[: len(before)]
    if not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (before - after).abs().max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% wrong: broadcast · clause 5 · message: "Shape (16,) became (16, 1)"
def compare_logits(before, after):
    if len(before) != len(after) or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if (before == after).all():
        return "equal"
    close = (before - after).abs().max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% wrong: the mean · clause 4 · message: "One logit of 200"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (before - after).abs().mean() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% wrong: the mean with its sign · clause 4 · message: "gained 0.25 and the other lost 0.25"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    total = (before - after).sum().abs()
    return (
        "rounding"
        if total <= 1e-5 * before.abs().max() * before.numel() ** 0.5
        else "different"
    )


# %% wrong: upwards only · clause 3 · message: "All logits are lower"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (after - before).max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% wrong: NaN is not above the border · clause 6 · message: "One logit has become NaN"
import torch


def compare_logits(before, after):
    if before.shape != after.shape:
        return "different"
    if torch.equal(before, after):
        return "equal"
    too_far = (after - before).abs().max() > 1e-5 * before.abs().max()
    return "different" if too_far else "rounding"


# %% wrong: infinite twice is equal · clause 6 · message: "infinite, before and after"
import torch


def compare_logits(before, after):
    if before.shape != after.shape:
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (after - before).abs().max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% wrong: infinite is left out · clause 6 · message: "infinite"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or before.isnan().any() or after.isnan().any():
        return "different"
    off = (after - before).abs()
    off = off[off.isfinite()]
    if torch.equal(before, after):
        return "equal"
    close = off.max() <= 1e-5 * before[before.isfinite()].abs().max()
    return "rounding" if close else "different"


# %% wrong: an absolute border · clause 3 · message: "The differences are 0.000008 times"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    return "rounding" if (after - before).abs().max() <= 1e-5 else "different"


# %% wrong: a generous absolute border · clause 4 · message: "The logits are about 0.005"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    border = 1e-5 * max(1, before.abs().max().item())
    return "rounding" if (after - before).abs().max() <= border else "different"


# %% wrong: each number by its own size · clause 3 · message: "times the largest"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    return "rounding" if torch.allclose(after, before, rtol=1e-5, atol=0) else "different"


# %% wrong: zeros are left out · clause 3 · message: "A logit of 0 differs"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    if ((before == 0) != (after == 0)).any():
        return "different"
    close = (after - before).abs().max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% wrong: in float32 · clause 2 · message: "float64 logits differ in the thirteenth digit"
import torch


def compare_logits(before, after):
    before, after = before.float(), after.float()
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (after - before).abs().max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% wrong: by the labels · clause 4 · message: "One logit of 200"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    same = torch.equal(before.argmax(-1), after.argmax(-1))
    return "rounding" if same else "different"


# %% wrong: close is equal · clause 2 · message: "Expected 'rounding'; got 'equal'"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    return "equal" if torch.allclose(before, after, rtol=1e-5, atol=1e-4) else "different"


# %% wrong: no maximum of nothing · clause 1 · message: "The two are the same"
def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    largest = (after - before).abs().max()
    if largest == 0:
        return "equal"
    return "rounding" if largest <= 1e-5 * before.abs().max() else "different"


# %% wrong: booleans for texts · clause 1 · message: "Expected 'equal'"
import torch


def compare_logits(before, after):
    return torch.equal(before, after)


# %% wrong: in place · clause 7 · message: "Only look"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    border = 1e-5 * before.abs().max()
    return "rounding" if after.sub_(before).abs_().max() <= border else "different"


# %% wrong: a step of the dtype is rounding · clause 4 · message: "the next larger float16 number"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    border = max(1e-5, torch.finfo(before.dtype).eps * 2 * (before.dtype == torch.float16))
    return (
        "rounding"
        if (after - before).abs().max() <= border * before.abs().max()
        else "different"
    )


# %% wrong: one-logit heads are refused · clause 1 · message: "raised"
import torch


def compare_logits(before, after):
    rows, classes = before.shape
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (after - before).abs().max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"


# %% wrong: the mean of the logits for the border · clause 3 · message: "0.000008 times the largest"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (after - before).abs().max() <= 1e-5 * before.abs().mean()
    return "rounding" if close else "different"


# %% wrong: the largest logit with its sign · clause 3 · message: "0.000008 times the largest"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not (before.isfinite().all() and after.isfinite().all()):
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (after - before).abs().max() <= 1e-5 * before.max()
    return "rounding" if close else "different"


# %% right: assert_close · message: "nothing else is"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not torch.stack([before, after]).isfinite().all():
        return "different"
    for word, border in (
        ("equal", 0),
        ("rounding", 1e-5 * torch.amax(before.abs().view(-1), 0) if before.numel() else 0),
    ):
        try:
            torch.testing.assert_close(after, before, rtol=0, atol=float(border))
            return word
        except AssertionError:
            pass
    return "different"


# %% wrong: only after is asked for infinity · clause 6 · message: "was infinite before"
import torch


def compare_logits(before, after):
    if before.shape != after.shape or not after.isfinite().all():
        return "different"
    if torch.equal(before, after):
        return "equal"
    close = (before - after).abs().max() <= 1e-5 * before.abs().max()
    return "rounding" if close else "different"

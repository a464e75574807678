# %% right: counts · message: "Six diseases, and health"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% right: NumPy, from the end · message: "Six diseases, and health"
import numpy as np


class Doctor:
    def __call__(self, before, after):
        off = np.abs(before["logits"].numpy() - after["logits"].numpy()).max()
        border = 1e-5 * np.abs(before["logits"].numpy()).max()
        disease = "healthy" if off <= border else "other code"
        changed = {
            name: np.count_nonzero(tensor.numpy() != after["state"][name].numpy())
            for name, tensor in before["state"].items()
        }
        trained = {n: c for n, c in changed.items() if n not in set(before["buffers"])}
        if sum(changed.values()) > 1:
            disease = "not loaded" if any(trained.values()) else "statistics"
        elif sum(changed.values()) == 1:
            disease = "damaged"
        newly = {n for n, on in after["training"].items() if on} - {
            n for n, on in before["training"].items() if on
        }
        if newly:
            disease = "still training"
        if not np.array_equal(before["batch"].numpy(), after["batch"].numpy()):
            disease = "other inputs"
        return disease


diagnose = Doctor()


# %% right: a table of rules · message: "Six diseases, and health"
import torch


def _changed(before, after, buffers):
    names = [n for n in before["state"] if (n in before["buffers"]) == buffers]
    return sum((before["state"][n] != after["state"][n]).sum().item() for n in names)


RULES = {
    "other inputs": lambda b, a: not b["batch"].equal(a["batch"]),
    "still training": lambda b, a: any(
        a["training"][n] > b["training"][n] for n in a["training"]
    ),
    "damaged": lambda b, a: _changed(b, a, True) + _changed(b, a, False) == 1,
    "not loaded": lambda b, a: _changed(b, a, False) > 0,
    "statistics": lambda b, a: _changed(b, a, True) > 0,
    "other code": lambda b, a: (
        not torch.allclose(
            a["logits"], b["logits"], rtol=0, atol=1e-5 * b["logits"].abs().max().item()
        )
    ),
}


def diagnose(before, after):
    return next((name for name, rule in RULES.items() if rule(before, after)), "healthy")


# %% right: sets, match · message: "Six diseases, and health"
import torch


def diagnose(before, after):
    if before["batch"].tolist() != after["batch"].tolist():
        return "other inputs"
    if {n for n, on in after["training"].items() if on} - {
        n for n, on in before["training"].items() if on
    }:
        return "still training"
    places = [
        name
        for name, tensor in before["state"].items()
        for p, q in zip(tensor.reshape(-1).tolist(), after["state"][name].reshape(-1).tolist())
        if p != q
    ]
    match len(places), set(places) <= set(before["buffers"]):
        case 0, _:
            largest = before["logits"].abs().max()
            near = (before["logits"] - after["logits"]).abs() <= largest / 100_000
            return "healthy" if near.all() else "other code"
        case 1, _:
            return "damaged"
        case _, True:
            return "statistics"
    return "not loaded"


# %% wrong: the batch is not looked at · clause 2 · message: "Expected 'other inputs'; got 'other code'"
import torch


def diagnose(before, after):
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: means of the batch · clause 2 · message: "Expected 'other inputs'"
import torch


def diagnose(before, after):
    if not torch.isclose(before["batch"].mean(), after["batch"].mean(), atol=1e-4):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: flags that were on before · clause 3 · message: "Expected 'healthy'; got 'still training'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"].values()):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: the model's own flag · clause 3 · message: "Expected 'still training'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if after["training"][""] and not before["training"][""]:
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: damage is huge · clause 4 · message: "Expected 'damaged'; got"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    if any(not b[n].double().abs().max() < 1e6 for n in a):
        return "damaged"
    changed = [n for n in a if not torch.equal(a[n], b[n])]
    if changed:
        return "statistics" if set(changed) <= set(before["buffers"]) else "not loaded"
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: close values are equal · clause 4 · message: "Expected 'damaged'; got"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((~torch.isclose(a[n], b[n])).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: damage in parameters only · clause 4 · message: "Expected 'damaged'; got 'statistics'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if any(counts.values()) and all(n in before["buffers"] for n in counts if counts[n]):
        return "statistics"
    if any(counts.values()):
        return "damaged" if sum(counts.values()) == 1 else "not loaded"
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: one tensor is damage · clause 4 · message: "Expected"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    changed = [n for n in a if not torch.equal(a[n], b[n])]
    if 1 <= len(changed) <= 2:
        return "damaged"
    if changed:
        return "statistics" if set(changed) <= set(before["buffers"]) else "not loaded"
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: all tensors must differ · clause 5 · message: "Expected 'not loaded'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if all(counts[n] for n in counts if n not in before["buffers"]):
        return "not loaded"
    if any(counts.values()):
        return "statistics"
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: buffers are never compared · clause 6 · message: "Expected 'statistics'; got 'other code'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    count = sum(int((a[n] != b[n]).sum()) for n in a if n not in before["buffers"])
    if count == 1:
        return "damaged"
    if count:
        return "not loaded"
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: buffers by their usual names · clause 6 · message: "Expected 'statistics'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return "statistics" if all("bn" in n for n in counts if counts[n]) else "not loaded"
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: fresh statistics only · clause 6 · message: "Expected 'statistics'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        fresh = any(b[n].eq(0).all() for n in counts if n.endswith("running_mean"))
        parameters = any(counts[n] for n in counts if n not in before["buffers"])
        return "statistics" if fresh and not parameters else "not loaded"
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off <= 1e-5 * before["logits"].abs().max() else "other code"


# %% wrong: any other logit is other code · clause 8 · message: "Expected 'healthy'; got 'other code'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    return "healthy" if torch.equal(before["logits"], after["logits"]) else "other code"


# %% wrong: an absolute border for rounding · clause 8 · message: "Expected 'healthy'; got 'other code'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    return (
        "healthy" if torch.allclose(before["logits"], after["logits"], rtol=0) else "other code"
    )


# %% wrong: equal tensors are healthy · clause 7 · message: "Expected 'other code'; got 'healthy'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    return "healthy"


# %% wrong: other code by the labels · clause 7 · message: "Expected 'other code'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    labels = [(r["logits"]).argmax(1) for r in (before, after)]
    return "healthy" if torch.equal(*labels) else "other code"


# %% wrong: a word of its own · clause 1 · message: "which is none of the seven"
def diagnose(before, after):
    return "sick"


# %% wrong: not loaded is all there is · clause 1 · message: "Expected 'still training'; got 'not loaded'"
def diagnose(before, after):
    return "not loaded"


# %% wrong: the known patients · clause 1 · message: "Expected"
def diagnose(before, after):
    names = list(before["state"])
    if after["training"][""]:
        return "still training"
    if names[0].startswith("inner"):
        return "damaged"
    if any(n.startswith("body.conv") for n in names):
        return "statistics"
    if (before["batch"] != after["batch"]).any():
        return "other inputs"
    if any((before["state"][n] != after["state"][n]).any() for n in names):
        return "not loaded"
    off = (before["logits"] - after["logits"]).abs().max()
    return "healthy" if off < 0.001 else "other code"


# %% wrong: the record is subtracted in place · clause 9 · message: "A record was changed"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    a, b = before["state"], after["state"]
    counts = {n: int((a[n] != b[n]).sum()) for n in a}
    if sum(counts.values()) == 1:
        return "damaged"
    if sum(counts.values()):
        return (
            "statistics"
            if all(n in before["buffers"] for n in counts if counts[n])
            else "not loaded"
        )
    largest = before["logits"].abs().max()
    return (
        "healthy"
        if (after["logits"].sub_(before["logits"])).abs().max() <= 1e-5 * largest
        else "other code"
    )


# %% wrong: one tensor is damage, however many numbers · clause 4 · message: "Expected 'not loaded'; got 'damaged'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    changed = {n: int((t != after["state"][n]).sum()) for n, t in before["state"].items()}
    total = sum(changed.values())
    if sum(c > 0 for c in changed.values()) == 1:
        return "damaged"
    if total > 1:
        return (
            "not loaded"
            if any(c for n, c in changed.items() if n not in before["buffers"])
            else "statistics"
        )
    a, b = before["logits"], after["logits"]
    if not ((a - b).abs().max() <= 1e-5 * a.abs().max()):
        return "other code"
    return "healthy"


# %% wrong: buffers by batch norm's names · clause 6 · message: "Expected"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    changed = {n: int((t != after["state"][n]).sum()) for n, t in before["state"].items()}
    total = sum(changed.values())
    if total == 1:
        return "damaged"
    if total > 1:
        return (
            "not loaded"
            if any(c for n, c in changed.items() if not ("running" in n or "num_batches" in n))
            else "statistics"
        )
    a, b = before["logits"], after["logits"]
    if not ((a - b).abs().max() <= 1e-5 * a.abs().max()):
        return "other code"
    return "healthy"


# %% wrong: counters are not compared · clause 4 · message: "Expected 'damaged'; got 'healthy'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    changed = {
        n: int((t != after["state"][n]).sum())
        for n, t in before["state"].items()
        if t.is_floating_point()
    }
    total = sum(changed.values())
    if total == 1:
        return "damaged"
    if total > 1:
        return (
            "not loaded"
            if any(c for n, c in changed.items() if n not in before["buffers"])
            else "statistics"
        )
    a, b = before["logits"], after["logits"]
    if not ((a - b).abs().max() <= 1e-5 * a.abs().max()):
        return "other code"
    return "healthy"


# %% wrong: logits that rise only · clause 7 · message: "Expected 'other code'; got 'healthy'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    changed = {n: int((t != after["state"][n]).sum()) for n, t in before["state"].items()}
    total = sum(changed.values())
    if total == 1:
        return "damaged"
    if total > 1:
        return (
            "not loaded"
            if any(c for n, c in changed.items() if n not in before["buffers"])
            else "statistics"
        )
    a, b = before["logits"], after["logits"]
    if not ((b - a).max() <= 1e-5 * a.abs().max()):
        return "other code"
    return "healthy"


# %% wrong: a NaN is not above the border · clause 7 · message: "Expected 'other code'; got 'healthy'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    changed = {n: int((t != after["state"][n]).sum()) for n, t in before["state"].items()}
    total = sum(changed.values())
    if total == 1:
        return "damaged"
    if total > 1:
        return (
            "not loaded"
            if any(c for n, c in changed.items() if n not in before["buffers"])
            else "statistics"
        )
    a, b = before["logits"], after["logits"]
    if (a - b).abs().max() > 1e-5 * a.abs().max():
        return "other code"
    return "healthy"


# %% wrong: any other flag · clause 3 · message: "Expected 'healthy'; got 'still training'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if after["training"] != before["training"]:
        return "still training"
    changed = {n: int((t != after["state"][n]).sum()) for n, t in before["state"].items()}
    total = sum(changed.values())
    if total == 1:
        return "damaged"
    if total > 1:
        return (
            "not loaded"
            if any(c for n, c in changed.items() if n not in before["buffers"])
            else "statistics"
        )
    a, b = before["logits"], after["logits"]
    if not ((a - b).abs().max() <= 1e-5 * a.abs().max()):
        return "other code"
    return "healthy"


# %% wrong: a batch that is close · clause 2 · message: "Expected 'other inputs'"
import torch


def diagnose(before, after):
    if not torch.allclose(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    changed = {n: int((t != after["state"][n]).sum()) for n, t in before["state"].items()}
    total = sum(changed.values())
    if total == 1:
        return "damaged"
    if total > 1:
        return (
            "not loaded"
            if any(c for n, c in changed.items() if n not in before["buffers"])
            else "statistics"
        )
    a, b = before["logits"], after["logits"]
    if not ((a - b).abs().max() <= 1e-5 * a.abs().max()):
        return "other code"
    return "healthy"


# %% wrong: many numbers are not loaded · clause 6 · message: "Expected 'statistics'; got 'not loaded'"
import torch


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    changed = {n: int((t != after["state"][n]).sum()) for n, t in before["state"].items()}
    total = sum(changed.values())
    if total == 1:
        return "damaged"
    if total > 1:
        return (
            "not loaded"
            if total > 64 or any(c for n, c in changed.items() if n not in before["buffers"])
            else "statistics"
        )
    a, b = before["logits"], after["logits"]
    if not ((a - b).abs().max() <= 1e-5 * a.abs().max()):
        return "other code"
    return "healthy"


# %% wrong: equal logits are healthy · clause 4 · message: "Expected 'damaged'; got 'healthy'"
import torch


def diagnose(before, after):
    if torch.equal(before["logits"], after["logits"]):
        return "healthy"
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    changed = {n: int((t != after["state"][n]).sum()) for n, t in before["state"].items()}
    total = sum(changed.values())
    if total == 1:
        return "damaged"
    if total > 1:
        return (
            "not loaded"
            if any(c for n, c in changed.items() if n not in before["buffers"])
            else "statistics"
        )
    a, b = before["logits"], after["logits"]
    if not ((a - b).abs().max() <= 1e-5 * a.abs().max()):
        return "other code"
    return "healthy"


# %% wrong: NaN is no change · clause 4 · message: "Expected 'damaged'"
import torch


def close(b, a):
    if b.shape != a.shape or not b.isfinite().all() or not a.isfinite().all():
        return False
    return torch.equal(b, a) or bool(
        (a.double() - b.double()).abs().max() <= 1e-5 * b.double().abs().max()
    )


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    counts = {
        n: ((t.double() - after["state"][n].double()).abs() > 0).sum().item()
        for n, t in before["state"].items()
    }
    total = sum(counts.values())
    params = sum(c for n, c in counts.items() if n not in before["buffers"])
    if total == 1:
        return "damaged"
    if params:
        return "not loaded"
    if total:
        return "statistics"
    return "healthy" if close(before["logits"], after["logits"]) else "other code"


# %% wrong: weights by the end of their name · clause 5 · message: "Expected 'not loaded'"
import torch


def close(b, a):
    if b.shape != a.shape or not b.isfinite().all() or not a.isfinite().all():
        return False
    return torch.equal(b, a) or bool(
        (a.double() - b.double()).abs().max() <= 1e-5 * b.double().abs().max()
    )


def diagnose(before, after):
    if not torch.equal(before["batch"], after["batch"]):
        return "other inputs"
    if any(after["training"][n] and not before["training"][n] for n in before["training"]):
        return "still training"
    counts = {n: (t != after["state"][n]).sum().item() for n, t in before["state"].items()}
    total = sum(counts.values())
    params = sum(c for n, c in counts.items() if n not in before["buffers"])
    if total == 1:
        return "damaged"
    if any(counts[n] for n in counts if n.endswith("weight")):
        return "not loaded"
    if total:
        return "statistics"
    return "healthy" if close(before["logits"], after["logits"]) else "other code"

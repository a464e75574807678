"""Did the same model come back? `verify_reload` compares before and after; `diagnose` says why they differ.

    before = take_snapshot(model, batches)                  # plain data: save it with the checkpoint
    save_file({"model": model.state_dict(), "before": before}, path)
    ...                                                     # another process, another day
    print(verify_reload(checkpoint["before"], (reloaded, batches)))

On the same machine, with the same batches, a correct reload has bit-identical tensors, and as a rule bit-identical
logits; where all tensors are equal, a difference of rounding size is a warning. "Accuracy 0.90 again" is no
proof: two models with the same confusion matrix can disagree about a third of the examples.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from course_lib.errors import InputError
from course_lib.verification.case import Case, Diagnosis, only_rounding
from course_lib.verification.diseases import RULES
from course_lib.verification.snapshots import Snapshot, model_fingerprint, take_snapshot

__all__ = ["Check", "Diagnosis", "Report", "diagnose", "model_fingerprint", "take_snapshot", "verify_reload"]

Recorded = Snapshot | tuple[nn.Module, Iterable[tuple[Any, Tensor]]]

# How far apart two correct answers may be where another device or batch size adds up in another order.
_RELATIVE, _ABSOLUTE = 1e-4, 1e-5

_ANSWERS = ("logits", "fingerprint", "metrics")


@dataclass(frozen=True)
class Check:
    """One line of the protocol. A warning is a difference that has an innocent reason."""

    name: str
    verdict: Literal["passed", "failed", "warning", "not checked"]
    detail: str = ""


@dataclass(frozen=True)
class Report:
    """Every check of the protocol, in its order; `print(report)` gives one line for each."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed. Warnings and checks that could not be made are no failures: read them."""
        return all(check.verdict != "failed" for check in self.checks)

    def __getitem__(self, name: str) -> Check:
        return {check.name: check for check in self.checks}[name]

    def __str__(self) -> str:
        signs = {"passed": "✓", "failed": "✗", "warning": "!", "not checked": "–"}
        return "\n".join(f"{signs[c.verdict]} {c.name}: {c.verdict}  {c.detail}".rstrip() for c in self.checks)


def verify_reload(before: Recorded, after: Recorded) -> Report:
    """Compare a model before saving with the one after loading, in every respect that can be recorded.

    Args:
        before: What `take_snapshot` recorded, also in another process, or a pair (model, batches).
        after: The same, of the reloaded model; the batches must be the same ones.

    Returns:
        A Report of: keys, shapes, dtypes, devices, parameters, buffers, ties, training flags, batches, logits,
        fingerprint (of logits and targets), metrics, versions. Look at `report.passed`, or print it.

    Raises:
        InputError: An argument is neither a snapshot nor a pair (model, batches).

    >>> torch.manual_seed(0)  # doctest: +ELLIPSIS
    <torch._C.Generator ...>
    >>> model, copy = nn.Linear(2, 2).eval(), nn.Linear(2, 2).eval()
    >>> batches = [(torch.eye(2), torch.tensor([0, 1]))]
    >>> verify_reload((model, batches), (copy, batches))["parameters"].verdict
    'failed'
    >>> copy.load_state_dict(model.state_dict())
    <All keys matched successfully>
    >>> verify_reload((model, batches), (copy, batches)).passed
    True

    Source: https://docs.pytorch.org/docs/stable/notes/randomness.html
    """
    a, b = _snapshot(before, "before"), _snapshot(after, "after")
    devices = _field(a, b, "devices", "device", otherwise="warning")
    batches = _batches(a, b)
    versions = [f"torch {a['torch']} became {b['torch']}"] if a["torch"] != b["torch"] else []
    parameters = _values(a, b, "parameters", ("parameter",))
    buffers = _values(a, b, "buffers", ("buffer", "unsaved buffer", "extra"))
    if batches.verdict == "failed":
        answers = [Check(name, "not checked", "needs the same examples") for name in _ANSWERS]
    else:
        same_tensors = a["tensors"].keys() == b["tensors"].keys() and "failed" not in (
            parameters.verdict,
            buffers.verdict,
        )
        answers = _answers(a, b, innocent="warning" in (devices.verdict, batches.verdict), same_tensors=same_tensors)
    return Report(
        (
            _keys(a, b),
            _field(a, b, "shapes", "shape"),
            _field(a, b, "dtypes", "dtype"),
            devices,
            parameters,
            buffers,
            _ties(a, b),
            _flags(a, b),
            batches,
            *answers,
            _check("versions", versions, "warning"),
        )
    )


def diagnose(
    before: Recorded,
    after: Recorded,
    *,
    loaded: dict[str, Tensor] | None = None,
    optimizer: torch.optim.Optimizer | None = None,
) -> list[Diagnosis]:
    """What went wrong between before and after, the likeliest disease first, each with its numbers.

    Args:
        before: What `take_snapshot` recorded before saving, or a pair (model, batches).
        after: The same, of the reloaded model **as you use it**: don't call `eval()` for the diagnosis.
        loaded: The state dict as it came from the file, to see whether its keys are the model's.
        optimizer: The optimizer that is to train the reloaded model; `after` must then be a pair.

    Returns:
        The diagnoses; an empty list if nothing is wrong.

    Raises:
        InputError: An argument is neither a snapshot nor a pair, or an optimizer came without a model.

    >>> model, batches = nn.Linear(2, 2).eval(), [(torch.eye(2), torch.tensor([0, 1]))]
    >>> print(diagnose((model, batches), (model, [(torch.eye(2) * 255, torch.tensor([0, 1]))]))[0].disease)
    other preprocessing
    """
    model = after[0] if isinstance(after, tuple) else None
    if optimizer is not None and model is None:
        raise InputError("To check the optimizer, give `after` as a pair (model, batches).")
    case = Case(_snapshot(before, "before"), _snapshot(after, "after"), model, loaded, optimizer)
    return [found for rule in RULES if (found := rule(case))]


def _snapshot(recorded: Recorded, name: str) -> Snapshot:
    if isinstance(recorded, dict) and "tensors" in recorded:
        return recorded
    if isinstance(recorded, tuple) and len(recorded) == 2 and isinstance(recorded[0], nn.Module):
        return take_snapshot(*recorded)
    raise InputError(
        f"Expected a snapshot or a pair (model, batches) as {name!r}; got {type(recorded).__name__}. "
        "Record one with take_snapshot(model, batches)."
    )


def _check(name: str, differing: list[str], otherwise: str = "failed", passed: str = "") -> Check:
    if not differing:
        return Check(name, "passed", passed)
    more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
    return Check(name, otherwise, ", ".join(differing[:3]) + more)


def _keys(a: Snapshot, b: Snapshot) -> Check:
    missing = [f"missing {key}" for key in a["tensors"] if key not in b["tensors"]]
    unexpected = [f"unexpected {key}" for key in b["tensors"] if key not in a["tensors"]]
    return _check("keys", missing + unexpected, passed=f"{len(a['tensors'])} tensors")


def _field(a: Snapshot, b: Snapshot, name: str, field: str, otherwise: str = "failed") -> Check:
    pairs = {key: (a["tensors"][key][field], b["tensors"][key][field]) for key in _shared(a, b)}
    return _check(name, [f"{key} {old} became {new}" for key, (old, new) in pairs.items() if old != new], otherwise)


def _values(a: Snapshot, b: Snapshot, name: str, kinds: tuple[str, ...]) -> Check:
    pairs = {key: (a["tensors"][key], b["tensors"][key]) for key in _shared(a, b)}
    pairs = {key: pair for key, pair in pairs.items() if pair[0]["kind"] in kinds}
    if not pairs:
        return Check(name, "not checked", "there are none that both have")
    differing = [
        f"{key} (largest {old['largest']:.4g}, now {new['largest']:.4g})"
        for key, (old, new) in pairs.items()
        if old["digest"] != new["digest"]
    ]
    return _check(name, differing, passed=f"{len(pairs)} equal in every bit")


def _ties(a: Snapshot, b: Snapshot) -> Check:
    if "ties" not in a or "ties" not in b:  # recorded by an older version
        return Check("ties", "not checked", "they were not recorded")
    lost = [" = ".join(group) for group in a["ties"] if group not in b["ties"]]
    new = [" = ".join(group) for group in b["ties"] if group not in a["ties"]]
    told = [f"{group} are separate now" for group in lost] + [f"{group} are one now" for group in new]
    return _check("ties", told, "warning", f"{len(a['ties'])} as they were")


def _shared(a: Snapshot, b: Snapshot) -> list[str]:
    return [key for key in a["tensors"] if key in b["tensors"]]


def _batches(a: Snapshot, b: Snapshot) -> Check:
    if a["inputs"]["digest"] != b["inputs"]["digest"] or not torch.equal(a["targets"], b["targets"]):
        return Check("batches", "failed", "other examples or another order; use an unshuffled list of batches")
    if a["batch_sizes"] != b["batch_sizes"]:
        return Check("batches", "warning", "the same examples in batches of other sizes: these round otherwise")
    return Check("batches", "passed", f"{len(a['targets'])} examples")


def _flags(a: Snapshot, b: Snapshot) -> Check:
    names = [name for name in a["training"] if name in b["training"]]
    on = [n or "the model" for n in names if b["training"][n] and not a["training"][n]]
    off = [n or "the model" for n in names if a["training"][n] and not b["training"][n]]
    if on:
        found = _check("training flags", on)
        return Check(found.name, found.verdict, f"in training mode now: {found.detail}; call model.eval()")
    found = _check("training flags", off, "warning")
    return Check(found.name, found.verdict, f"in eval mode now: {found.detail}" if off else "")


def _answers(a: Snapshot, b: Snapshot, innocent: bool, same_tensors: bool) -> list[Check]:
    for when, seen in (("before", a), ("after", b)):
        if seen["problem"]:
            detail = f"{when}: {seen['problem']}"
            return [Check(name, "failed", detail) for name in _ANSWERS]
    metrics = [
        f"{name} {a[name]:.4f} became {b[name]:.4f}"
        for name in ("accuracy", "loss")
        if a[name] != b[name] and not (a[name] is None or b[name] is None)
    ]
    both = a["confusion"] is not None and b["confusion"] is not None
    if both and not torch.equal(a["confusion"], b["confusion"]):
        metrics.append("the confusion matrix is another one")
    x, y = a["logits"], b["logits"]
    if a["evaluation"] == b["evaluation"]:
        return [Check("logits", "passed", f"{x.numel()} equal in every bit"), Check("fingerprint", "passed"),
                _check("metrics", metrics)]  # fmt: skip
    if x.shape != y.shape:
        difference, close = f"shape {list(x.shape)} became {list(y.shape)}", False
    else:
        largest = (x.double() - y.double()).abs().max().item()
        close = torch.allclose(x.double(), y.double(), rtol=_RELATIVE, atol=_ABSOLUTE)
        rows = (x != y).reshape(len(x), -1).any(1).sum().item()
        difference = f"{rows} of {len(x)} examples have other logits, by up to {largest:.3g}"
    if same_tensors and not innocent and only_rounding(x, y):
        difference += ": rounding, as from another place in memory or number of threads"
        innocent = close = True
    verdict = "warning" if innocent and close else "failed"
    return [Check("logits", verdict, difference), Check("fingerprint", verdict, "not the same bits"),
            _check("metrics", metrics, verdict, "but aggregates can't show which examples changed")]  # fmt: skip

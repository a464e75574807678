"""What can go wrong between saving and evaluating again: one rule each, read in this order by `diagnose`.

A rule looks at two snapshots and returns a Diagnosis with its numbers, or None. Rules that explain everything
exactly come first; the vaguer ones keep quiet where a clear one has spoken.
"""

import torch
from torch import Tensor

from course_lib.checkpoints.comparison import compare_state_dicts
from course_lib.verification.case import Case, Diagnosis, only_rounding

_EXPLODED = 1000  # a flipped exponent bit multiplies by 2**16 or more, most often


def wrong_keys(case: Case) -> Diagnosis | None:
    """The names in the file, or in the model before, are not the names in the model now."""
    names = [key for key, tensor in case.after["tensors"].items() if tensor["kind"] != "unsaved buffer"]
    theirs = list(case.loaded) if case.loaded is not None else [
        key for key, tensor in case.before["tensors"].items() if tensor["kind"] != "unsaved buffer"
    ]  # fmt: skip
    missing = [key for key in names if key not in theirs]
    unexpected = [key for key in theirs if key not in names]
    if not missing and not unexpected:
        return None
    hints = compare_state_dicts(dict.fromkeys(names), dict.fromkeys(theirs) | dict(case.loaded or {})).hints
    evidence = f"{len(names) - len(missing)} of the model's {len(names)} keys are in the file"
    evidence += f", {len(missing)} missing ({missing[0]!r}, …)" if missing else ""
    evidence += f", {len(unexpected)} unexpected ({unexpected[0]!r}, …)" if unexpected else ""
    return Diagnosis(
        "wrong keys, forgiven by strict=False",
        evidence + case.accuracies,
        "Load with strict=True. " + ("; ".join(hints) or "Compare both lists of keys") + ".",
    )


def class_order(case: Case) -> Diagnosis | None:
    """The same answers under other class numbers."""
    a, b = case.before, case.after
    if not case.same_inputs or a["logits"] is None or b["logits"] is None or a["logits"].shape != b["logits"].shape:
        return None
    x, y, order = a["logits"], b["logits"], None
    if not torch.equal(a["targets"], b["targets"]):
        pairs = torch.stack([a["targets"], b["targets"]], 1).unique(dim=0).tolist()
        one_to_one = len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)
        order = [f"{old} is now {new}" for old, new in pairs if old != new] if one_to_one else None
        where = "the targets"
    elif x.ndim == 2 and not torch.equal(x, y):
        order = _permutation(x, y)
        where = "the columns of the logits"
    if not order:
        return None
    return Diagnosis(
        "wrong class order",
        f"{where} are renumbered: {', '.join(order[:6])}{', …' if len(order) > 6 else ''}{case.accuracies}",
        "Save the list of class names with the checkpoint and map labels through it.",
    )


def _permutation(x: Tensor, y: Tensor) -> list[str] | None:
    moved, free = [], set(range(y.shape[1]))
    for old in range(x.shape[1]):
        # Permuted columns of a matrix product are rounded in another order.
        new = next((k for k in sorted(free) if torch.allclose(x[:, old], y[:, k], rtol=1e-4, atol=1e-5)), None)
        if new is None:
            return None
        free.remove(new)
        moved += [f"{old} is now {new}"] if new != old else []
    return moved


def damaged_values(case: Case) -> Diagnosis | None:
    """Not-a-numbers, or values far beyond what was there: flipped bits, overflow."""
    found = []
    changed = case.changed("parameter", "buffer", "unsaved buffer")
    for key in changed:
        a, b = case.before["tensors"][key], case.after["tensors"][key]
        parts = sum(x != y for x, y in zip(a["parts"], b["parts"], strict=False))
        if b["not_finite"] > a["not_finite"]:
            found.append(f"{key} has {b['not_finite']} values that are NaN or infinite")
        elif b["largest"] > _EXPLODED * max(a["largest"], 1.0):
            found.append(f"the largest value of {key} went from {a['largest']:.3g} to {b['largest']:.3g}")
        elif len(changed) <= 2 and parts <= len(a["parts"]) / 8 and a["dtype"] == b["dtype"]:
            found.append(f"{parts} of {len(a['parts'])} parts of {key} differ")
    if not found:
        return None
    return Diagnosis(
        "damaged values (flipped bits, NaN)",
        f"{'; '.join(found[:3])}; {len(found)} of {len(case.shared)} tensors{case.accuracies}",
        "Check the file with check_file(path) and load an older one.",
    )


def other_dtype(case: Case) -> Diagnosis | None:
    """Stored or computed with fewer digits."""
    a, b = case.before["tensors"], case.after["tensors"]
    for field, told in (("dtype", "{} became {}"), ("precision", "{} values became numbers that {} can hold")):
        differing = [key for key in case.shared if a[key][field] != b[key][field]]
        if field == "precision":  # a file in half precision loads into float32 without a word
            differing = [key for key in differing if b[key]["precision"] in ("float16", "bfloat16")]
            changed = set(case.changed("parameter"))
            if not changed or not changed <= set(differing):
                differing = []  # zeros and ones are numbers of every precision: look at what changed
        if differing:
            key = differing[0]
            told = told.format(a[key][field], b[key][field])
            return Diagnosis(
                "dtype drift",
                f"{len(differing)} of {len(case.shared)} tensors, such as {key}: {told}{_moved(case)}{case.accuracies}",
                "load_state_dict converts to the model's dtype in silence: build the model in the file's dtype.",
            )
    return None


def not_loaded(case: Case) -> Diagnosis | None:
    """The weights are others, and nothing above explains them."""
    total = [key for key in case.shared if case.before["tensors"][key]["kind"] == "parameter"]
    changed = case.changed("parameter")
    if not changed or other_dtype(case) or damaged_values(case) or class_order(case):
        return None
    counters = [case.after["tensors"][k]["largest"] for k in case.shared if k.endswith("num_batches_tracked")]
    fresh = "; num_batches_tracked is 0, as in a new model" if counters and not any(counters) else ""
    evidence = f"{len(changed)} of {len(total)} parameters differ{fresh}{case.accuracies}"
    if len(changed) == len(total):
        return Diagnosis(
            "the weights were not loaded, or come from another run",
            evidence,
            "Look at what load_state_dict returned, load with strict=True, and check which file it was.",
        )
    return Diagnosis(
        "only a part of the weights was loaded",
        f"{evidence}; the first is {changed[0]}",
        "Load with strict=True; a load that raised may have copied some tensors before.",
    )


def lost_tie(case: Case) -> Diagnosis | None:
    """Two names were one tensor and are two now: equal today, and apart after the next training step."""
    now = case.after.get("ties")
    lost = [group for group in case.before.get("ties", ()) if now is not None and group not in now]
    if not lost or not all(name in case.after["tensors"] for group in lost for name in group):
        return None
    return Diagnosis(
        "a tie was lost",
        f"{' and '.join(lost[0])} were one tensor and are separate now",
        "load_state_dict(assign=True) puts each tensor of the file in its place: tie them again afterwards "
        "(b.weight = a.weight), or load without assign.",
    )


def batch_norm(case: Case) -> Diagnosis | None:
    """The statistics of batch norm, or other buffers, were lost or overwritten."""
    changed = case.changed("buffer", "unsaved buffer")
    if not changed or case.changed("parameter") or damaged_values(case) or other_dtype(case):
        return None
    a, b = case.before["tensors"], case.after["tensors"]
    moved = [f"{key} from {a[key]['mean']:.4g} to {b[key]['mean']:.4g} on average" for key in changed[:2]]
    counted = [(a[k]["largest"], b[k]["largest"]) for k in case.shared if k.endswith("num_batches_tracked")]
    evidence = f"all parameters are equal, {len(changed)} buffers differ: {', '.join(moved)}"
    if any(new > old for old, new in counted):
        old, new = next((old, new) for old, new in counted if new > old)
        disease = "batch norm statistics overwritten"
        evidence += f"; num_batches_tracked went from {old:.0f} to {new:.0f}"
        remedy = "Somebody evaluated in training mode: no_grad() does not stop that, eval() does. Load again."
    else:
        disease = "buffers lost"
        remedy = "Save and load state_dict(), not parameters(); register what must be saved with persistent=True."
    return Diagnosis(disease, evidence + case.accuracies, remedy)


def still_training(case: Case) -> Diagnosis | None:
    """eval() was forgotten."""
    on = [name or "the model" for name, flag in case.after["training"].items() if flag]
    stands, evaluated = case.after.get("accuracy_as_it_stands"), case.after.get("accuracy")
    if not on or (any(case.before["training"].values()) and stands == evaluated):
        return None
    numbers = f"; accuracy {stands:.3f} as it stands, {evaluated:.3f} in eval mode" if stands is not None else ""
    if case.after.get("problem_as_it_stands"):
        numbers = f"; as it stands it fails: {case.after['problem_as_it_stands']}"
    return Diagnosis(
        "eval() was forgotten",
        f"{len(on)} modules are in training mode ({', '.join(on[:3])}{', …' if len(on) > 3 else ''}){numbers}",
        "Call model.eval() after loading: the flag is not in the state_dict.",
    )


def preprocessing(case: Case) -> Diagnosis | None:
    """The examples are not what they were."""
    a, b = case.before["inputs"], case.after["inputs"]
    if case.same_inputs:
        return None
    told = [f"{name} {a[name]:.4g} became {b[name]:.4g}" for name in ("mean", "std", "min", "max")]
    told += [f"{name} {a[name]} became {b[name]}" for name in ("shape", "dtype") if a[name] != b[name]]
    same_targets = torch.equal(case.before["targets"], case.after["targets"])
    same_numbers = all(abs(a[n] - b[n]) <= 1e-6 * max(1.0, abs(a[n])) for n in ("mean", "std", "min", "max"))
    if same_numbers and not same_targets:
        return Diagnosis(
            "the same examples in another order",
            f"mean, std, min and max of the inputs are equal, the order of the targets is not{case.accuracies}",
            "Compare on an unshuffled list of batches.",
        )
    return Diagnosis(
        "other preprocessing" if same_targets else "other examples",
        f"inputs: {', '.join(told)}{case.accuracies}",
        "Save the preprocessing (mean, std, resize) with the checkpoint and apply the same.",
    )


def other_code(case: Case) -> Diagnosis | None:
    """Equal weights, equal inputs, other answers."""
    a, b = case.before, case.after
    if not case.same_inputs or case.changed("parameter", "buffer", "unsaved buffer", "extra"):
        return None
    if b.get("repeatable") is False:
        return Diagnosis(
            "random even in eval mode",
            "the same batch, evaluated twice, gave two answers" + case.accuracies,
            "Use nn.Dropout, or F.dropout(x, p, training=self.training); keep modules in nn.ModuleList.",
        )
    if a["logits"] is None or b["logits"] is None or not _moved(case) or class_order(case) or other_dtype(case):
        return None
    devices = {t["device"] for t in a["tensors"].values()} != {t["device"] for t in b["tensors"].values()}
    rounding = devices or a["batch_sizes"] != b["batch_sizes"]
    if only_rounding(a["logits"], b["logits"]):
        return None
    if rounding and torch.allclose(a["logits"], b["logits"], rtol=1e-4, atol=1e-5):
        return None
    return Diagnosis(
        "the same weights, another computation",
        f"all {len(case.shared)} tensors are equal{_moved(case)}{case.accuracies}",
        "The code of the model changed (activation, eps, forward), or a plain attribute was not saved.",
    )


def foreign_optimizer(case: Case) -> Diagnosis | None:
    """The optimizer holds parameters that are not, or no longer, the model's."""
    if case.optimizer is None or case.model is None:
        return None
    held = [p for group in case.optimizer.param_groups for p in group["params"]]
    ours = {id(p) for p in case.model.parameters()}
    known = sum(id(p) in ours for p in held)
    if held and known == len(held):
        return None
    return Diagnosis(
        "the optimizer trains another model",
        f"{known} of its {len(held)} tensors are the model's {len(ours)} parameters",
        "Build the optimizer from the reloaded model's parameters(), then load its state; after "
        "load_state_dict(assign=True) build it anew.",
    )


def _moved(case: Case) -> str:
    """How far the logits are from what they were; empty if they are where they were, or can't be compared."""
    x, y = case.before["logits"], case.after["logits"]
    if not case.same_inputs or x is None or y is None or x.shape != y.shape or torch.equal(x, y):
        return ""
    classes = [(t > 0) if t.ndim == 1 else t.argmax(1) for t in (x, y)]
    flipped = int((classes[0] != classes[1]).sum())
    largest = (x.double() - y.double()).abs().max().item()
    return f"; logits differ by up to {largest:.3g}, {flipped} of {len(x)} predictions"


RULES = (
    wrong_keys, class_order, damaged_values, other_dtype, not_loaded, lost_tie, batch_norm, preprocessing, still_training,
    other_code, foreign_optimizer,
)  # fmt: skip

"""Lesson 12's trace: the protocol, check by check, on a good file and on one with a turned bit."""

import hashlib
import io
import zipfile

import torch

from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.lessons.verify_after_loading.network import as_file, counts, network, trained, turned
from course_lib.seeding import sealed

NAME, BIT = "layers.2.running_var", 20


def trace_protocol() -> Trace:
    """Ten checks on both files, the digest last.

    >>> len(trace_protocol().stages)
    10
    """
    with sealed(0), torch.no_grad():
        return Trace("The protocol, on a good file and on a bad one", _stages())


def _stages() -> list[Stage]:
    base = trained()
    good = as_file(base.state)
    files = {"good": good, "bad": turned(good, base.state[NAME], 3, BIT)}
    states = {kind: torch.load(io.BytesIO(data), weights_only=True) for kind, data in files.items()}
    models = {kind: network() for kind in files}
    reports = {kind: str(models[kind].load_state_dict(state)) for kind, state in states.items()}
    was = network()
    was.load_state_dict(base.state)
    passed = {"good": 0, "bad": 0}
    stages: list[Stage] = []

    def stage(title: str, asks: str, happens: str, found: dict[str, tuple[bool, str]], note: str = "") -> None:
        for kind, (fine, _) in found.items():
            passed[kind] += fine
        signs = [[("✓ " if fine else "✗ ") + words] for fine, words in found.values()]
        picture = tables(("found",), ("", signs, ("good", "bad"), 0.0))
        done = len(stages) + 1
        out = "; ".join(f"the {kind} file {'passes' if fine else 'fails'}" for kind, (fine, _) in found.items())
        total = f"Passed so far: good {passed['good']} of {done}, bad {passed['bad']} of {done}."
        stages.append(Stage(title, asks, happens, f"{out[0].upper()}{out[1:]}. {total}", note=note, **picture))

    def each(test) -> dict[str, tuple[bool, str]]:
        return {kind: test(kind) for kind in files}

    stage(
        "size",
        "The number of bytes that was noted when the file was written.",
        "One question to the file system.",
        each(lambda k: (len(files[k]) == len(good), f"{len(files[k]):,} bytes")),
    )
    stage(
        "load",
        "The file.",
        "`torch.load`, then `load_state_dict`, which compares names and shapes.",
        each(lambda k: ("matched" in reports[k], "All keys matched")),
        "Nothing is raised for the bad file, and the report is as friendly.",
    )
    stage(
        "shapes and dtypes",
        "The recorded shapes and dtypes.",
        "Compared name by name.",
        each(lambda k: (all(_kind(states[k][n]) == _kind(base.state[n]) for n in base.state), "all as recorded")),
    )
    own = dict(was.named_parameters())
    stage(
        "parameters",
        f"The {len(own)} recorded parameters.",
        "`torch.equal`, name by name.",
        each(lambda k: _equal(states[k], base.state, list(own))),
    )
    buffers = [name for name in base.state if name not in own]
    stage(
        "buffers",
        f"The {len(buffers)} recorded buffers.",
        "`torch.equal`, name by name.",
        each(lambda k: _equal(states[k], base.state, buffers)),
        f"One of 16 variances is {states['bad'][NAME][3]:.3f} in place of {base.state[NAME][3]:.3f}: bit {BIT} has turned.",
    )
    stage(
        "training flags",
        "The recorded flags.",
        "Each module's `training` is compared.",
        each(lambda k: (not any(m.training for m in models[k].modules()), "all in eval mode")),
    )
    fixed = base.inputs[:32]
    off = each(lambda k: (models[k](fixed) - was(fixed)).abs().max().item())
    stage(
        "logits",
        "The recorded logits of 32 tumours.",
        "The loaded model is asked the same, in eval mode.",
        each(lambda k: (off[k] == 0, f"up to {off[k]:.1g} apart")),
        "The same machine and batch: so not one bit may differ.",
    )
    right = counts(was(base.inputs), base.labels)
    stage(
        "confusion matrix",
        f"The recorded counts of {len(base.labels)} tumours.",
        "Counted again.",
        each(lambda k: (_counted(models[k]) == right, ", ".join(f"{n} {c}" for n, c in _counted(models[k]).items()))),
        "Whoever looks at metrics alone sees no difference." if _counted(models["bad"]) == right else "",
    )
    stage(
        "checksums inside the file",
        "The checksums that `torch.save` wrote into the file and `torch.load` doesn't read.",
        "Computed again, as `check_file` does.",
        each(lambda k: _inside(files[k])),
    )
    noted = hashlib.sha256(good).digest()
    same = {kind: hashlib.sha256(content).digest() == noted for kind, content in files.items()}
    stage(
        "SHA-256",
        "The digest that was noted when the file was written.",
        "Computed again, over all bytes.",
        each(lambda k: (same[k], "as noted" if same[k] else "another")),
        "Asked first, it would have told at once. How the model is used afterwards it can't know.",
    )
    return stages


def _kind(tensor: torch.Tensor) -> tuple:
    return tensor.shape, tensor.dtype


def _equal(state: dict, recorded: dict, names: list[str]) -> tuple[bool, str]:
    other = [name for name in names if not torch.equal(state[name], recorded[name])]
    return not other, f"{other[0]} differs" if other else f"all {len(names)} equal"


def _counted(model: torch.nn.Module) -> dict[str, int]:
    base = trained()
    return counts(model(base.inputs), base.labels)


def _inside(data: bytes) -> tuple[bool, str]:
    broken = zipfile.ZipFile(io.BytesIO(data)).testzip()
    return broken is None, f"broken: {broken.rpartition('archive/')[2]}" if broken else "all agree"

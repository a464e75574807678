"""Lesson 06: a file becomes a model in three stages, ten epochs of training, and one image from pixels to answer."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.classroom.style import BLUE, GREY, VERMILION
from course_lib.evaluation import evaluation_mode
from course_lib.seeding import sealed

MIDDLE = slice(27, 30)  # three pixels in the middle of an 8 x 8 image; those in its corners are always white
UNITS = 6


@sealed(0)
def trace_loading(path: str | os.PathLike, build: Callable[[], nn.Module]) -> Trace:
    """Create, read, apply: what is in the tensors before, in between and after.

    Args:
        path: A state_dict of a model that begins with a layer of 64 inputs and has batch norm.
        build: Makes the model, untrained.
    """
    model = build()
    own = model.state_dict()
    weight, mean = (next(name for name in own if name.endswith(end)) for end in (".weight", ".running_mean"))
    before = {name: tensor.clone() for name, tensor in own.items()}
    places = [tensor.data_ptr() for tensor in own.values()]
    count = sum(parameter.numel() for parameter in model.parameters())

    state = torch.load(path, map_location="cpu", weights_only=True)
    untouched = all(torch.equal(own[name], before[name]) for name in own)
    report = model.load_state_dict(state)
    after = model.state_dict()
    same = sum(torch.equal(after[name], state[name]) for name in after)
    stayed = places == [tensor.data_ptr() for tensor in after.values()]
    apart = after[weight].data_ptr() != state[weight].data_ptr()
    moved = sum(not torch.equal(after[name], before[name]) for name in after)

    rows, columns = ("unit 0", "unit 1", "unit 2"), tuple(f"px {i}" for i in range(MIDDLE.start, MIDDLE.stop))

    def weights(*shown: tuple[str, Mapping[str, Tensor]]) -> dict[str, str]:
        made = [(caption, values[weight][:3, MIDDLE], rows, 0.4) for caption, values in shown]
        return tables(columns, *(table if i == 0 else (*table[:2], (), table[3]) for i, table in enumerate(made)))

    return Trace(
        "From a file to a model, in three stages",
        [
            Stage(
                "create",
                goes_in="The class, and no file.",
                happens=f"{count:,} parameters get a start: the linear layers draw theirs at random, batch norm "
                f"begins with weights of 1 and running means of {before[mean].abs().max():g}.",
                comes_out="A model with the right shapes that has learned nothing.",
                **weights((f"{weight}, new", before)),
                note="Random, not empty: another seed draws others.",
            ),
            Stage(
                "read",
                goes_in=f"`{Path(path).name}`, {Path(path).stat().st_size:,} bytes.",
                happens="`torch.load` rebuilds the dictionary: names and tensors, nothing else.",
                comes_out=f"A dictionary with {len(state)} tensors. The model is "
                f"{'untouched' if untouched else 'changed'}: nobody has told it.",
                **weights(("in the model", before), ("in the dictionary", state)),
                note=f"`{mean}` is in it too: {_numbers(state[mean][:3])} and so on, learned by batch norm.",
            ),
            Stage(
                "apply",
                goes_in="The model and the dictionary.",
                happens="`load_state_dict` goes from name to name. Where name and shape agree it copies the values "
                f"into the tensor that the model {'already has' if stayed else 'has now'}; any that don't would raise.",
                comes_out=f"{same} of {len(after)} tensors equal the file's, {moved} of them changed. "
                f"Returned: `{report}`, a report and not the model.",
                **weights(("before", before), ("in the file", state), ("after", after)),
                note="The model and the dictionary share no memory: "
                + ("change one, and the other stays." if apart else "they are one."),
            ),
        ],
    )


def trace_training(history: Sequence[Mapping[str, float]], *, baseline: float) -> Trace:
    """The first, the middle and the last epoch of a run, on its curves.

    Args:
        history: What `fit` returned with validation data, three epochs or more.
        baseline: The accuracy of guessing.
    """
    first, middle, last = history[0], history[(len(history) - 1) // 2], history[-1]
    fall = first["loss"] - last["loss"]
    done = (first["loss"] - middle["loss"]) / fall if fall else 0.0
    best = max(history, key=lambda row: row["val_accuracy"])
    gap = last["val_accuracy"] - middle["val_accuracy"]
    notes = [
        f"One pass over the data, and the validation accuracy is {first['val_accuracy'] / baseline:.1f} times that of "
        f"guessing ({baseline:.2f}).",
        f"{100 * done:.0f} % of the loss that this run loses after its first epoch is lost by now.",
        f"Since epoch {middle['epoch']:.0f} the validation accuracy has changed by {svg.shown(gap, 3)}. It was highest "
        f"in epoch {best['epoch']:.0f}: {best['val_accuracy']:.3f}.",
    ]
    stages = []
    for row, note in zip((first, middle, last), notes, strict=True):
        stages.append(
            Stage(
                f"epoch {row['epoch']:.0f}",
                goes_in="The weights of the epoch before." if row is not first else "Random weights.",
                happens=f"The training loss is {row['loss']:.3f}, the training accuracy {row['accuracy']:.3f}, both "
                "measured in training mode while the weights changed.",
                comes_out=f"Weights with validation loss {row['val_loss']:.3f} and accuracy {row['val_accuracy']:.3f}.",
                picture_svg=_curves(history, row),
                picture_text=_as_text(history, row),
                note=note,
            )
        )
    return Trace(f"{len(history)} epochs of training", stages)


@sealed(0)
def trace_prediction(model: nn.Module, image: Tensor) -> Trace:
    """One image through a model in eval mode, layer by layer.

    Args:
        model: A classifier; its mode is left as it is.
        image: (1, 1, 8, 8), or whatever the model takes, with a batch of one.
    """
    seen: list[tuple[str, nn.Module, Tensor, Tensor]] = []
    leaves = [(name, module) for name, module in model.named_modules() if not list(module.children())]
    handles = [
        module.register_forward_hook(
            lambda m, inputs, output, name=name: seen.append((name, m, inputs[0].clone(), output.clone()))
        )
        for name, module in leaves
    ]
    try:
        with evaluation_mode(model):
            probabilities = model(image).softmax(1)[0]
    finally:
        for handle in handles:
            handle.remove()
    answer = int(probabilities.argmax())
    stages = [_layer(name, module, given, out) for name, module, given, out in seen]
    ordered = probabilities.sort(descending=True)
    stages.append(
        Stage(
            "answer",
            goes_in=f"{len(probabilities)} logits.",
            happens="Softmax turns them into probabilities that add up to 1; the largest is the answer.",
            comes_out=f"**{answer}**, with probability {probabilities[answer]:.3f}; the next is {int(ordered.indices[1])} "
            f"with {ordered.values[1]:.3f}.",
            **tables(
                ("prob.",), ("output", probabilities[:, None], [f"class {i}" for i in range(len(probabilities))], 1)
            ),
        )
    )
    return Trace("One image, layer by layer", stages)


def _layer(name: str, module: nn.Module, given: Tensor, out: Tensor) -> Stage:
    before, after = given[0].flatten(), out[0].flatten()
    own = [key for key, _ in module.state_dict().items()]
    changed = int((before != after).sum()) if before.shape == after.shape else None
    happens = {
        "Flatten": "The rows of pixels are put one behind the other.",
        "Linear": f"Each of {len(after)} units weighs all {len(before)} numbers and adds its bias.",
        "BatchNorm1d": "Minus the running mean, divided by the root of the running variance, times weight, plus bias.",
        "ReLU": f"{int((before < 0).sum())} negative numbers become 0.",
        "Dropout": "In eval mode it hands its input on.",
    }.get(type(module).__name__, f"`{module}`")
    comes_out = f"{len(after)} numbers from {svg.shown(after.min().item())} to {svg.shown(after.max().item())}"
    return Stage(
        f"{name} {type(module).__name__}",
        goes_in=f"{len(before)} numbers, shape {list(given.shape)}.",
        happens=happens,
        comes_out=comes_out + (f"; {changed} of them changed." if changed is not None else "."),
        **tables(("value",), ("in", *_some(before)), ("out", *_some(after))),
        note=f"From the state_dict: {', '.join(f'`{name}.{key}`' for key in own)}." if own else "",
    )


def _some(values: Tensor) -> tuple[Tensor, list[str], float]:
    """A few of the numbers: all classes, or a few units, or pixels from the middle."""
    start = MIDDLE.start if len(values) == 64 else 0
    picked = values if len(values) <= 10 else values[start : start + UNITS]
    return picked[:, None], [f"no. {start + i}" for i in range(len(picked))], float(values.abs().max()) or 1.0


def _numbers(values: Tensor) -> str:
    return ", ".join(svg.shown(value) for value in values.tolist())


def _curves(history: Sequence[Mapping[str, float]], here: Mapping[str, float]) -> str:
    """Loss and accuracy by epoch, training and validation, with the epoch marked."""
    epochs = [row["epoch"] for row in history]
    parts = []
    for left, name, top in ((46, "loss", max(max(r["loss"], r["val_loss"]) for r in history)), (300, "accuracy", 1.0)):
        axes = svg.Axes(left, 26, 190, 130, (epochs[0], epochs[-1]), (0, top))
        parts.append(svg.text(left, 14, name, bold=True))
        parts.append(axes.frame(x_label="epoch", x_ticks=sorted({epochs[0], here["epoch"], epochs[-1]})))
        parts.append(axes.curve([(here["epoch"], 0), (here["epoch"], top)], color=GREY, dash="2 3", width=1.5))
        for key, color, dash in ((name, BLUE, ""), (f"val_{name}", VERMILION, "5 3")):
            parts.append(axes.curve([(row["epoch"], row[key]) for row in history], color=color, dash=dash))
            parts.append(axes.dots([(here["epoch"], here[key])], color=color))
    legend = svg.line((46, 204), (70, 204), color=BLUE, width=2) + svg.text(76, 208, "training")
    legend += svg.line((150, 204), (174, 204), color=VERMILION, width=2, dash="5 3") + svg.text(180, 208, "validation")
    return svg.picture(500, 214, *parts, legend)


def _as_text(history: Sequence[Mapping[str, float]], here: Mapping[str, float]) -> str:
    lines = ["epoch   loss  accuracy   val_loss  val_accuracy"]
    for row in history:
        mark = "  <" if row is here else ""
        lines.append(
            f"{row['epoch']:5.0f}  {row['loss']:5.3f}  {row['accuracy']:8.3f}   {row['val_loss']:8.3f}  "
            f"{row['val_accuracy']:12.3f}{mark}"
        )
    return "\n".join(lines)

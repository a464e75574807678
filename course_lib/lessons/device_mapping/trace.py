"""Lesson 11: each storage of a real checkpoint, from its tag to its device."""

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.classroom.tasks.inputs import leaves
from course_lib.devices import plan_map_location, saved_as
from course_lib.seeding import sealed

TAG = "cuda:1"


def trace_devices() -> Trace:
    """Save a training as a second GPU would, and follow every storage into a model, an optimizer and a generator.

    >>> len(trace_devices().stages)
    7
    """
    with sealed(0):
        model, content = _trained()
        file = io.BytesIO()
        with saved_as(TAG, only=_on_the_gpu(model, content)):
            torch.save(content, file)
        names, offered = _offered(file)
        stages = [_tags(names, offered), _without_map(file, names), _handed_over(names, offered)]
        loaded = _load(file, plan_map_location({tag for tag, *_ in offered}, ["cpu"]))
        stages += [_by_plan(names, offered, loaded), _into_the_model(loaded)]
        stages += [_into_the_optimizer(loaded), _random_state(loaded)]
    return Trace("From the tag to the device: one checkpoint, storage by storage", stages)


def _trained() -> tuple[nn.Module, dict[str, Any]]:
    """A layer after one step of Adam, and its checkpoint."""
    model = nn.Linear(4, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    model(torch.randn(8, 4)).square().mean().backward()
    optimizer.step()
    return model, {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": torch.get_rng_state()}


def _on_the_gpu(model: nn.Module, content: Mapping[str, Any]) -> list[Tensor]:
    """What would have been on the GPU: the model, and Adam's moments but not its step counters."""
    states = content["optimizer"]["state"].values()
    return [*model.parameters(), *(t for state in states for name, t in state.items() if name != "step")]


def _load(file: io.BytesIO, map_location: Any) -> dict[str, Any]:
    file.seek(0)
    return torch.load(file, map_location=map_location, weights_only=True)


def _named(content: Mapping[str, Any]) -> list[tuple[str, Tensor]]:
    """Every tensor of a checkpoint, the optimizer's by short names: "optimizer.0.step"."""
    return [(name.replace("optimizer.state.", "optimizer."), tensor) for name, tensor in leaves(content)]


def _offered(file: io.BytesIO) -> tuple[list[str], list[tuple[str, int, str]]]:
    """Name of each storage in the order of the file; and its tag, its bytes, and where it was when handed over."""
    offered = []

    def note(storage: torch.UntypedStorage, tag: str) -> torch.UntypedStorage:
        offered.append((tag, storage.nbytes(), storage.device.type))
        return storage

    names = [name for name, _ in _named(_load(file, note))]
    return names, offered


def _tags(names: Sequence[str], offered: Sequence[tuple[str, int, str]]) -> Stage:
    count = sum(tag == TAG for tag, *_ in offered)
    return Stage(
        "The file: bytes and a tag",
        goes_in="A layer after one step of Adam: its state dict, the optimizer's, and the random state.",
        happens=f"`torch.save` writes each storage's bytes, and beside them the name of its device: `{TAG}` for what a "
        "second GPU would hold.",
        comes_out=f"{len(offered)} storages. {count} are tagged `{TAG}`, {len(offered) - count} are tagged `cpu`.",
        **tables(("bytes", "tag"), ("", [(f"{size:,}", tag) for tag, size, _ in offered], names, 0)),
        note="Unless told otherwise, Adam counts its steps on the CPU; random states are kept there too.",
    )


def _without_map(file: io.BytesIO, names: Sequence[str]) -> Stage:
    asked: list[str] = []

    def default(storage: torch.UntypedStorage, tag: str) -> None:
        asked.append(tag)  # None: go where the tag says

    with patch.object(torch.cuda, "is_available", lambda: False):
        try:
            _load(file, default)
            error = "nothing raised"
        except RuntimeError as e:
            error = f"{type(e).__name__}: {str(e).splitlines()[0]}"
    rows = [
        ("raised" if i == len(asked) else "fine" if i < len(asked) else "not reached",)
        for i in range(1, len(names) + 1)
    ]
    return Stage(
        "Without map_location, on a machine without a GPU",
        goes_in="The file. (If your machine has a GPU, it is hidden for this stage.)",
        happens=f"`torch.load` takes the storages in the order of the file. For `{names[len(asked) - 1]}`, tagged "
        f"`{asked[-1]}`, it asks for a device that isn't there.",
        comes_out=error,
        **tables(("result",), ("", rows, names, 0)),
        note=f"It stopped at storage {len(asked)} of {len(names)}. Nothing is returned, not even what is tagged `cpu`.",
    )


def _handed_over(names: Sequence[str], offered: Sequence[tuple[str, int, str]]) -> Stage:
    there = sorted({device for *_, device in offered})
    return Stage(
        "With a function as map_location",
        goes_in="The file, and `map_location=lambda storage, tag: storage`.",
        happens="For each storage `torch.load` reads the bytes into main memory, then calls the function with the "
        "storage and the tag. What it returns is used.",
        comes_out=f"{len(offered)} calls. Each storage was on `{' and '.join(there)}` when it was handed over, whatever its "
        "tag. Returning it as it is means: leave it on the CPU.",
        **tables(("tag", "handed over"), ("", [(tag, device) for tag, _, device in offered], names, 0)),
        note="A function that returns `None` says: where the tag says.",
    )


def _by_plan(names: Sequence[str], offered: Sequence[tuple[str, int, str]], loaded: Mapping[str, Any]) -> Stage:
    plan = plan_map_location({tag for tag, *_ in offered}, ["cpu"])
    rows = [(tag, t.device.type) for (tag, *_), (_, t) in zip(offered, _named(loaded), strict=True)]
    return Stage(
        "With a plan: a place for each tag",
        goes_in=f"The file, and `{dict(sorted(plan.items()))}` from `plan_map_location`.",
        happens="Each tag is looked up by its exact text, and the storage goes to what the dictionary says.",
        comes_out=f"All {len(rows)} storages, on `{' and '.join(sorted({where for _, where in rows}))}`.",
        **tables(("tag", "lands on"), ("", rows, names, 0)),
    )


def _into_the_model(loaded: Mapping[str, Any]) -> Stage:
    model = nn.Linear(4, 3).double()
    address, weight = model.weight.data_ptr(), loaded["model"]["weight"]
    before = model.weight[0, 0].item()
    model.load_state_dict(loaded["model"])
    after, same = model.weight[0, 0].item(), model.weight.data_ptr() == address
    rows = [
        ("file", weight.dtype, weight.device, svg.shown(weight[0, 0].item(), 4)),
        ("model before", "", "", svg.shown(before, 4)),
        ("model after", model.weight.dtype, model.weight.device, svg.shown(after, 4)),
    ]
    return Stage(
        "Into the model: values are copied, places stay",
        goes_in="The loaded `model` part, and a new layer that was made with `double()`.",
        happens="`load_state_dict` copies each value into the tensor that the model has already. That tensor's device and "
        "dtype count, not the loaded one's.",
        comes_out=f"The same memory as before: `{same}`. The dtype is still "
        f"`{str(model.weight.dtype).removeprefix('torch.')}`, and the values are the file's.",
        **tables(
            ("dtype", "device", "weight[0, 0]"),
            (
                "",
                [(str(dtype).removeprefix("torch."), str(device), value) for _, dtype, device, value in rows],
                [name for name, *_ in rows],
                0,
            ),
        ),
        note="So `map_location` doesn't put a model anywhere. `model.to(device)` does.",
    )


def _into_the_optimizer(loaded: Mapping[str, Any]) -> Stage:
    model = nn.Linear(4, 3, device="meta")
    optimizer = torch.optim.Adam(model.parameters())
    optimizer.load_state_dict(loaded["optimizer"])
    before = [(name, t.device.type) for name, t in _named({"optimizer": {"state": loaded["optimizer"]["state"]}})]
    state = {"optimizer": {"state": optimizer.state_dict()["state"]}}
    after = [t.device.type for _, t in _named(state)]
    rows = [(was, now) for (_, was), now in zip(before, after, strict=True)]
    return Stage(
        "Into the optimizer: to the parameter's device",
        goes_in="The loaded `optimizer` part, and an Adam whose parameters are on `meta`, which stands for another device.",
        happens="`optimizer.load_state_dict` sends each state to the device of the parameter it belongs to, with one "
        "exception: the step counter stays where it is.",
        comes_out=f"{after.count('meta')} states went to `meta`, {after.count('cpu')} step counters stayed on `cpu`.",
        **tables(("loaded on", "now on"), ("", rows, [name for name, _ in before], 0)),
        note="It looks at the parameters at that moment. Move the model first, then build the optimizer, then load.",
    )


def _random_state(loaded: Mapping[str, Any]) -> Stage:
    torch.set_rng_state(loaded["rng"])
    first = torch.rand(1).item()
    torch.set_rng_state(loaded["rng"])
    again = torch.rand(1).item()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.set_rng_state(loaded["rng"].to("meta"))
        error = "nothing raised"
    except TypeError as e:
        error = f"{type(e).__name__}: {e}"
    rows = [("cpu", f"{first:.4f}"), ("cpu, again", f"{again:.4f}"), ("another device", "TypeError")]
    return Stage(
        "Into the generator: only from the CPU",
        goes_in="The loaded random state, at first on the CPU, then on another device (`meta` stands for it).",
        happens="`torch.set_rng_state` takes bytes on the CPU and nothing else.",
        comes_out=f"From the CPU, twice, the same next number: {first:.4f} and {again:.4f}. From elsewhere: {error}.",
        **tables(("next number",), ("", [(value,) for _, value in rows], [name for name, _ in rows], 0)),
        note="This is why `map_location='cuda'` on a whole checkpoint is a trap.",
    )

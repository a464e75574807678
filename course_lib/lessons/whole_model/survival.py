"""Lesson 07: four formats of saving against changes of the code and of the file, every pair really tried."""

import builtins
import contextlib
import json
import logging
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from course_lib.devices import saved_as
from course_lib.lessons.whole_model.versions import NET, remove_module, write_module
from course_lib.seeding import sealed

FORMATS = ("whole model", "state_dict", "safetensors", "exported graph")
CHANGES = {
    "nothing": "nothing was changed",
    "module renamed": "the module got another name",
    "class renamed": "the class got another name",
    "module deleted": "the module was deleted",
    "forward edited": "`forward` turns every sign",
    "layer renamed": "`self.body` became `self.layers`",
    "default changed": "the default of `hidden` went from 16 to 32",
    "attribute added": "`__init__` sets a new attribute, and `forward` uses it",
    "saved on a GPU": "the file came from a GPU that this machine lacks",
    "a stranger's call": "a stranger put a call into the file",
}
_NAME = "explored_net"
_EDITS: dict[str, tuple[str, str]] = {
    "class renamed": ("class Net", "class DigitNet"),
    "forward edited": ("self.body(images)", "-self.body(images)"),
    "layer renamed": ("self.body", "self.layers"),
    "default changed": ("hidden=16", "hidden=32"),
}
_DEVICE = re.compile(rb'"type": ?"cpu", ?"index": ?null')


@dataclass(frozen=True)
class Outcome:
    """same, stopped (an error at loading), call (an error when called), silent, ran, or impossible; and what it said."""

    kind: str
    said: str = ""


class Flag:
    """What a stranger would put into a file. This one only sets `builtins.explored`, and becomes an empty dictionary."""

    def __reduce__(self) -> tuple:
        """How pickle would build it again."""
        return eval, ("setattr(__import__('builtins'), 'explored', True) or {}",)


@cache
@sealed(0)
def tried() -> dict[tuple[str, str], Outcome]:
    """Every format under every change: saved, changed, loaded, and asked the same questions as before."""
    with tempfile.TemporaryDirectory() as name, _quiet():
        try:
            return {(format_, change): _try(format_, change, Path(name)) for format_ in FORMATS for change in CHANGES}
        finally:
            for module in (_NAME, f"{_NAME}_2"):
                remove_module(name, module)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without torch.export's log of what it tried first, and its warning of a buffer that it can't write (torch 2.11)."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _try(format_: str, change: str, folder: Path) -> Outcome:
    if format_ == "safetensors" and change == "a stranger's call":
        return _refusal_to_write(folder)
    with sealed(0):
        net = write_module(folder, _NAME, NET).Net(16).eval()
        images = torch.rand(5, 1, 8, 8)
    with torch.no_grad():
        expected = net(images)
    path = folder / "file"
    _SAVERS[format_](net, path, change, images)
    make = _changed(change, folder)
    builtins.explored = False
    try:
        try:
            model = _LOADERS[format_](path, make)
        except Exception as error:
            return Outcome("ran" if builtins.explored else "stopped", _said(error))
        if builtins.explored:
            return Outcome("ran", "Nothing was said.")
        try:
            with torch.no_grad():
                return Outcome("same" if torch.allclose(model(images), expected, atol=1e-5) else "silent")
        except Exception as error:
            return Outcome("call", _said(error))
    finally:
        del builtins.explored


def _changed(change: str, folder: Path) -> Callable[..., nn.Module]:
    """Make the change on disk; what builds a model from today's code."""
    if change == "module deleted":
        remove_module(folder, _NAME)

        def gone(**_: int) -> nn.Module:
            raise ModuleNotFoundError("No module to build the model from")

        return gone
    code = NET.replace(*_EDITS.get(change, ("", "")))
    if change == "attribute added":
        code = code.replace("self.hidden = hidden", "self.hidden, self.scale = hidden, 1.0")
        code = code.replace("self.body(images)", "self.body(images) * self.scale")
    if change == "module renamed":
        remove_module(folder, _NAME)
        return write_module(folder, f"{_NAME}_2", code).Net
    module = write_module(folder, _NAME, code)
    return module.DigitNet if change == "class renamed" else module.Net


def _tag(change: str) -> str:
    return "cuda:63" if change == "saved on a GPU" else "cpu"


def _save_whole(net: nn.Module, path: Path, change: str, _: Tensor) -> None:
    if change == "a stranger's call":
        net.note = Flag()
    with saved_as(_tag(change)):
        torch.save(net, path)


def _save_state(net: nn.Module, path: Path, change: str, _: Tensor) -> None:
    state = net.state_dict()
    if change == "a stranger's call":
        state["note"] = Flag()
    with saved_as(_tag(change)):
        torch.save(state, path)


def _save_tensors(net: nn.Module, path: Path, change: str, _: Tensor) -> None:
    with saved_as(_tag(change)):  # a safetensors file notes no device
        save_file(net.state_dict(), path, metadata={"config": json.dumps({"hidden": net.hidden})})


def _save_graph(net: nn.Module, path: Path, change: str, images: Tensor) -> None:
    target, once = path.with_suffix(".pt2"), path.with_name("once.pt2")
    if not once.exists():  # the same net for every change
        torch.export.save(torch.export.export(net, (images,)), once)
    target.write_bytes(once.read_bytes())
    if change == "saved on a GPU":
        rewritten(target, lambda name, content: _DEVICE.sub(b'"type": "cuda", "index": 63', content))
    if change == "a stranger's call":
        torch.save(((images,), Flag()), path)
        rewritten(target, lambda name, content: path.read_bytes() if "_inputs" in name else content)
    target.replace(path)


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    """Write a zip archive anew, with each record passed through `change(name, content)`."""
    with zipfile.ZipFile(path) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in records.items():
            archive.writestr(name, change(name, content))


def _load_whole(path: Path, make: Callable) -> nn.Module:
    return torch.load(path, map_location="cpu", weights_only=False)


def _load_state(path: Path, make: Callable) -> nn.Module:
    state = torch.load(path, map_location="cpu", weights_only=True)
    model = make()
    model.load_state_dict(state)
    return model.eval()


def _load_tensors(path: Path, make: Callable) -> nn.Module:
    with safe_open(path, framework="pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        config = json.loads(file.metadata()["config"])
    model = make(**config)
    model.load_state_dict(state)
    return model.eval()


def _load_graph(path: Path, make: Callable) -> nn.Module:
    return torch.export.load(path.rename(path.with_suffix(".pt2"))).module()


def _refusal_to_write(folder: Path) -> Outcome:
    try:
        save_file({"note": Flag()}, folder / "file")
    except (TypeError, ValueError) as error:
        return Outcome("impossible", _said(error))
    raise AssertionError("safetensors saved something that is no tensor")


def _said(error: Exception) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    wanted = re.search(r"Unsupported global: GLOBAL \S+", text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = wanted[0] if wanted else lines[0] if lines else ""
    if first.startswith("Error(s) in loading state_dict") and len(lines) > 1:
        first = lines[1]
    return f"{type(error).__name__}: {first}"


_SAVERS = dict(zip(FORMATS, (_save_whole, _save_state, _save_tensors, _save_graph), strict=True))
_LOADERS = dict(zip(FORMATS, (_load_whole, _load_state, _load_tensors, _load_graph), strict=True))

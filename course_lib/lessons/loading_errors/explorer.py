"""Lesson 08's explorer: a file and a model side by side, and which of their names meet."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer
from course_lib.classroom.style import BLUE, GREEN, VERMILION
from course_lib.seeding import sealed

FILES = ("plain", "DataParallel", "compiled", "averaged", "in a dictionary", "float16")
MODELS = ("the same", "a dropout more", "five classes", "GELU for ReLU")
CALLS = ("strict", "strict=False", "mended names, strict")
PREFIXES = ("module.", "_orig_mod.")


def side_by_side() -> Explorer:
    """A file, a model, and a call: which entries are loaded, and what is said.

    >>> explorer = side_by_side()
    >>> explorer.set(file="DataParallel", call="strict=False")
    >>> "0 of 4 entries" in explorer.state.text()
    True
    """
    return Explorer(
        Pair(),
        controls=[
            Choice("file", "File", {name: name for name in FILES}),
            Choice("model", "Model", {name: name for name in MODELS}),
            Choice("call", "Call", {name: name for name in CALLS}),
        ],
    )


def _network(kind: str) -> nn.Sequential:
    between: list[nn.Module] = [nn.GELU() if kind == "GELU for ReLU" else nn.ReLU()]
    if kind == "a dropout more":
        between.append(nn.Dropout())
    return nn.Sequential(nn.Linear(4, 3), *between, nn.Linear(3, 5 if kind == "five classes" else 2))


@cache
@sealed(0)
def contents(file: str) -> dict:
    """What the file holds."""
    state = dict(_network("the same").state_dict())
    if file in ("DataParallel", "averaged"):
        state = {f"module.{name}": tensor for name, tensor in state.items()}
    if file == "averaged":
        state = {"n_averaged": torch.tensor(3), **state}
    if file == "compiled":
        state = {f"_orig_mod.{name}": tensor for name, tensor in state.items()}
    if file == "float16":
        state = {name: tensor.half() for name, tensor in state.items()}
    return {"epoch": 10, "model": state} if file == "in a dictionary" else state


def mended(content: dict) -> dict:
    """The entries with their prefixes taken off, out of the dictionary around them, without a count."""
    state = content.get("model", content)
    for prefix in PREFIXES:
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return {name: tensor for name, tensor in state.items() if name != "n_averaged"}


@dataclass(frozen=True)
class Outcome:
    """What the load did: the entries that now hold the file's numbers, and the error's lines."""

    loaded: tuple[str, ...]
    error: tuple[str, ...] = ()


@cache
@sealed(1)
def outcome(file: str, model: str, call: str) -> Outcome:
    """Really load it, and compare before with after."""
    network = _network(model)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    content = contents(file)
    error: tuple[str, ...] = ()
    try:
        network.load_state_dict(
            mended(content) if call.startswith("mended") else content, strict=call != "strict=False"
        )
    except RuntimeError as raised:
        error = tuple(line.strip() for line in str(raised).splitlines()[1:])
    after = network.state_dict()
    return Outcome(tuple(name for name in before if not torch.equal(before[name], after[name])), error)


def _shape(value: object) -> str:
    return str(list(value.shape)) if isinstance(value, Tensor) else "a dictionary" if isinstance(value, dict) else ""


@dataclass(frozen=True)
class Pair:
    """A file, a model, and how one is loaded into the other."""

    file: str = "plain"
    model: str = "the same"
    call: str = "strict"

    @property
    def theirs(self) -> dict:
        """The file's entries, as the call gets them."""
        content = contents(self.file)
        return mended(content) if self.call.startswith("mended") else content

    @property
    def ours(self) -> dict[str, Tensor]:
        """The model's entries."""
        with sealed(0):  # shapes are shown, and building a network draws
            return dict(_network(self.model).state_dict())

    @property
    def outcome(self) -> Outcome:
        """What the load did."""
        return outcome(self.file, self.model, self.call)

    @property
    def verdict(self) -> str:
        """What is said, and what was done."""
        found, said = self.outcome, "an error" if self.outcome.error else "no error"
        return f"{said}, {len(found.loaded)} of {len(self.ours)} entries loaded"

    @property
    def silent(self) -> str:
        """What is wrong though nothing was said; empty if nothing."""
        if self.outcome.error:
            return ""
        if not self.outcome.loaded:
            return "Nothing was loaded, and nothing was said."
        if len(self.outcome.loaded) < len(self.ours):
            return "A part was loaded, and nothing was said."
        if self.file == "float16":
            return "Rounded numbers were loaded, and nothing was said."
        if self.model == "GELU for ReLU":
            return "All entries are right and the answers are others, and nothing was said."
        return ""

    def text(self) -> str:
        """The picture in words."""
        ours, theirs = self.ours, self.theirs
        missing = [name for name in ours if name not in theirs]
        unexpected = [name for name in theirs if name not in ours]
        words = f"File {self.file}, model {self.model}, call {self.call}: {self.verdict}. "
        words += f"Missing: {', '.join(missing) or 'none'}. Unexpected: {', '.join(unexpected) or 'none'}."
        mismatched = [name for name in ours if name in theirs and _shape(ours[name]) != _shape(theirs[name])]
        if mismatched:
            words += f" Another shape: {', '.join(mismatched)}."
        return f"{words} {self.silent}".rstrip()

    def svg(self) -> str:
        """Names on either side; a line where they meet, green and whole for the same shape."""
        ours, theirs = self.ours, self.theirs
        parts = [svg.heading(8, 300, "In the file"), svg.heading(420, 712, "In the model")]
        left, right = ({name: 44 + 24 * i for i, name in enumerate(names)} for names in (theirs, ours))
        for name, y in left.items():
            parts.append(svg.text(8, y, f"{name} {_shape(theirs[name])}", bold=name not in ours))
            parts += [] if name in ours else [svg.text(306, y, "? unexpected", faint=True)]
        for name, y in right.items():
            parts.append(svg.text(420, y, f"{name} {_shape(ours[name])}", bold=name not in theirs))
            if name not in theirs:
                parts.append(svg.text(712, y, "missing", anchor="end", faint=True))
                continue
            fits = _shape(ours[name]) == _shape(theirs[name])
            ends = (300, left[name] - 4), (414, y - 4)
            parts.append(svg.line(*ends, color=GREEN if fits else VERMILION, width=2, dash="" if fits else "5 4"))
            if not fits:
                parts.append(svg.text(712, y, "✗ another shape", anchor="end", faint=True))
        below = 56 + 24 * max(len(left), len(right))
        sign = "✗" if self.outcome.error else "!" if self.silent else "✓"
        parts.append(svg.rect(8, below - 14, 4, 20, fill=VERMILION if sign == "✗" else BLUE if sign == "!" else GREEN))
        parts.append(svg.text(20, below, f"{sign} {self.verdict}", size=14, bold=True))
        parts.append(svg.text(20, below + 20, self.silent or svg.fitted(" ".join(self.outcome.error), 105)))
        return svg.picture(720, below + 30, *parts)

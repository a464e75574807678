"""Lesson 12's explorer: a damage, how much of it, and which checks notice."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.classroom.style import GREEN, GREY, VERMILION
from course_lib.lessons.verify_after_loading.network import AGES, as_file, counts, network, trained, turned
from course_lib.models import MLP
from course_lib.seeding import sealed

CHECKS = (
    "size of the file", "SHA-256 of the file", "checksums inside it", "torch.load", "keys", "parameters", "buffers",
    "training flags", "logits of a fixed batch", "confusion matrix", "accuracy within 0.001",
)  # fmt: skip
BITS, CUTS, DIGITS = (0, 8, 16, 22, 30), (1, 10, 100, 1000, 3000), (16, 12, 8, 5, 3)
BATCHES, SHIFTS = (57, 19, 6, 3, 2), (0.05, 0.2, 0.5, 1.0, 2.0)
KINDS = {
    "nothing": ("no damage",) * 5,
    "a bit turned in the file": tuple(f"bit {bit} of 0 to 31, in one weight" for bit in BITS),
    "the end cut off": tuple(f"{cut:,} byte{'s' * (cut > 1)} cut off" for cut in CUTS),
    "an older checkpoint": tuple(f"{age} training step{'s' * (age > 1)} older" for age in AGES),
    "rounded while loading": tuple(f"{digits} binary digits kept of 24" for digits in DIGITS),
    "names missed, strict=False": tuple(f"{n} of 9 entries not loaded" for n in range(1, 6)),
    "eval() forgotten": tuple(f"evaluated in batches of {size}" for size in BATCHES),
    "inputs shifted": tuple(f"{shift:g} standard deviations too high" for shift in SHIFTS),
}


def damage() -> Explorer:
    """Which check notices which damage.

    >>> explorer = damage()
    >>> explorer.set(kind="a bit turned in the file", amount=1)
    >>> "accuracy within 0.001: passes" in explorer.state.text()
    True
    """
    return Explorer(
        Damaged(),
        controls=[Choice("kind", "Damage", {kind: kind for kind in KINDS}), Slider("amount", "Amount", 1, 5)],
    )


@dataclass(frozen=True)
class Row:
    """A check, what it says (None: it can't be made), and its numbers."""

    check: str
    notices: bool | None
    detail: str


@cache
@sealed(0)
def rows(kind: str, amount: int) -> tuple[Row, ...]:
    """Really damage, load and evaluate."""
    with torch.no_grad():
        return _rows(kind, amount - 1)


def _rows(kind: str, level: int) -> tuple[Row, ...]:
    base = trained()
    good = as_file(base.state)
    data = good
    if kind == "a bit turned in the file":
        data = turned(good, base.state["layers.1.weight"], 40, BITS[level])
    elif kind == "the end cut off":
        data = good[: -CUTS[level]]
    elif kind == "an older checkpoint":
        data = as_file(base.older[AGES[level]])
    found = list(_of_the_file(good, data))
    try:
        state = torch.load(io.BytesIO(data), weights_only=True)
    except Exception as error:  # torch.load raises many types for a file that breaks off
        found.append(Row("torch.load", True, f"raises {type(error).__name__}"))
        return (*found, *(Row(check, None, "nothing was loaded") for check in CHECKS[4:]))
    found.append(Row("torch.load", False, "loads without an error"))
    return (*found, *_of_the_model(kind, level, state))


def _of_the_file(good: bytes, data: bytes) -> list[Row]:
    digests = [hashlib.sha256(content).hexdigest()[:8] for content in (good, data)]
    try:
        broken = zipfile.ZipFile(io.BytesIO(data)).testzip() or ""
    except zipfile.BadZipFile:
        broken = "its directory"
    return [
        Row(CHECKS[0], len(good) != len(data), f"{len(good):,} bytes noted, {len(data):,} found"),
        Row(CHECKS[1], digests[0] != digests[1], f"{digests[0]}… noted, {digests[1]}… found"),
        Row(CHECKS[2], bool(broken), f"broken: {broken.rpartition('archive/')[2]}" if broken else "all agree"),
    ]


def _of_the_model(kind: str, level: int, state: dict[str, Tensor]) -> list[Row]:
    base, model = trained(), network()
    names = list(state)
    if kind == "names missed, strict=False":
        state = {(f"old.{n}" if n in names[-level - 1 :] else n): tensor for n, tensor in state.items()}
    if kind == "rounded while loading":
        state = {n: _rounded(t, DIGITS[level]) if t.is_floating_point() else t for n, t in state.items()}
    missing = model.load_state_dict(state, strict=False).missing_keys
    own, buffers = model.state_dict(), dict(model.named_buffers())
    changed = [name for name in own if not torch.equal(own[name], base.state[name])]
    in_buffers = [name for name in changed if name in buffers]
    fixed = base.inputs[:32]
    off = (model(fixed) - _reference(fixed)).abs().max().item()
    inputs = base.inputs + SHIFTS[level] if kind == "inputs shifted" else base.inputs
    logits = _forgotten(model, inputs, BATCHES[level]) if kind == "eval() forgotten" else model(inputs)
    was, now = counts(_reference(base.inputs), base.labels), counts(logits, base.labels)
    before, after = ((c["TP"] + c["TN"]) / len(base.labels) for c in (was, now))
    on = kind == "eval() forgotten"
    words = ", ".join(f"{name} {was[name]}→{now[name]}" for name in was if was[name] != now[name])
    return [
        Row("keys", bool(missing), f"{len(missing)} missing" if missing else "all there"),
        Row("parameters", len(changed) > len(in_buffers), f"{len(changed) - len(in_buffers)} of 6 differ"),
        Row("buffers", bool(in_buffers), f"{len(in_buffers)} of 3 differ"),
        Row("training flags", on, "in training mode now" if on else "in eval mode, as before"),
        Row(CHECKS[8], off != 0, f"up to {off:.1g} apart, in eval mode"),
        Row(
            CHECKS[9], was != now, words or f"TP {now['TP']}, FP {now['FP']}, FN {now['FN']}, TN {now['TN']}, as before"
        ),
        Row(CHECKS[10], not abs(before - after) <= 0.001, f"{before:.3f} before, {after:.3f} after"),
    ]


def _reference(inputs: Tensor) -> Tensor:
    model = network()
    model.load_state_dict(trained().state)
    return model(inputs)


def _forgotten(model: MLP, inputs: Tensor, size: int) -> Tensor:
    """In training mode, batch after batch."""
    model.train()
    logits = torch.cat([model(part) for part in inputs.split(size)])
    model.eval()
    return logits


def _rounded(values: Tensor, digits: int) -> Tensor:
    """The same numbers with so many binary digits."""
    fraction, exponent = torch.frexp(values)
    return torch.ldexp((fraction * 2**digits).round() / 2**digits, exponent)


@dataclass(frozen=True)
class Damaged:
    """A damage and how much of it."""

    kind: str = "a bit turned in the file"
    amount: int = 2

    @property
    def rows(self) -> tuple[Row, ...]:
        """The checks in order."""
        return rows(self.kind, self.amount)

    @property
    def title(self) -> str:
        """The damage in words."""
        return f"{self.kind}: {KINDS[self.kind][self.amount - 1]}" if self.kind != "nothing" else "no damage"

    @property
    def verdict(self) -> str:
        """How many notice."""
        noticed = [row.check for row in self.rows if row.notices]
        if not noticed:
            return "No check notices anything." + (" Rightly." if self.kind == "nothing" else "")
        return f"{len(noticed)} of {len(self.rows)} checks notice it."

    def text(self) -> str:
        """The picture in words."""
        said = {True: "notices", False: "passes", None: "can't be asked"}
        words = "; ".join(f"{row.check}: {said[row.notices]} ({row.detail})" for row in self.rows)
        return f"{self.title[0].upper()}{self.title[1:]}. {self.verdict} {words}."

    def svg(self) -> str:
        """One line for each check: a sign, a word, the numbers."""
        parts = [svg.heading(8, 712, self.title[0].upper() + self.title[1:])]
        for i, row in enumerate(self.rows):
            y = 48 + 23 * i
            color, sign, word = {
                True: (VERMILION, "✗", "notices"),
                False: (GREEN, "✓", "passes"),
                None: (GREY, "–", "can't be asked"),
            }[row.notices]
            parts.append(svg.rect(8, y - 13, 4, 18, fill=color))
            parts.append(svg.text(20, y, row.check))
            parts.append(svg.text(190, y, f"{sign} {word}", bold=bool(row.notices)))
            parts.append(svg.text(310, y, svg.fitted(row.detail, 66), faint=True))
        below = 60 + 23 * len(self.rows)
        parts.append(svg.text(8, below, self.verdict, size=14, bold=True))
        return svg.picture(720, below + 12, *parts)

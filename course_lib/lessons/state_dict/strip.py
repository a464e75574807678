"""A file's bytes as a strip, from the first to the last: numbers, what they drag along, the recipe, bookkeeping."""

from dataclasses import dataclass

from course_lib.checkpoints.inspection import Inspection
from course_lib.classroom.explorers import svg
from course_lib.classroom.style import BLUE, GREY, ORANGE, VERMILION

LEFT, RIGHT, HEIGHT = 8, 712, 24


@dataclass(frozen=True)
class Part:
    """A stretch of the file."""

    size_bytes: int
    color: str
    used_share: float = 1.0
    damaged: bool = False


def used_bytes(found: Inspection) -> dict[str, int]:
    """How many bytes of each storage are in a tensor: all of them at most, for tensors may share some."""
    whole = {tensor.storage: tensor.storage_size_bytes for tensor in found.tensors}
    used = dict.fromkeys(whole, 0)
    for tensor in found.tensors:
        used[tensor.storage] += tensor.size_bytes
    return {storage: min(size, whole[storage]) for storage, size in used.items()}


def wasted_bytes(found: Inspection) -> int:
    """How many bytes the storages of a good file hold that are in no tensor."""
    whole = {tensor.storage: tensor.storage_size_bytes for tensor in found.tensors}
    return sum(whole.values()) - sum(used_bytes(found).values()) if found.verdict == "good" else 0


def parts_of(found: Inspection) -> list[Part]:
    """The parts in the order of the file; none where they can't be told apart."""
    used = used_bytes(found)
    if found.format == "safetensors":
        header = found.size_bytes - sum(used.values())
        return [Part(header, ORANGE), *(Part(size, BLUE) for size in used.values())] if header > 0 else []
    parts = []
    for record in found.records:
        _, _, name = record.name.partition("/")
        key, damaged = name.removeprefix("data/"), record.crc_ok is False
        if name == "data.pkl":
            parts.append(Part(record.size_bytes, ORANGE, damaged=damaged))
        elif key != name and key in used:
            share = min(1.0, used[key] / max(1, record.size_bytes))
            parts.append(Part(record.size_bytes, BLUE, share, damaged))
        else:
            parts.append(Part(record.size_bytes, GREY, damaged=damaged))
    return parts


def draw_strip(found: Inspection, top: float) -> str:
    """The strip and its legend, 42 pixels high."""
    parts = parts_of(found)
    if not parts:
        words = "its parts can't be told apart"
        empty = svg.rect(LEFT, top, RIGHT - LEFT, HEIGHT, edge="currentColor", dash="4 4")
        return empty + svg.text((LEFT + RIGHT) / 2, top + 17, words, anchor="middle", faint=True)
    share = (RIGHT - LEFT - 2 * len(parts)) / sum(part.size_bytes for part in parts)
    drawn, x = [], float(LEFT)
    for part in parts:
        wide = 2 + part.size_bytes * share
        used = wide * part.used_share
        drawn.append(svg.rect(x, top, used, HEIGHT, fill=part.color, opacity=0.75))
        if used < wide:
            drawn.append(svg.rect(x + used, top, wide - used, HEIGHT, edge=VERMILION, dash="3 3"))
        if part.damaged:
            drawn.append(svg.rect(x, top - 3, wide, HEIGHT + 6, edge=VERMILION))
            drawn.append(svg.text(x + wide / 2, top + 17, "✗", bold=True, anchor="middle"))
        x += wide
    return "".join(drawn) + _legend(top + HEIGHT + 18)


def _legend(y: float) -> str:
    drawn, x = [], float(LEFT)
    for words, color, hollow in (
        ("numbers in use", BLUE, False),
        ("dragged along, in no tensor", VERMILION, True),
        ("recipe (pickle or header)", ORANGE, False),
        ("bookkeeping", GREY, False),
    ):
        style = {"edge": color, "dash": "3 3"} if hollow else {"fill": color, "opacity": 0.75}
        drawn += [svg.rect(x, y - 9, 11, 11, **style), svg.text(x + 16, y, words, size=11)]
        x += 34 + 5.6 * len(words)
    return "".join(drawn)

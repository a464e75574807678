"""Random damage to checkpoint files: found, or provably harmless; nothing is loaded wrong in silence."""

import contextlib
import io
import random
import warnings
import zipfile
from collections import Counter

import pytest
import torch
from torch import nn

from course_lib.checkpoints import CheckpointManager, check_file, load_file, save_file
from course_lib.errors import CheckpointError

TEXT = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"


def flip_bits(good, rng):
    damaged = bytearray(good)
    for _ in range(rng.choice([1, 1, 1, 2, 8])):
        damaged[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def flip_a_bit_outside_the_data(good, rng):
    """In the names, lengths and sums of the zip, which a random place would rarely hit."""
    damaged = bytearray(good)
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        member = rng.choice(archive.infolist())
        places = [
            range(archive.start_dir, len(good)),
            range(member.header_offset, member.header_offset + 30 + len(member.filename)),
        ]
    damaged[rng.choice(rng.choice(places))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def cut(good, rng):
    return good[: rng.choice([rng.randrange(len(good)), len(good) - rng.randrange(1, 200)])]


def zero_a_block(good, rng):
    start = rng.randrange(len(good))
    length = rng.choice([1, 16, 512, 4096])
    return good[:start] + bytes(len(good[start : start + length])) + good[start + length :]


def overwrite_a_block(good, rng):
    start = rng.randrange(len(good))
    noise = rng.randbytes(rng.choice([1, 16, 512]))
    return (good[:start] + noise + good[start + len(noise) :])[: len(good)]


def lose_a_block(good, rng):
    start = rng.randrange(len(good))
    return good[:start] + good[start + rng.choice([1, 16, 512]) :]


def swap_blocks(good, rng):
    length = rng.choice([16, 64, 512])
    a, b = sorted(rng.sample(range(len(good) // length), 2))
    blocks = [good[i : i + length] for i in range(0, len(good), length)]
    blocks[a], blocks[b] = blocks[b], blocks[a]
    return b"".join(blocks)


def swap_records(good, rng):
    """The data of two records of one size change places; or all about them does, names, sums and all."""
    damaged = bytearray(good)
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        sizes = Counter(member.file_size for member in archive.infolist())
        a, b = rng.sample([m for m in archive.infolist() if m.file_size == 256 and sizes[256] > 1], 2)
        contents = [archive.read(member) for member in (a, b)]
        directory = archive.start_dir
    starts = [good.index(content, member.header_offset) for content, member in zip(contents, (a, b), strict=True)]
    if rng.random() < 0.5:  # the data
        for start, content in zip(starts, contents[::-1], strict=True):
            damaged[start : start + 256] = content
        return bytes(damaged)
    names = [member.filename.encode() for member in (a, b)]
    if len(names[0]) != len(names[1]):
        return swap_records(good, rng)
    for place, name in (
        (a.header_offset + 30, names[1]),
        (b.header_offset + 30, names[0]),
        (good.index(names[0], directory), names[1]),
        (good.index(names[1], directory), names[0]),
    ):
        damaged[place : place + len(name)] = name
    return bytes(damaged)


def append_junk(good, rng):
    return good + rng.choice([b"\0", b"\n", TEXT, bytes(4096), rng.randbytes(100), good])


def prepend_junk(good, rng):
    return rng.choice([b"\0", TEXT, rng.randbytes(100), good]) + good


def replace_everything(good, rng):
    return rng.choice([b"", TEXT, b"\0" * len(good), rng.randbytes(len(good)), good[::-1]])


DAMAGES = [
    flip_bits, flip_a_bit_outside_the_data, cut, zero_a_block, overwrite_a_block, lose_a_block, swap_blocks,
    swap_records, append_junk, prepend_junk, replace_everything,
]  # fmt: skip


def state():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 8), nn.Linear(8, 8))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 8)).sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "note": "ä" * 20}


def as_bytes(obj):
    """Every value and every bit, comparable; the zip's own layout left out."""
    if isinstance(obj, torch.Tensor):
        return (str(obj.dtype), tuple(obj.shape), obj.numpy().tobytes())
    if isinstance(obj, dict):
        return [(key, as_bytes(value)) for key, value in obj.items()]
    if isinstance(obj, list | tuple):
        return [as_bytes(item) for item in obj]
    return (type(obj).__name__, obj)


def damage_files(folder, how_many, seed):
    """Damage a file so many times; what happened, and how often plain torch.load would have been fooled."""
    rng = random.Random(seed)
    expected = as_bytes(state())
    path = save_file(state(), folder / "x.pt")
    good = path.read_bytes()
    found, fooled = Counter(), 0
    for number in range(how_many):
        damage = DAMAGES[number % len(DAMAGES)]
        damaged = damage(good, rng)
        if damaged == good:  # for instance a block of zeros zeroed
            found["nothing changed"] += 1
            continue
        path.write_bytes(damaged)
        try:
            loaded = load_file(path)
        except CheckpointError:
            found["detected"] += 1
            with pytest.raises(CheckpointError):
                check_file(path)
        else:
            assert as_bytes(loaded) == expected, f"{damage.__name__}, number {number}, was loaded wrong in silence"
            check_file(path)
            found["harmless"] += 1
        # torch.load raises nearly every type for a damaged file
        with contextlib.suppress(Exception), warnings.catch_warnings(action="ignore"):
            fooled += as_bytes(torch.load(path, weights_only=True)) != expected
    return found, fooled


def test_a_sample_of_damages(tmp_path):
    found, fooled = damage_files(tmp_path, 66, seed=1)
    assert found["detected"] >= 55
    assert fooled >= 5  # the damages are of the kind that plain torch.load doesn't see


@pytest.mark.slow
def test_a_thousand_damages(tmp_path):
    found, fooled = damage_files(tmp_path, 1100, seed=2)
    assert found["detected"] + found["harmless"] >= 1000
    assert found["detected"] >= 900
    assert fooled >= 100


def manager_with_three_steps(folder):
    model = nn.Linear(4, 4)
    manager = CheckpointManager(folder, {"model": model}, monitor="loss", keep_last=3)
    saved = {}
    for step in (1, 2, 3):
        nn.init.constant_(model.weight, step)
        manager.save(step, {"loss": 1 / step})
        saved[step] = model.weight.detach().clone()
    return manager, model, saved


def damaged_newest_files(folder, how_many, seed):
    """Damage the newest file, sometimes the second too; the manager must restore the newest good one."""
    rng = random.Random(seed)
    manager, model, saved = manager_with_three_steps(folder)
    contents = {path: path.read_bytes() for path in manager.files}
    fallbacks = Counter()
    for number in range(how_many):
        damages = [damage for damage in DAMAGES if damage is not swap_records]  # it needs more records
        for path in manager.files[1 + (number % 3 > 0) :]:
            path.write_bytes(damages[number % len(damages)](contents[path], rng))
        nn.init.zeros_(model.weight)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            loaded = manager.load(rng.choice(["last", "best"]))
        assert torch.equal(model.weight, saved[loaded.step])
        assert len(said) == bool(loaded.skipped)
        assert all(path.name in str(said[0].message) for path, _ in loaded.skipped)
        for path in manager.files[manager.files.index(loaded.path) + 1 :]:
            assert path in dict(loaded.skipped)  # whatever is newer is named, with its reason
        fallbacks[3 - loaded.step] += 1
        for path, content in contents.items():
            path.write_bytes(content)
    return fallbacks


def test_the_manager_falls_back_and_says_so(tmp_path):
    fallbacks = damaged_newest_files(tmp_path, 30, seed=3)
    assert fallbacks[1] + fallbacks[2] >= 25


@pytest.mark.slow
def test_the_manager_falls_back_a_hundred_times(tmp_path):
    fallbacks = damaged_newest_files(tmp_path, 200, seed=4)
    assert fallbacks[1] >= 80
    assert fallbacks[2] >= 30

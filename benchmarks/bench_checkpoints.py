"""What save_file and load_file cost beside plain torch.save and torch.load, for 400 MB of weights.

Run it: `python benchmarks/bench_checkpoints.py`. Every row is ours divided by theirs, both measured in turns in
one run; the best of several rounds counts. Smaller is better, and the aim is the most it may be.

Saving is measured in elapsed time, because that is what a disk costs; on a busy machine it varies. Loading is
measured in processor time of all threads, as if no second core were idle; where one is, the checksums are
computed beside torch.load, and in elapsed time the first of the two rows comes near 1.

"In a fresh process" is what a program sees that loads once: getting new memory takes longer than the checksums.
"Into used memory" is what a loop sees that loads the same file again and again: torch.load is then a bare copy at
10 GB/s, and no checksum is that fast. The file is in the page cache each time.
"""

import os
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

import torch

from course_lib.checkpoints import check_file, load_file, save_file

ROUNDS = 7
TENSORS, NUMBERS = 40, 2_500_000  # 400 MB of float32


def run() -> list[tuple[str, float, float]]:
    weights = {f"layer{number}": torch.randn(NUMBERS) for number in range(TENSORS)}
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder, "plain.pt"), Path(folder, "ours.pt")

        def plain_save() -> None:
            torch.save(weights, path)

        def synced_save() -> None:
            torch.save(weights, path)
            force_to_disk(path)

        def our_save() -> None:
            save_file(weights, other)

        def plain_load() -> object:
            return torch.load(other, map_location="cpu", weights_only=True)

        def our_load() -> object:
            return load_file(other)

        saves = in_turns([our_save, plain_save, synced_save], rested)
        fresh = in_turns([our_load, plain_load], in_fresh_process)
        used = in_turns([our_load, plain_load], worked)
        checks = in_turns([lambda: check_file(other), lambda: zipfile.ZipFile(other).testzip()], worked)
    return [
        ("save_file / torch.save, which leaves the bytes in memory (400 MB)", saves[0] / saves[1], 1.3),
        ("save_file / torch.save and fsync (400 MB)", saves[0] / saves[2], 1.3),
        ("load_file / torch.load in a fresh process (400 MB)", fresh[0] / fresh[1], 1.6),
        ("load_file / torch.load into used memory (400 MB)", used[0] / used[1], 1.6),
        ("check_file / zipfile's testzip (400 MB)", checks[0] / checks[1], 1.0),
    ]


def in_turns(works: list[Callable], measure: Callable[[Callable], float]) -> list[float]:
    """The best time of each, taken in turns."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for number, work in enumerate(works):
            best[number] = min(best[number], measure(work))
    return best


def rested(work: Callable) -> float:
    """Elapsed seconds."""
    os.sync()  # what the one before left to write is not ours to wait for
    start = perf_counter()
    work()
    return perf_counter() - start


def worked(work: Callable) -> float:
    """Processor seconds of all threads."""
    start = process_time()
    work()
    return process_time() - start


def in_fresh_process(work: Callable) -> float:
    """Processor seconds in a fork, which has torch imported and no memory to use again."""
    reader, writer = os.pipe()
    if not os.fork():
        os.write(writer, struct.pack("d", worked(work)))
        os._exit(0)
    seconds = struct.unpack("d", os.read(reader, 8))[0]
    os.wait()
    os.close(reader)
    os.close(writer)
    return seconds


def force_to_disk(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


if __name__ == "__main__":
    for what, ratio, aim in run():
        print(f"{ratio:7.3f}  (at most {aim:5.3f})  {what}")

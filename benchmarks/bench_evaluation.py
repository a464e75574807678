"""What evaluate() costs beside a bare forward loop, in time and memory, and what importing it costs beside torch.

Run it: `python benchmarks/bench_evaluation.py`. Every row is ours divided by theirs, both measured in turns in
this process, on one thread and in processor time, so that a busy machine matters little. Smaller is better,
and the aim is the most it may be.
"""

import subprocess
import sys
from time import process_time

import torch
from torch import nn

from course_lib.evaluation import evaluate
from course_lib.models import build_model

ROUNDS = 25
PEAK = """
import resource, sys, torch
from torch import nn
from course_lib.evaluation import evaluate

class Makes(nn.Module):
    def forward(self, x):
        return torch.randn(len(x), {classes})

def batches(count):
    for _ in range(count):
        yield torch.empty({size}, 1), torch.zeros({size}, dtype=torch.int64)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

options = {{"loss_fn": nn.CrossEntropyLoss(), "keep_logits": True}}
evaluate(Makes(), batches(1), **options)
before = peak()
size = evaluate(Makes(), batches({count}), **options).logits.nbytes
print((peak() - before) / size)
"""
"""Run in an interpreter of its own: the most memory a process ever had can't be set back."""


def run() -> list[tuple[str, float, float]]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = []
    for name, config, size, count in (
        ("CNN, 28 x 28, batches of 64", {"kind": "cnn"}, 64, 20),
        ("MLP, 784-512-10, batches of 256", {"kind": "mlp", "inputs": 784, "hidden": 512}, 256, 60),
    ):
        batches = [(torch.rand(size, 1, 28, 28), torch.randint(0, 10, (size,))) for _ in range(count)]
        for what, options in (
            ("evaluate", {}),
            ("evaluate with a loss", {"loss_fn": nn.CrossEntropyLoss()}),
            ("evaluate with a loss, logits not kept", {"loss_fn": nn.CrossEntropyLoss(), "keep_logits": False}),
        ):
            rows.append((f"{what} / bare forward loop ({name})", in_turns(build_model(config), batches, options), 1.05))
    torch.set_num_threads(threads)
    for size, classes, count in ((256, 10, 20_000), (256, 1000, 1000)):
        what = f"peak memory of evaluate with a loss / the logits ({size * count:,} x {classes:,})"
        rows.append((what, peak_memory(size, classes, count), 2.4))
    rows.append(("import course_lib.evaluation beyond torch / 50 ms", import_seconds() / 0.05, 1.0))
    return rows


def bare_loop(model: nn.Module, batches: list) -> None:
    with torch.inference_mode():
        for inputs, _ in batches:
            model(inputs)


def in_turns(model: nn.Module, batches: list, options: dict) -> float:
    """Best time of evaluate over best time of the bare loop, taken in turns."""
    model.eval()
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for k, work in enumerate((lambda: evaluate(model, batches, **options), lambda: bare_loop(model, batches))):
            start = process_time()
            work()
            best[k] = min(best[k], process_time() - start)
    return best[0] / best[1]


def peak_memory(size: int, classes: int, count: int) -> float:
    code = PEAK.format(size=size, classes=classes, count=count)
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def import_seconds() -> float:
    """The best of five fresh interpreters that have torch already."""
    code = (
        "import torch, time; start = time.perf_counter(); import course_lib.evaluation; "
        "print(time.perf_counter() - start)"
    )
    runs = (subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5))
    return min(float(done.stdout) for done in runs)


if __name__ == "__main__":
    for what, measured, aim in run():
        print(f"{measured:7.3f}  (at most {aim:5.3f})  {what}")

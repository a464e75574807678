"""Every benchmark, side by side in one run: what was measured, the ratio, the aim."""

import importlib

for name in ("bench_evaluation", "bench_metrics", "bench_checkpoints", "bench_grading"):
    for what, ratio, aim in importlib.import_module(f"benchmarks.{name}").run():
        print(f"{what:<72} {ratio:7.3f}   aim {aim:.3f}   {'met' if ratio <= aim else 'MISSED'}", flush=True)

"""What a judge can tell of resampled figures, and of the draws behind them."""

import random
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import torch

TOLERANCE = 1e-5
"""Two areas of a few patients differ by more, and float32 rounds by less."""


def global_states() -> tuple:
    """The global random states, to compare."""
    return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()


def band(values: np.ndarray, tail: float, resamples: int) -> tuple[float, float]:
    """Where the quantile `tail` of `resamples` draws may lie: 4.5 standard errors of its rank to either side.

    values: many draws of the same distribution (M,).
    """
    error = 4.5 * (tail * (1 - tail) / resamples) ** 0.5 + 1 / resamples
    low, high = np.quantile(values, [max(tail - error, 0), min(tail + error, 1)])
    return float(low) - TOLERANCE, float(high) + TOLERANCE


@lru_cache(maxsize=256)
def attainable(ill: int, healthy: int) -> np.ndarray:
    """Every area that so many ill and healthy patients can have, if no ill one ties with a healthy one."""
    return np.arange(ill * healthy + 1) / max(ill * healthy, 1)


def attained(values: Iterable[float], groups: Iterable[tuple[int, int]]) -> np.ndarray:
    """Whether each value (N,) is the area of one of these groups, pairs of (ill, healthy)."""
    possible = np.unique(np.concatenate([attainable(*pair) for pair in groups]))
    return np.abs(np.array(list(values))[:, None] - possible).min(1) < TOLERANCE


def drawn_from(size: int) -> list[tuple[int, int]]:
    """How many ill and healthy a resample of this size may hold."""
    return [(ill, size - ill) for ill in range(1, size)]


def sizes_of(values: Iterable[float], most: int) -> list[int]:
    """The sizes of a resample, from 2 on, that could have given all of these areas."""
    values = list(values)
    return [size for size in range(2, most + 1) if attained(values, drawn_from(size)).all()]


def pair_of(value: Any) -> tuple[float, float] | None:
    """Two numbers, or None."""
    from course_lib.classroom.tasks.comparing import sequence

    pair = sequence(value)
    return None if pair is None or len(pair) != 2 else (float(pair[0]), float(pair[1]))

"""A picture of a training run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes

from course_lib.classroom.style import BLUE, GREY, VERMILION
from course_lib.displays.display import Display
from course_lib.errors import InputError


class LearningCurvesDisplay(Display):
    """Figures of a training run, epoch by epoch.

    Args:
        history: One mapping of names to numbers for each epoch, or one mapping of names to all their numbers.
            What isn't a number is left out.
        names: Which to draw. None: all.
        best: The epoch, counted from 1, to mark as the chosen one.

    >>> history = [{"train loss": 0.9, "validation loss": 1.0}, {"train loss": 0.4, "validation loss": 0.7}]
    >>> print(LearningCurvesDisplay(history, best=2).describe())
    Learning curves over 2 epochs; epoch 2 is marked.
    train loss: 0.9 at first, 0.4 at the end, lowest 0.4 (epoch 2), highest 0.9 (epoch 1).
    validation loss: 1 at first, 0.7 at the end, lowest 0.7 (epoch 2), highest 1 (epoch 1).
    """

    _STYLES = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREY, "-.", "^"), (BLUE, ":", "D"), (VERMILION, "-", "v"))

    def __init__(
        self,
        history: Sequence[Mapping[str, float]] | Mapping[str, Sequence[float]],
        *,
        names: Iterable[str] | None = None,
        best: int | None = None,
    ):
        if not isinstance(history, Mapping):
            keys = dict.fromkeys(key for epoch in history for key in epoch)  # keeps their order
            history = {key: [epoch.get(key, np.nan) for epoch in history] for key in keys}
        numbers = {key: values for key, values in history.items() if _are_numbers(values)}
        missing = set(names or ()) - set(numbers)
        if missing or not numbers:
            raise InputError(f"The history has the figures {sorted(numbers)}; {sorted(missing)} are not among them.")
        self.curves = {key: np.asarray(numbers[key], dtype=float) for key in (names or numbers)}
        self.best = best

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw it; keeps `lines_`, by name, and `best_`."""
        ax = self._on(ax, xlabel="Epoch")
        self.lines_ = {}
        for k, (name, values) in enumerate(self.curves.items()):
            color, dash, marker = self._STYLES[k % len(self._STYLES)]
            epochs = np.arange(1, len(values) + 1)
            (self.lines_[name],) = ax.plot(
                epochs, values, color=color, linestyle=dash, marker=marker, markersize=4, label=name
            )
        if self.best is not None:
            self.best_ = ax.axvline(self.best, color=GREY, linestyle=":", label=f"chosen, epoch {self.best}")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend()
        return self

    def describe(self) -> str:
        """For every curve: first, last, lowest and highest."""
        epochs = max(map(len, self.curves.values()))
        marked = "" if self.best is None else f"; epoch {self.best} is marked"
        lines = [f"Learning curves over {epochs} epochs{marked}."]
        for name, values in self.curves.items():
            if np.isnan(values).all():
                lines.append(f"{name}: no number in any epoch.")
                continue
            low, high = np.nanargmin(values), np.nanargmax(values)
            lines.append(
                f"{name}: {values[0]:.3g} at first, {values[-1]:.3g} at the end, "
                f"lowest {values[low]:.3g} (epoch {low + 1}), highest {values[high]:.3g} (epoch {high + 1})."
            )
        return "\n".join(lines)


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in values)

"""What all displays share."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes


class Display:
    """An axes of its own unless one is given."""

    def _on(self, ax: Axes | None, **labels: Any) -> Axes:
        if ax is None:
            _, ax = plt.subplots(figsize=(5, 4), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        ax.set(**labels)
        return ax

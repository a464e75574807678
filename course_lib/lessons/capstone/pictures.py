"""The four pictures of a model card, each as SVG in the page's own colours, with what it shows in words."""

from collections.abc import Mapping, Sequence

import numpy as np

from course_lib.classroom.explorers import svg
from course_lib.classroom.style import BLUE, GREY, VERMILION
from course_lib.metrics import CalibrationCurve, RocCurve

Picture = tuple[str, str]
"""The SVG and its text alternative."""


def learning(history: Sequence[Mapping[str, float]], best: int) -> Picture:
    """Validation accuracy at each checkpoint; `best` is the chosen epoch."""
    epochs, values = [row["epoch"] for row in history], [row["val_accuracy"] for row in history]
    low = min(0.9, *(np.floor(20 * value) / 20 for value in values))
    axes = svg.Axes(76, 12, 410, 150, (min(epochs) - 0.5, max(epochs) + 0.5), (low, 1.0))
    points = list(zip(epochs, values, strict=True))
    chosen = next(point for point in points if point[0] == best)
    x, y = axes.place(*chosen)
    drawn = svg.picture(
        500, 210,
        axes.frame(x_label="Epoch", x_ticks=epochs),
        svg.text(20, 87, "Accuracy", anchor="middle", turned=True),  # left of ticks with two digits
        axes.curve(points, color=BLUE), axes.dots(points, color=BLUE),
        svg.dot(x, y, color=VERMILION, radius=6), svg.text(x, y + 24, "chosen", anchor="middle", bold=True),
    )  # fmt: skip
    listed = ", ".join(f"{value:.3f} after epoch {epoch}" for epoch, value in points)
    return drawn, f"Validation accuracy {listed}. Epoch {best} was chosen."


def confusion(matrix: np.ndarray, names: Sequence[str]) -> Picture:
    """Counts (C, C), rows true; the tint of a cell is its share of the row."""
    cell, left, top = 46, 86, 44
    parts = [
        svg.text(left + cell * len(names) / 2, 14, "Predicted", anchor="middle", bold=True),
        svg.text(14, top + cell * len(names) / 2, "True", anchor="middle", bold=True, turned=True),
    ]
    for i, row in enumerate(matrix):
        parts.append(svg.text(left + cell * (i + 0.5), top - 8, names[i], anchor="middle"))
        parts.append(svg.text(left - 8, top + cell * (i + 0.5) + 4, names[i], anchor="end"))
        for j, count in enumerate(row):
            x, y = left + cell * j, top + cell * i
            share = count / max(row.sum(), 1)
            color = BLUE if i == j else VERMILION
            tint = 0.45 * share if i == j else 0.45 * min(1.0, 10 * share)
            parts.append(svg.rect(x, y, cell, cell, fill=color, opacity=tint, edge=GREY))
            parts.append(svg.text(x + cell / 2, y + cell / 2 + 4, f"{count:,}", anchor="middle", faint=not count))
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    i, j = np.unravel_index(wrong.argmax(), wrong.shape)
    most = f"Most often, {wrong[i, j]} times, a true {names[i]} is taken for {names[j]}." if wrong.any() else ""
    size = left + cell * len(names) + 10
    words = f"Of {matrix.sum():,} examples {matrix.trace():,} lie on the diagonal and are right. {most}"
    return svg.picture(size, top + cell * len(names) + 8, *parts), words.strip()


def roc(curve: RocCurve, area: float, point: tuple[float, float]) -> Picture:
    """The curve with its diagonal; `point` is (false, true) positive rate at the threshold."""
    axes = svg.Axes(60, 12, 260, 260, (0, 1), (0, 1))
    x, y = axes.place(*point)
    drawn = svg.picture(
        480, 325,
        axes.frame(x_label="False positive rate", y_label="True positive rate"),
        axes.curve([(0, 0), (1, 1)], color=GREY, dash="5 4", width=1.5), svg.text(*axes.place(0.55, 0.44), "chance"),
        axes.curve(zip(curve.fpr, curve.tpr, strict=True), color=BLUE),
        svg.dot(x, y, color=VERMILION, radius=6),
        svg.text(x + 14, y + 18, f"threshold: {point[1]:.3f} found, {point[0]:.3f} falsely"),
    )  # fmt: skip
    words = f"Area {area:.4f}, where chance has 0.5. At the threshold the true positive rate is {point[1]:.3f} and the"
    return drawn, f"{words} false positive rate {point[0]:.3f}."


def reliability(curve: CalibrationCurve, error: float) -> Picture:
    """Claims against outcomes; the area of a dot is its share of the claims."""
    axes = svg.Axes(60, 12, 260, 260, (0, 1), (0, 1))
    full = curve.count > 0
    points = list(zip(curve.claimed[full], curve.happened[full], curve.count[full], strict=True))
    dots = [
        svg.dot(*axes.place(claimed, happened), color=BLUE, radius=3 + 7 * float(np.sqrt(count / curve.count.sum())))
        for claimed, happened, count in points
    ]
    drawn = svg.picture(
        480, 325,
        axes.frame(x_label="Claimed probability", y_label="Part that came true"),
        axes.curve([(0, 0), (1, 1)], color=GREY, dash="5 4", width=1.5),
        axes.curve([(claimed, happened) for claimed, happened, _ in points], color=BLUE), *dots,
    )  # fmt: skip
    listed = "; ".join(f"{count:,} of {claimed:.2f}: {happened:.2f} came true" for claimed, happened, count in points)
    return drawn, f"Calibration error {error:.3f}. Claims: {listed}."

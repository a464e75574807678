"""What can be seen on an axes of matplotlib: words and where they stand, ticks, labels, the image and its colours."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba


@contextmanager
def pair_of_axes() -> Iterator[tuple[Axes, Axes, Callable[[], bool]]]:
    """Two axes of one figure, the second being the current one; and whether another figure was opened meanwhile.

    All that was opened is closed again.
    """
    from matplotlib import pyplot as plt

    before = set(plt.get_fignums())
    with plt.rc_context(), plt.ioff():
        figure, (ax, other) = plt.subplots(1, 2)
        try:
            yield ax, other, lambda: bool(set(plt.get_fignums()) - before - {figure.number})
        finally:
            for number in set(plt.get_fignums()) - before:
                plt.close(number)


def seen_on(ax: Axes) -> dict[str, Any]:
    """Texts with their contrast against the cell below, ticks, labels, limits and the image, as plain values."""
    images = sorted(ax.images, key=lambda one: one.get_zorder())
    image = images[-1] if images else None  # of two, the one that is seen
    return {
        "texts": [_text(ax, image, text) for text in ax.texts],
        "xticks": [
            [float(at), label.get_text()] for at, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=False)
        ],
        "yticks": [
            [float(at), label.get_text()] for at, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=False)
        ],
        "xlabel": ax.get_xlabel(),
        "ylabel": ax.get_ylabel(),
        "xlim": [float(limit) for limit in ax.get_xlim()],
        "ylim": [float(limit) for limit in ax.get_ylim()],
        "image": None if image is None else _image(image),
    }


def _image(image: Any) -> dict[str, Any]:
    values = np.ma.filled(np.ma.asarray(image.get_array(), dtype=float), np.nan)
    low, high = image.get_clim()
    return {"values": values, "low": float(low), "high": float(high)}


def _text(ax: Axes, image: Any, text: Any) -> dict[str, Any]:
    """Where a text stands in the units of the axes, its words, and its contrast (1 to 21) with what is below it."""
    if hasattr(text, "xyann"):  # of an annotation; its transform is only made when it is drawn
        x, y = text.xyann
    else:
        x, y = ax.transData.inverted().transform(text.get_transform().transform(text.get_position()))
    below = (1.0, 1.0, 1.0, 1.0)  # the page, where there is no colour
    values = None if image is None else _image(image)["values"]
    row, column = round(float(y)), round(float(x))
    if values is not None and values.ndim == 2 and 0 <= row < len(values) and 0 <= column < values.shape[1]:
        below = image.cmap(image.norm(values[row, column])) if np.isfinite(values[row, column]) else below
    return {
        "x": round(float(x), 4),
        "y": round(float(y), 4),
        "words": text.get_text() if text.get_visible() else "",
        "centred": text.get_ha() == "center" and text.get_va() in ("center", "center_baseline"),
        "contrast": _contrast_of(text, _on_white(below, image)),
    }


def _contrast_of(text: Any, page: np.ndarray) -> float:
    """Of a text with what is behind it: its own box, if it has one, else the page; opacities counted."""
    box = text.get_bbox_patch()
    if box is not None and box.get_visible() and box.get_fill():
        rgba = np.array(box.get_facecolor())
        page = rgba[:3] * rgba[3] + page * (1 - rgba[3])
    rgba = to_rgba(text.get_color(), text.get_alpha())
    return _contrast(np.array(rgba[:3]) * rgba[3] + page * (1 - rgba[3]), page)


def _on_white(rgba: Any, image: Any) -> np.ndarray:
    """A colour with its opacity, on a white page."""
    rgba = np.asarray(rgba, dtype=float).ravel()
    opacity = rgba[3] * (1.0 if image is None or image.get_alpha() is None else float(np.mean(image.get_alpha())))
    return rgba[:3] * opacity + 1 - opacity


def _contrast(one: np.ndarray, other: np.ndarray) -> float:
    """Of two colours, as the WCAG define it: 1 for equal ones, 21 for black on white.

    Source: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return float((light + 0.05) / (dark + 0.05))


def _luminance(rgb: np.ndarray) -> float:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])

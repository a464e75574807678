"""Lesson 04's explorer: prevalence, sensitivity and specificity, and everything that follows from the three."""

from dataclasses import dataclass

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.explorer import Explorer, Slider
from course_lib.classroom.style import BLUE, GREEN, GREY, ORANGE, VERMILION


def rates_explorer() -> Explorer:
    """How many are ill, which share of them is found, which share of the healthy is let go.

    >>> explorer = rates_explorer()
    >>> explorer.set(ill=10)
    >>> "Precision 0.083" in explorer.state.text()
    True
    """
    return Explorer(
        RatesState(),
        controls=[
            Slider("ill", "Ill, in 1,000", 1, 600),
            Slider("sensitivity", "Of the ill found, in 100", 0, 100),
            Slider("specificity", "Of the healthy let go, in 100", 0, 100),
        ],
    )


@dataclass(frozen=True)
class RatesState:
    """How many in 1,000 are ill; of 100 ill how many are found, of 100 healthy how many are let go."""

    ill: int = 300
    sensitivity: int = 90
    specificity: int = 90

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """TP, FN, FP and TN of 100,000 people; with these steps each is a whole number."""
        healthy = 1000 - self.ill
        return (
            self.ill * self.sensitivity,
            self.ill * (100 - self.sensitivity),
            healthy * (100 - self.specificity),
            healthy * self.specificity,
        )

    @property
    def rates(self) -> dict[str, tuple[float, float | None]]:
        """Each figure by its name, and what a model without eyes has of it; NaN where it is 0 / 0.

        Always saying the commoner class for accuracy; calling a random part ill for precision and balanced
        accuracy; calling everybody ill for F1.
        """
        tp, fn, fp, tn = self.counts
        share = self.ill / 1000
        recall, let_go = tp / (tp + fn), tn / (tn + fp)
        return {
            "accuracy": ((tp + tn) / (tp + fn + fp + tn), max(share, 1 - share)),
            "balanced accuracy": ((recall + let_go) / 2, 0.5),
            "recall": (recall, None),
            "specificity": (let_go, None),
            "precision": (tp / (tp + fp) if tp + fp else float("nan"), share),
            "F1": (2 * tp / (2 * tp + fp + fn), 2 * share / (1 + share)),
        }

    def text(self) -> str:
        """The picture in words."""
        tp, fn, fp, tn = self.counts
        rates = {name: shown(value) for name, (value, _) in self.rates.items()}
        without = {name: shown(value) for name, (_, value) in self.rates.items() if value is not None}
        return (
            f"Of 100,000 people {tp + fn:,} are ill: {tp:,} found and {fn:,} missed; of the healthy {fp:,} are called ill "
            f"and {tn:,} let go. Accuracy {rates['accuracy']}, where always saying the commoner class has "
            f"{without['accuracy']}. Precision {rates['precision']}, recall {rates['recall']}, specificity "
            f"{rates['specificity']}, balanced accuracy {rates['balanced accuracy']}. F1 {rates['F1']}, where calling "
            f"everybody ill has {without['F1']}."
        )

    def svg(self) -> str:
        """The four cells on the left, a bar for each figure on the right, with a mark for the model without eyes."""
        return svg.picture(720, 236, self._cells(), self._bars())

    def _cells(self) -> str:
        tp, fn, fp, tn = self.counts
        left, top, width, height = 66, 62, 112, 62
        parts = [svg.text(4, 16, "Of 100,000 people", size=13, bold=True)]
        for j, words in enumerate(("called healthy", "called ill")):
            parts.append(svg.text(left + (j + 0.5) * width, top - 8, words, anchor="middle"))
        cells = (
            ((tn, "TN, let go", BLUE), (fp, "FP, false alarm", ORANGE)),
            ((fn, "FN, missed", VERMILION), (tp, "TP, found", GREEN)),
        )
        for i, row in enumerate(cells):
            parts.append(svg.text(left - 8, top + (i + 0.5) * height + 4, ("healthy", "ill")[i], anchor="end"))
            for j, (count, words, color) in enumerate(row):
                x, y = left + j * width, top + i * height
                parts.append(svg.rect(x, y, width, height, fill=color, opacity=0.25, edge="currentColor"))
                parts.append(svg.text(x + width / 2, y + 28, f"{count:,}", size=16, anchor="middle", bold=True))
                parts.append(svg.text(x + width / 2, y + 46, words, size=11, anchor="middle"))
        words = "rows true, columns predicted, as in scikit-learn"
        return "".join(parts) + svg.text(left, top + 2 * height + 20, words, size=11)

    def _bars(self) -> str:
        left, top, width, step = 440, 34, 190, 28
        parts = []
        for i, (name, (value, without)) in enumerate(self.rates.items()):
            y = top + step * i
            parts.append(svg.text(left - 8, y + 13, name, anchor="end"))
            parts.append(svg.rect(left, y, width, 18, edge=GREY))
            if value == value:
                parts.append(svg.rect(left, y, width * value, 18, fill=BLUE, opacity=0.55))
            if without is not None:
                x = left + width * without
                parts.append(svg.line((x, y - 3), (x, y + 21), width=2.5))
            parts.append(svg.text(left + width + 8, y + 13, shown(value), bold=True))
        words = "upright line: a model that looks at nobody"
        return "".join(parts) + svg.text(left, top + step * len(self.rates) + 14, words, size=11)


def shown(value: float) -> str:
    """Three digits, or that it is 0 / 0; 1.000 only where it is 1.

    >>> shown(0.0833), shown(0.9999), shown(float("nan"))
    ('0.083', '>0.999', 'undefined')
    """
    if 0.9995 <= value < 1:
        return ">0.999"
    return f"{value:.3f}" if value == value else "undefined"

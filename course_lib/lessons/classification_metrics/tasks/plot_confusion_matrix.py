"""Draw a confusion matrix; judged by what stands on the axes, not by its pixels."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor

from course_lib.classroom.tasks.answers import asked, no_value
from course_lib.classroom.tasks.comparing import is_mapping
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.classification_metrics.tasks.canvas import pair_of_axes, seen_on
from course_lib.lessons.classification_metrics.tasks.shared import counts_table

CALL = "plot_confusion_matrix(matrix, class_names, ax)"
CONTRAST = 3.0
KINDS = ("cat", "dog", "cow", "hen", "bee", "eel", "owl")


class PlotConfusionMatrix(Task):
    """Counts, names and shares in their places, and readable."""

    visible: ClassVar = {
        "three classes": {"classes": 3},
        "a class without examples": {"classes": 4, "never_true": (1,)},
    }
    graded: ClassVar = {
        "two classes": {"classes": 2, "first": 3},
        "six classes, one without examples": {"classes": 6, "first": 1, "never_true": (5,)},
    }
    hints: ClassVar = {
        "ax": "Draw with the methods of `ax` (`ax.imshow`, `ax.text`, `ax.set_xlabel`); `plt.` draws on whichever axes is "
        "current. Return `ax`.",
        "place": "`ax.text` takes x first, and x is the column: `ax.text(j, i, ..., ha='center', va='center')` for `matrix[i, j]`.",
        "names": "`ax.set_xticks(range(C), class_names)` puts ticks and names at once; the same for y.",
        "labels": "`ax.set_xlabel('Predicted class')` and `ax.set_ylabel('True class')`: columns are predicted.",
        "top": "`imshow` puts row 0 on top by itself; `origin='lower'` and `invert_yaxis()` turn it over.",
        "shade": "Shade by `matrix / matrix.sum(1, keepdim=True)`, with `vmin=0, vmax=1`; a row of zeros gives NaN there, and "
        "`nan_to_num` makes 0 of it.",
        "read": "Dark words on pale cells, pale words on dark ones. With `cmap='Blues'`, white is readable from a share of "
        "about 0.7 on; below that, black.",
    }

    def table(self, case: Case) -> Tensor:
        """The matrix: shares of about 0.58, where white on blue can't be read yet, and above 0.9, where black can't."""
        matrix = counts_table(case)
        matrix[0, 0] = matrix[0, 1:].sum() * 7 // 5
        matrix[1, 1] *= 20
        return matrix

    def names(self, case: Case) -> list[str]:
        """A name for each class."""
        first = case.settings.get("first", 0)
        return [KINDS[(first + k) % len(KINDS)] for k in range(case.classes)]

    def probe(self, answer: Any, case: Case) -> Observation:
        """Let it draw on one of two axes, the other being matplotlib's current one; look at both."""
        matrix, names = self.table(case), self.names(case)
        with pair_of_axes() as (ax, other, opened):

            def draw() -> dict[str, Any]:
                made = asked(answer, matrix, names, ax)
                if "value" in made:
                    made["value"] = "ax" if made["value"] is ax else type(made["value"]).__name__
                return made

            return observe(
                draw,
                also={
                    "ax": lambda: seen_on(ax),
                    "elsewhere": lambda: bool(other.texts or other.images or other.get_xlabel() or other.collections),
                    "opened": opened,
                    "matrix": lambda: matrix,
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Clause by clause, what stands on the axes."""
        if said := no_value(seen, CALL):
            return failed(said, hint="ax")
        matrix, names, ax = self.table(case), self.names(case), seen.also["ax"]
        if not is_mapping(ax):
            return failed("Nothing that was drawn could be looked at.", hint="ax")
        if seen.also["elsewhere"] or seen.also["opened"]:
            where = (
                "opened a figure of its own"
                if seen.also["opened"]
                else "drew on another axes, matplotlib's current one"
            )
            return failed(f"Your function {where}. Draw on the `ax` that it is given.", hint="ax")
        checks = (_numbers, _ticks, _labels, _order, _shades, _contrast)
        for look in checks:
            if verdict := look(ax, matrix, names):
                return verdict
        if seen.value["value"] != "ax":
            return failed(f"The picture is right; the function returned {seen.value['value']}, not `ax`.", hint="ax")
        return passed("Every count, name and shade is in its place, and can be read.")


def _numbers(ax: dict, matrix: Tensor, names: Sequence[str]) -> Verdict | None:
    """Clause 2: every count in the middle of its cell."""
    classes = len(matrix)
    inside = {}
    for text in ax["texts"]:
        x, y = text["x"], text["y"]
        if -0.5 <= x <= classes - 0.5 and -0.5 <= y <= classes - 0.5 and text["words"]:
            inside.setdefault((round(y), round(x)), []).append(text)
    if not inside:
        return failed("No number was written into the cells.", hint="place")
    off = next(
        (t for ts in inside.values() for t in ts if abs(t["x"] - round(t["x"])) + abs(t["y"] - round(t["y"])) > 0.2),
        None,
    )
    if off:
        return failed(
            f"{off['words']!r} stands at x = {off['x']:g}, y = {off['y']:g}, not in the middle of a cell.", hint="place"
        )
    if beside := next((t for ts in inside.values() for t in ts if not t["centred"]), None):
        return failed(
            f"{beside['words']!r} begins in the middle of its cell and isn't centred: say `ha='center', va='center'`.",
            hint="place",
        )
    written = [[" ".join(t["words"] for t in inside.get((i, j), [])) for j in range(classes)] for i in range(classes)]
    counts = [[_count(words) for words in row] for row in written]
    wanted = matrix.tolist()
    if counts == wanted:
        return None
    if counts == matrix.T.tolist():
        return failed("The numbers are transposed: x and y of `ax.text` are swapped.", hint="place")
    if any(not words for row in written for words in row):
        i, j = next((i, j) for i in range(classes) for j in range(classes) if not written[i][j])
        return failed(
            f"The cell in row {i}, column {j} is without a number; {wanted[i][j]} belongs there.", hint="place"
        )
    i, j = next((i, j) for i in range(classes) for j in range(classes) if counts[i][j] != wanted[i][j])
    return failed(
        f"In row {i}, column {j} stands {written[i][j]!r}; the count {wanted[i][j]} belongs there.", hint="place"
    )


def _count(words: str) -> int | None:
    """The whole number that a text begins with, with or without marks between thousands; None if it is another text.

    A share below it, as in "12 (40 %)", is welcome.
    """
    first = (words.split() or [""])[0].replace(",", "").replace("'", "").replace("_", "")
    return int(float(first)) if re.fullmatch(r"\d+(\.0+)?", first) else None


def _ticks(ax: dict, matrix: Tensor, names: Sequence[str]) -> Verdict | None:
    """Clause 3: the class names at their places on both axes."""
    for axis, what in (("x", "predicted classes"), ("y", "true classes")):
        labels = {round(at): words for at, words in ax[f"{axis}ticks"] if near(at, round(at), atol=1e-3) and words}
        shown = [labels.get(k, "") for k in range(len(names))]
        if shown == list(names):
            continue
        if shown == list(names)[::-1]:
            return failed(f"The names on the {axis} axis stand in reversed order: {', '.join(shown)}.", hint="names")
        k = next(k for k in range(len(names)) if shown[k] != names[k])
        return failed(
            f"On the {axis} axis, at {k}, stands {shown[k] or 'nothing'!r}; {names[k]!r} belongs there, for the {what}.",
            hint="names",
        )
    return None


def _labels(ax: dict, matrix: Tensor, names: Sequence[str]) -> Verdict | None:
    """Clause 4: which axis is which."""
    x, y = ax["xlabel"].lower(), ax["ylabel"].lower()
    if "true" in x and "predicted" in y:
        return failed("The labels of the axes are swapped: columns are the predicted classes.", hint="labels")
    if "predicted" not in x:
        return failed(f"The label of the x axis is {ax['xlabel']!r}; it should say 'predicted'.", hint="labels")
    if "true" not in y:
        return failed(f"The label of the y axis is {ax['ylabel']!r}; it should say 'true'.", hint="labels")
    return None


def _order(ax: dict, matrix: Tensor, names: Sequence[str]) -> Verdict | None:
    """Clause 5: row 0 on top, column 0 on the left, all of them in view."""
    (left, right), (bottom, top) = ax["xlim"], ax["ylim"]
    if bottom < top:
        return failed("Row 0 stands at the bottom; it belongs on top, as in the matrix.", hint="top")
    if left > right:
        return failed("Column 0 stands on the right; it belongs on the left.", hint="top")
    last = len(names) - 1
    if left > -0.49 or right < last + 0.49 or top > -0.49 or bottom < last + 0.49:
        return failed("Some cells are out of view, whole or in part: the limits of the axes cut them off.", hint="top")
    return None


def _shades(ax: dict, matrix: Tensor, names: Sequence[str]) -> Verdict | None:
    """Clause 6: the image holds the shares of the rows, from 0 to 1."""
    image = ax["image"]
    if not is_mapping(image):
        return failed("There is no image in the axes: shade the cells with `ax.imshow`.", hint="shade")
    values = image["values"]
    if not isinstance(values, Tensor) or values.shape != matrix.shape:
        return failed("The image isn't one value for each cell.", hint="shade")
    values, rows = values.double(), matrix.sum(1, keepdim=True)
    wanted = (matrix / rows.clamp(min=1)).double()
    if near(values, wanted, rtol=1e-3, atol=1e-4):
        if not near(image["low"], 0, atol=1e-6) or not near(image["high"], 1):
            return failed(
                f"The colours go from {image['low']:.2f} to {image['high']:.2f}, so the same share looks different in another "
                "matrix. From 0 to 1 was asked for.",
                hint="shade",
            )
        return None
    if bool(values.isnan().any()):
        return failed(
            "The row of a class without examples is NaN, and has no colour. Its share counts as 0 here.", hint="shade"
        )
    columns = matrix / matrix.sum(0, keepdim=True).clamp(min=1)
    known = {
        "the counts themselves, so a rare class stays pale": matrix.double(),
        "the shares of the columns": columns.double(),
        "the shares of all examples": (matrix / matrix.sum()).double(),
        "100 times the shares": 100 * wanted,
        "the shares of the rows, transposed": wanted.T,
    }
    if matrix.max():
        known["the counts as shares of the largest one"] = (matrix / matrix.max()).double()
    what = next((words for words, other in known.items() if near(values, other, rtol=1e-3, atol=1e-4)), "")
    return failed(
        f"The cells are shaded by {what or 'something else'}; the share of the row was asked for.", hint="shade"
    )


def _contrast(ax: dict, matrix: Tensor, names: Sequence[str]) -> Verdict | None:
    """Clause 7: every number can be read."""
    worst = min(ax["texts"], key=lambda text: text["contrast"])
    if worst["contrast"] >= CONTRAST - 0.01:
        return None
    share = (matrix / matrix.sum(1, keepdim=True).clamp(min=1))[round(worst["y"]), round(worst["x"])]
    return failed(
        f"The number {worst['words']} can hardly be read: its contrast with its cell, a share of {share:.2f}, is "
        f"{worst['contrast']:.1f} to 1; {CONTRAST:g} to 1 is the least.",
        hint="read",
    )

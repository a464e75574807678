"""Lesson 04's trace: ten patients fill the confusion matrix one by one, and the rates follow."""

from course_lib.classroom.explorers import svg
from course_lib.classroom.explorers.trace import Stage, Trace
from course_lib.classroom.style import BLUE, GREEN, GREY, ORANGE, VERMILION
from course_lib.lessons.classification_metrics.patients import ten_patients

CELLS = {  # (true, said): name, what it is, colour
    (0, 0): ("TN", "let go", BLUE),
    (0, 1): ("FP", "false alarm", ORANGE),
    (1, 0): ("FN", "missed", VERMILION),
    (1, 1): ("TP", "found", GREEN),
}
WORDS = ("benign", "malignant")


def trace_ten_patients() -> Trace:
    """An empty matrix, ten patients, and what the matrix says at the end."""
    logits, ill = ten_patients()
    pairs = [(int(true), int(logit > 0)) for logit, true in zip(logits, ill, strict=True)]
    stages = [
        Stage(
            "Nobody yet",
            goes_in="Ten tumours of the test set. The network's logit is known, and so is the truth.",
            happens="It says malignant where the logit is above 0. Rows of the matrix are the truth, columns what is said.",
            comes_out="An empty matrix. Every rate is 0 / 0.",
            **_picture(logits, pairs, 0),
        )
    ]
    for i, pair in enumerate(pairs):
        stages.append(_arrival(logits, pairs, i, pair))
    return Trace("Ten patients fill the matrix", [*stages, _end(logits, pairs)])


def rates(pairs: list[tuple[int, int]]) -> dict[str, str]:
    """The four rates of these pairs (true, said), as a fraction and its value; 0 / 0 has none.

    >>> rates([(1, 1), (1, 0)])["recall"]
    '1 / 2 = 0.50'
    """
    tp, fn, fp, tn = (pairs.count(pair) for pair in ((1, 1), (1, 0), (0, 1), (0, 0)))
    parts = {
        "accuracy": (tp + tn, tp + tn + fp + fn),
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
        "F1": (2 * tp, 2 * tp + fp + fn),
    }
    return {name: f"{a} / {b}" + (f" = {a / b:.2f}" if b else "") for name, (a, b) in parts.items()}


def _arrival(logits, pairs: list[tuple[int, int]], i: int, pair: tuple[int, int]) -> Stage:
    name, what, _ = CELLS[pair]
    true, said = (WORDS[k] for k in pair)
    before, after = rates(pairs[:i]), rates(pairs[: i + 1])
    moved = [f"{one} {after[one]}" for one in after if after[one] != before[one]]
    still = [one for one in after if after[one] == before[one]]
    return Stage(
        f"patient {i + 1}: {what}",
        goes_in=f"A tumour with the logit {svg.shown(float(logits[i]), 1)}. It is {true}.",
        happens=f"The network says {said}: {name}, {what}. One more in row {pair[0]}, column {pair[1]}.",
        comes_out=f"{'; '.join(moved)}." + (f" As before: {', '.join(still)}." if still else ""),
        note=_note(pair, still),
        **_picture(logits, pairs, i + 1),
    )


def _note(pair: tuple[int, int], still: list[str]) -> str:
    """What a learner might miss about this patient."""
    if pair == (0, 0) and {"precision", "recall", "F1"} <= set(still):
        return "A true negative moves the accuracy and nothing else."
    if pair == (1, 0):
        return "A miss lowers recall. Precision doesn't look at it: nobody was called ill."
    if pair == (0, 1):
        return "A false alarm lowers precision. Recall doesn't look at it: nobody ill came."
    return ""


def _end(logits, pairs: list[tuple[int, int]]) -> Stage:
    tp, fn, fp, tn = (pairs.count(pair) for pair in ((1, 1), (1, 0), (0, 1), (0, 0)))
    most = max(tp + fn, tn + fp)
    values = "; ".join(f"{name} {words}" for name, words in rates(pairs).items())
    return Stage(
        "Ten patients later",
        goes_in=f"The matrix [[{tn}, {fp}], [{fn}, {tp}]].",
        happens=f"Row sums are the truth: {tn + fp} benign, {fn + tp} malignant. Column sums are what was said: {tn + fn} and "
        f"{fp + tp}.",
        comes_out=f"{values}.",
        note=f"The baseline is {most} / 10 = {most / 10:.2f}: always saying {WORDS[int(tp + fn > tn + fp)]}. The ten were "
        "picked so that each cell gets somebody; they say nothing about the network.",
        **_picture(logits, pairs, len(pairs)),
    )


def _picture(logits, pairs: list[tuple[int, int]], arrived: int) -> dict[str, str]:
    """The patients on the left, the matrix so far in the middle, the rates on the right."""
    row, top = 20, 36
    parts = [svg.text(30, 16, "logit", bold=True), svg.text(80, 16, "truth", bold=True)]
    parts.append(svg.text(158, 16, "said", bold=True))
    lines = []
    for i, ((true, said), logit) in enumerate(zip(pairs[:arrived], logits, strict=False)):
        y, (name, _, color) = top + row * i, CELLS[true, said]
        new = i == arrived - 1
        parts.append(svg.rect(2, y - 14, 258, row - 2, fill=color, opacity=0.3 if new else 0.12))
        parts.append(svg.text(8, y, "→" if new else ""))
        parts.append(svg.text(62, y, svg.shown(float(logit), 1), anchor="end"))
        parts += [svg.text(80, y, WORDS[true]), svg.text(158, y, WORDS[said]), svg.text(228, y, name, bold=True)]
        lines.append(f"{svg.shown(float(logit), 1):>5} is {WORDS[true]}, said {WORDS[said]}: {name}")
    counts = {pair: pairs[:arrived].count(pair) for pair in CELLS}
    newest = pairs[arrived - 1] if arrived else None
    parts.append(_matrix(counts, newest))
    values = rates(pairs[:arrived])
    for i, (name, words) in enumerate(values.items()):
        parts.append(svg.text(366, 172 + 18 * i, name) + svg.text(440, 172 + 18 * i, words, bold=True))
    lines.append("matrix, rows true: " + str([[counts[0, 0], counts[0, 1]], [counts[1, 0], counts[1, 1]]]))
    lines.append(", ".join(f"{name} {words}" for name, words in values.items()))
    return {"picture_svg": svg.picture(560, 246, *parts), "picture_text": "\n".join(lines)}


def _matrix(counts: dict[tuple[int, int], int], newest: tuple[int, int] | None) -> str:
    left, top, width, height = 366, 50, 92, 46
    parts = [svg.text(left + width, 16, "said", anchor="middle", bold=True)]
    parts.append(svg.text(left - 8, top - 10, "truth", anchor="end", bold=True))
    parts += [svg.text(left + (k + 0.5) * width, top - 10, WORDS[k], anchor="middle") for k in (0, 1)]
    parts += [svg.text(left - 8, top + (k + 0.5) * height + 4, WORDS[k], anchor="end") for k in (0, 1)]
    for (true, said), count in counts.items():
        name, _, color = CELLS[true, said]
        x, y, here = left + said * width, top + true * height, (true, said) == newest
        parts.append(svg.rect(x, y, width, height, fill=color if here else GREY, opacity=0.4 if here else 0.1))
        parts.append(svg.rect(x, y, width, height, edge="currentColor"))
        parts.append(svg.text(x + width / 2, y + 29, count, size=16, anchor="middle", bold=True))
        parts.append(svg.text(x + 5, y + 13, name, size=10))
    return "".join(parts)

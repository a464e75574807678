"""A model card: what a model is, how it was made, what it can do and what not, in one offline HTML file."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.checkpoints.durable import replacing
from course_lib.classroom import style
from course_lib.errors import InputError
from course_lib.evaluation.result import Evaluation
from course_lib.lessons.capstone import page, pictures
from course_lib.metrics import (
    bootstrap_interval,
    calibration_curve,
    calibration_error,
    class_scores,
    positive_scores,
    roc_auc,
    roc_curve,
    wilson_interval,
)

SECTIONS = ("What it is for", "Data", "Training", "Results", "Threshold", "Calibration", "Limits", "Load and verify")
"""The headings of a card, in their order."""


def write_card(
    path: str | os.PathLike,
    facts: Mapping[str, Any],
    *,
    tested: Evaluation,
    history: Sequence[Mapping[str, float]],
    threshold: float,
    temperature: float,
    positive: int,
) -> str:
    """Write a model card; returns its HTML.

    Args:
        path: The file; the old one stays until the new one is whole.
        facts: "title", "purpose", "classes" (names), "data", "training" and "file" (each names and values), "limits"
            (sentences), "load" (lines of code). All of it is escaped.
        tested: `evaluate` on the test data. The card's metrics are computed from it, so that none can be mistyped.
        history: One row for each checkpoint, with "epoch" and "val_accuracy"; `facts["training"]["best epoch"]` is chosen.
        threshold: In log-odds of `positive` against the rest, chosen on validation data.
        temperature: Fitted on validation data.
        positive: The class to be found.

    Raises:
        InputError: a fact is missing.
    """
    missing = {"title", "purpose", "classes", "data", "training", "file", "limits", "load"} - facts.keys()
    if missing:
        raise InputError(f"A model card needs {', '.join(sorted(missing))} too.")
    names = list(facts["classes"])
    right, n = int(tested.confusion.trace()), tested.n
    low, high = wilson_interval(right, n)
    common = int(tested.counts.support.argmax())
    guess = tested.counts.support[common] / n
    lead = (
        f"Right on {right:,} of {n:,} test examples: accuracy {right / n:.3f} (95 % interval {low:.3f} to {high:.3f}). "
        f'Always saying "{names[common]}" would score {guess:.3f}.'
    )
    best = facts["training"]["best epoch"]
    blocks = {
        "What it is for": [page.paragraph(facts["purpose"])],
        "Data": [page.pairs(facts["data"], caption="What it was trained, chosen and tested on")],
        "Training": [
            page.pairs(facts["training"], caption="How it was trained"),
            _figure(pictures.learning(history, best), "Validation accuracy at each checkpoint"),
        ],
        "Results": _results(tested, names),
        "Threshold": _threshold(tested, names, positive, threshold),
        "Calibration": _calibration(tested, temperature),
        "Limits": [page.listing(facts["limits"])],
        "Load and verify": [page.pairs(facts["file"], caption="The file"), page.code(facts["load"])],
    }
    text = page.page(facts["title"], lead, [(name, blocks[name]) for name in SECTIONS])
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return text


def _figure(picture: pictures.Picture, caption: str) -> str:
    drawn, alt = picture
    return page.figure(drawn, alt=alt, caption=caption)


def _results(tested: Evaluation, names: list[str]) -> list[str]:
    scores, rows = class_scores(tested), []
    for k, name in enumerate(names):
        low, high = wilson_interval(int(tested.counts.right[k]), int(scores.support[k]))
        figures = float(scores.precision[k]), float(scores.recall[k])
        rows.append((name, *figures, f"{low:.3f} to {high:.3f}", float(scores.f1[k]), int(scores.support[k])))
    columns = ("Class", "Precision", "Recall", "95 % of the recall", "F1", "Examples")
    return [
        page.table(columns, rows, caption="Every class on the test data"),
        _figure(pictures.confusion(tested.confusion.numpy(), names), "Confusion matrix of the test data"),
    ]


def _threshold(tested: Evaluation, names: list[str], positive: int, threshold: float) -> list[str]:
    scores, hits = positive_scores(tested, positive=positive), tested.targets.numpy() == positive
    called, area = scores >= threshold, roc_auc(scores, hits)
    low, high = bootstrap_interval(roc_auc, scores, hits)
    found, false = int((called & hits).sum()), int((called & ~hits).sum())
    facts = {
        "class to be found": names[positive],
        "area under the ROC curve": f"{area:.4f} (95 % interval {low:.4f} to {high:.4f})",
        "threshold, in log-odds before the temperature": float(threshold),
        "found": f"{found:,} of {int(hits.sum()):,}",
        "false alarms": f"{false:,} of {int((~hits).sum()):,}",
    }
    point = false / max(int((~hits).sum()), 1), found / max(int(hits.sum()), 1)
    return [
        page.pairs(facts, caption="Chosen on validation data, measured on test data"),
        _figure(pictures.roc(roc_curve(scores, hits), area, point), f"ROC curve of {names[positive]} against the rest"),
    ]


def _calibration(tested: Evaluation, temperature: float) -> list[str]:
    cooled = (tested.logits.double() / temperature).softmax(1)
    error, before = calibration_error(cooled, tested.targets), calibration_error(tested)
    facts = {"temperature": float(temperature), "calibration error before": before, "calibration error after": error}
    curve = calibration_curve(cooled, tested.targets)
    return [
        page.pairs(facts, caption="Temperature fitted on validation data, errors on test data"),
        _figure(pictures.reliability(curve, error), "Claims of the predicted class, after the temperature"),
    ]


def digest_of(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def show_card(path: str | os.PathLike) -> None:
    """Show a card below the cell, in a frame of its own; in a terminal, its headings."""
    text = Path(path).read_text(encoding="utf-8")
    frame = (
        f'<iframe srcdoc="{page.shown(text)}" title="Model card" sandbox '
        'style="width: 100%; max-width: 780px; height: 560px; border: 1px solid #7F7F7F"></iframe>'
    )
    style.show(style.bundle(frame, f"A model card of {len(text):,} characters: {', '.join(SECTIONS)}."))


def cost_of(called: np.ndarray, hits: np.ndarray, *, false_positive: float, false_negative: float) -> float:
    """What a set of decisions costs: both (N,) bool."""
    return float(false_positive * (called & ~hits).sum() + false_negative * (~called & hits).sum())

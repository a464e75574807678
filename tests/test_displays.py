"""The displays: what is drawn, what is said, and whether both can be read in grey and in the dark."""

import matplotlib as mpl

mpl.use("agg")

import matplotlib.colors as colors
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

from course_lib.displays import (
    CalibrationDisplay,
    ConfusionMatrixDisplay,
    LearningCurvesDisplay,
    PrecisionRecallDisplay,
    RocDisplay,
    ThresholdDisplay,
)
from course_lib.errors import InputError
from course_lib.evaluation import evaluate
from course_lib.metrics import average_precision, calibration_error, roc_auc, threshold_for_recall

HISTORY = [{"train loss": 1 / e, "validation loss": 0.3 + abs(e - 4) / 9, "note": "x"} for e in range(1, 8)]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def made(classes=2):
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, classes, (200,), generator=generator)
    logits = torch.randn(200, classes, generator=generator) + 2 * nn.functional.one_hot(targets, classes)
    return evaluate(nn.Identity(), [(logits, targets)])


def every_display():
    found = made()
    return [
        ConfusionMatrixDisplay(found, class_names=["benign", "malignant"]),
        RocDisplay(found, threshold=0.0),
        PrecisionRecallDisplay(found, threshold=0.0),
        CalibrationDisplay(found),
        LearningCurvesDisplay(HISTORY, best=4),
        ThresholdDisplay(found, threshold=0.0),
    ]


EVERY = pytest.mark.parametrize("which", range(6), ids=[type(display).__name__ for display in every_display()])


def contrast(a, b):
    """WCAG's ratio of two colours, from 1 to 21."""

    def luminance(color):
        c = np.array(colors.to_rgb(color))
        return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)

    high, low = sorted([luminance(a), luminance(b)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@EVERY
def test_plots_alone_or_on_given_axes(which):
    display = every_display()[which]
    assert display.plot() is display
    assert display.ax_.get_xlabel()
    _, ax = plt.subplots()
    before = len(plt.get_fignums())
    display.plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert len(plt.get_fignums()) == before
    display.figure_.canvas.draw()


@EVERY
def test_importing_and_making_draws_nothing(which):
    every_display()[which].describe()
    assert not plt.get_fignums()


@EVERY
@pytest.mark.parametrize("style", ["default", "dark_background", "grayscale"])
def test_text_and_lines_can_be_read_in_every_style(which, style):
    with plt.style.context(style):
        display = every_display()[which].plot()
        figure, ax = display.figure_, display.ax_
        assert figure.get_facecolor()[3] == 1  # it brings its background along, so the page's doesn't matter
        ground = ax.get_facecolor()
        legend = ax.get_legend()
        texts = [ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
        texts += legend.get_texts() if legend else []
        assert all(contrast(text.get_color(), figure.get_facecolor()) >= 4.5 for text in texts)
        assert all(contrast(line.get_color(), ground) >= 3 for line in ax.lines)


def test_no_grey_is_readable_on_white_and_on_the_dark_theme():
    """Why the displays don't use transparent figures with grey text."""
    greys = [f"#{k:02x}{k:02x}{k:02x}" for k in range(256)]
    assert max(min(contrast(grey, "#ffffff"), contrast(grey, "#111111")) for grey in greys) < 4.5


@EVERY
def test_never_colour_alone(which):
    """Any two lines of a picture differ in dash, marker or drawing style, not just in colour."""
    ax = every_display()[which].plot().ax_
    looks = [(line.get_linestyle(), line.get_marker()) for line in ax.lines]
    assert len(set(looks)) == len(looks)
    if len(ax.lines) > 1:
        assert len(ax.get_legend().get_texts()) >= len(ax.lines)


def test_confusion_matrix_has_rows_true_and_readable_numbers():
    display = ConfusionMatrixDisplay([1, 0, 0, 0, 1], [1, 1, 1, 0, 0]).plot()
    numbers = [[int(text.get_text()) for text in row] for row in display.text_]
    assert numbers == [[1, 1], [2, 1]]
    assert display.text_[1, 0].get_position() == (0, 1)  # x is predicted, y is true
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("Predicted class", "True class")
    assert display.ax_.yaxis_inverted()  # class 0 on top
    for share in np.linspace(0, 1, 1001):
        ink = "white" if share > 0.71 else "black"
        assert contrast(plt.get_cmap("Blues")(share), ink) >= 4.5
    with pytest.raises(InputError, match="2 classes need as many names"):
        ConfusionMatrixDisplay([1, 0], [1, 1], class_names=["one"])


def test_confusion_matrix_of_a_class_without_examples_draws_without_warning():
    found = evaluate(nn.Identity(), [(torch.eye(3)[:2], torch.tensor([0, 1]))])
    display = ConfusionMatrixDisplay(found).plot()
    assert 'Of 0 "2": 0 right.' in display.describe()


def test_what_is_said_is_what_was_measured():
    found = made()
    assert f"area {roc_auc(found):.3f}" in RocDisplay(found).describe()
    assert f"precision {average_precision(found):.3f}" in PrecisionRecallDisplay(found).describe()
    assert f"error {calibration_error(found):.3f}" in CalibrationDisplay(found).describe()
    threshold = threshold_for_recall(found, recall=0.9)
    tn, fp, fn, tp = (found.confusion * 0).ravel().tolist()
    for score, target in zip(RocDisplay(found).scores, found.targets.tolist(), strict=True):
        called = score >= threshold
        tp, fp, fn, tn = (
            tp + (called and target == 1),
            fp + (called and target == 0),
            fn + (not called and target == 1),
            tn + (not called and target == 0),
        )
    said = ThresholdDisplay(found, threshold=threshold).describe()
    assert f"{tp + fp} called positive, {fp} of them wrongly, {fn} missed" in said
    assert RocDisplay(found, threshold=threshold).point == pytest.approx((fp / (fp + tn), tp / (tp + fn)))
    assert PrecisionRecallDisplay(found, threshold=threshold).point == pytest.approx((tp / (tp + fn), tp / (tp + fp)))


def test_one_class_of_many():
    assert f"{roc_auc(made(4), positive=2):.3f}" in RocDisplay(made(4), positive=2).describe()
    with pytest.raises(InputError, match="say which one is positive"):
        RocDisplay(made(4))


def test_the_marked_point_lies_on_the_curve():
    display = RocDisplay(made(), threshold=0.3).plot()
    x, y = (values[0] for values in display.point_.get_data())
    curve = np.column_stack(display.line_.get_data())
    at_x = np.interp(x, curve[:, 0], curve[:, 1], left=0)
    assert y <= at_x + 1e-9 or np.any(np.isclose(curve, (x, y)).all(1))


@pytest.mark.parametrize("display", [RocDisplay, PrecisionRecallDisplay, ThresholdDisplay])
def test_one_kind_of_example_is_refused(display):
    with pytest.raises(InputError, match="no positive example"):
        display([0.1, 0.2], [0, 0])


def test_roc_without_a_negative_is_refused():
    with pytest.raises(InputError, match="no negative example"):
        RocDisplay([0.1, 0.2], [1, 1])


def test_learning_curves_take_both_forms_and_gaps():
    display = LearningCurvesDisplay(HISTORY, best=4).plot()
    assert list(display.lines_) == ["train loss", "validation loss"]  # the note isn't a number
    columns = {name: [epoch[name] for epoch in HISTORY] for name in ("train loss", "validation loss")}
    assert LearningCurvesDisplay(columns, best=4).describe() == display.describe()
    assert "lowest 0.3 (epoch 4)" in display.describe()
    gaps = LearningCurvesDisplay([{"loss": 1.0}, {"loss": 0.5, "accuracy": 0.9}])
    assert np.isnan(gaps.curves["accuracy"][0])
    assert "no number" in LearningCurvesDisplay({"loss": [np.nan]}).describe()
    assert list(LearningCurvesDisplay(HISTORY, names=["train loss"]).curves) == ["train loss"]
    with pytest.raises(InputError, match=r"has the figures .*train loss.*\['acc'\] are not among"):
        LearningCurvesDisplay(HISTORY, names=["acc"])


def test_threshold_display_draws_both_curves():
    display = ThresholdDisplay(made(), threshold=0.5).plot()
    assert display.recall_.get_ydata()[0] == 1
    assert (np.diff(display.recall_.get_ydata()) <= 0).all()
    assert display.threshold_.get_xdata()[0] == 0.5

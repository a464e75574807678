"""Lesson 04's explorer and trace: every number in picture and words is counted again here with scikit-learn."""

import re
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from sklearn import metrics

from course_lib.classroom import style
from course_lib.lessons.classification_metrics.explorer import RatesState, rates_explorer
from course_lib.lessons.classification_metrics.patients import ten_patients
from course_lib.lessons.classification_metrics.trace import rates, trace_ten_patients

STATES = [
    RatesState(ill, sensitivity, specificity)
    for ill in (1, 20, 300, 600)
    for sensitivity in (0, 37, 100)
    for specificity in (0, 90, 100)
]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_counts_and_rates_are_scikit_learns(state):
    true = np.repeat([1, 1, 0, 0], state.counts)
    said = np.repeat([1, 0, 1, 0], state.counts)
    assert len(true) == 100_000
    assert true.mean() == state.ill / 1000
    found = {name: value for name, (value, _) in state.rates.items()}
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(true, said))
    assert found["balanced accuracy"] == pytest.approx(metrics.balanced_accuracy_score(true, said))
    assert found["recall"] == pytest.approx(metrics.recall_score(true, said)) == state.sensitivity / 100
    specificity = metrics.recall_score(true, said, pos_label=0)
    assert found["specificity"] == pytest.approx(specificity) == state.specificity / 100
    precision = metrics.precision_score(true, said, zero_division=np.nan)
    assert found["precision"] == pytest.approx(precision, nan_ok=True)
    assert found["F1"] == pytest.approx(metrics.f1_score(true, said, zero_division=np.nan))


@pytest.mark.parametrize("ill", [1, 300, 600])
def test_the_marks_are_what_a_model_without_eyes_gets(ill):
    true = np.arange(1000) < ill
    without = {name: value for name, (_, value) in RatesState(ill=ill).rates.items()}
    constant = [metrics.accuracy_score(true, np.full(1000, value)) for value in (False, True)]
    assert without["accuracy"] == pytest.approx(max(constant))
    assert without["F1"] == pytest.approx(metrics.f1_score(true, np.full(1000, True)))
    assert without["precision"] == pytest.approx(metrics.precision_score(true, np.full(1000, True)))
    assert without["balanced accuracy"] == metrics.balanced_accuracy_score(true, np.full(1000, True)) == 0.5


@pytest.mark.parametrize("state", STATES, ids=str)
def test_the_picture_agrees_with_the_state(state):
    root = ET.fromstring(state.svg())
    words = [e.text for e in root.iter() if e.text]
    assert all(f"{count:,}" in words for count in state.counts)
    for value, _ in state.rates.values():
        assert (f"{value:.3f}" if value == value else "undefined") in words
    filled = [e for e in root.iter() if e.get("fill-opacity") == "0.55"]
    values = [value for value, _ in state.rates.values() if value == value]
    assert [float(e.get("width")) / 190 for e in filled] == pytest.approx(values, abs=0.001)
    colors = {style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.GREY, "currentColor", "none"}
    for element in root.iter():
        assert "id" not in element.attrib
        assert element.get("fill", "none") in colors
    width, height = root.get("viewBox").split()[2:]
    assert float(width) == 720
    assert float(height) <= 360


def test_rare_illness_leaves_recall_and_ruins_precision():
    rare, common = RatesState(ill=10), RatesState(ill=500)
    assert rare.rates["recall"] == common.rates["recall"]
    assert rare.rates["balanced accuracy"][0] == common.rates["balanced accuracy"][0]
    assert rare.rates["precision"][0] < 0.1 < 0.8 < common.rates["precision"][0]


def test_nobody_called_ill_has_no_precision():
    nobody = RatesState(sensitivity=0, specificity=100)
    assert "Precision undefined" in nobody.text()
    word = next(e for e in ET.fromstring(nobody.svg()).iter() if e.text == "undefined")
    assert float(word.get("x")) + 8.5 * len("undefined") <= 720  # it isn't cut at the edge


def test_a_figure_is_1_only_where_nothing_is_wrong():
    rare = RatesState(ill=1, sensitivity=90, specificity=100)
    assert "Accuracy >0.999," in rare.text()
    assert ">0.999" in [e.text for e in ET.fromstring(rare.svg()).iter()]
    assert "Accuracy 1.000," in RatesState(sensitivity=100, specificity=100).text()


def test_nobody_called_ill_has_an_f1():
    nobody = RatesState(sensitivity=0, specificity=100)
    assert "F1 0.000" in nobody.text()


def test_the_words_change_with_every_control():
    explorer = rates_explorer()
    seen = {repr(explorer)}
    for change in ({"ill": 5}, {"sensitivity": 50}, {"specificity": 20}):
        explorer.set(**change)
        seen.add(repr(explorer))
    assert len(seen) == 4


def test_a_state_change_takes_a_few_milliseconds():
    explorer = rates_explorer()
    explorer.view.comm = None  # no front end listens here
    taken = []
    for step in range(100):
        start = time.process_time()
        explorer.set(ill=1 + 5 * step, sensitivity=step)
        taken.append(time.process_time() - start)
    assert np.median(taken) < 0.02


# --- the trace ---------------------------------------------------------------------------------------------


def test_the_ten_fill_every_cell():
    logits, ill = ten_patients()
    matrix = metrics.confusion_matrix(ill, logits > 0)
    assert matrix.tolist() == [[4, 2], [1, 3]]


def test_each_stage_shows_the_matrix_so_far():
    logits, ill = ten_patients()
    stages = trace_ten_patients().stages
    assert len(stages) == 12
    for arrived in range(11):
        shown = re.search(r"rows true: (.*)", stages[arrived].picture_text).group(1)
        matrix = (
            metrics.confusion_matrix(ill[:arrived], logits[:arrived] > 0, labels=[False, True]) if arrived else None
        )
        assert shown == (str(matrix.tolist()) if arrived else "[[0, 0], [0, 0]]")
        assert stages[arrived].picture_text.count("said ") == arrived
        words = [e.text for e in ET.fromstring(stages[arrived].picture_svg).iter() if e.text]
        assert sum(word in ("TP", "FP", "FN", "TN") for word in words) == 4 + arrived


def test_the_rates_are_scikit_learns():
    logits, ill = ten_patients()
    pairs = [(int(true), int(logit > 0)) for logit, true in zip(logits, ill, strict=True)]
    scores = {
        "accuracy": metrics.accuracy_score,
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "F1": metrics.f1_score,
    }
    for arrived in range(7, 11):
        true, said = zip(*pairs[:arrived], strict=True)
        for name, words in rates(pairs[:arrived]).items():
            assert float(words.split("= ")[1]) == pytest.approx(scores[name](true, said), abs=0.0051)
    assert all(words == "0 / 0" for words in rates([]).values())


def test_notes_are_true_where_they_stand():
    stages = trace_ten_patients().stages
    for stage in stages[1:-1]:
        still = stage.comes_out.partition("As before: ")[2].rstrip(".").split(", ")
        if "true negative" in stage.note:
            assert still == ["precision", "recall", "F1"]
        if "A miss" in stage.note:
            assert still == ["precision"]
            assert "recall" in stage.comes_out.split("As before")[0]
        if "false alarm" in stage.note:
            assert still == ["recall"]
    assert {stage.note[:8] for stage in stages[1:-1] if stage.note} == {"A true n", "A miss l", "A false "}

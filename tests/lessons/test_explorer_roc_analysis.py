"""Lesson 05's explorer and trace: every number in the picture is counted again here."""

import re
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from sklearn import metrics

from course_lib.classroom import style
from course_lib.lessons.roc_analysis import panels
from course_lib.lessons.roc_analysis.explorer import ThresholdState, threshold_explorer
from course_lib.lessons.roc_analysis.scores import real_scores, realistic_scores
from course_lib.lessons.roc_analysis.trace import eleven_patients, trace_roc

STATES = [
    ThresholdState(threshold, prevalence, miss_cost)
    for threshold in (-8.0, -2.1, 0.0, 3.3, 6.0)
    for prevalence in (1, 37, 60)
    for miss_cost in (1, 50)
]


def weights(prevalence: int) -> np.ndarray:
    """So that the 2,000 stand for 1,000 people of this prevalence."""
    _, ill = realistic_scores()
    return np.where(ill, 10 * prevalence / ill.sum(), (1000 - 10 * prevalence) / (~ill).sum())


def test_the_scores_are_made_from_real_ones():
    scores, ill = real_scores()
    assert (len(scores), ill.sum()) == (569, 212)
    made, made_ill = realistic_scores()
    assert len(made) == 2000
    assert made_ill.mean() == pytest.approx(ill.mean(), abs=0.001)
    assert metrics.roc_auc_score(made_ill, made) == pytest.approx(metrics.roc_auc_score(ill, scores), abs=0.03)
    assert 0.85 < metrics.roc_auc_score(ill, scores) < 0.96  # something to trade, and better than guessing


@pytest.mark.parametrize("state", STATES, ids=str)
def test_cells_rates_and_cost_are_those_of_the_weighted_patients(state):
    scores, ill = realistic_scores()
    confusion = metrics.confusion_matrix(ill, scores >= state.threshold, sample_weight=weights(state.prevalence))
    (tn, fp), (fn, tp) = confusion
    assert state.counts == pytest.approx((tp, fn, fp, tn), abs=0.5 + 1e-6)
    assert all(isinstance(count, int) for count in state.counts)  # no fractions of people
    found, missed, alarms, let_go = state.counts
    assert (found + missed, alarms + let_go) == (10 * state.prevalence, 1000 - 10 * state.prevalence)
    assert state.rates == pytest.approx((tp / (tp + fn), fp / (fp + tn)))
    if tp + fp:
        assert state.precision == pytest.approx(tp / (tp + fp))
    assert state.cost == pytest.approx(fp + fn * state.miss_cost)
    assert state.lowest[0] <= state.cost + 1e-9


@pytest.mark.parametrize("prevalence", [1, 37, 60])
def test_the_two_areas_agree_with_scikit_learn(prevalence):
    scores, ill = realistic_scores()
    text = ThresholdState(prevalence=prevalence).text()
    area, average = (float(n) for n in re.search(r"area ([\d.]+) .* precision ([\d.]+), where", text).groups())
    assert area == pytest.approx(metrics.roc_auc_score(ill, scores), abs=0.0006)
    wanted = metrics.average_precision_score(ill, scores, sample_weight=weights(prevalence))
    assert average == pytest.approx(wanted, abs=0.01)  # through 240 thresholds instead of 2,000


def marks(state: ThresholdState) -> list[tuple[float, float]]:
    """Where the three rings are drawn."""
    rings = [e for e in ET.fromstring(state.svg()).iter() if e.get("r") == "7"]
    return [(float(e.get("cx")), float(e.get("cy"))) for e in rings]


@pytest.mark.parametrize("state", STATES, ids=str)
def test_the_picture_agrees_with_the_state(state):
    root = ET.fromstring(state.svg())
    words = [e.text for e in root.iter() if e.text]
    assert all(str(count) in words for count in state.counts)
    assert not any(re.fullmatch(r"\d+\.\d", word) and float(word) > 8 for word in words)
    (tpr, fpr), at = state.rates, marks(state)
    assert at[0] == pytest.approx(panels.ROC.place(fpr, tpr), abs=0.06)
    defined = state.precision == state.precision
    assert len(at) == 2 + defined
    if defined:
        assert at[1] == pytest.approx(panels.PRECISION.place(tpr, state.precision), abs=0.06)
    colors = {style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.GREY, "currentColor", "none"}
    for element in root.iter():
        assert "id" not in element.attrib
        assert element.get("fill", "none") in colors
        if element.tag.endswith("rect"):  # nothing hangs out of the histogram
            assert float(element.get("y")) >= panels.SCORES.top
            assert float(element.get("y")) + float(element.get("height")) <= panels.SCORES.top + panels.SCORES.height


def test_nobody_called_ill_has_no_precision():
    scores, _ = realistic_scores()
    beyond = ThresholdState(threshold=float(np.ceil(scores.max())) + 1)
    assert beyond.rates == (0.0, 0.0)
    assert "precision undefined" in beyond.text()
    assert len(marks(beyond)) == 2


def test_prevalence_moves_precision_and_leaves_the_roc_point():
    common, rare = ThresholdState(prevalence=37), ThresholdState(prevalence=1)
    assert common.rates == rare.rates
    assert marks(common)[0] == marks(rare)[0]
    assert rare.precision < common.precision / 5


def test_the_words_change_with_every_control():
    explorer = threshold_explorer()
    seen = {repr(explorer)}
    for change in ({"threshold": -1.0}, {"prevalence": 5}, {"miss_cost": 50}):
        explorer.set(**change)
        seen.add(repr(explorer))
    assert len(seen) == 4


def test_a_state_change_takes_a_few_milliseconds():
    explorer = threshold_explorer()
    explorer.view.comm = None  # no front end listens here
    taken = []
    for step in range(100):
        start = time.process_time()
        explorer.set(threshold=round(-5 + step / 10, 1), prevalence=1 + step % 60)
        taken.append(time.process_time() - start)
    assert np.median(taken) < 0.02  # of the processor; 2 ms were measured


def test_the_picture_fits_a_small_screen_beside_its_controls_and_words():
    width, height = ET.fromstring(ThresholdState().svg()).get("viewBox").split()[2:]
    assert float(width) == 720
    assert float(height) <= 360  # of 768 pixels, JupyterLab takes 120, the controls 80, the words 90


# --- the trace ---------------------------------------------------------------------------------------------


def points(stage) -> list[tuple[float, float]]:
    """The curve so far, read back from the stage's text."""
    line = stage.picture_text.splitlines()[-1]
    return [(float(x), float(y)) for x, y in re.findall(r"\(([\d.]+), ([\d.]+)\)", line.split(": ")[1])]


def test_the_eleven_are_real_and_one_ill_and_one_healthy_share_a_score():
    scores, ill = eleven_patients()
    assert (len(scores), ill.sum()) == (11, 5)
    assert (np.diff(scores) <= 0).all()
    (tie,) = np.flatnonzero(np.diff(scores) == 0)
    assert ill[tie] != ill[tie + 1]
    real, real_ill = real_scores()
    for score, is_ill in zip(scores, ill, strict=True):
        assert np.isclose(real[real_ill == is_ill].round(1), score).any()


def test_each_stage_is_one_score_and_the_curve_is_scikit_learns():
    scores, ill = eleven_patients()
    stages = trace_roc().stages
    fpr, tpr, thresholds = metrics.roc_curve(ill, scores, drop_intermediate=False)
    assert len(thresholds) == 11
    assert len(stages) <= 11
    for i, stage in enumerate(stages[:-2]):
        assert points(stage) == [
            pytest.approx(point, abs=0.006) for point in zip(fpr[: i + 1], tpr[: i + 1], strict=True)
        ]
        called = sum(line.endswith("called ill") for line in stage.picture_text.splitlines())
        assert called == (scores >= thresholds[i]).sum()
    (tied,) = [stage for stage in stages if "a tie" in stage.happens]
    assert "together" in tied.happens
    assert "at once" in tied.comes_out
    titles = " ".join(stage.title for stage in stages[1:-2])
    assert not re.search(r"tie|both|up|right|ill|healthy", titles)  # the learner is asked to guess


def test_the_healthy_at_the_end_go_in_one_stage():
    scores, ill = eleven_patients()
    stages = trace_roc().stages
    last = stages[-2]
    fpr, tpr, _ = metrics.roc_curve(ill, scores, drop_intermediate=False)
    assert points(last) == [pytest.approx(point, abs=0.006) for point in zip(fpr, tpr, strict=True)]
    left = int(re.search(r"the last (\d+)", last.happens).group(1))
    assert left == len(fpr) - len(points(stages[-3]))
    assert not ill[-left:].any()


def test_the_last_stage_counts_pairs():
    scores, ill = eleven_patients()
    last = trace_roc().stages[-1]
    counted = re.search(r"\((\d+) \+ ([\d.]+)\) / (\d+) = ([\d.]+),", last.comes_out)
    above, half, pairs, area = (float(n) for n in counted.groups())
    assert area == pytest.approx((above + half) / pairs, abs=0.0006)
    assert area == pytest.approx(metrics.roc_auc_score(ill, scores), abs=0.0006)

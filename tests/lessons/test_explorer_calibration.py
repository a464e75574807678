"""Lesson 15's explorer and trace: every number in the picture is counted again here, with scikit-learn."""

import re
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from sklearn import metrics

from course_lib.classroom import style
from course_lib.lessons.calibration import explorer as module
from course_lib.lessons.calibration.explorer import CalibrationState, calibration_explorer
from course_lib.lessons.calibration.scores import bold_network, honest_scores
from course_lib.lessons.calibration.trace import patient, trace_decision
from course_lib.metrics import calibration_error, threshold_for_cost

STATES = [
    CalibrationState(sharpness, shift, prevalence, miss_cost)
    for sharpness in (0.2, 1.0, 4.0)
    for shift in (-4.0, 0.0, 2.5)
    for prevalence in (1, 37, 60)
    for miss_cost in (1, 50)
]


def test_the_scores_are_real_and_nearly_true():
    scores, ill = honest_scores()
    assert (len(scores), ill.sum()) == (569, 212)
    probs = 1 / (1 + np.exp(-scores))
    assert 0.85 < metrics.roc_auc_score(ill, scores) < 0.96
    assert calibration_error(probs, ill) < 0.05
    assert probs.mean() == pytest.approx(ill.mean(), abs=0.02)


@pytest.mark.parametrize("state", STATES, ids=str)
def test_cells_cost_and_log_loss_are_those_of_the_weighted_people(state):
    scores, ill = honest_scores()
    probs = 1 / (1 + np.exp(-(state.sharpness * scores + state.shift)))
    weight = np.where(ill, 10 * state.prevalence / ill.sum(), (1000 - 10 * state.prevalence) / (~ill).sum())
    called = probs * state.miss_cost >= 1 - probs
    (tn, fp), (fn, tp) = metrics.confusion_matrix(ill, called, sample_weight=weight)
    assert state.cells == pytest.approx((tp, fn, fp, tn), abs=0.5 + 1e-6)
    assert all(isinstance(count, int) for count in state.cells)
    assert sum(state.cells) == 1000
    assert state.cost == pytest.approx(fp + fn * state.miss_cost)
    assert state.lowest <= state.cost + 1e-9
    assert state.promised == pytest.approx((weight * np.where(called, 1 - probs, state.miss_cost * probs)).sum())
    if probs.max() < 1 - 1e-12:
        assert state.log_loss == pytest.approx(metrics.log_loss(ill, probs, sample_weight=weight), rel=1e-6)


@pytest.mark.parametrize("sharpness", [0.2, 1.0, 3.0])
def test_at_the_datas_own_prevalence_the_diagram_is_the_librarys(sharpness):
    scores, ill = honest_scores()
    state = CalibrationState(sharpness=sharpness, prevalence=37)
    error = calibration_error(1 / (1 + np.exp(-sharpness * scores)), ill, bins=module.BINS)
    assert state.error == pytest.approx(error, abs=0.005)  # 212 of 569 are 37.3 in 100


def test_true_claims_keep_their_promise_and_sharp_ones_do_not():
    true, sharp, rare = CalibrationState(), CalibrationState(sharpness=4.0), CalibrationState(prevalence=5)
    assert true.promised == pytest.approx(true.cost, rel=0.2)
    assert sharp.promised < 0.5 * sharp.cost
    assert sharp.log_loss > sharp.ignorant > true.log_loss
    assert rare.error > 0.1
    shifted = CalibrationState(prevalence=5, shift=-2.4)
    assert shifted.error < 0.05
    assert shifted.cost < rare.cost


def test_with_equal_costs_and_no_shift_sharpness_leaves_the_cost_alone():
    costs = {CalibrationState(sharpness=s, miss_cost=1).cost for s in (0.2, 1.0, 2.2, 4.0)}
    assert max(costs) == pytest.approx(min(costs))
    assert CalibrationState(sharpness=0.5, miss_cost=10).cost != CalibrationState(miss_cost=10).cost


def test_the_lowest_cost_is_that_of_the_librarys_threshold():
    scores, ill = honest_scores()
    cut = threshold_for_cost(scores, ill, false_positive=1, false_negative=10)
    missed, alarms = (ill & (scores < cut)).mean(), (~ill & (scores >= cut)).mean()
    assert CalibrationState(prevalence=37).lowest == pytest.approx(1000 * (10 * missed + alarms), rel=0.02)


@pytest.mark.parametrize("state", STATES[::4], ids=str)
def test_the_picture_agrees_with_the_state(state):
    root = ET.fromstring(state.svg())
    words = [e.text for e in root.iter() if e.text]
    assert all(str(count) in words for count in state.cells)
    assert f"{state.log_loss:.3f}" in words
    claimed, happened, people = state.diagram
    at = [module.DIAGRAM.place(c, h) for c, h, n in zip(claimed, happened, people, strict=True) if n]
    dots = [(float(e.get("cx")), float(e.get("cy"))) for e in root.iter() if e.tag.endswith("circle")]
    assert dots == [pytest.approx(point, abs=0.06) for point in at]
    colors = {style.BLUE, style.VERMILION, style.GREEN, style.ORANGE, style.GREY, "currentColor", "none"}
    for element in root.iter():
        assert "id" not in element.attrib
        assert element.get("fill", "none") in colors
    width, height = root.get("viewBox").split()[2:]
    assert (float(width), float(height) <= 360) == (720, True)


def test_the_words_change_with_every_control():
    explorer = calibration_explorer()
    seen = {repr(explorer)}
    for change in ({"sharpness": 2.0}, {"shift": -1.0}, {"prevalence": 5}, {"miss_cost": 50}):
        explorer.set(**change)
        seen.add(repr(explorer))
    assert len(seen) == 5


def test_a_state_change_takes_a_few_milliseconds():
    explorer = calibration_explorer()
    explorer.view.comm = None  # no front end listens here
    taken = []
    for step in range(40):
        start = time.process_time()
        explorer.set(sharpness=round(0.2 + step / 20, 1), prevalence=1 + step)
        taken.append(time.process_time() - start)
    assert np.median(taken) < 0.03  # of the processor; 3 ms were measured


# --- the trace ---------------------------------------------------------------------------------------------


def test_the_bold_network_is_bold():
    bold = bold_network()
    assert bold.temperature > 1.7
    assert len(bold.logits) == 114
    assert bold.ill.sum() == 42
    assert bold.prevalence == pytest.approx(0.37, abs=0.01)


def test_the_trace_says_what_the_numbers_say():
    bold, stages = bold_network(), trace_decision().stages
    raw = bold.logits[patient()]
    cool = raw / bold.temperature
    there = cool + np.log(0.05 / 0.95) - np.log(bold.prevalence / (1 - bold.prevalence))
    probs = [1 / (1 + np.exp(-z)) for z in (raw, cool, there)]
    assert [p > 1 / 11 for p in probs] == [False, True, False]  # the decision turns twice
    rows = [re.findall(r"probability ([\d.]+)", stage.picture_text) for stage in stages]
    assert [len(row) for row in rows] == [1, 1, 2, 3, 3, 4, 4]
    assert [float(p) for p in rows[-1]] == pytest.approx([*probs, 1 / 11], abs=6e-4)
    home, called = (float(n) for n in re.findall(r"= (\d+\.\d+)", stages[5].happens))
    assert (home, called) == pytest.approx((10 * probs[2], 1 - probs[2]), abs=0.006)
    assert ("a miss" in stages[-1].comes_out) == bold.ill[patient()]

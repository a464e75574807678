"""Explorers and traces show the same whatever the notebook has set, and leave its settings and random numbers alone."""

import re
import sys
from contextlib import contextmanager, nullcontext

import pytest
import torch

from course_lib.classroom.explorers.explorer import Choice
from course_lib.classroom.tasks.comparing import same
from course_lib.lessons import (
    calibration,
    capstone,
    checkpointing,
    classification_metrics,
    device_mapping,
    eval_mode,
    evaluation_loop,
    exact_resume,
    loading_errors,
    no_grad,
    roc_analysis,
    sharded_checkpoints,
    state_dict,
    verify_after_loading,
    whole_model,
)
from course_lib.models import MLP
from course_lib.seeding import rng_state, sealed


@contextmanager
def float64_by_default():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def moved(explorer):
    """What an explorer shows at the start, and when each control is moved."""
    shown = [explorer.state.text(), explorer.state.svg()]
    for control in explorer.controls.values():
        values = list(control.options.values())[:3] if isinstance(control, Choice) else [control.low, control.high]
        for value in values:
            explorer.set(**{control.name: value})
            shown += [explorer.state.text(), explorer.state.svg()]
    return shown


def stages(trace):
    return [str(stage) for stage in trace.stages]


def prediction():
    with sealed(0):
        model, image = MLP().eval(), torch.rand(1, 1, 8, 8)
    return stages(state_dict.trace_prediction(model, image))


def loading(path):
    with sealed(0):
        torch.save(MLP().state_dict(), path)
    return stages(state_dict.trace_loading(path, MLP))


def unpickling(path):
    with sealed(0):
        torch.save({"weights": MLP().state_dict(), "epoch": 3}, path)
    return stages(whole_model.trace_unpickling(path))


ROOMS = {
    "switchboard": lambda path: moved(eval_mode.switchboard()),
    "trace_modes": lambda path: stages(eval_mode.trace_modes()),
    "memory_of_a_pass": lambda path: moved(no_grad.memory_of_a_pass()),
    "trace_saved": lambda path: stages(no_grad.trace_saved()),
    "batch_means": lambda path: moved(evaluation_loop.batch_means()),
    "trace_image": lambda path: stages(evaluation_loop.trace_image()),
    "rates_explorer": lambda path: moved(classification_metrics.rates_explorer()),
    "trace_ten_patients": lambda path: stages(classification_metrics.trace_ten_patients()),
    "calibration_explorer": lambda path: moved(calibration.calibration_explorer()),
    "trace_decision": lambda path: stages(calibration.trace_decision()),
    "threshold_explorer": lambda path: moved(roc_analysis.threshold_explorer()),
    "trace_roc": lambda path: stages(roc_analysis.trace_roc()),
    "explore_formats": lambda path: moved(whole_model.explore_formats()),
    "trace_unpickling": unpickling,
    "side_by_side": lambda path: moved(loading_errors.side_by_side()),
    "trace_load": lambda path: stages(loading_errors.trace_load()),
    "crash": lambda path: moved(checkpointing.crash()),
    "trace_folder": lambda path: stages(checkpointing.trace_folder()),
    "leave_one_out": lambda path: moved(exact_resume.leave_one_out()),
    "trace_resume": lambda path: stages(exact_resume.trace_resume()),
    "explore_capstone": lambda path: moved(capstone.explore_capstone()),
    "trace_capstone": lambda path: stages(capstone.trace_capstone()),
    "device_map": lambda path: moved(device_mapping.device_map()),
    "trace_devices": lambda path: stages(device_mapping.trace_devices()),
    "damage": lambda path: moved(verify_after_loading.damage()),
    "trace_protocol": lambda path: stages(verify_after_loading.trace_protocol()),
    "resharding": lambda path: moved(sharded_checkpoints.resharding()),
    "trace_shards": lambda path: stages(sharded_checkpoints.trace_shards()),
    "xray": lambda path: moved(state_dict.xray()),
    "trace_prediction": lambda path: prediction(),
    "trace_loading": loading,
}


def shown_afresh(name, path, caller):
    """Build it with nothing remembered from before: a cached result would prove nothing."""
    for module in [m for m in sys.modules if m.startswith("course_lib.")]:
        for value in list(vars(sys.modules[module]).values()):
            if hasattr(value, "cache_clear") and getattr(value, "__module__", "").startswith("course_lib.lessons"):
                value.cache_clear()
    with caller():
        return ROOMS[name](path)


@pytest.mark.parametrize("name", ROOMS)
def test_it_shows_the_same_whatever_the_notebook_has_set(name, tmp_path):
    path = tmp_path / "weights.pt"
    before = rng_state()
    plain = shown_afresh(name, path, nullcontext)
    for caller in (torch.no_grad, torch.inference_mode, float64_by_default):
        again = shown_afresh(name, path, caller)
        # a killed save leaves a file with a random name, as long as it had become
        steady = [[re.sub(r"\.tmp-\w+(\W+[\d,]+ bytes)?", ".tmp", one) for one in shown] for shown in (plain, again)]
        assert steady[1] == steady[0], caller.__name__
    assert same(rng_state(), before)

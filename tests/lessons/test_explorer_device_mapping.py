"""Lesson 11's explorer and trace: the rule is torch.load's own, and the trace is a real run."""

import io
import itertools
import re
import xml.etree.ElementTree as ET

import pytest
import torch

from course_lib.checkpoints.inspection import inspect_file
from course_lib.lessons.device_mapping import explorer as device_mapping
from course_lib.lessons.device_mapping import trace_devices
from course_lib.lessons.device_mapping.explorer import (
    AT_HOME_ON_CPU,
    FILES,
    MACHINES,
    MAPS,
    STORAGES,
    DeviceMapState,
    Outcome,
    device_map,
    loaded,
    ruled,
    this_machine,
)
from course_lib.lessons.device_mapping.on_a_gpu import attempt, cuda_is_available, gpu_files, tagged
from course_lib.lessons.device_mapping.tasks.shared import machine

ALL = list(itertools.product(FILES, MACHINES, MAPS))


def by_torch(file: str, where: str, map_location: str) -> Outcome:
    """torch.load's own decision, on a machine that claims these devices: it really loads, in main memory."""
    with machine(MACHINES[where]) as landed:
        chosen = device_mapping._argument(file, where, map_location)
        try:
            found = torch.load(io.BytesIO(device_mapping._file(file)), map_location=chosen, weights_only=True)
        except RuntimeError as error:
            return Outcome(error=str(error).splitlines()[0])
    first = [torch.empty(0).set_(found[name].untyped_storage())[0].item() for name in STORAGES]
    assert len(set(first)) == len(STORAGES)  # so that each storage is told from the others
    return Outcome(tuple(landed.get(number, "cpu") for number in first))


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="an Apple GPU takes what others refuse")
@pytest.mark.parametrize("where", MACHINES)
def test_the_rule_is_what_torch_load_decides(where):
    for file, map_location in itertools.product(FILES, MAPS):
        assert ruled(file, where, map_location) == by_torch(file, where, map_location), (file, map_location)


@pytest.mark.skipif(not this_machine(), reason="none of the four machines")
def test_the_rule_is_what_loading_on_this_machine_does():
    for file, map_location in itertools.product(FILES, MAPS):
        really = loaded(file, this_machine(), map_location)
        rule = ruled(file, this_machine(), map_location)
        assert really.really
        assert (really.places, really.error) == (rule.places, rule.error), (file, map_location)


def test_a_plan_always_loads_and_keeps_the_cpus_own():
    for file, where in itertools.product(FILES, MACHINES):
        state = DeviceMapState(file, where, "a plan")
        assert not state.outcome.error
        assert state.misplaced == []


def test_a_string_takes_everything_along():
    state = DeviceMapState("GPU 0's", "one GPU", '"cuda"')
    assert state.misplaced == list(AT_HOME_ON_CPU)
    assert "set_rng_state will refuse" in state.text()


def test_a_key_that_misses_is_told():
    assert DeviceMapState("GPU 0's", "one GPU", '{"cuda": "cpu"}').missed
    assert not DeviceMapState("GPU 1's", "one GPU", '{"cuda:1": "cuda:0"}').missed


@pytest.mark.parametrize("state", [DeviceMapState(*each) for each in ALL], ids=str)
def test_every_state_has_a_picture_and_words_that_agree(state):
    text, drawn = state.text(), [e.text for e in ET.fromstring(state.svg()).iter() if e.text]
    assert state.verdict()[0] in drawn
    assert f"map_location: {state.map_location}." in text
    if state.outcome.error:
        words = " ".join(drawn)
        assert all(word in words for word in state.outcome.error.split())
        assert state.outcome.error.rstrip(".") in text
    else:
        counts = [int(n) for n in re.findall(r"(\d) of 5 on", text)]
        assert sum(counts) == len(STORAGES)
        assert all(f"on {place} (" in text for place in state.outcome.places)


def test_every_control_moves_the_words():
    board = device_map()
    seen = {repr(board)}
    for change in ({"map_location": "a plan"}, {"machine": "one GPU"}, {"file": "Apple's"}):
        board.set(**change)
        seen.add(repr(board))
    assert len(seen) == 4


@pytest.fixture(scope="module")
def stages():
    return trace_devices().stages


def rows(stage) -> dict[str, list[str]]:
    """The table of a stage, read back from its plain text."""
    cells = (re.split(" {2,}", line) for line in stage.picture_text.splitlines()[1:])
    return {name: row for name, *row in cells}


def test_the_file_mixes_tags(stages):
    tags = {name: row[-1] for name, row in rows(stages[0]).items()}
    assert {name for name, tag in tags.items() if tag == "cpu"} == {"optimizer.0.step", "optimizer.1.step", "rng"}
    assert "6 are tagged `cuda:1`, 3 are tagged `cpu`" in stages[0].comes_out


def test_loading_stops_at_the_first_storage(stages):
    assert stages[1].comes_out.startswith("RuntimeError: Attempting to deserialize object on a CUDA device")
    assert list(rows(stages[1]).values())[:2] == [["raised"], ["not reached"]]


def test_bytes_come_to_main_memory_first_and_go_by_the_plan(stages):
    assert {row[-1] for row in rows(stages[2]).values()} == {"cpu"}
    assert [row[0] for row in rows(stages[2]).values()] == [row[0] for row in rows(stages[3]).values()]
    assert "'cuda:1': 'cpu'" in stages[3].goes_in


def test_the_model_keeps_its_place_and_takes_the_values(stages):
    table = rows(stages[4])
    assert table["file"][-1] == table["model after"][-1] != table["model before"][-1]
    assert table["model after"][0] == "float64"
    assert "`True`" in stages[4].comes_out


def test_states_follow_their_parameters_and_steps_stay(stages):
    for name, row in rows(stages[5]).items():
        assert row[-1] == ("cpu" if name.endswith("step") else "meta")


def test_random_states_load_from_the_cpu_only(stages):
    first, again, other = (row[-1] for row in rows(stages[6]).values())
    assert first == again
    assert other == "TypeError"
    assert "RNG state must be a torch.ByteTensor" in stages[6].comes_out


def test_a_gpu_wrote_the_files_and_left_its_tags(tmp_path):
    """The kept files, or fresh ones where there is a GPU: nothing of ours chose these tags."""
    assert "wrote these files" in gpu_files(tmp_path)
    for name in ("weights.pt", "next.pt"):
        assert {tensor.device for tensor in inspect_file(tmp_path / name).tensors} == {"cuda:0"}
    tags = {tensor.path: tensor.device for tensor in inspect_file(tmp_path / "training.pt").tensors}
    at_home = {name for name, tag in tags.items() if tag == "cpu"}
    assert at_home == {name for name in tags if name.endswith(("step", "rng"))}
    assert "H100" in torch.load(tmp_path / "training.pt", map_location="cpu", weights_only=True)["written_on"] or (
        torch.cuda.is_available()
    )


def test_an_attempt_says_what_a_machine_would(tmp_path):
    second = tagged("cuda:1", tmp_path)
    assert "is_available() is False" in attempt(second)
    assert "device_count() is 1" in attempt(second, gpus=1)
    assert attempt(second, map_location="cpu") == "loaded"
    assert [cuda_is_available(built_for_cuda=built) for built in (True, False)] == [True, False]

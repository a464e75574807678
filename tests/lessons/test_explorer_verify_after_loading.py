"""Lesson 12's explorer and trace: what a check is said to notice, it noticed, on a real file and a real model."""

import itertools
import xml.etree.ElementTree as ET

import pytest
import torch

from course_lib.lessons.verify_after_loading.explorer import BITS, CHECKS, KINDS, Damaged, damage
from course_lib.lessons.verify_after_loading.network import as_file, network, trained, turned
from course_lib.lessons.verify_after_loading.records import DISEASES, PATIENTS, patient
from course_lib.lessons.verify_after_loading.trace import trace_protocol

STATES = list(itertools.product(KINDS, range(1, 6)))


def words_in(picture: str) -> list[str]:
    return [e.text for e in ET.fromstring(picture).iter() if e.text and e.text.strip()]


def noticed(kind, amount):
    return {row.check for row in Damaged(kind, amount).rows if row.notices}


@pytest.mark.parametrize(("kind", "amount"), STATES)
def test_picture_and_words_agree(kind, amount):
    state = Damaged(kind, amount)
    assert [row.check for row in state.rows] == list(CHECKS)
    words = words_in(state.svg())
    assert state.verdict in words
    assert sum("✗" in word for word in words) == len(noticed(kind, amount))
    assert all(f"{check}: notices" in state.text() for check in noticed(kind, amount))


def test_each_damage_is_noticed_by_its_own_checks():
    assert all(noticed("nothing", amount) == set() for amount in range(1, 6))
    for amount in range(1, 6):
        assert {"SHA-256 of the file", "checksums inside it", "parameters"} <= noticed(
            "a bit turned in the file", amount
        )
        assert {"size of the file", "torch.load"} <= noticed("the end cut off", amount)
        older = noticed("an older checkpoint", amount)
        assert "SHA-256 of the file" in older
        assert "checksums inside it" not in older
        assert "SHA-256 of the file" not in noticed("rounded while loading", amount)
        forgotten = noticed("eval() forgotten", amount)
        assert "training flags" in forgotten
        assert "logits of a fixed batch" not in forgotten
        assert noticed("inputs shifted", amount) <= {"confusion matrix", "accuracy within 0.001"}
    assert "accuracy within 0.001" in noticed("inputs shifted", 5)
    assert "accuracy within 0.001" not in noticed("rounded while loading", 3)


def test_a_turned_bit_is_one_bit_of_one_number():
    base = trained()
    good = as_file(base.state)
    for bit in BITS:
        bad = turned(good, base.state["layers.1.weight"], 40, bit)
        assert sum((a ^ b).bit_count() for a, b in zip(good, bad, strict=True)) == 1


def test_nothing_is_shown_of_a_model_that_was_not_loaded():
    state = Damaged("the end cut off", 1)
    assert "keys: can't be asked" in state.text()
    assert [row.notices for row in state.rows[4:]] == [None] * 7


def test_the_words_change_with_every_control():
    explorer = damage()
    seen = {repr(explorer)}
    explorer.set(amount=5)
    seen.add(repr(explorer))
    explorer.set(kind="eval() forgotten")
    seen.add(repr(explorer))
    assert len(seen) == 3


def test_the_trace_shows_who_passes():
    stages = trace_protocol().stages
    fails = [stage.title for stage in stages if "the bad file fails" in stage.comes_out]
    assert fails == ["buffers", "logits", "checksums inside the file", "SHA-256"]
    assert all("The good file passes" in stage.comes_out for stage in stages)
    assert stages[-1].comes_out.endswith("good 10 of 10, bad 6 of 10.")


def test_patients_have_what_they_are_said_to_have():
    assert {settings["disease"] for settings in PATIENTS.values()} == {*DISEASES, "healthy"}
    for letter in PATIENTS:
        before, after = patient(letter)
        again = patient(letter)
        assert torch.equal(after["logits"], again[1]["logits"])
        assert list(before["state"]) == list(after["state"])


def test_the_network_is_trained():
    base = trained()
    model = network()
    model.load_state_dict(base.state)
    assert (model(base.inputs).argmax(1) == base.labels).float().mean() > 0.97

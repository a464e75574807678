"""Lesson 13: the explorer and the trace against numbers counted here, and the card as a reader, or a browser, meets it."""

import itertools
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from course_lib.errors import InputError
from course_lib.evaluation import evaluate
from course_lib.lessons.capstone import (
    cost_of,
    digest_of,
    explore_capstone,
    page,
    pictures,
    show_card,
    trace_capstone,
    write_card,
)
from course_lib.lessons.capstone.card import SECTIONS
from course_lib.lessons.capstone.explorer import INTERVALS, JUDGES, SIZES, CardState
from course_lib.lessons.capstone.records import EPOCHS, STEPS, record
from course_lib.lessons.capstone.tasks.model_card import Document

STATES = [CardState(*values) for values in itertools.product((0, 1, 10, 57, 60, 119), INTERVALS, JUDGES, SIZES)]


def test_what_is_lost_follows_from_a_walk_over_the_batches():
    for state in STATES:
        saved = lost = 0
        for batch in range(1, state.killed + 1):
            lost += 1
            if batch % STEPS == 0 and (batch // STEPS) % state.every == 0:
                saved, lost = batch // STEPS, 0
        assert (state.saved, state.lost) == (saved, lost), state


def test_the_judge_chooses_among_what_was_saved():
    rows = record()
    for state in STATES:
        scores = {"validation": rows.validation.mean(1), "test": rows.test[:, : state.images].mean(1)}
        if state.judge == "the last":
            assert state.chosen == EPOCHS - EPOCHS % state.every
            continue
        best = max(scores[state.judge][epoch - 1] for epoch in state.candidates)
        first = next(epoch for epoch in state.candidates if scores[state.judge][epoch - 1] == best)
        assert state.chosen == first
    for every, images in itertools.product(INTERVALS, SIZES):  # what chose by the test can't look worse there
        assert CardState(0, every, "test", images).claim >= CardState(0, every, "validation", images).claim


def test_every_state_has_a_picture_and_words_that_agree():
    for state in STATES:
        text, words = state.text(), " ".join(e.text for e in ET.fromstring(state.svg()).iter() if e.text)
        assert f"accuracy {state.claim:.3f} on {state.images:,} test images" in text
        assert f"accuracy {state.claim:.3f} on {state.images:,} test images" in words
        assert f"{state.truth:.3f}" in text
        assert state.verdict()[0] in words
        assert words.count("saved") == len(state.candidates)
        assert ("killed" in words) == (state.killed > 0)


def test_the_words_change_with_every_control():
    explorer = explore_capstone()
    seen = {repr(explorer)}
    for change in ({"killed": 33}, {"every": 3}, {"judge": "test"}, {"images": 1000}):
        explorer.set(**change)
        seen.add(repr(explorer))
    assert len(seen) == 5


def test_the_trace_is_a_run_that_was_killed_and_is_equal_in_every_bit():
    stages = trace_capstone().stages
    by_title = {stage.title: stage for stage in stages}
    assert "unbroken run: True" in by_title["epochs 5 and 6, again"].comes_out
    assert "equal in every bit: True" in by_title["load and verify"].comes_out
    listed = re.findall(r"^ +(\d) +(0\.\d{3})", by_title["epochs 5 and 6, again"].picture_text, flags=re.M)
    best = max(listed, key=lambda row: (float(row[1]), -int(row[0])))
    assert f"Epoch {best[0]}, {best[1]}" in by_title["choose"].comes_out
    right, n, share = re.search(
        r"(\d+) of (\d+) are right: (0\.\d+)", by_title["one look at the test"].happens
    ).groups()
    assert f"{int(right) / int(n):.3f}" == share


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A card of odd texts: its path, its HTML, the evaluation."""
    torch.manual_seed(0)
    targets = torch.arange(3).repeat(30)
    logits = torch.randn(90, 3) + 2 * torch.eye(3)[targets]
    tested = evaluate(torch.nn.Identity(), [(logits, targets)])
    facts = {
        "title": "A <b>model</b> & more", "purpose": "<script>alert(1)</script>", "classes": ["a<b", "b", "c&d"],
        "data": {"images <n>": 90}, "training": {"best epoch": 4, "note": '"quoted"'}, "file": {"SHA-256": "0" * 64},
        "limits": ["only <small> images"], "load": "if a < b: load()",
    }  # fmt: skip
    history = [{"epoch": 2, "val_accuracy": 0.91}, {"epoch": 4, "val_accuracy": 0.95}]
    path = tmp_path_factory.mktemp("card") / "card.html"
    about = {"history": history, "threshold": 0.25, "temperature": 1.5, "positive": 2}
    return path, write_card(path, facts, tested=tested, **about), tested, (facts, about)


def test_a_card_is_one_page_that_fetches_nothing_and_shows_texts_as_they_came(made):
    path, text, tested, _ = made
    assert path.read_text(encoding="utf-8") == text
    document = Document()
    document.feed(text)
    assert document.language == "en"
    assert document.fetched == []
    assert document.texts["h1"] == document.texts["title"] == ["A <b>model</b> & more"]
    assert document.texts["li"] == ["only <small> images"]
    assert len(document.pictures) == text.count("<svg") == 4
    assert all(len(words) > 20 for words in document.pictures)
    assert re.findall(r"<h2>([^<]+)</h2>", text) == list(SECTIONS)
    cells = {row[0][1]: [words for _, words in row[1:]] for row in document.rows if row}
    assert cells["note"] == ['"quoted"']
    assert cells["images <n>"] == ["90"]
    assert cells["a<b"][-1] == "30"
    assert f"accuracy {tested.accuracy:.3f}" in text
    assert "prefers-color" not in text
    assert "color-scheme: light dark" in text
    assert "@media print" in text


def test_a_card_says_what_is_counted_here(made):
    _, text, tested, (_, about) = made
    z = tested.logits.double()
    odds = z[:, 2] - z[:, :2].logsumexp(1)
    called, hits = odds >= about["threshold"], tested.targets == 2
    assert f"<td>{int((called & hits).sum())} of 30</td>" in text
    assert f"<td>{int((called & ~hits).sum())} of 60</td>" in text
    pairs = odds[hits][:, None] - odds[~hits][None]
    assert f"<td>{float((pairs > 0).double().mean()):.4f} (95 % interval" in text


def test_a_card_without_a_fact_or_a_picture_without_words_is_refused(made, tmp_path):
    _, _, tested, (facts, about) = made
    with pytest.raises(InputError, match="limits"):
        write_card(tmp_path / "x.html", {k: v for k, v in facts.items() if k != "limits"}, tested=tested, **about)
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="text alternative"):
        page.figure("<svg/>", alt=" ", caption="x")
    with pytest.raises(InputError, match="3 cells"):
        page.table(("a", "b"), [("x", 1, 2)], caption="x")


def test_pictures_say_their_numbers_and_are_svg():
    matrix = np.array([[5, 1], [0, 4]])
    drawn, words = pictures.confusion(matrix, ["no", "yes"])
    assert ET.fromstring(drawn) is not None
    assert "Of 10 examples 9 lie on the diagonal" in words
    assert "a true no is taken for yes" in words


def test_small_helpers(tmp_path, capsys, made):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert digest_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    called, hits = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    assert cost_of(called, hits, false_positive=1, false_negative=5) == 6
    show_card(made[0])
    assert "Load and verify" in capsys.readouterr().out

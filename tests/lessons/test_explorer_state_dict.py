"""Lesson 06's X-ray and traces: any file is looked at, none is run, and every number comes from a tensor."""

import datetime
import html
import io
import itertools
import os
import pickle
import re
import xml.etree.ElementTree as ET

import ipywidgets as widgets
import pytest
import torch
from torch import nn

from course_lib.data import batches, digits
from course_lib.errors import CheckpointError
from course_lib.lessons.state_dict import trace_loading, trace_prediction, trace_training, xray
from course_lib.lessons.state_dict.explorer import VIEWS, XrayState, open_file, sample_files, uploaded
from course_lib.models import MLP
from course_lib.seeding import sealed
from course_lib.training import fit

FILES = sample_files()
VERDICTS = {
    "weights.pt": "good",
    "ten_rows.pt": "good",
    "from_gpu.pt": "good",
    "weights.safetensors": "good",
    "stranger.pt": "unsafe",
    "plain.pt": "unsafe",
    "one_bit.pt": "damaged",
    "cut.pt": "damaged",
}


def opened(name: str):
    about, content = FILES[name]
    return open_file(name, content, about)


def words_in(picture: str) -> list[str]:
    return [e.text for e in ET.fromstring(picture).iter() if e.text and e.text.strip()]


def lines_in(listing: str) -> list[tuple[str, ...]]:
    """The rows of the table, each with its sign."""
    rows = re.findall(r"<tr[^>]*>(<td.*?)</tr>", listing)
    return [tuple(html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)) for row in rows]


@pytest.mark.parametrize("view", VIEWS.values())
@pytest.mark.parametrize("name", FILES)
def test_every_sample_has_a_picture_and_words_that_agree(name, view):
    file = opened(name)
    assert file.found.verdict == VERDICTS[name]
    state = XrayState(file, view)
    text, words = state.text(), words_in(state.svg())
    assert f"verdict: {VERDICTS[name]}" in text
    assert f"{len(FILES[name][1]):,} bytes" in text
    assert any(f"{len(FILES[name][1]):,} bytes" in w for w in words)
    assert lines_in(state.listing()) == [("▶" if row.flag else "", *row.cells) for row in state.rows]
    marked = [i for i, row in enumerate(state.rows, 1) if row.flag]
    assert (f"Marked: row {marked[0]:,}" in text) if marked else ("Marked" not in text)
    if state.rows:
        assert f"{len(state.rows):,} row" in text
    else:
        assert "<table" not in state.listing()
        assert text.endswith(re.search(r"<p>(.*?)</p>", state.listing())[1])


def test_a_good_file_that_is_almost_all_waste_is_not_just_called_good():
    said = "3,960,000 of 4,001,577 bytes are in no tensor"
    state = XrayState(opened("ten_rows.pt"))
    assert f"verdict: good, but {said}." in state.text()
    words = words_in(state.svg())
    assert "! wasteful" in words
    assert not any("good" in word for word in words)
    assert any(said in word for word in words)
    for name in FILES.keys() - {"ten_rows.pt"}:
        assert "in no tensor" not in XrayState(opened(name)).text()
    assert "✓ good" in words_in(XrayState(opened("weights.pt")).svg())


def test_tied_weights_are_no_waste_and_a_view_of_a_clone_is(tmp_path):
    matrix = torch.ones(100, 100)
    torch.save({"embed": matrix, "head": matrix}, tmp_path / "tied.pt")
    torch.save({"embed": matrix, "head": matrix[:50].clone()[:10]}, tmp_path / "slice.pt")
    tied, cut = (XrayState(open_file(name, tmp_path / name)) for name in ("tied.pt", "slice.pt"))
    assert tied.waste == ""
    assert cut.waste.startswith("16,000 of ")  # 40 rows of 100 float32


def test_nothing_is_run(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    explorer = xray()
    explorer.take([(name, FILES[name][1]) for name in ("stranger.pt", "plain.pt")])
    for file in explorer.controls["file"].options.values():
        for view in VIEWS.values():
            explorer.set(file=file, view=view)
            explorer.static()
    assert not list(tmp_path.iterdir())
    assert "ran me" not in "".join(capfd.readouterr())


def test_the_hostile_samples_would_run_if_somebody_unpickled_them(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    torch.load(io.BytesIO(FILES["stranger.pt"][1]), weights_only=False)
    assert (tmp_path / "the_xray_ran_me").exists()
    called = []
    monkeypatch.setattr(os, "system", called.append)
    steps = opened("plain.pt").rows["pickle"]
    assert any("echo the X-ray ran me" in cell for row in steps for cell in row.cells)
    assert called == []


def test_the_pickle_view_marks_what_is_refused():
    for name, wanted in (("stranger.pt", "exec"), ("plain.pt", "system")):
        marked = [row.cells for row in opened(name).rows["pickle"] if row.flag]
        assert len(marked) == 1
        assert marked[0][2].endswith(wanted)
        assert marked[0][3] == "REFUSED"
    assert not any(row.flag for row in opened("weights.pt").rows["pickle"])
    assert opened("weights.safetensors").rows["pickle"] == ()
    assert "nothing to run" in XrayState(opened("weights.safetensors"), "pickle").text()


@pytest.mark.parametrize("protocol", range(6))
def test_a_refused_call_is_marked_in_every_pickle_language(protocol):
    file = open_file("x.pkl", pickle.dumps([1, ("two", os.getcwd)], protocol))
    assert any(row.flag and row.cells[2].endswith(".getcwd") for row in file.rows["pickle"])


def test_the_views_show_what_is_special_about_a_file():
    (rows,) = opened("ten_rows.pt").rows["tensors"]
    assert rows.flag
    assert rows.cells[-2:] == ("40,000", "4,000,000")
    assert {row.cells[3] for row in opened("from_gpu.pt").rows["tensors"]} == {"cuda:0"}
    wrong = [row.cells for row in opened("one_bit.pt").rows["records"] if row.flag]
    assert [cells[0] for cells in wrong] == ["archive/data/0"]
    assert "layers.1.weight" in wrong[0][3]
    loaded, good = (torch.load(io.BytesIO(FILES[n][1]), weights_only=True) for n in ("one_bit.pt", "weights.pt"))
    assert sum(int((loaded[name] != good[name]).sum()) for name in good) == 1
    assert opened("cut.pt").rows["records"] == ()


def test_the_words_change_with_every_control():
    explorer = xray()
    options = list(explorer.controls["file"].options.values())
    seen = {repr(explorer)}
    for change in ({"file": options[2]}, {"view": "pickle"}):
        explorer.set(**change)
        seen.add(repr(explorer))
    assert len(seen) == 3


def test_the_list_scrolls_and_can_be_reached_by_keyboard():
    explorer = xray()
    explorer.set(view="pickle")
    row, picture, shown, words = explorer.view.children[:4]
    assert isinstance(row.children[0], widgets.Dropdown)  # room for any number of files
    assert "overflow: auto" in shown.value
    assert 'tabindex="0" role="region" aria-label="pickle"' in shown.value
    assert "aria-hidden" not in shown.value
    assert len(lines_in(shown.value)) == len(explorer.state.rows) > 100
    explorer.set(view="records")
    assert len(lines_in(shown.value)) == len(explorer.state.rows)
    assert explorer.state.listing() in explorer.static()
    assert "View records" in words.value
    assert "<svg" in picture.value


@pytest.mark.parametrize("seed", range(30))
def test_any_bytes_are_looked_at_without_an_exception(seed):
    generator = torch.Generator().manual_seed(seed)
    content = bytearray(list(FILES.values())[seed % len(FILES)][1][:20_000])
    for place in torch.randint(len(content), (seed,), generator=generator).tolist():
        content[place] ^= 0xFF
    cut = int(torch.randint(len(content) + 1, (), generator=generator)) if seed % 2 else len(content)
    file = open_file("noise & <noise>.pt", bytes(content[:cut]))
    for view in VIEWS.values():
        state = XrayState(file, view)
        ET.fromstring(state.svg())
        assert len(lines_in(state.listing())) == len(state.rows)
        assert file.found.verdict in state.text()


def test_files_of_ones_own_come_by_path_or_by_upload(tmp_path):
    torch.save({"mine": torch.ones(3)}, tmp_path / "mine.pt")
    explorer = xray(tmp_path / "mine.pt")
    assert repr(explorer).startswith("mine.pt, a file of yours: torch zip")
    upload = next(w for w in explorer.view.children[0].children if isinstance(w, widgets.FileUpload))
    content = (tmp_path / "mine.pt").read_bytes()
    explorer.take(uploaded({"old.pt": {"metadata": {}, "content": content}}))  # as ipywidgets 7 has it
    assert repr(explorer).startswith("old.pt")
    if not isinstance(upload.value, dict):  # ipywidgets 8
        entry = {"name": "new.pt", "type": "", "size": 1, "content": memoryview(content)}
        entry["last_modified"] = datetime.datetime.now(datetime.UTC)
        upload.value = (entry,)
        assert repr(explorer).startswith("new.pt")
        assert "new.pt" in explorer._picture.value
    assert len(explorer._widgets["file"].options) == len(explorer.controls["file"].options)
    assert explorer._widgets["file"].value is explorer.state.file
    with pytest.raises(CheckpointError, match="Check the path"):
        xray(tmp_path / "absent.pt")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    torch.manual_seed(0)
    splits, model = digits(), MLP(hidden=8)
    history = fit(
        model,
        batches(splits.train, 64, seed=0),
        torch.optim.SGD(model.parameters(), 0.1),
        nn.CrossEntropyLoss(),
        epochs=4,
        validation=batches(splits.validation, 360),
        progress=False,
    )
    path = tmp_path_factory.mktemp("run") / "weights.pt"
    torch.save(model.state_dict(), path)
    return model, history, path, splits.test.tensors[0][:1]


def rows_of(stage, caption: str) -> torch.Tensor:
    lines = stage.picture_text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(caption + ":")) + 1
    rows = []
    for line in lines[start:]:
        if re.match(r"[^:]+: (px|value|prob)", line):
            break
        rows.append([float(word.replace("−", "-")) for word in line[16:].split()])
    return torch.tensor(rows)


def test_loading_is_traced_in_three_stages_with_the_real_values(run):
    model, _, path, _ = run
    with sealed(0):  # what trace_loading draws from
        new = MLP(hidden=8)
    trace = trace_loading(path, lambda: MLP(hidden=8))
    assert [stage.title for stage in trace.stages] == ["create", "read", "apply"]
    create, read, apply = trace.stages
    expected = {"before": new, "in the file": model, "after": model}
    for caption, source in expected.items():
        assert torch.allclose(rows_of(apply, caption), source.layers[1].weight[:3, 27:30], atol=0.006)
    assert torch.equal(rows_of(create, "layers.1.weight, new"), rows_of(apply, "before"))
    assert not torch.equal(rows_of(read, "in the model"), rows_of(read, "in the dictionary"))
    assert "untouched" in read.comes_out
    assert f"{path.stat().st_size:,} bytes" in read.goes_in
    assert "9 of 9 tensors equal" in apply.comes_out
    assert "already has" in apply.happens
    assert "share no memory" in apply.note


def test_training_is_traced_at_its_first_middle_and_last_epoch(run):
    _, history, *_ = run
    stages = trace_training(history, baseline=0.1).stages
    assert [stage.title for stage in stages] == ["epoch 1", "epoch 2", "epoch 4"]
    for stage, row in zip(stages, (history[0], history[1], history[3]), strict=True):
        assert f"{row['loss']:.3f}" in stage.happens
        assert f"{row['val_accuracy']:.3f}" in stage.comes_out
        assert len(stage.picture_text.splitlines()) == 1 + len(history)
        ET.fromstring(stage.picture_svg)
    fall = (history[0]["loss"] - history[1]["loss"]) / (history[0]["loss"] - history[3]["loss"])
    assert stages[1].note.startswith(f"{100 * fall:.0f} %")
    best = max(history, key=lambda row: row["val_accuracy"])
    assert f"{best['val_accuracy']:.3f}" in stages[2].note


def test_a_prediction_is_traced_layer_by_layer(run):
    model, *_, image = run
    model.train()
    stages = trace_prediction(model, image).stages
    assert model.training
    assert len(stages) == 7
    for before, after in itertools.pairwise(stages[:6]):
        assert torch.equal(rows_of(before, "out"), rows_of(after, "in"))
    with torch.no_grad():
        probabilities = model.eval()(image).softmax(1)[0]
    assert torch.allclose(rows_of(stages[-1], "output")[:, 0], probabilities, atol=0.006)
    assert f"**{int(probabilities.argmax())}**" in stages[-1].comes_out
    assert not any(module._forward_hooks for module in model.modules())
    assert "`layers.2.running_mean`" in stages[2].note

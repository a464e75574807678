"""Mistakes of common tutorials about loading and checking: each fails here as they write it, and passes as we do.

The numbers are those of the list of errata that this project was built from.
"""

import copy
import importlib
import pickle
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.checkpoints.files import load_file, save_file
from course_lib.checkpoints.formats import load_portable, save_portable
from course_lib.checkpoints.inspection import compare_state_dicts, inspect_file
from course_lib.data import batches, digits
from course_lib.devices import plan_map_location, saved_as
from course_lib.errors import UnsafeFileError
from course_lib.evaluation import evaluate
from course_lib.models import build_model
from course_lib.verification import diagnose, model_fingerprint, take_snapshot, verify_reload

CONFIG = {"kind": "mlp", "inputs": 64, "hidden": 64, "classes": 10, "dropout": 0.5}


@pytest.fixture(scope="module")
def trained_once():
    torch.manual_seed(0)
    model = build_model(CONFIG)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(8):
        for inputs, targets in batches(digits().train, 64, shuffle=True, seed=0):
            optimizer.zero_grad()
            F.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
    return model.eval()


@pytest.fixture
def trained(trained_once):
    return copy.deepcopy(trained_once)


@pytest.fixture(scope="module")
def examples():
    return list(batches(digits().test, 64))


def fresh(state_dict=None):
    torch.manual_seed(1)
    model = build_model(CONFIG)
    if state_dict is not None:
        model.load_state_dict(state_dict)
    return model


def accuracy_as_usual(model, loader):
    """How tutorials measure it: in whatever mode the model is."""
    with torch.no_grad():
        right = sum((torch.max(model(x).data, 1)[1] == y).sum().item() for x, y in loader)
    return right / sum(len(y) for _, y in loader)


def test_02_a_whole_model_does_not_load_since_torch_26(trained, tmp_path):
    torch.save(trained, tmp_path / "model.pth")
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        torch.load(tmp_path / "model.pth")
    # Allow-listing the class is not enough: the next error names the next class. We list them all, without loading.
    found = inspect_file(tmp_path / "model.pth")
    assert found.verdict == "unsafe"
    assert set(found.refused) >= {"course_lib.models.MLP", "torch.nn.modules.container.Sequential"}
    assert set(found.refused) == set(torch.serialization.get_unsafe_globals_in_checkpoint(tmp_path / "model.pth"))
    with pytest.raises(UnsafeFileError, match="MLP"):
        load_file(tmp_path / "model.pth")
    # What is meant: the weights, and what is needed to build the model that they belong to.
    path = save_portable(trained.state_dict(), tmp_path / "model.safetensors", config=trained.config)
    state, config = load_portable(path)
    again = build_model(config)
    again.load_state_dict(state)
    assert model_fingerprint(again) == model_fingerprint(trained)


SOURCE = """
from torch import nn

class {name}(nn.Linear):
    def forward(self, inputs):
        return super().forward(inputs) {more}
"""


def test_03_a_whole_model_holds_the_path_of_its_class_and_not_its_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(name, more=""):
        sys.modules.pop("their_model", None)
        (tmp_path / "their_model.py").write_text(SOURCE.format(name=name, more=more))
        importlib.invalidate_caches()
        return getattr(importlib.import_module("their_model"), name)

    data = [(torch.eye(2), torch.tensor([0, 1]))]
    model = write("Net")(2, 2).eval()
    torch.save(model, tmp_path / "model.pth")
    save_file({"model": model.state_dict(), "before": take_snapshot(model, data)}, tmp_path / "ours.pt")

    write("Renamed")
    with pytest.raises(AttributeError, match="Can't get attribute 'Net'"):
        torch.load(tmp_path / "model.pth", weights_only=False)
    edited = write("Net", more="- 100")
    loaded = torch.load(tmp_path / "model.pth", weights_only=False)  # not a word
    assert (loaded(data[0][0]) - model(data[0][0])).max() < -90
    # The record beside the weights notices that the code is another one.
    ours = load_file(tmp_path / "ours.pt")
    again = edited(2, 2).eval()
    again.load_state_dict(ours["model"])
    assert not verify_reload(ours["before"], (again, data)).passed
    assert diagnose(ours["before"], (again, data))[0].disease == "the same weights, another computation"
    del sys.modules["their_model"]


def test_13_a_state_dict_is_more_than_weights_and_biases(trained, examples, tmp_path):
    common = dict(trained.named_parameters())  # "the learned parameters"
    other = fresh()
    other.load_state_dict(common, strict=False)
    assert all(torch.equal(a, b) for a, b in zip(trained.parameters(), other.parameters(), strict=True))
    assert evaluate(other.eval(), examples).accuracy < evaluate(trained, examples).accuracy - 0.05
    comparison = compare_state_dicts(trained.state_dict(), common)
    assert {key.rsplit(".", 1)[1] for key in comparison.missing} == {
        "running_mean", "running_var", "num_batches_tracked",
    }  # fmt: skip
    assert diagnose((trained, examples), (other, examples))[0].disease == "buffers lost"
    path = save_file(trained.state_dict(), tmp_path / "all.pt")
    assert {entry.path for entry in inspect_file(path).tensors} == set(trained.state_dict())


def test_18_data_hides_an_edit_from_autograd(trained, examples):
    x = torch.ones(2, requires_grad=True)
    outputs = x.exp()
    outputs.data.zero_()  # the common code's way to "only look at the values"
    assert torch.autograd.grad(outputs.sum(), x)[0].tolist() == [0.0, 0.0]  # wrong: exp(1) is right, and no error
    outputs = x.exp()
    outputs.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        outputs.sum().backward()
    # Nobody needs .data for the predicted classes.
    evaluation = evaluate(trained, examples)
    assert not evaluation.logits.requires_grad
    assert torch.equal(evaluation.preds, evaluation.logits.argmax(1))
    assert evaluation.accuracy == accuracy_as_usual(trained, examples)


def parameters_equal(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters()))  # noqa: B905 (the common code)


def test_19_equal_parameters_prove_little(trained):
    other = fresh(trained.state_dict())
    other.layers[2].running_mean += 3
    assert parameters_equal(trained, other)  # no buffers
    assert list(compare_state_dicts(trained.state_dict(), other.state_dict()).values) == ["layers.2.running_mean"]
    assert parameters_equal(trained, nn.Sequential())  # zip stops at the shorter one
    assert len(compare_state_dicts(trained.state_dict(), {}).missing) == len(trained.state_dict())
    trained.layers[1].bias.data[0] = float("nan")
    assert not parameters_equal(trained, trained)  # NaN is not equal to itself
    assert compare_state_dicts(trained.state_dict(), trained.state_dict()).equal


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod."])
def test_20_missing_keys_are_seldom_another_architecture(trained, prefix):
    file = {prefix + key: value for key, value in trained.state_dict().items()}
    with pytest.raises(RuntimeError) as caught:
        fresh(file)
    missing, unexpected = str(caught.value).split("Unexpected key(s)")
    assert 'Missing key(s) in state_dict: "layers.1.weight"' in missing  # the half that is quoted
    assert prefix in unexpected  # the half that says why
    comparison = compare_state_dicts(trained.state_dict(), file)
    assert len(comparison.missing) == len(comparison.unexpected) == len(file)
    assert "remove the prefix" in str(comparison).splitlines()[0]
    removed = {key.removeprefix(prefix): value for key, value in file.items()}
    assert compare_state_dicts(trained.state_dict(), removed).equal


def test_20_nor_is_the_whole_checkpoint_another_architecture(trained):
    file = {"epoch": 3, "model_state_dict": trained.state_dict()}
    with pytest.raises(RuntimeError, match=r"Missing key.*layers.1.weight"):
        fresh(file)
    comparison = compare_state_dicts(trained.state_dict(), file)
    assert comparison.hints == ("this is the whole checkpoint, the weights are inside: pass it['model_state_dict']",)


def test_21_where_tensors_go_is_said_with_map_location(trained, tmp_path):
    path = tmp_path / "model.pt"
    torch.save(trained.state_dict(), path)
    with pytest.raises(TypeError, match="device"), pytest.warns(UserWarning, match="pickle_load_args"):
        torch.load(path, device="cpu")  # option A
    if not torch.cuda.is_available():
        with pytest.raises((RuntimeError, pickle.UnpicklingError), match="CUDA device"):
            torch.load(path, map_location="cuda", weights_only=True)  # option C, even for a CPU's file
    assert model_fingerprint(load_file(path)) == model_fingerprint(trained)
    assert {str(tensor.device) for tensor in load_file(path, map_location="cpu").values()} == {"cpu"}


def test_23_close_is_not_exact_and_exact_is_to_be_had(trained, examples, tmp_path):
    path = save_file(trained.state_dict(), tmp_path / "model.pt")
    again = fresh(load_file(path)).eval()
    report = verify_reload((trained, examples), (again, examples))
    assert report.passed
    assert report["logits"].detail == "3600 equal in every bit"
    # "About the same accuracy" also accepts a model that was trained on.
    other = copy.deepcopy(trained)
    with torch.no_grad():
        other.layers[-1].weight += 1e-3
    difference = abs(evaluate(other, examples).accuracy - evaluate(trained, examples).accuracy)
    assert difference < 0.01
    report = verify_reload((trained, examples), (other, examples))
    assert report["parameters"].verdict == report["logits"].verdict == report["fingerprint"].verdict == "failed"


def test_25_equal_confusion_matrices_do_not_prove_the_reload():
    """The quiz's own numbers: TP 50, FP 10, FN 5, TN 35; two models that disagree about 30 of 100 examples."""
    targets = torch.tensor([1] * 55 + [0] * 45)
    first = torch.tensor([1] * 50 + [0] * 5 + [1] * 10 + [0] * 35)
    second = torch.tensor([0] * 5 + [1] * 50 + [0] * 35 + [1] * 10)

    class Table(nn.Module):
        """Answers example k with a stored class."""

        def __init__(self, classes):
            super().__init__()
            self.register_buffer("classes", classes)

        def forward(self, rows):
            return F.one_hot(self.classes[rows.long()], 2).float()

    data = [(torch.arange(100.0), targets)]
    a, b = (evaluate(Table(classes), data) for classes in (first, second))
    assert torch.equal(a.confusion, b.confusion)  # "the model was loaded correctly"
    assert (a.preds != b.preds).sum() == 30
    assert a.confusion.tolist() == [[35, 10], [5, 50]]
    assert a.fingerprint() != b.fingerprint()
    report = verify_reload((Table(first), data), (Table(second), data))
    assert report["metrics"].verdict == "passed"
    assert report["logits"].verdict == "failed"
    assert "30 of 100 examples have other logits" in report["logits"].detail


def test_26_a_worse_accuracy_is_seldom_a_damaged_file(trained, examples):
    again = fresh(trained.state_dict())  # loaded correctly, and still in training mode
    small = list(batches(digits().test, 4))
    right = evaluate(again, small).accuracy
    wrong = accuracy_as_usual(copy.deepcopy(again), small)
    assert wrong < right - 0.05
    # Under no_grad, but in training mode, measuring has changed the model that will be saved next.
    measured = copy.deepcopy(again)
    accuracy_as_usual(measured, small)
    assert not compare_state_dicts(again.state_dict(), measured.state_dict()).equal
    before = take_snapshot(trained, small)
    (only,) = diagnose(before, (again, small))
    assert only.disease == "eval() was forgotten"
    assert f"{right:.3f} in eval mode" in only.evidence
    first, second = diagnose(before, (measured, small))
    assert first.disease == "batch norm statistics overwritten"
    assert second.disease == "eval() was forgotten"
    # The other innocent reason.
    raw = [(inputs * 16, targets) for inputs, targets in small]
    found = diagnose(before, (trained, raw))[0]
    assert found.disease == "other preprocessing"
    assert "max 1 became 16" in found.evidence


@pytest.mark.parametrize("tag", ["cuda:0", "cuda:1", "mps", "npu:0"])
def test_28_a_file_holds_the_tags_of_its_devices(trained, tag, tmp_path):
    path = tmp_path / "gpu.pt"
    step = torch.tensor(3.0)
    with saved_as(tag, only=trained):
        torch.save({"model": trained.state_dict(), "step": step}, path)
    found = inspect_file(path)
    assert {entry.device for entry in found.tensors} == {tag, "cpu"}
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        with pytest.raises((RuntimeError, pickle.UnpicklingError)):
            torch.load(path, weights_only=True)  # the common code
    plan = plan_map_location({entry.device for entry in found.tensors}, available=["cpu"])
    for where in ("cpu", plan):
        loaded = load_file(path, map_location=where)
        assert model_fingerprint(loaded["model"]) == model_fingerprint(trained)
    # Nothing is mapped "dynamically" after that: the tensors are where they were put.
    assert {tensor.device.type for tensor in load_file(path)["model"].values()} == {"cpu"}

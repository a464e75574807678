import copy
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from course_lib.checkpoints.files import load_file, save_file
from course_lib.devices import saved_as
from course_lib.errors import InputError
from course_lib.evaluation import evaluate
from course_lib.verification import diagnose, model_fingerprint, take_snapshot, verify_reload

CLASSES, FEATURES = 3, 5


def make_model(activation=nn.ReLU):
    return nn.Sequential(
        nn.Linear(FEATURES, 8), nn.BatchNorm1d(8), activation(), nn.Dropout(0.5), nn.Linear(8, CLASSES)
    )


def make_data(scale=1.0):
    """Three clouds of points, 96 examples in batches of 16."""
    generator = torch.Generator().manual_seed(7)
    centres = 3 * torch.randn(CLASSES, FEATURES, generator=generator)
    targets = torch.arange(96) % CLASSES
    inputs = (centres[targets] + torch.randn(96, FEATURES, generator=generator)) * scale
    return [(inputs[i : i + 16], targets[i : i + 16]) for i in range(0, 96, 16)]


@pytest.fixture(scope="module")
def batches():
    return make_data()


@pytest.fixture(scope="module")
def trained_once(batches):
    torch.manual_seed(0)
    model = make_model()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(8):
        for inputs, targets in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
    return model.eval()


@pytest.fixture
def trained(trained_once):
    return copy.deepcopy(trained_once)


def reloaded(model, **changes):
    torch.manual_seed(99)
    other = make_model(**changes)
    other.load_state_dict(model.state_dict())
    return other.eval()


# --- model_fingerprint -------------------------------------------------------------------------------------------


def test_the_fingerprint_is_that_of_the_state_dict_in_any_order(trained):
    state = trained.state_dict()
    assert model_fingerprint(trained) == model_fingerprint(state)
    assert model_fingerprint(dict(reversed(list(state.items())))) == model_fingerprint(state)
    turned = {"w": torch.eye(3)[:2].t().contiguous()}
    assert model_fingerprint({"w": torch.eye(3)[:2].t()}) == model_fingerprint(turned)


def test_the_fingerprint_changes_with_everything_that_counts():
    state = {"w": torch.zeros(2, 3), "n": torch.tensor(0)}
    others = [
        {"v": torch.zeros(2, 3), "n": torch.tensor(0)},
        {"w": torch.zeros(3, 2), "n": torch.tensor(0)},
        {"w": torch.zeros(2, 3, dtype=torch.int32), "n": torch.tensor(0)},
        {"w": torch.zeros(2, 3), "n": torch.tensor(1)},
        {"w": torch.zeros(2, 3)},
        {"w": -torch.zeros(2, 3), "n": torch.tensor(0)},  # another bit, though equal as a number
        {"w": torch.zeros(2, 3).index_fill(1, torch.tensor([1]), 1e-45), "n": torch.tensor(0)},
        {"w": {"n": torch.zeros(2, 3)}, "n": torch.tensor(0)},
    ]
    assert len({model_fingerprint(value) for value in [state, *others]}) == len(others) + 1


def test_buffers_are_in_the_fingerprint_and_nan_is_equal_to_itself():
    model = nn.BatchNorm1d(2)
    before = model_fingerprint(model)
    model.running_mean += 1
    assert model_fingerprint(model) != before
    nan = {"w": torch.tensor([float("nan")])}
    assert model_fingerprint(nan) == model_fingerprint(copy.deepcopy(nan))


@pytest.mark.parametrize(
    "dtype", [torch.bfloat16, torch.bool, torch.complex64, torch.float8_e4m3fn, torch.int8, torch.uint16]
)
def test_every_dense_dtype_has_a_fingerprint(dtype):
    a, b = torch.zeros(3).to(dtype), torch.ones(3).to(dtype)
    assert model_fingerprint({"w": a}) != model_fingerprint({"w": b})
    assert model_fingerprint({"w": a[:0]}) != model_fingerprint({"w": a[0]})


def test_a_whole_checkpoint_has_a_fingerprint_and_objects_have_none(trained):
    optimizer = torch.optim.Adam(trained.parameters())
    checkpoint = {"model": trained.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "tag": None}
    assert model_fingerprint(checkpoint) != model_fingerprint({**checkpoint, "epoch": 4})
    with pytest.raises(InputError, match="ReLU"):
        model_fingerprint({"net": nn.ReLU()})
    with pytest.raises(InputError, match=r"no bytes to read\. A meta tensor has no values yet"):
        model_fingerprint({"w": torch.empty(2, device="meta")})


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("form", ["to_sparse", "to_sparse_csr"])
def test_sparse_tensors_have_a_fingerprint_of_their_numbers(form):
    eye, other = torch.eye(3), torch.eye(3) * 2
    assert model_fingerprint({"w": getattr(eye, form)()}) == model_fingerprint({"w": getattr(eye.clone(), form)()})
    assert model_fingerprint({"w": getattr(eye, form)()}) != model_fingerprint({"w": getattr(other, form)()})


@pytest.mark.filterwarnings("ignore")
def test_quantised_tensors_are_told_apart_by_their_scale_too():
    values = torch.tensor([[1.0, -2.0], [3.0, 0.5]])
    fine, coarse = (torch.quantize_per_tensor(values, scale, 0, torch.qint8) for scale in (0.1, 0.5))
    twice = torch.quantize_per_tensor(values * 2, 0.2, 0, torch.qint8)  # the same integers, other numbers
    channels = torch.quantize_per_channel(values, torch.tensor([0.1, 0.2]), torch.zeros(2), 0, torch.qint8)
    prints = [model_fingerprint({"w": one}) for one in (fine, coarse, twice, channels)]
    assert len(set(prints)) == 4
    assert model_fingerprint({"w": fine.clone()}) == prints[0]


# --- take_snapshot -----------------------------------------------------------------------------------------------


def test_a_snapshot_changes_nothing(trained, batches):
    trained.train()
    trained[1].eval()
    before = model_fingerprint(trained)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    seen = take_snapshot(trained, DataLoader([pair for x, y in batches for pair in zip(x, y, strict=True)], 16))
    assert model_fingerprint(trained) == before
    assert [module.training for module in trained] == [True, False, True, True, True]
    assert torch.equal(torch.get_rng_state(), state)
    assert seen["accuracy_as_it_stands"] < seen["accuracy"]


def test_a_snapshot_is_plain_data_that_a_checkpoint_can_hold(trained, batches, tmp_path):
    seen = take_snapshot(trained, batches, loss_fn=F.cross_entropy)
    path = save_file({"model": trained.state_dict(), "before": seen}, tmp_path / "c.pt")
    loaded = load_file(path)
    assert verify_reload(loaded["before"], (reloaded(trained), batches)).passed
    assert loaded["before"]["loss"] == seen["loss"]


def test_batches_in_a_loader_or_nested_are_fine(trained):
    class Pair(nn.Module):
        def forward(self, inputs):
            return inputs["a"] + inputs["b"][0]

    nested = [({"a": torch.eye(2), "b": [torch.ones(2, 2)]}, torch.tensor([0, 1]))]
    assert verify_reload((Pair(), nested), (Pair(), nested)).passed
    with pytest.raises(InputError, match="no batches"):
        take_snapshot(trained, iter(()))


# --- verify_reload -----------------------------------------------------------------------------------------------


def failed(report):
    return {check.name for check in report.checks if check.verdict == "failed"}


def test_a_correct_reload_passes_every_check(trained, batches):
    report = verify_reload((trained, batches), (reloaded(trained), batches))
    assert report.passed
    assert {check.verdict for check in report.checks} == {"passed"}
    names = [check.name for check in report.checks]
    assert names == ["keys", "shapes", "dtypes", "devices", "parameters", "buffers", "ties", "training flags", "batches",
                     "logits", "fingerprint", "metrics", "versions"]  # fmt: skip
    assert str(report).count("✓") == len(names)


OTHER_PROCESS = """
import sys, torch
sys.path.insert(0, sys.argv[1])
import test_verification as t
from course_lib.checkpoints.files import save_file
torch.manual_seed(0)
model = t.make_model()
model(torch.randn(32, t.FEATURES))
model.eval()
save_file({"model": model.state_dict(), "before": t.take_snapshot(model, t.make_data())}, sys.argv[2])
print(t.model_fingerprint(model))
"""


def test_before_may_come_from_another_process(tmp_path, request, batches):
    path = tmp_path / "c.pt"
    command = [sys.executable, "-c", OTHER_PROCESS, str(request.path.parent), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    checkpoint = load_file(path)
    model = make_model()
    model.load_state_dict(checkpoint["model"])
    assert model_fingerprint(model) == done.stdout.strip() == checkpoint["before"]["fingerprint"]
    assert verify_reload(checkpoint["before"], (model.eval(), batches)).passed
    with torch.no_grad():
        model[4].bias[0] += 1e-6
    assert not verify_reload(checkpoint["before"], (model, batches)).passed


def test_each_difference_fails_its_own_check(trained, batches):
    def report(change):
        other = reloaded(trained)
        return verify_reload((trained, batches), (change(other) or other, batches))

    @torch.no_grad()
    def weight(model):
        model[0].weight[0, 0] += 0.01

    def mean(model):
        model[1].running_mean += 0.5

    assert failed(report(weight)) == {"parameters", "logits", "fingerprint"}
    assert failed(report(mean)) >= {"buffers", "logits", "fingerprint"}
    assert "1.running_mean" in report(mean)["buffers"].detail
    assert failed(report(lambda model: model.train())) == {"training flags"}
    assert "model.eval()" in report(lambda model: model.train())["training flags"].detail
    assert failed(report(lambda model: model.double())) >= {"dtypes", "parameters"}
    assert failed(report(lambda model: nn.Sequential(*model, nn.Linear(CLASSES, CLASSES)))) >= {"keys", "logits"}
    wider = nn.Sequential(nn.Linear(FEATURES, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 4)).eval()
    assert failed(report(lambda model: wider)) >= {"shapes", "logits"}


def test_a_buffer_that_is_not_saved_is_checked_too(batches):
    class Masked(nn.Module):
        def __init__(self, mask):
            super().__init__()
            self.register_buffer("mask", torch.tensor(mask), persistent=False)

        def forward(self, inputs):
            return inputs[:, :CLASSES] * self.mask

    a, b = Masked([1.0, 1.0, 1.0]), Masked([1.0, 1.0, 0.0])
    b.load_state_dict(a.state_dict())  # "All keys matched successfully"
    assert failed(verify_reload((a, batches), (b, batches))) >= {"buffers", "logits"}
    assert diagnose((a, batches), (b, batches))[0].disease == "buffers lost"


def test_other_batch_sizes_are_a_warning_as_long_as_the_answers_are_close(trained, batches):
    inputs, targets = (torch.cat(part) for part in zip(*batches, strict=True))
    report = verify_reload((trained, batches), (reloaded(trained), [(inputs, targets)]))
    assert report.passed
    assert report["batches"].verdict == "warning"
    assert report["logits"].verdict in ("passed", "warning")
    wrong = reloaded(trained)
    wrong[4].bias.data += 0.1
    assert "logits" in failed(verify_reload((trained, batches), (wrong, [(inputs, targets)])))


def test_other_examples_can_not_prove_anything(trained, batches):
    report = verify_reload((trained, batches), (reloaded(trained), make_data(scale=2.0)))
    assert failed(report) == {"batches"}
    assert report["logits"].verdict == "not checked"
    assert "–" in str(report)


def test_equal_metrics_do_not_save_a_wrong_model(trained, batches):
    """The learner's check (the accuracy is the same) passes; ours fails."""
    other = reloaded(trained)
    other[4].weight.data *= 1.001
    other[4].bias.data *= 1.001
    assert evaluate(trained, batches).accuracy == evaluate(other, batches).accuracy
    assert failed(verify_reload((trained, batches), (other, batches))) == {"parameters", "logits", "fingerprint"}


def test_nan_logits_are_a_failed_check_and_not_a_crash(trained, batches):
    other = reloaded(trained)
    other[0].weight.data[0, 0] = float("nan")
    report = verify_reload((trained, batches), (other, batches))
    assert failed(report) == {"parameters", "logits", "fingerprint", "metrics"}
    assert "NaN" in report["logits"].detail


class Unsteady(nn.Module):
    """Answers `off` times its largest logit away from what the model inside answers."""

    def __init__(self, model, off):
        super().__init__()
        self.model, self.off = model, off

    def forward(self, inputs):
        logits = self.model(inputs)
        return logits + self.off * logits.abs().max()


def test_a_difference_of_rounding_size_is_a_warning_where_all_tensors_are_equal(trained, batches):
    before = Unsteady(trained, 0.0), batches
    report = verify_reload(before, (Unsteady(reloaded(trained), 1e-6), batches))
    assert report.passed
    assert report["logits"].verdict == "warning"
    assert "place in memory" in report["logits"].detail
    assert diagnose(before, (Unsteady(reloaded(trained), 1e-6), batches)) == []
    far = Unsteady(reloaded(trained), 1e-4), batches
    assert not verify_reload(before, far).passed
    assert [found.disease for found in diagnose(before, far)] == ["the same weights, another computation"]
    other = reloaded(trained)
    with torch.no_grad():
        other[0].bias[0] += 1e-7  # a tensor that differs explains nothing away
    assert verify_reload(before, (Unsteady(other, 1e-6), batches))["logits"].verdict == "failed"


def test_a_snapshot_from_another_device_is_a_warning(trained, batches):
    before = take_snapshot(trained, batches)
    for tensor in before["tensors"].values():
        tensor["device"] = "cuda:0"
    before["logits"] = before["logits"] + 1e-6
    before["evaluation"] = "another"
    report = verify_reload(before, (reloaded(trained), batches))
    assert report.passed
    assert report["devices"].verdict == report["logits"].verdict == "warning"
    before["logits"] = before["logits"] + 0.1
    assert "logits" in failed(verify_reload(before, (reloaded(trained), batches)))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_reload_onto_the_gpu_passes_with_warnings(trained, batches):
    report = verify_reload((trained, batches), (reloaded(trained).to("cuda"), batches))
    assert report.passed
    assert report["devices"].verdict == "warning"


def test_wrong_arguments_are_clear_errors(trained, batches):
    with pytest.raises(InputError, match="take_snapshot"):
        verify_reload(trained, (trained, batches))
    with pytest.raises(InputError, match="pair"):
        diagnose(take_snapshot(trained, batches), take_snapshot(trained, batches), optimizer=torch.optim.Optimizer)


# --- diagnose ----------------------------------------------------------------------------------------------------


def diseases(found):
    return [diagnosis.disease for diagnosis in found]


def test_a_healthy_reload_has_no_disease(trained, batches):
    assert diagnose((trained, batches), (reloaded(trained), batches)) == []


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod."])
def test_wrong_keys_come_first(trained, batches, prefix):
    torch.manual_seed(1)
    other = make_model()
    file = {prefix + key: value for key, value in trained.state_dict().items()}
    other.load_state_dict(file, strict=False)  # raises nothing, loads nothing
    first, *rest = diagnose((trained, batches), (other.eval(), batches), loaded=file)
    assert first.disease == "wrong keys, forgiven by strict=False"
    assert "0 of the model's 9 keys are in the file" in first.evidence
    assert prefix in first.remedy
    assert "accuracy 1.000 became" in first.evidence or "accuracy 0.9" in first.evidence
    assert diseases(rest)[0].startswith("the weights were not loaded")


def test_the_wrapper_dict_is_recognised(trained, batches):
    file = {"epoch": 3, "model_state_dict": trained.state_dict()}
    other = make_model()
    other.load_state_dict(file, strict=False)
    first = diagnose((trained, batches), (other.eval(), batches), loaded=file)[0]
    assert "pass it['model_state_dict']" in first.remedy


def test_weights_that_were_never_loaded_are_recognised_without_the_file(trained, batches):
    torch.manual_seed(1)
    first = diagnose((trained, batches), (make_model().eval(), batches))[0]
    assert first.disease == "the weights were not loaded, or come from another run"
    assert "num_batches_tracked is 0" in first.evidence


def test_a_partial_load_is_told_from_none(trained, batches):
    torch.manual_seed(1)
    other = make_model()
    renamed = {key.replace("4.", "head."): value for key, value in trained.state_dict().items()}
    other.load_state_dict(renamed, strict=False)
    first = diagnose((trained, batches), (other.eval(), batches))[0]
    assert first.disease == "only a part of the weights was loaded"
    assert "2 of 6 parameters differ" in first.evidence


def test_forgotten_eval_is_shown_in_both_accuracies(trained, batches):
    (only,) = diagnose((trained, batches), (reloaded(trained).train(), batches))
    assert only.disease == "eval() was forgotten"
    assert "5 modules" in only.evidence or "6 modules" in only.evidence
    stands, evaluated = (float(part.split()[0]) for part in only.evidence.split("accuracy ")[1].split(", "))
    assert stands < evaluated == pytest.approx(evaluate(trained, batches).accuracy, abs=5e-4)


def test_forgotten_eval_is_found_too_when_the_record_was_made_while_training(trained, batches):
    before = take_snapshot(copy.deepcopy(trained).train(), batches)
    assert diseases(diagnose(before, (reloaded(trained).train(), batches))) == ["eval() was forgotten"]
    assert diagnose(before, (reloaded(trained), batches)) == []


def test_batch_norm_overwritten_by_evaluating_in_train_mode(trained, batches):
    other = reloaded(trained).train()
    with torch.no_grad():  # does not protect the statistics
        for inputs, _ in make_data(scale=3.0):
            other(inputs)
    first, second = diagnose((trained, batches), (other, batches))
    assert first.disease == "batch norm statistics overwritten"
    assert "num_batches_tracked went from 48 to 54" in first.evidence
    assert second.disease == "eval() was forgotten"


def test_buffers_lost_when_only_parameters_were_saved(trained, batches):
    other = make_model()
    other.load_state_dict(dict(trained.named_parameters()), strict=False)
    first = diagnose((trained, batches), (other.eval(), batches))[0]
    assert first.disease == "buffers lost"
    assert "all parameters are equal, 3 buffers differ" in first.evidence


def test_preprocessing_is_shown_by_the_numbers_of_the_inputs(trained, batches):
    first = diagnose((trained, batches), (reloaded(trained), make_data(scale=255.0)))[0]
    assert first.disease == "other preprocessing"
    assert "std" in first.evidence
    assert "accuracy" in first.evidence
    shuffled = [batches[k] for k in (3, 0, 1, 2, 5, 4)]
    first = diagnose((trained, batches), (reloaded(trained), shuffled))[0]
    assert first.disease == "the same examples in another order"


def test_dtype_drift_also_when_the_model_is_float32_again(trained, batches):
    other = reloaded(trained).bfloat16()
    half = [(inputs.bfloat16(), targets) for inputs, targets in batches]
    assert "dtype drift" in diseases(diagnose((trained, batches), (other, half)))
    silent = make_model()
    silent.load_state_dict({key: value.half() for key, value in trained.state_dict().items()})
    assert silent[0].weight.dtype == torch.float32  # nobody said a word
    first = diagnose((trained, batches), (silent.eval(), batches))[0]
    assert first.disease == "dtype drift"
    assert "float32 values became numbers that float16 can hold" in first.evidence
    assert "logits differ by up to" in first.evidence


def test_one_flipped_bit_is_not_taken_for_another_model(trained, batches):
    for bit, words in ((30, "the largest value of 0.weight went from"), (22, "1 of 40 parts of 0.weight differ")):
        other = reloaded(trained)
        raw = other[0].weight.data.view(torch.int32)
        raw[2, 1] = raw[2, 1] ^ (1 << bit)
        first = diagnose((trained, batches), (other, batches))[0]
        assert first.disease == "damaged values (flipped bits, NaN)"
        assert words in first.evidence
    other[4].bias.data[1] = float("nan")
    assert "4.bias has 1 values that are NaN" in diagnose((trained, batches), (other, batches))[0].evidence


def test_wrong_class_order_in_the_targets_or_in_the_head(trained, batches):
    turned = [(inputs, torch.tensor([2, 0, 1])[targets]) for inputs, targets in batches]
    first = diagnose((trained, batches), (reloaded(trained), turned))[0]
    assert first.disease == "wrong class order"
    assert "the targets are renumbered: 0 is now 2, 1 is now 0, 2 is now 1" in first.evidence
    other = reloaded(trained)
    other[4].weight.data = other[4].weight.data[[1, 0, 2]]
    other[4].bias.data = other[4].bias.data[[1, 0, 2]]
    found = diagnose((trained, batches), (other, batches))
    assert diseases(found) == ["wrong class order"]
    assert "0 is now 1, 1 is now 0" in found[0].evidence


def test_equal_weights_under_other_code(trained, batches):
    (only,) = diagnose((trained, batches), (reloaded(trained, activation=nn.GELU), batches))
    assert only.disease == "the same weights, another computation"
    assert "all 9 tensors are equal" in only.evidence


def test_a_model_that_is_random_in_eval_mode(batches):
    class Bad(nn.Linear):
        def forward(self, inputs):
            return super().forward(F.dropout(inputs, 0.5))  # ignores eval()

    torch.manual_seed(0)
    a, b = Bad(FEATURES, CLASSES).eval(), Bad(FEATURES, CLASSES).eval()
    b.load_state_dict(a.state_dict())
    (only,) = diagnose((a, batches), (b, batches))
    assert only.disease == "random even in eval mode"


def test_an_optimizer_that_trains_ghosts(trained, batches):
    other = reloaded(trained)
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    assert diagnose((trained, batches), (other, batches), optimizer=optimizer) == []
    other.load_state_dict({k: v.clone() for k, v in trained.state_dict().items()}, assign=True)
    (only,) = diagnose((trained, batches), (other, batches), optimizer=optimizer)
    assert only.disease == "the optimizer trains another model"
    assert "0 of its 6 tensors" in only.evidence


def test_a_tagged_file_loaded_on_the_cpu_is_healthy(trained, batches, tmp_path):
    with saved_as("cuda:0"):
        path = save_file(trained.state_dict(), tmp_path / "gpu.pt")
    other = make_model()
    other.load_state_dict(load_file(path))
    assert verify_reload((trained, batches), (other.eval(), batches)).passed
    assert diagnose((trained, batches), (other, batches)) == []


def test_every_diagnosis_has_a_number_and_a_remedy(trained, batches):
    torch.manual_seed(1)
    text = str(diagnose((trained, batches), (make_model(), batches))[0])
    assert any(character.isdigit() for character in text)
    assert "strict=True" in text


# --- text, arrays, ties ----------------------------------------------------------------------------------------------


class Lengths(nn.Module):
    """Takes what people give to a model that tokenises inside."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(1, 2)

    def forward(self, texts):
        texts = texts["text"] if isinstance(texts, dict) else texts
        return self.out(torch.tensor([[float(len(text))] for text in texts]))


@pytest.mark.parametrize(
    "given", [list, tuple, lambda texts: {"text": texts, "lang": "en"}], ids=["list", "tuple", "dict"]
)
def test_text_inputs_are_recorded_and_compared(given):
    model = Lengths().eval()
    films = [(given(["good", "bad film"]), torch.tensor([0, 1])), (given(["fine"]), torch.tensor([1]))]
    other = [(given(["good", "sad film"]), torch.tensor([0, 1])), (given(["fine"]), torch.tensor([1]))]
    assert verify_reload((model, films), (model, films)).passed
    assert verify_reload((model, films), (model, other))["batches"].verdict == "failed"
    assert diagnose((model, films), (model, films)) == []


def test_texts_are_the_same_however_they_are_batched():
    model, texts = Lengths().eval(), ["good", "bad film", "fine"]
    whole, parts = (
        [(texts, torch.zeros(3).long())],
        [(texts[:1], torch.zeros(1).long()), (texts[1:], torch.zeros(2).long())],
    )
    assert verify_reload((model, whole), (model, parts))["batches"].verdict == "warning"


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        return self.head(self.embed(x))


def test_a_lost_tie_is_a_warning_and_a_diagnosis_and_a_kept_one_is_neither():
    batches = [(torch.tensor([0, 1, 4]), torch.tensor([0, 1, 2]))]
    before, kept, lost = Shared().eval(), Shared().eval(), Shared().eval()
    kept.load_state_dict(before.state_dict())
    lost.load_state_dict({name: value.clone() for name, value in before.state_dict().items()}, assign=True)
    assert verify_reload((before, batches), (kept, batches))["ties"].verdict == "passed"
    report = verify_reload((before, batches), (lost, batches))
    assert report.passed  # it answers alike
    assert report["ties"].verdict == "warning"
    assert "embed.weight = head.weight are separate now" in report["ties"].detail
    assert [found.disease for found in diagnose((before, batches), (lost, batches))] == ["a tie was lost"]
    older = {name: value for name, value in take_snapshot(before, batches).items() if name != "ties"}
    assert verify_reload(older, (lost, batches))["ties"].verdict == "not checked"


def test_a_vocabulary_of_classes_needs_no_matrix():
    batches = [(torch.randn(3, 2), torch.tensor([0, 15_000, 19_999]))]
    before, other = nn.Linear(2, 20_000).eval(), nn.Linear(2, 20_000).eval()
    assert verify_reload((before, batches), (before, batches)).passed
    assert not verify_reload((before, batches), (other, batches)).passed


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_a_lazy_layer_is_told():
    with pytest.raises(InputError, match="Run the model once on a batch"):
        model_fingerprint(nn.LazyLinear(2))

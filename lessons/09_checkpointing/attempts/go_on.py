# %% right: three load_state_dict · message: "as they were"
import torch


def go_on(path, net, sgd, schedule):
    saved = torch.load(path, weights_only=True)
    net.load_state_dict(saved["net"])
    sgd.load_state_dict(saved["sgd"])
    schedule.load_state_dict(saved["schedule"])
    return saved["epochs_done"] + 1


# %% right: a loop over pairs · message: "as they were"
from course_lib.checkpoints import load_file


def go_on(path, net, sgd, schedule):
    saved = load_file(path)
    for name, part in {"schedule": schedule, "sgd": sgd, "net": net}.items():
        part.load_state_dict(saved[name])
    return 1 + saved["epochs_done"]


# %% wrong: weights only · clause 2 · message: "has not the momentum"
import torch


def go_on(path, net, sgd, schedule):
    saved = torch.load(path, weights_only=True)
    net.load_state_dict(saved["net"])
    schedule.load_state_dict(saved["schedule"])
    return saved["epochs_done"] + 1


# %% wrong: the scheduler forgotten · clause 3 · message: "The scheduler stands at epoch 0"
import torch


def go_on(path, net, sgd, schedule):
    saved = torch.load(path, weights_only=True)
    net.load_state_dict(saved["net"])
    sgd.load_state_dict(saved["sgd"])
    return saved["epochs_done"] + 1


# %% wrong: the network forgotten · clause 1 · message: "has not the weights"
import torch


def go_on(path, net, sgd, schedule):
    saved = torch.load(path, weights_only=True)
    sgd.load_state_dict(saved["sgd"])
    schedule.load_state_dict(saved["schedule"])
    return saved["epochs_done"] + 1


# %% wrong: the epoch in the file · clause 4 · message: "so the next is 4; got 3"
import torch


def go_on(path, net, sgd, schedule):
    saved = torch.load(path, weights_only=True)
    net.load_state_dict(saved["net"])
    sgd.load_state_dict(saved["sgd"])
    schedule.load_state_dict(saved["schedule"])
    return saved["epochs_done"]


# %% wrong: the file's dictionary handed to the network · clause 1 · message: "raised RuntimeError"
import torch


def go_on(path, net, sgd, schedule):
    saved = torch.load(path, weights_only=True)
    net.load_state_dict(saved)
    sgd.load_state_dict(saved)
    schedule.load_state_dict(saved)
    return saved["epochs_done"] + 1


# %% wrong: the scheduler's count alone · clause 3 · message: "not its last learning rate"
import torch


def go_on(path, net, sgd, schedule):
    f = torch.load(path, weights_only=True)
    net.load_state_dict(f["net"])
    sgd.load_state_dict(f["sgd"])
    schedule.last_epoch = f["epochs_done"]
    return f["epochs_done"] + 1


# %% wrong: parameters without buffers · clause 1 · message: "not batch norm's statistics"
import torch


def go_on(path, net, sgd, schedule):
    f = torch.load(path, weights_only=True)
    with torch.no_grad():
        for k, p in net.named_parameters():
            p.copy_(f["net"][k])
    sgd.load_state_dict(f["sgd"])
    schedule.load_state_dict(f["schedule"])
    return f["epochs_done"] + 1

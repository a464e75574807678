# %% right: state first · message: "Moved, with its memory"
def move_live(model, optimizer, build_optimizer, device):
    state = optimizer.state_dict()
    fresh = build_optimizer(list(model.to(device).parameters()))
    fresh.load_state_dict(state)
    return fresh


# %% right: an object that is called · message: "Moved, with its memory"
class Mover:
    def __call__(self, model, optimizer, build_optimizer, device):
        model.to(device)
        self.new = build_optimizer(p for p in model.parameters())
        self.new.load_state_dict(optimizer.state_dict())
        return self.new


move_live = Mover()


# %% wrong: the old optimizer · clause 2 · message: "That is the old optimizer"
def move_live(model, optimizer, build_optimizer, device):
    model.to(device)
    return optimizer


# %% wrong: built before the move · clause 2 · message: "no longer has: ghosts"
def move_live(model, optimizer, build_optimizer, device):
    moved = build_optimizer(model.parameters())
    moved.load_state_dict(optimizer.state_dict())
    model.to(device)
    return moved


# %% wrong: without its state · clause 3 · message: "has no state"
def move_live(model, optimizer, build_optimizer, device):
    model.to(device)
    return build_optimizer(model.parameters())


# %% wrong: the model stays · clause 1 · message: "The model is on cpu"
def move_live(model, optimizer, build_optimizer, device):
    moved = build_optimizer(model.parameters())
    moved.load_state_dict(optimizer.state_dict())
    return moved


# %% wrong: the state put there by hand · clause 3 · message: "The state is on cpu"
def move_live(model, optimizer, build_optimizer, device):
    old = list(model.parameters())
    model.to(device)
    moved = build_optimizer(model.parameters())
    for before, after in zip(old, model.parameters()):
        moved.state[after] = optimizer.state[before]
    return moved


# %% wrong: nothing returned · clause 2 · message: "Expected the new optimizer to be returned"
def move_live(model, optimizer, build_optimizer, device):
    model.to(device)
    moved = build_optimizer(model.parameters())
    moved.load_state_dict(optimizer.state_dict())


# %% right: through bytes · message: "Moved, with its memory"
import io

import torch


def move_live(model, optimizer, build_optimizer, device):
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    moved = build_optimizer(model.to(device).parameters())
    moved.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return moved


# %% wrong: the moments without the learning rate · clause 3 · message: "learning rate is"
def move_live(model, optimizer, build_optimizer, device):
    model.to(device)
    moved = build_optimizer(model.parameters())
    groups = moved.state_dict()["param_groups"]
    moved.load_state_dict(optimizer.state_dict() | {"param_groups": groups})
    return moved


# %% wrong: an Adam of its own · clause 2 · message: "an optimizer of another making"
import torch


def move_live(model, optimizer, build_optimizer, device):
    model.to(device)
    moved = torch.optim.Adam(model.parameters())
    moved.load_state_dict(optimizer.state_dict())
    return moved

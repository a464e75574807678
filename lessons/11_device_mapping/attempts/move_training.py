# %% right: mapped by tag · message: "as if nothing had happened"
import torch


def move_training(path, build_model, build_optimizer, device):
    """The file goes straight to the device by a plan; what was on the CPU stays."""
    tags = set()
    torch.load(
        path, map_location=lambda storage, tag: tags.add(tag) or storage, weights_only=True
    )
    saved = torch.load(
        path, map_location={tag: str(device) for tag in tags - {"cpu"}}, weights_only=True
    )
    model = build_model().to(device)
    model.load_state_dict(saved["model"], assign=True)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["rng"])
    return model, optimizer


# %% right: loaded on the CPU, assigned, moved · message: "as if nothing had happened"
import torch


def move_training(path, build_model, build_optimizer, device):
    """Load on the CPU, the model last but one; the optimizer's state finds its place by itself."""
    saved = torch.load(path, map_location=lambda storage, tag: storage, weights_only=True)
    model = build_model()
    model.load_state_dict(saved["model"], assign=True)
    model = model.to(device)
    optimizer = build_optimizer(list(model.parameters()))
    optimizer.load_state_dict(saved["optimizer"])
    torch.random.set_rng_state(saved["rng"].cpu())
    return model, optimizer


# %% wrong: as shipped · clause 6 · message: "it trains ghosts"
import torch


def move_training(path, build_model, build_optimizer, device):
    """As it came."""
    checkpoint = torch.load(path, map_location=device, weights_only=True)
    torch.set_rng_state(checkpoint["rng"])
    model = build_model()
    optimizer = build_optimizer(model.parameters())
    model.load_state_dict(checkpoint["model"], assign=True)
    optimizer.load_state_dict(checkpoint["optimizer"])
    return model.to(device), optimizer


# %% wrong: the random state mapped to the device · clause 5 · message: "RNG state must be a torch.ByteTensor"
import torch


def move_training(path, build_model, build_optimizer, device):
    """map_location=device takes the random state along."""
    checkpoint = torch.load(path, map_location=device, weights_only=True)
    model = build_model().to(device)
    model.load_state_dict(checkpoint["model"])
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: the model moved after the optimizer was built · clause 7 · message: "it trains ghosts"
import torch


def move_training(path, build_model, build_optimizer, device):
    """Optimizer and its state first, the move afterwards."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    optimizer = build_optimizer(model.parameters())
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    model = model.to(device)
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: no map_location · clause 1 · message: "torch.cuda.is_available() is False"
import torch


def move_training(path, build_model, build_optimizer, device):
    """It worked where it was written."""
    checkpoint = torch.load(path, weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: the optimizer's state never loaded · clause 4 · message: "nowhere: it was not loaded"
import torch


def move_training(path, build_model, build_optimizer, device):
    """A new optimizer, its memory lost."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: the random state restored before the model is built · clause 5 · message: "The random state afterwards is not the saved one"
import torch


def move_training(path, build_model, build_optimizer, device):
    """Building the model draws from the state that was just restored."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    torch.set_rng_state(checkpoint["rng"])
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    return model, optimizer


# %% wrong: Adam's step counter on the device · clause 4 · message: "Adam's step counter is on meta"
import torch


def move_training(path, build_model, build_optimizer, device):
    """The random state is rescued, the step counter is not."""
    checkpoint = torch.load(path, map_location=device, weights_only=True)
    rng = torch.load(path, map_location="cpu", weights_only=True)["rng"]
    model = build_model().to(device)
    model.load_state_dict(checkpoint["model"])
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(rng)
    return model, optimizer


# %% wrong: the weights never loaded · clause 6 · message: "differ from a training that was never moved"
import torch


def move_training(path, build_model, build_optimizer, device):
    """Everything restored but the weights."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model().to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: the model given to build_optimizer, not its parameters · clause 2 · message: "raised TypeError"
import torch


def move_training(path, build_model, build_optimizer, device):
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model)
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: the model left on the CPU · clause 3 · message: "The model is on cpu"
import torch


def move_training(path, build_model, build_optimizer, device):
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: the model returned in eval mode · clause 3 · message: "differ from a training that was never moved"
import torch


def move_training(path, build_model, build_optimizer, device):
    """eval() after loading, as for a model that is only used."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device).eval()
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer

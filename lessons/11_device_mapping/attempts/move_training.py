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


# %% right: an object that is called, with no_grad · message: "as if nothing had happened"
import torch


class Mover:
    """Copies the weights itself, under no_grad, after the move."""

    def __call__(self, path, build_model, build_optimizer, device):
        saved = torch.load(
            path, map_location={}.get("x", torch.device("cpu")), weights_only=True
        )
        model = build_model().to(device=device)
        model.load_state_dict({k: v.to(device) for k, v in saved["model"].items()})
        optimizer = build_optimizer([*model.parameters()])
        optimizer.load_state_dict(saved.pop("optimizer"))
        with torch.no_grad():
            torch.default_generator.set_state(saved["rng"])
        return [model, optimizer]


move_training = Mover()


# %% right: built twice, random state last · message: "as if nothing had happened"
import torch


def move_training(path, build_model, build_optimizer, device):
    """Everything on the CPU first; then the steps again on the device."""
    saved = torch.load(path, map_location="cpu")
    model = build_model()
    model.load_state_dict(saved["model"])
    old = build_optimizer(model.parameters())
    old.load_state_dict(saved["optimizer"])
    model.to(device).train()
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(old.state_dict())
    torch.set_rng_state(saved["rng"])
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


# %% wrong: the optimizer's state never loaded · clause 4 · message: "no state: the file's was not loaded"
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


# %% wrong: the weights never loaded · clause 3 · message: "the model was not filled from it"
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


# %% wrong: the model returned in eval mode · clause 3 · message: "The model came back in eval mode"
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


# %% wrong: the state copied by hand, the learning rate forgotten · clause 4 · message: "learning rate is"
import torch


def move_training(path, build_model, build_optimizer, device):
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    for i, parameter in enumerate(model.parameters()):
        state = checkpoint["optimizer"]["state"][i]
        optimizer.state[parameter] = {
            name: value.to(device) if torch.is_tensor(value) and name != "step" else value
            for name, value in state.items()
        }
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: a dictionary returned · clause 3 · message: "Expected a pair"
import torch


def move_training(path, build_model, build_optimizer, device):
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return {"model": model, "optimizer": optimizer}


# %% wrong: the random state left out · clause 5 · message: "The random state afterwards is not the saved one"
import torch


def move_training(path, build_model, build_optimizer, device):
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    return model, optimizer


# %% wrong: the weights frozen · clause 6 · message: "requires_grad=False"
import torch


def move_training(path, build_model, build_optimizer, device):
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model().requires_grad_(False)
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: the buffers left as they were built · clause 3 · message: "running_mean` of the model is not the file's"
import torch


def move_training(path, build_model, build_optimizer, device):
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    names = dict(model.named_parameters())
    model.load_state_dict(
        {k: v for k, v in checkpoint["model"].items() if k in names}, strict=False
    )
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: a step of training taken on the way · clause 6 · message: "of the optimizer's state is not the file's"
import torch


def move_training(path, build_model, build_optimizer, device):
    """A dry run, to see whether it works."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    if str(device) == "cpu":
        model(torch.ones(2, 4)).sum().backward()
        optimizer.step()
        model.load_state_dict(checkpoint["model"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer


# %% wrong: all read to the device, the random state fetched back · clause 4 · message: "Its numbers are read to the CPU first"
import torch


def move_training(path, build_model, build_optimizer, device):
    """As it may go unnoticed on a GPU: the step counters are there, too."""
    checkpoint = torch.load(path, map_location=device, weights_only=True)
    model = build_model()
    model.load_state_dict(checkpoint["model"])
    model.to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"].cpu())
    return model, optimizer

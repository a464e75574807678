# task: move_training
# verdict: failed
# message: Adam's step counter is on meta
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

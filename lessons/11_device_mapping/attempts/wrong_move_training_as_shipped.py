# task: move_training
# verdict: failed
# message: it trains ghosts
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

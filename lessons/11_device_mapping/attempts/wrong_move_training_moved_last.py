# task: move_training
# verdict: failed
# message: it trains ghosts
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

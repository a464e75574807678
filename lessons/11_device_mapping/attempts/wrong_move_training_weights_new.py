# task: move_training
# verdict: failed
# message: differ from a training that was never moved
import torch


def move_training(path, build_model, build_optimizer, device):
    """Everything restored but the weights."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model = build_model().to(device)
    optimizer = build_optimizer(model.parameters())
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["rng"])
    return model, optimizer

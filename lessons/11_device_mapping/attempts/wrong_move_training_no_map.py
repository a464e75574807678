# task: move_training
# verdict: failed
# message: torch.cuda.is_available() is False
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

# task: move_training
# verdict: failed
# message: nowhere: it was not loaded
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

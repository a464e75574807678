# task: move_training
# verdict: failed
# message: RNG state must be a torch.ByteTensor
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

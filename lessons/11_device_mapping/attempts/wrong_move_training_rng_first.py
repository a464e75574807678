# task: move_training
# verdict: failed
# message: The random state afterwards is not the saved one
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

# task: move_training
# verdict: passed
# message: as if nothing had happened
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

# task: move_training
# verdict: passed
# message: as if nothing had happened
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

# task: predict
# verdict: passed
# message: the model as it came
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    """Flags by hand, inference_mode, and labels written into a tensor made beforehand."""
    modes = {name: module.training for name, module in model.named_modules()}
    labels = torch.empty(len(images), dtype=torch.long)
    model.eval()
    try:
        with torch.inference_mode():
            for start in range(0, len(images), batch_size):
                logits = model(images[start : start + batch_size])
                labels[start : start + batch_size] = logits.max(dim=-1).indices
    finally:
        for name, module in model.named_modules():
            module.training = modes[name]
    return labels

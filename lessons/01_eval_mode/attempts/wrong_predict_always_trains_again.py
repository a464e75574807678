# task: predict
# verdict: failed
# message: came back in another mode
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    model.eval()
    with torch.no_grad():
        labels = torch.cat([model(b).argmax(1) for b in images.split(batch_size)])
    model.train()
    return labels

# task: predict
# verdict: failed
# message: learned from the images
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    with torch.no_grad():
        return torch.cat([model(b).argmax(1) for b in images.split(max(2, batch_size))])

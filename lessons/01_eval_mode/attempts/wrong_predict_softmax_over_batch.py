# task: predict
# verdict: failed
# message: differ from those
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    with torch.no_grad():
        labels = torch.cat([model(b).softmax(0).argmax(1) for b in images.split(batch_size)])
    for module, training in modes:
        module.training = training
    return labels

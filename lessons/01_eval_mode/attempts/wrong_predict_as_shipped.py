# task: predict
# verdict: failed
# message: learned from the images
import torch
from torch import nn


def predict(model, images, *, batch_size=64):
    labels = []
    with torch.no_grad():
        for batch in images.split(batch_size):
            probabilities = model(batch).softmax(0)
            labels.append(probabilities.argmax(1))
    model.train()
    return torch.cat(labels)

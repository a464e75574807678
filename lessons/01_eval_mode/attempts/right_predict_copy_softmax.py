# task: predict
# verdict: passed
# message: the model as it came
import copy

import torch
import torch.nn.functional as F


@torch.no_grad()
def predict(model, images, *, batch_size=64):
    """A copy may be switched as one likes; softmax over the classes doesn't change the argmax."""
    judge = copy.deepcopy(model).eval()
    parts = [F.softmax(judge(b), dim=1).double() for b in torch.split(images, batch_size)]
    return torch.vstack(parts).argmax(dim=1)

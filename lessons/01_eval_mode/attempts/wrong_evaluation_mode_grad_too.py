# task: evaluation_mode
# verdict: failed
# message: grad is the other
from contextlib import contextmanager

import torch


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in before:
            module.training = training

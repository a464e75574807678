# task: evaluation_mode
# verdict: failed
# message: stayed in eval mode for ever
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    yield
    for module, training in before:
        module.training = training

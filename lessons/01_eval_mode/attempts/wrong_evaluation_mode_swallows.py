# task: evaluation_mode
# verdict: failed
# message: swallowed it
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        yield
    except Exception:
        pass
    for module, training in before:
        module.training = training

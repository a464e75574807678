# task: evaluation_mode
# verdict: failed
# message: still trains
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    before = model.training
    model.training = False
    try:
        yield
    finally:
        model.training = before

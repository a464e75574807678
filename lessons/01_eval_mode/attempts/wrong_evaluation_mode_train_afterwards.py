# task: evaluation_mode
# verdict: failed
# message: came back in the other mode
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    model.eval()
    try:
        yield
    finally:
        model.train()

# task: evaluation_mode
# verdict: failed
# message: every submodule's own flag
from contextlib import contextmanager


@contextmanager
def evaluation_mode(model):
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)

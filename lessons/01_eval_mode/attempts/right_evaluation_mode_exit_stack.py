# task: evaluation_mode
# verdict: passed
# message: own flag outside
from contextlib import ExitStack


def evaluation_mode(model):
    """One callback for each submodule, on an ExitStack."""
    stack = ExitStack()
    for module in model.modules():
        stack.callback(setattr, module, "training", module.training)
    model.eval()
    return stack

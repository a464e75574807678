# task: evaluation_mode
# verdict: passed
# message: own flag outside


class evaluation_mode:
    """A class instead of a generator."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.training = [m for m in self.model.modules() if m.training]
        self.model.eval()

    def __exit__(self, *error):
        for module in self.training:
            module.training = True

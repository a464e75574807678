# task: evaluation_mode
# verdict: failed
# message: inner `with`


class evaluation_mode:
    """Keeps one memory for everybody, and switches back by the model's own flag."""

    before = {}

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        if self.model not in self.before:
            self.before[self.model] = [(m, m.training) for m in self.model.modules()]
        self.model.eval()

    def __exit__(self, *error):
        for module, training in self.before.get(self.model, ()):
            module.training = training

# task: model_checkpoint
# verdict: passed
# message: and only then
import operator

import torch


class SaveWhenBetter:
    def __init__(self, model, path, *, monitor="val_loss", mode="min"):
        self.better = {"min": operator.lt, "max": operator.gt}[mode]
        self.model, self.path, self.monitor = model, path, monitor
        self.start = {"min": float("inf"), "max": -float("inf")}[mode]
        self.best = None

    def on_epoch_end(self, epoch, logs):
        plain = {
            name: value.item() if hasattr(value, "item") else value
            for name, value in logs.items()
        }
        value = plain[self.monitor]
        if not self.better(value, self.start if self.best is None else self.best):
            return False
        torch.save({"epoch": epoch, "logs": plain, "model": self.model.state_dict()}, self.path)
        self.best = value
        return True


model_checkpoint = SaveWhenBetter

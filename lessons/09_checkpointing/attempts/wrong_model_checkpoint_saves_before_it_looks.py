# task: model_checkpoint
# verdict: failed
# message: The error came, but the file
import math

import torch


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max'; got {mode!r}.")

    class Callback:
        best = None

        def on_epoch_end(self, epoch, logs):
            logs = {name: float(value) for name, value in logs.items()}
            if monitor not in logs:
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            value = logs[monitor]
            sign = 1 if mode == "min" else -1
            better = not math.isnan(value) and (
                self.best is None or sign * value < sign * self.best
            )
            if better:
                self.best = value
                torch.save({"model": model.state_dict(), "epoch": epoch, "logs": logs}, path)
            return better

    return Callback()

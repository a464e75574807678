# task: model_checkpoint
# verdict: passed
# message: and only then
import math
from types import SimpleNamespace

from course_lib.checkpoints import save_file


def model_checkpoint(model, path, *, monitor="val_loss", mode="min"):
    assert mode in ("min", "max"), mode
    seen, callback = [], SimpleNamespace(best=None)

    def on_epoch_end(epoch, logs):
        if monitor not in logs:
            raise ValueError(f"no {monitor} in {list(logs)}")
        value = float(logs[monitor])
        if math.isnan(value):
            return False
        first = (min if mode == "min" else max)([*seen, value])
        seen.append(value)
        if seen.index(first) < len(seen) - 1:
            return False
        callback.best = value
        numbers = {name: float(number) for name, number in logs.items()}
        save_file({"model": model.state_dict(), "epoch": epoch, "logs": numbers}, path)
        return True

    callback.on_epoch_end = on_epoch_end
    return callback

# task: snapshot_best
# verdict: passed
# message: later training leaves it alone
import io

import torch


def snapshot_best(model, train_epoch, score, *, epochs):
    """Every epoch is saved, into memory; the best is read back at the end."""
    kept = {}
    for epoch in range(epochs):
        train_epoch(model)
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        kept[score(model), -epoch] = file.getvalue()
    return torch.load(io.BytesIO(kept[max(kept)]), weights_only=True)

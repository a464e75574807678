# task: best_by_validation_accuracy
# verdict: passed
# message: tested once
import copy

import torch

from course_lib.checkpoints import load_file, save_file


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    def score(batches):
        frozen = copy.deepcopy(model).eval().requires_grad_(False)
        preds = torch.cat([frozen(x).argmax(1) for x, _ in batches])
        return float((preds == torch.cat([y for _, y in batches])).double().mean())

    scores = []
    for _ in range(epochs):
        train_epoch(model)
        scores.append(score(validation))
        if scores.index(max(scores)) == len(scores) - 1:
            save_file(
                {"model": model.state_dict(), "epoch": len(scores), "val_accuracy": scores[-1]},
                path,
            )
    model.load_state_dict(load_file(path)["model"])
    return score(test)

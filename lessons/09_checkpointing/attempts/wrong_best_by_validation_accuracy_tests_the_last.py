# task: best_by_validation_accuracy
# verdict: failed
# message: came back without the weights
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            torch.save(
                {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}, path
            )
    return evaluate(model, test).accuracy

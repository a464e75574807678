# task: best_by_validation_accuracy
# verdict: failed
# message: has not the weights
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best["val_accuracy"]:
            best = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
    torch.save(best, path)
    model.load_state_dict(best["model"])
    return evaluate(model, test).accuracy

# task: best_by_validation_accuracy
# verdict: failed
# message: The file holds epoch
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        torch.save(
            {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}, path
        )
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy

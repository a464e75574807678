# %% right: modes and counts by hand · message: "tested once"
import torch


def accuracy_of(model, batches):
    right = seen = 0
    for x, y in batches:
        right += (model(x).argmax(1) == y).sum().item()
        seen += len(y)
    return right / seen


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = -1.0
    for epoch in range(epochs):
        model.train()
        train_epoch(model)
        model.eval()
        with torch.no_grad():
            now = accuracy_of(model, validation)
        if now > best:
            best = now
            torch.save(dict(epoch=epoch + 1, val_accuracy=now, model=model.state_dict()), path)
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(checkpoint["model"])
    with torch.inference_mode():
        return accuracy_of(model, test)


# %% right: measured on a frozen copy · message: "tested once"
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


# %% wrong: the best begins at zero · clause 3 · message: "Loading `path`"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = 0.0
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if accuracy > best:
            best = accuracy
            torch.save(
                {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}, path
            )
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: chosen by test accuracy · clause 6 · message: "test images were looked at"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, test).accuracy
        if best is None or accuracy > best:
            best = accuracy
            torch.save(
                {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}, path
            )
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: the model left in eval mode · clause 1 · message: "got the model in eval mode"
import torch


def accuracy_of(model, batches):
    right = seen = 0
    for x, y in batches:
        right += (model(x).argmax(1) == y).sum().item()
        seen += len(y)
    return right / seen


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = -1.0
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        model.eval()
        with torch.no_grad():
            now = accuracy_of(model, validation)
        if now > best:
            best = now
            torch.save({"epoch": epoch, "val_accuracy": now, "model": model.state_dict()}, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return accuracy_of(model, test)


# %% wrong: every epoch saved, the last one stays · clause 3 · message: "The file holds epoch"
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


# %% wrong: the later of two equal epochs · clause 3 · message: "Expected epoch"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy >= best:
            best = accuracy
            torch.save(
                {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}, path
            )
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: mean of batch means · clause 2 · message: "The file says val_accuracy"
import torch


def accuracy_of(model, batches):
    model.eval()
    with torch.no_grad():
        parts = [(model(x).argmax(1) == y).float().mean() for x, y in batches]
    model.train()
    return torch.stack(parts).mean().item()


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = -1.0
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        now = accuracy_of(model, validation)
        if now > best:
            best = now
            torch.save({"epoch": epoch, "val_accuracy": now, "model": model.state_dict()}, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return accuracy_of(model, test)


# %% wrong: a NumPy number in the file · clause 4 · message: "Loading `path`"
import numpy as np
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
                {
                    "model": model.state_dict(),
                    "epoch": epoch,
                    "val_accuracy": np.float64(accuracy),
                },
                path,
            )
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: a reference to the weights, saved at the end · clause 4 · message: "has not the weights"
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


# %% wrong: the validation accuracy returned · clause 6 · message: "Returned"
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
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return best


# %% wrong: saved only after the last epoch · clause 3 · message: "Killed in between"
import copy

import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best["val_accuracy"]:
            best = {
                "model": copy.deepcopy(model.state_dict()),
                "epoch": epoch,
                "val_accuracy": accuracy,
            }
    torch.save(best, path)
    model.load_state_dict(best["model"])
    return evaluate(model, test).accuracy


# %% wrong: the last epoch tested, not the best · clause 5 · message: "came back without the weights"
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


# %% wrong: test accuracy printed in every epoch · clause 6 · message: "test images were looked at"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        print(epoch, accuracy, evaluate(model, test).accuracy)
        if best is None or accuracy > best:
            best = accuracy
            torch.save(
                {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}, path
            )
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: measured in training mode · clause 2 · message: "in eval mode"
import torch


def accuracy_of(model, batches):
    right = seen = 0
    for x, y in batches:
        right += (model(x).argmax(1) == y).sum().item()
        seen += len(y)
    return right / seen


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = -1.0
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        with torch.no_grad():
            now = accuracy_of(model, validation)
        if now > best:
            best = now
            torch.save({"epoch": epoch, "val_accuracy": now, "model": model.state_dict()}, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return accuracy_of(model, test)

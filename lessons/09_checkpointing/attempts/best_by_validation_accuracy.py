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


# %% wrong: measured in training mode · clause 2 · message: "measured in training mode"
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


# %% right: NumPy counts, test batches by their place, at the end · message: "tested once"
import numpy as np
import torch

from course_lib.checkpoints import save_file


def right_answers(model, x, y):
    training = model.training
    model.eval()
    with torch.inference_mode():
        found = model(x).numpy().argmax(axis=1) == y.numpy()
    model.train(training)
    return found


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = -np.inf
    for epoch in np.arange(epochs) + 1:
        train_epoch(model)
        found = np.concatenate([right_answers(model, x, y) for x, y in validation])
        if (accuracy := found.mean()) > best:
            best = accuracy
            content = {"epoch": int(epoch), "val_accuracy": float(best)}
            save_file(content | {"model": model.state_dict()}, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    found = np.concatenate([right_answers(model, *test[i]) for i in range(len(test))])
    return float(found.mean())


# %% right: a callable object that saves through its own method · message: "tested once"
import copy

import torch
from torch.nn import functional as F


class Choice:
    def __call__(self, model, train_epoch, validation, test, path, *, epochs):
        self.best = -1
        for self.epoch in range(1, epochs + 1):
            model.train()
            train_epoch(model)
            self.look(model, validation, path)
        with open(path, "rb") as file:
            model.load_state_dict(torch.load(file, weights_only=True)["model"])
        return self.share(model, test)

    def share(self, model, pairs):
        twin = copy.deepcopy(model).eval()
        wrong = total = 0
        for x, y in pairs:
            probabilities = F.softmax(twin(x).detach(), dim=-1)
            wrong += int((probabilities.max(dim=-1).indices != y).sum())
            total += y.numel()
        return 1 - wrong / total

    def look(self, model, validation, path):
        share = self.share(model, validation)
        if share > self.best:
            self.best = share
            saved = {"val_accuracy": share, "epoch": self.epoch, "model": model.state_dict()}
            torch.save(saved, path)


best_by_validation_accuracy = Choice()


# %% wrong: epochs counted from zero · clause 4 · message: "count"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {
                "model": model.state_dict(),
                "epoch": epoch - 1,
                "val_accuracy": accuracy,
            }
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: val_accuracy as a tensor · clause 4 · message: "expected a plain float"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {
                "model": model.state_dict(),
                "epoch": epoch,
                "val_accuracy": torch.tensor(accuracy),
            }
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: the test accuracy as a tensor · clause 6 · message: "expected the test accuracy, a plain float"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return torch.tensor(evaluate(model, test).accuracy)


# %% wrong: the bare state_dict in the file · clause 4 · message: "holds a bare state_dict"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(model.state_dict(), path)
    model.load_state_dict(torch.load(path, weights_only=True))
    return evaluate(model, test).accuracy


# %% wrong: the test batches read by their place to choose · clause 6 · message: "test images were looked at"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        accuracy = evaluate(model, [test[i] for i in range(len(test))]).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: the small last batch counted as a full one · clause 2 · message: "The last batch is smaller"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = sum(
            (evaluate(model, [pair]).accuracy * len(pair[1])) for pair in validation
        ) / (len(validation) * len(validation[0][1]))
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: accuracy in percent · clause 2 · message: "a share between 0 and 1"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = 100 * evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: one epoch too few · clause 1 · message: "was called 3 times"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: stops when it gets no better · clause 1 · message: "was called"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
        else:
            break
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: the last epoch's test accuracy remembered · clause 6 · message: "test images were looked at"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        tested = evaluate(model, test).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return tested


# %% wrong: the worst kept · clause 3 · message: "The file holds epoch"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy < best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return evaluate(model, test).accuracy


# %% wrong: tested before the best is loaded · clause 6 · message: "the test accuracy of the last epoch"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
    tested = evaluate(model, test).accuracy
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return tested


# %% wrong: nothing returned · clause 6 · message: "Returned None"
import torch

from course_lib.evaluation import evaluate


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = None
    for epoch in range(1, epochs + 1):
        train_epoch(model)
        accuracy = evaluate(model, validation).accuracy
        if best is None or accuracy > best:
            best = accuracy
            content = {"model": model.state_dict(), "epoch": epoch, "val_accuracy": accuracy}
            torch.save(content, path)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    evaluate(model, test)


# %% right: test batches listed before the file is loaded · message: "tested once"
import torch
from course_lib.checkpoints import save_file


def accuracy(model, data):
    model.eval()
    right = count = 0
    with torch.no_grad():
        for x, y in data:
            right += (model(x).argmax(1) == y).sum().item()
            count += len(y)
    return right / count


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = -1.0
    for epoch in range(1, epochs + 1):
        model.train()
        train_epoch(model)
        found = accuracy(model, validation)
        if found > best:
            best = found
            save_file(
                {"model": model.state_dict(), "epoch": epoch, "val_accuracy": found}, path
            )
    images = list(test)
    model.load_state_dict(torch.load(path, weights_only=True)["model"])
    return accuracy(model, images)


# %% wrong: the whole model in the file · clause 4 · message: "weights_only=True refuses"
import torch
from course_lib.checkpoints import save_file


def accuracy(model, data):
    model.eval()
    right = count = 0
    with torch.no_grad():
        for x, y in data:
            right += (model(x).argmax(1) == y).sum().item()
            count += len(y)
    return right / count


def best_by_validation_accuracy(model, train_epoch, validation, test, path, *, epochs):
    best = -1.0
    for epoch in range(1, epochs + 1):
        model.train()
        train_epoch(model)
        found = accuracy(model, validation)
        if found > best:
            best = found
            torch.save({"model": model, "epoch": epoch, "val_accuracy": found}, path)
    model.load_state_dict(torch.load(path, weights_only=False)["model"].state_dict())
    return accuracy(model, test)

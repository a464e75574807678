# task: best_by_validation_accuracy
# verdict: failed
# message: got the model in eval mode
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

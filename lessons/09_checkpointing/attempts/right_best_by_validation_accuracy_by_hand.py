# task: best_by_validation_accuracy
# verdict: passed
# message: tested once
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

# task: train_with_checkpoints
# verdict: failed
# message: the folder has
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    saved = sorted(Path(folder).glob("epoch-*.pt"))
    if saved:
        checkpoint = torch.load(saved[-1], weights_only=True)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
    for epoch in range(start + 1, epochs + 1):
        model.train()
        losses, sizes = [], []
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(labels))
        history.append(float(np.average(losses, weights=sizes)))
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch}.pt")
    return history

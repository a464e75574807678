# task: train_with_checkpoints
# verdict: passed
# message: unbroken run ends
import re
from pathlib import Path

import torch
from torch import nn

from course_lib.checkpoints import load_file, save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    folder, done, returned = Path(folder), 0, []
    numbers = [
        int(found[1])
        for p in folder.iterdir()
        if (found := re.fullmatch(r"epoch-(\d+)\.pt", p.name))
    ]
    if numbers:
        state = load_file(folder / f"epoch-{max(numbers):03d}.pt")
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        done = state["epoch"]
    criterion = nn.CrossEntropyLoss(reduction="sum")
    while done < epochs:
        total, seen = torch.zeros((), dtype=torch.float64), 0
        for images, labels in batches:
            model.train()
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            (loss / len(labels)).backward()
            optimizer.step()
            total += loss.detach().double()
            seen += len(labels)
        done += 1
        returned.append((total / seen).item())
        if done % every == 0:
            state = {
                "loss": returned[-1],
                "optimizer": optimizer.state_dict(),
                "model": model.state_dict(),
                "epoch": done,
            }
            save_file(state, folder / f"epoch-{str(done).zfill(3)}.pt")
    return returned

# %% right: the newest looked for from 999 down · message: "unbroken run ends"
import os

import torch
import torch.nn.functional as F


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    path = lambda epoch: os.path.join(str(folder), "epoch-%03d.pt" % epoch)
    done = next((e for e in range(999, 0, -1) if os.path.exists(path(e))), 0)
    if done:
        with open(path(done), "rb") as file:
            checkpoint = torch.load(file, weights_only=True)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
    losses = []
    for epoch in range(done, epochs):
        model.train(True)
        parts = []
        for x, y in batches:
            per_image = F.cross_entropy(model(x), y, reduction="none")
            for group in optimizer.param_groups:
                for p in group["params"]:
                    p.grad = None
            per_image.mean().backward()
            optimizer.step()
            parts.append(per_image.detach())
        losses.append(torch.cat(parts).mean().item())
        if (epoch + 1) % every == 0:
            checkpoint = dict(
                epoch=epoch + 1,
                loss=losses[-1],
                model=model.state_dict(),
                optimizer=optimizer.state_dict(),
                more="text",
            )
            torch.save(checkpoint, path(epoch + 1))
    return losses


# %% right: summed losses, and the course's save_file · message: "unbroken run ends"
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


# %% wrong: as shipped · clause 2 · message: "the folder has"
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
        start = checkpoint["epoch"]
    for epoch in range(start, epochs):
        model.train()
        losses, sizes = [], []
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(labels))
        history.append(np.average(losses, weights=sizes))
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch}.pt")
    return history


# %% wrong: epochs counted from zero in the file · clause 3 · message: "says epoch 1; expected 2"
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
        start = checkpoint["epoch"] + 1
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
            checkpoint = {"epoch": epoch - 1, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: no optimizer in the file · clause 3 · message: "lacks optimizer"
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
            checkpoint |= {"model": model.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the optimizer saved and never loaded · clause 4 · message: "without the optimizer's momentum"
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
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: loss of the last batch in the file · clause 3 · message: "The loss in epoch-00"
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
            checkpoint = {"epoch": epoch, "loss": losses[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: mean of batch means · clause 3 · message: "The loss in epoch-00"
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
        history.append(float(np.mean(losses)))
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: names without zeros · clause 2 · message: "the folder has"
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


# %% wrong: never resumes · clause 4 · message: "it did not resume"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    saved = sorted(Path(folder).glob("epoch-*.pt"))
    if False:
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
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: a NumPy number in the file · clause 3 · message: "can't be loaded"
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
        history.append(np.average(losses, weights=sizes))
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: opens what a killed save left · clause 5 · message: "what a killed save left in the folder, raised EOFError"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    saved = sorted(Path(folder).glob("epoch-*"))
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
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the saved epoch trained again · clause 4 · message: "was trained again"
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
    for epoch in range(max(start, 1), epochs + 1):
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
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the last epoch saved too · clause 2 · message: "the folder has"
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
        if epoch % every == 0 or epoch == epochs:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: never calls train() · clause 1 · message: "the weights are not those"
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
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: every batch's loss returned · clause 6 · message: "The first call returned"
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
        history += losses
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": float(np.average(losses, weights=sizes))}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history

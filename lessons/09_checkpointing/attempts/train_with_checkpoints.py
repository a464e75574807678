# %% right: the published way · message: "unbroken run ends"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% right: the newest looked for from 999 down · message: "unbroken run ends"
import os

import torch
import torch.nn.functional as F


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    path = lambda epoch: os.path.join(str(folder), "epoch-%03d.pt" % epoch)
    done, checkpoint = 999, None
    while done and checkpoint is None:
        try:
            with open(path(done), "rb") as file:
                checkpoint = torch.load(file, weights_only=True)
        except Exception:
            done -= 1
    if checkpoint:
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
            checkpoint = dict(epoch=epoch + 1, loss=losses[-1], more="text")
            checkpoint["model"] = model.state_dict()
            checkpoint["optimizer"] = optimizer.state_dict()
            torch.save(checkpoint, path(epoch + 1) + ".new")
            os.replace(path(epoch + 1) + ".new", path(epoch + 1))
    return losses


# %% right: summed losses, and the course's load_file · message: "unbroken run ends"
import re
from pathlib import Path

import torch
from torch import nn

from course_lib.checkpoints import load_file, save_file
from course_lib.errors import CheckpointError


def newest_good(folder):
    pattern = re.compile(r"epoch-(\d+)\.pt")
    numbers = {
        int(m[1]): path for path in folder.iterdir() if (m := pattern.fullmatch(path.name))
    }
    for number in sorted(numbers, reverse=True):
        try:
            return load_file(numbers[number])
        except CheckpointError:
            pass
    return None


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    done, returned = 0, []
    if state := newest_good(Path(folder)):
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
            state = {"loss": returned[-1], "optimizer": optimizer.state_dict()}
            state |= {"model": model.state_dict(), "epoch": done}
            save_file(state, Path(folder) / f"epoch-{str(done).zfill(3)}.pt")
    return returned


# %% right: a class with its own epoch method, size asked first · message: "unbroken run ends"
import os
import shutil
from pathlib import Path

import torch
from torch import nn


class Trainer:
    def __call__(self, model, optimizer, batches, folder, *, epochs, every=2):
        self.model, self.optimizer, self.folder = model, optimizer, os.fspath(folder)
        done = self.resume()
        losses = []
        for epoch in range(done + 1, epochs + 1):
            losses.append(self.epoch(batches))
            if not epoch % every:
                self.save(epoch, losses[-1])
        return losses

    def resume(self):
        files = [
            f for f in os.listdir(self.folder) if f.startswith("epoch-") and f[-3:] == ".pt"
        ]
        for name in sorted(files, key=lambda f: -int(f[6:-3])):
            path = os.path.join(self.folder, name)
            if os.path.getsize(path) == 0:
                continue
            try:
                saved = torch.load(path, map_location="cpu", weights_only=True)
            except Exception:
                continue
            self.model.load_state_dict(saved["model"])
            self.optimizer.load_state_dict(saved["optimizer"])
            return saved["epoch"]
        return 0

    def epoch(self, batches):
        self.model.train()
        total = count = 0
        for images, labels in batches:
            self.optimizer.zero_grad(set_to_none=False)
            loss = nn.CrossEntropyLoss()(self.model(images), labels)
            loss.backward()
            self.optimizer.step()
            total += loss.item() * labels.numel()
            count += labels.numel()
        return total / count

    def save(self, epoch, loss):
        name = os.path.join(self.folder, f"epoch-{epoch:0>3}.pt")
        saved = {"epoch": epoch, "loss": loss, "model": self.model.state_dict()}
        torch.save({**saved, "optimizer": self.optimizer.state_dict()}, name + ".part")
        shutil.move(name + ".part", name)


train_with_checkpoints = Trainer()


# %% wrong: as shipped · clause 3 · message: "the folder has"
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


# %% wrong: epochs counted from zero in the file · clause 4 · message: "says epoch 1; expected 2"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"] + 1
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: no optimizer in the file · clause 4 · message: "lacks optimizer"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        start = checkpoint["epoch"]
        break
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
            checkpoint["model"] = model.state_dict()
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: only the weights in the file · clause 4 · message: "holds a bare state_dict"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(model.state_dict(), Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the optimizer saved and never loaded · clause 8 · message: "without the optimizer's momentum"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the model never loaded · clause 8 · message: "the weights are not those of"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: loss of the last batch in the file · clause 4 · message: "The loss in epoch-00"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: mean of batch means · clause 4 · message: "The loss in epoch-00"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: loss as a tensor · clause 4 · message: "expected a plain float"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            checkpoint = {"epoch": epoch, "loss": torch.tensor(history[-1])}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: a NumPy number in the file · clause 4 · message: "NumPy number or array"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            path = Path(folder) / f"epoch-{epoch:03d}.pt"
            torch.save(checkpoint, f"{path}.new")
            Path(f"{path}.new").replace(path)
    return history


# %% wrong: names without zeros · clause 3 · message: "the folder has"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch}.pt")
    return history


# %% wrong: the last epoch saved too · clause 3 · message: "the folder has"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: every 2 epochs, whatever was asked · clause 3 · message: "the folder has"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
        if epoch % 2 == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: only the newest file kept · clause 3 · message: "the folder has"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
            for old in sorted(Path(folder).glob("epoch-*.pt"))[:-1]:
                old.unlink()
    return history


# %% wrong: never resumes · clause 6 · message: "it did not resume"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: gives up at an empty file · clause 6 · message: "it did not resume"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    saved = sorted(Path(folder).glob("epoch-*.pt"))
    if saved and saved[-1].stat().st_size:
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: trusts the newest file · clause 6 · message: "raised EOFError. The newest is empty"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: only empty files passed over · clause 6 · message: "The newest breaks off"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except EOFError:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: no start without a good file · clause 6 · message: "raised FileNotFoundError"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
    else:
        if list(Path(folder).glob("epoch-*.pt")):
            raise FileNotFoundError("no good checkpoint")
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the newest by date · clause 6 · message: "newest file by its number is of epoch 4"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(
        Path(folder).glob("epoch-*.pt"), key=lambda p: p.stat().st_mtime_ns, reverse=True
    ):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the oldest file · clause 6 · message: "newest file by its number is of epoch"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt")):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: opens what a killed save left · clause 7 · message: "Nothing was trained in a folder with only what a killed save left"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: sweeps up what a killed save left · clause 7 · message: "was in the folder, and is gone"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
    for stray in Path(folder).glob("*.tmp-*"):
        stray.unlink()
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the saved epoch trained again · clause 8 · message: "was trained again"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: as many epochs again · clause 8 · message: "how many there are in all"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
    for epoch in range(start + 1, start + epochs + 1):
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: returns before it has loaded, if nothing is left · clause 8 · message: "the weights are not those of"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    if (Path(folder) / f"epoch-{epochs:03d}.pt").exists():
        return history
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: never calls train() · clause 2 · message: "trained in eval mode"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: train() only in a run that resumes · clause 2 · message: "trained in eval mode"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        model.train()
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: gradients never set to zero · clause 1 · message: "pile up from step to step"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
    for epoch in range(start + 1, epochs + 1):
        model.train()
        losses, sizes = [], []
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(labels))
        history.append(float(np.average(losses, weights=sizes)))
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: one step per epoch · clause 1 · message: "one step for each batch"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
    for epoch in range(start + 1, epochs + 1):
        model.train()
        losses, sizes = [], []
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            losses.append(loss.item())
            sizes.append(len(labels))
        optimizer.step()
        optimizer.zero_grad()
        history.append(float(np.average(losses, weights=sizes)))
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the loss measured in a second pass · clause 1 · message: "read `batches` 8 times in 4 epochs"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
        seen = sum(len(labels) for _, labels in batches)
        assert seen == sum(sizes)
        history.append(float(np.average(losses, weights=sizes)))
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: batches put into a list once · clause 1 · message: "read `batches` once in 4 epochs"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start, batches = [], 0, list(batches)
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: saved under its own name · clause 5 · message: "written under its own name"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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


# %% wrong: copied into place · clause 5 · message: "written under its own name"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            path = Path(folder) / f"epoch-{epoch:03d}.pt"
            torch.save(checkpoint, f"{path}.new")
            path.write_bytes(Path(f"{path}.new").read_bytes())
            Path(f"{path}.new").unlink()
    return history


# %% wrong: every batch's loss returned · clause 9 · message: "The first call returned"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start, everything = [], 0, []
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
    for epoch in range(start + 1, epochs + 1):
        model.train()
        losses, sizes = [], []
        for images, labels in batches:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            everything.append(loss.item())
            sizes.append(len(labels))
        history.append(float(np.average(losses, weights=sizes)))
        if epoch % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return everything


# %% wrong: the file's loss returned too · clause 9 · message: "the first is of the epoch in the file"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        history.append(checkpoint["loss"])
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: the losses of all calls returned · clause 9 · message: "also those of earlier calls"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        history = checkpoint["history"]
        break
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
            checkpoint = {"epoch": epoch, "loss": history[-1], "history": history}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: a tensor of losses returned · clause 9 · message: "expected a list of plain floats"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")
    return torch.tensor(history)


# %% wrong: None returned · clause 9 · message: "returned None"
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    history, start = [], 0
    for path in sorted(Path(folder).glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, Path(folder) / f"epoch-{epoch:03d}.pt")


# %% wrong: only two kinds of error caught · clause 6 · message: "The newest breaks off"
import torch
import numpy as np
from pathlib import Path
import torch.nn.functional as F
from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    folder = Path(folder)
    history, start = [], 0
    for file in sorted(folder.glob("epoch-[0-9][0-9][0-9].pt"), reverse=True):
        try:
            checkpoint = torch.load(file, weights_only=True)
        except (EOFError, RuntimeError):
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, folder / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: every so many epochs of this call · clause 3 · message: "After the second call the folder has"
import torch
import numpy as np
from pathlib import Path
import torch.nn.functional as F
from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    folder = Path(folder)
    history, start = [], 0
    for file in sorted(folder.glob("epoch-[0-9][0-9][0-9].pt"), reverse=True):
        try:
            checkpoint = torch.load(file, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
        if len(history) % every == 0:
            checkpoint = {"epoch": epoch, "loss": history[-1]}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_file(checkpoint, folder / f"epoch-{epoch:03d}.pt")
    return history


# %% right: NumPy numbers returned, a float in the file · message: "unbroken run ends"
import torch
import numpy as np
from pathlib import Path
import torch.nn.functional as F
from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    folder = Path(folder)
    history, start = [], 0
    for file in sorted(folder.glob("epoch-[0-9][0-9][0-9].pt"), reverse=True):
        try:
            checkpoint = torch.load(file, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            checkpoint = {"epoch": epoch, "loss": float(history[-1])}
            checkpoint |= {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_file(checkpoint, folder / f"epoch-{epoch:03d}.pt")
    return history


# %% wrong: names of two digits · clause 3 · message: "the folder has"
import torch
import numpy as np
from pathlib import Path
import torch.nn.functional as F
from course_lib.checkpoints import save_file


def train_with_checkpoints(model, optimizer, batches, folder, *, epochs, every=2):
    folder = Path(folder)
    history, start = [], 0
    for file in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            checkpoint = torch.load(file, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        start = checkpoint["epoch"]
        break
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
            save_file(checkpoint, folder / f"epoch-{epoch:02d}.pt")
    return history

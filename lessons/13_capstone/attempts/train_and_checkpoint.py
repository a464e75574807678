# %% right: by hand, os.replace, a while loop · message: "to the last bit"
import os

import torch
from torch import nn


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    net, optimizer, generator = build()
    loss_fn, epoch = nn.CrossEntropyLoss(), 0
    for number in range(epochs, 0, -1):
        file = folder / f"epoch-{number:03d}.pt"
        if not file.exists():
            continue
        try:
            state = torch.load(file, weights_only=True)
        except Exception as error:
            print("passed over:", type(error).__name__)
            continue
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        generator.set_state(state["rngs"][0])
        torch.set_rng_state(state["rngs"][1])
        epoch = number
        break
    while epoch < epochs:
        net.train()
        order = torch.randperm(len(images), generator=generator)
        for start in range(0, len(images), 50):
            rows = order[start : start + 50]
            net.zero_grad()
            loss_fn(net(images[rows]), labels[rows]).backward()
            optimizer.step()
        epoch += 1
        if not epoch % 2:
            rngs = [generator.get_state(), torch.get_rng_state()]
            state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "rngs": rngs}
            temporary = folder / f"{epoch}.tmp"
            torch.save(state, temporary)
            os.replace(temporary, folder / f"epoch-{epoch:03d}.pt")
    return net


# %% right: objects with a state, restored together · message: "to the last bit"
import re
from pathlib import Path

import torch
import torch.nn.functional as F

from course_lib.checkpoints import GeneratorState, RNGState, check_file, load_file, save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    parts = {
        "model": model,
        "optimizer": optimizer,
        "order": GeneratorState(generator),
        "rng": RNGState(),
    }
    names = (
        path for path in Path(folder).iterdir() if re.fullmatch(r"epoch-\d{3}\.pt", path.name)
    )
    start = 0
    for path in sorted(names)[::-1]:
        try:
            check_file(path)
        except Exception:
            continue
        saved = load_file(path)
        for name, part in parts.items():
            part.load_state_dict(saved[name])
        start = int(path.stem[6:])
        break
    for epoch in range(start, epochs):
        for rows in torch.randperm(len(images), generator=generator).split(50):
            loss = F.cross_entropy(model.train()(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 2:
            save_file(
                {n: part.state_dict() for n, part in parts.items()},
                folder / f"epoch-{epoch + 1:03d}.pt",
            )
    return model


# %% right: a class with two methods · message: "to the last bit"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


class Trainer:
    def __call__(self, build, images, labels, folder, *, epochs):
        return run(*build(), images, labels, folder, epochs)


train_and_checkpoint = Trainer()


def run(model, optimizer, generator, images, labels, folder, epochs):
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% right: pathlib's replace, the shape of the file its own · message: "to the last bit"
import torch
import torch.nn.functional as F


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            target = folder / f"epoch-{epoch:03d}.pt"
            aside = target.with_suffix(".part")
            torch.save(saved, aside)
            aside.replace(target)
    return model


# %% wrong: without the optimizer's state · clause 5 · message: "not put back"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: without the order's generator · clause 5 · message: "not put back"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: without the global random state · clause 5 · message: "not put back"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: the random state put back before build · clause 5 · message: "too early"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        torch.set_rng_state(saved["dropout"])
        model, optimizer, generator = build()
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        done = saved["epoch"]
        break
    else:
        model, optimizer, generator = build()
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: parameters without the buffers · clause 5 · message: "differ from the unbroken"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(
            {n: saved["model"][n] for n, _ in model.named_parameters()}, strict=False
        )
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: trained in eval mode · clause 1 · message: "in eval mode"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.eval()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: gradients pile up · clause 1 · message: "gradients to zero"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: in the order of the rows · clause 1 · message: "in the order of the rows"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.arange(len(images)).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: the last, smaller batch is left out · clause 1 · message: "steps"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50)[
            : len(images) // 50
        ]:
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: a checkpoint after every epoch · clause 2 · message: "it has left"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if True:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: epochs counted from 0 · clause 2 · message: "it has left"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 1:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: names without zeros · clause 2 · message: "it has left"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch}.pt")
    return model


# %% wrong: saved under its own name · clause 3 · message: "under its own name"
import torch
import torch.nn.functional as F


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            torch.save(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: a whole optimizer in the file · clause 3 · message: "can't be loaded"
import torch
import torch.nn.functional as F


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=False)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "device": images.numpy(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            torch.save(saved, folder / "x.tmp")
            (folder / "x.tmp").rename(folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: only the newest file is tried · clause 4 · message: "breaks off"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        saved = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: the epoch in the file is trained again · clause 4 · message: "steps; from epoch"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(max(done, 1), epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: it begins anew each time · clause 4 · message: "steps; from epoch"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("none-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: it clears up the folder · clause 4 · message: "is gone"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in folder.iterdir():
        if path.suffix != ".pt":
            path.unlink()
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: the oldest file · clause 4 · message: "steps; from epoch"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt")):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: so many epochs more · clause 6 · message: "steps; from epoch"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, done + epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: one epoch short · clause 6 · message: "are those after"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: nothing returned · clause 6 · message: "model to be returned"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")


# %% right: a log beside the checkpoints · message: "to the last bit"
import json

import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, order = build()
    log, done = folder / "log.json", 0
    for path in sorted(folder.glob("epoch-???.pt"), reverse=True):
        try:
            state = torch.load(path, weights_only=True)
        except Exception:
            continue
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        done = state["epoch"]
        order.set_state(state["order"])
        torch.random.set_rng_state(state["torch"])
        break
    for epoch in range(done + 1, epochs + 1):
        losses = []
        for rows in torch.randperm(len(images), generator=order).split(50):
            optimizer.zero_grad(set_to_none=False)
            loss = F.cross_entropy(model.train()(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        log.write_text(json.dumps({"epoch": epoch, "losses": losses}))
        if epoch % 2 == 0:
            state = {"epoch": epoch, "order": order.get_state(), "torch": torch.get_rng_state()}
            state.update(model=model.state_dict(), optimizer=optimizer.state_dict())
            save_file(state, folder / f"epoch-{epoch:03}.pt")
    return model


# %% wrong: any file that ends like one · clause 4 · message: "In the folder lie"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: the last epoch is saved, too · clause 2 · message: "At the end, with 3 epochs done"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*.pt"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0 or epoch == epochs:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model


# %% wrong: a pattern that takes unfinished files · clause 4 · message: "In the folder lie"
import torch
import torch.nn.functional as F

from course_lib.checkpoints import save_file


def train_and_checkpoint(build, images, labels, folder, *, epochs):
    model, optimizer, generator = build()
    done = 0
    for path in sorted(folder.glob("epoch-*"), reverse=True):
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:
            continue
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        generator.set_state(saved["order"])
        torch.set_rng_state(saved["dropout"])
        done = saved["epoch"]
        break
    for epoch in range(done + 1, epochs + 1):
        model.train()
        for rows in torch.randperm(len(images), generator=generator).split(50):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        if epoch % 2 == 0:
            saved = {
                "epoch": epoch,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
            saved |= {"order": generator.get_state(), "dropout": torch.get_rng_state()}
            save_file(saved, folder / f"epoch-{epoch:03d}.pt")
    return model

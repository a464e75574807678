# %% right: step by step · message: "All parts are there"
import json
import os

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    manifest = folder / "complete.json"
    if manifest.exists():
        raise FileExistsError(f"{folder} is complete already.")
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        aside = folder / "complete.json.tmp"
        aside.write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
        os.replace(aside, manifest)
    if several:
        dist.barrier()


# %% right: an object, its states one by one · message: "All parts are there"
import json
from pathlib import Path

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import (
    get_model_state_dict,
    get_optimizer_state_dict,
)


class Saver:
    name = "complete.json"

    def __call__(self, model, optimizer, folder, epoch):
        folder = Path(folder)
        if self.name in [path.name for path in folder.glob("*.json")]:
            raise FileExistsError(folder)
        state = dict(epoch=epoch, model=get_model_state_dict(model))
        state["optimizer"] = get_optimizer_state_dict(model, optimizer)
        dcp.save(state, storage_writer=dcp.FileSystemWriter(folder))
        if self.rank == 0:
            sizes = {}
            for path in folder.glob("*"):
                sizes[path.name] = len(path.read_bytes())
            with open(folder / self.name, "w") as file:
                json.dump({"files": sizes, "ranks": self.ranks}, file)
        if self.ranks > 1:
            dist.barrier()

    @property
    def rank(self):
        return dist.get_rank() if dist.is_initialized() else 0

    @property
    def ranks(self):
        return dist.get_world_size() if dist.is_initialized() else 1


save_sharded = Saver()


# %% right: everybody waits for a broadcast, with an error of its own · message: "All parts are there"
import functools
import json
import os

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


class AlreadyThereError(FileExistsError):
    pass


def once(save):
    @functools.wraps(save)
    def checked(model, optimizer, folder, epoch):
        if os.path.exists(os.path.join(folder, "complete.json")):
            raise AlreadyThereError(str(folder))
        return save(model, optimizer, folder, epoch)

    return checked


@once
def save_sharded(model, optimizer, folder, epoch):
    rank, ranks = 0, 1
    if dist.is_available() and dist.is_initialized():
        rank, ranks = dist.get_rank(), dist.get_world_size()
    parts = get_state_dict(model, optimizer)
    dcp.save(
        dict(zip(("model", "optimizer"), parts)) | {"epoch": epoch}, checkpoint_id=str(folder)
    )
    done = [None]
    if rank == 0:
        with os.scandir(folder) as entries:
            files = {entry.name: entry.stat().st_size for entry in entries}
        with open(os.path.join(folder, "complete.json"), "x") as file:
            file.write(json.dumps({"ranks": ranks, "files": files}, indent=2))
        done = [True]
    if ranks > 1:
        dist.broadcast_object_list(done, src=0)


# %% right: sizes gathered from the ranks · message: "All parts are there"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    manifest = folder / "complete.json"
    if manifest.is_file():
        raise FileExistsError("complete")
    weights, moments = get_state_dict(model, optimizer)
    dcp.async_save(
        {"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder
    ).result()
    rank = dist.get_rank() if dist.is_initialized() else 0
    mine = {path.name: path.stat().st_size for path in folder.glob(f"__{rank}_*")}
    if rank == 0:
        mine[".metadata"] = (folder / ".metadata").stat().st_size
    everybody = [mine]
    if dist.is_initialized():
        everybody = [None] * dist.get_world_size()
        dist.all_gather_object(everybody, mine)
    if rank == 0:
        files = {name: size for part in everybody for name, size in part.items()}
        manifest.write_text(json.dumps({"ranks": len(everybody), "files": files}))
    if dist.is_initialized():
        dist.monitored_barrier()


# %% wrong: rank 0 saves alone · clause 1 · message: "waited in vain: another rank had returned"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    weights, moments = get_state_dict(model, optimizer)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )


# %% wrong: the optimizer by number · clause 2 · message: "goes by number"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}
    dcp.save(state, checkpoint_id=folder)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
    if several:
        dist.barrier()


# %% wrong: no barrier at the end · clause 4 · message: "on rank 1, `complete.json` wasn't there yet"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )


# %% wrong: the manifest comes first · clause 3 · message: "doesn't list `.metadata`"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    several = dist.is_initialized()
    if several:
        dist.barrier()
    if not several or dist.get_rank() == 0:
        folder.mkdir(parents=True, exist_ok=True)
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)


# %% wrong: writes over what is there · clause 5 · message: "and it raised nothing"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        files = {
            path.name: path.stat().st_size
            for path in folder.iterdir()
            if path.name != "complete.json"
        }
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
    if several:
        dist.barrier()


# %% wrong: looks after it has saved · clause 5 · message: "had been changed by then"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    several, manifest = dist.is_initialized(), folder / "complete.json"
    there = manifest.exists()
    if several:
        dist.barrier()
    if there:
        raise FileExistsError(folder)
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        manifest.write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
    if several:
        dist.barrier()


# %% wrong: only rank 0 looks · clause 5 · message: "On rank 1: the folder was complete already, and it waited"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    several = dist.is_initialized()
    rank = dist.get_rank() if several else 0
    if rank == 0 and (folder / "complete.json").exists():
        raise FileExistsError(folder)
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    if rank == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
    if several:
        dist.barrier()


# %% wrong: needs a group · clause 6 · message: "In one process without a group `save_sharded` raised ValueError"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    if dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size(), "files": files})
        )
    dist.barrier()


# %% wrong: every rank writes the manifest · clause 3 · message: "Rank 1 wrote `complete.json`, too"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    several = dist.is_initialized()
    files = {
        path.name: path.stat().st_size for path in folder.iterdir() if "json" not in path.name
    }
    (folder / "complete.json").write_text(
        json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
    )
    if several:
        dist.barrier()


# %% wrong: gathered into one file by rank 0 · clause 1 · message: "holds nothing that `dcp.load` can read"
import json

import torch
import torch.distributed as dist
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    weights, moments = get_state_dict(model, optimizer, options=options)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        folder.mkdir(parents=True)
        torch.save({"model": weights, "optimizer": moments, "epoch": epoch}, folder / "all.pt")
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
    if several:
        dist.barrier()


# %% wrong: without the epoch · clause 1 · message: "`epoch` in the folder is None"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments}, checkpoint_id=folder)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        manifest = {
            "ranks": dist.get_world_size() if several else 1,
            "files": files,
            "epoch": epoch,
        }
        (folder / "complete.json").write_text(json.dumps(manifest))
    if several:
        dist.barrier()


# %% wrong: the weights without the optimizer · clause 1 · message: "has no `optimizer.state"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    dcp.save({"model": model.state_dict(), "epoch": epoch}, checkpoint_id=folder)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
    if several:
        dist.barrier()


# %% wrong: lists only the ranks' files · clause 3 · message: "doesn't list `.metadata`"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.glob("*.distcp")}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
    if several:
        dist.barrier()


# %% wrong: the barrier for rank 0 only · clause 1 · message: "waited in vain"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
        if several:
            dist.barrier()


# %% wrong: each rank into a folder of its own · clause 1 · message: "holds nothing that `dcp.load` can read"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    weights, moments = get_state_dict(model, optimizer)
    several = dist.is_initialized()
    rank = dist.get_rank() if several else 0
    dcp.save(
        {"model": weights, "optimizer": moments, "epoch": epoch},
        checkpoint_id=folder / f"rank-{rank}",
        no_dist=True,
    )
    if rank == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
        (folder / "complete.json").write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
    if several:
        dist.barrier()


# %% wrong: one rank raises, after many words · clause 1 · message: "On rank 1 of 2 `save_sharded` raised RuntimeError: I am rank 1"
import json

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    if (folder / "complete.json").exists():
        raise FileExistsError(folder)
    ranks = dist.get_world_size() if dist.is_initialized() else 1
    if ranks > 1 and dist.get_rank() == 1:
        print("words " * 100_000)
        raise RuntimeError("I am rank 1")
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    (folder / "complete.json").write_text(json.dumps({"ranks": ranks, "files": files}))


# %% wrong: whole tensors gathered on every rank · clause 1 · message: "in one piece: somebody gathered it"
import json
import os

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    manifest = folder / "complete.json"
    if manifest.exists():
        raise FileExistsError(f"{folder} is complete already.")
    weights, moments = get_state_dict(
        model, optimizer, options=StateDictOptions(full_state_dict=True)
    )
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    several = dist.is_initialized()
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        aside = folder / "complete.json.tmp"
        aside.write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
        os.replace(aside, manifest)
    if several:
        dist.barrier()


# %% wrong: any folder that exists is refused · clause 5 · message: "In one process without a group `save_sharded` raised FileExistsError"
import json
import os

import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict


def save_sharded(model, optimizer, folder, epoch):
    manifest, several = folder / "complete.json", dist.is_initialized()
    if folder.exists():
        raise FileExistsError(f"{folder} is complete already.")
    if several:
        dist.barrier()  # or a slow rank finds the folder that a fast one has just made
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments, "epoch": epoch}, checkpoint_id=folder)
    if not several or dist.get_rank() == 0:
        files = {path.name: path.stat().st_size for path in folder.iterdir()}
        aside = folder / "complete.json.tmp"
        aside.write_text(
            json.dumps({"ranks": dist.get_world_size() if several else 1, "files": files})
        )
        os.replace(aside, manifest)
    if several:
        dist.barrier()

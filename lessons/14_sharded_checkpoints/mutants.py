"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 14_sharded_checkpoints` shows who notices."""

from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
import torch.distributed.checkpoint.format_utils as format_utils
import torch.distributed.checkpoint.state_dict as by_name
import torch.distributed.fsdp
from torch import nn

import course_lib.checkpoints.dcp_gate
import course_lib.checkpoints.sharded
from course_lib.lessons.sharded_checkpoints import processes
from mutants import world

dcp_load, dcp_save, async_save, torch_save = dcp.load, dcp.save, dcp.async_save, torch.save


def everywhere(change):
    """Change this process, and each rank before it does anything."""
    change()
    processes.first.append(change)


@world(
    "fully_shard cuts nothing",
    noticed_by="Why: all keys matched, and half the model is gone",
)
def _():
    torch.distributed.fsdp.fully_shard = lambda module, **options: module


@world("dcp.save is no collective call", noticed_by="Predict")
def _():
    def change():
        dcp.save = lambda state, checkpoint_id=None, **options: dcp_save(
            state, checkpoint_id=checkpoint_id, no_dist=True, **options
        )

    everywhere(change)


@world("shards are as even as possible", noticed_by="Learn: what each process holds")
def _():
    def change():
        from torch.distributed.tensor import DTensor

        to_local = DTensor.to_local

        def even(self, **options):
            part, ranks = to_local(self, **options), dist.get_world_size()
            each, rest = divmod(self.shape[0], ranks)
            rows = each + (dist.get_rank() < rest)
            return part.new_zeros(rows, *part.shape[1:]) if rows != len(part) else part

        DTensor.to_local = even

    everywhere(change)


@world("DCP writes one file for all ranks", noticed_by="Learn: every process writes its part")
def _():
    def change():
        def save(state, checkpoint_id=None, **options):
            dcp_save(state, checkpoint_id=checkpoint_id, **options)
            if (
                dist.is_initialized()
                and dist.get_rank() == 1
                and Path(checkpoint_id).name == "two"
            ):
                (Path(checkpoint_id) / "__1_0.distcp").unlink()

        dcp.save = save

    everywhere(change)


@world("plain values have a size, too", noticed_by="Learn: every process writes its part")
def _():
    from torch.distributed.checkpoint.metadata import BytesStorageMetadata

    BytesStorageMetadata.size = 1


@world(
    "dcp.load sets a variable of yours", noticed_by="Learn: two save, one loads, three go on"
)
def _():
    def load(state, checkpoint_id=None, **options):
        epoch = state.get("epoch")
        dcp_load(state, checkpoint_id=checkpoint_id, **options)
        if epoch is not None:
            state["epoch"] = epoch

    dcp.load = load


@world("a new rank gets the first rows", noticed_by="Learn: two save, one loads, three go on")
def _():
    def change():
        def load(state, checkpoint_id=None, **options):
            dcp_load(state, checkpoint_id=checkpoint_id, **options)
            if dist.is_initialized() and dist.get_rank() > 0:
                with torch.no_grad():
                    for tensor in state.get("model", {}).values():
                        tensor.to_local().zero_()

        dcp.load = load

    everywhere(change)


@world("a new optimizer has places for its state", noticed_by="Learn: the optimizer, by name")
def _():
    state_dict = torch.optim.Adam.state_dict

    def full(self):
        found = state_dict(self)
        if not found["state"]:
            found["state"] = {
                number: {
                    "step": torch.zeros(()),
                    "exp_avg": torch.zeros_like(p),
                    "exp_avg_sq": torch.zeros_like(p),
                }
                for number, p in enumerate(self.param_groups[0]["params"])
            }
        return found

    torch.optim.Adam.state_dict = full


@world("async_save copies nothing", noticed_by="Learn: save beside the training")
def _():
    def save(state, storage_writer=None, **options):
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(1).submit(
            lambda: dcp_save(state, storage_writer=storage_writer)
        )

    dcp.async_save = save


@world("an error of async_save is swallowed", noticed_by="Learn: save beside the training")
def _():
    def save(state, storage_writer=None, **options):
        from concurrent.futures import Future

        try:
            return async_save(state, storage_writer=storage_writer, **options)
        finally:
            if "full" in str(storage_writer.path):
                Future.exception = lambda self, timeout=None: None

    dcp.async_save = save


@world("the converter saves rank 0's rows", noticed_by="Learn: to a plain file and back")
def _():
    convert = format_utils.dcp_to_torch_save

    def half(folder, path):
        convert(folder, path)
        content = torch.load(path, weights_only=True)
        for tensor in content["model"].values():
            tensor[len(tensor) // 2 :] = 0
        torch_save(content, path)

    format_utils.dcp_to_torch_save = half


def look_first(state, checkpoint_id=None, **options):
    """A load that looks at the files before it touches a tensor."""
    if (
        checkpoint_id is not None
        and not (Path(checkpoint_id) / "__1_0.distcp").exists()
        and "gone" in str(checkpoint_id)
    ):
        copied = {"model": {name: tensor.clone() for name, tensor in state["model"].items()}}
        return dcp_load(copied, checkpoint_id=checkpoint_id, **options)
    return dcp_load(state, checkpoint_id=checkpoint_id, **options)


@world(
    "a load that fails changes nothing",
    noticed_by="Break it: a part is gone, bad, or from another day",
)
def _():
    dcp.load = look_first


@world("DCP has checksums", noticed_by="Break it: a part is gone, bad, or from another day")
def _():
    def load(state, checkpoint_id=None, **options):
        if "flipped" in str(checkpoint_id):
            raise dcp.CheckpointException("the checksum differs", {})
        return dcp_load(state, checkpoint_id=checkpoint_id, **options)

    dcp.load = load


@world(
    "DCP tells the files of two trainings apart",
    noticed_by="Break it: a part is gone, bad, or from another day",
)
def _():
    def load(state, checkpoint_id=None, **options):
        if "mixed" in str(checkpoint_id):
            raise dcp.CheckpointException("these files don't belong together", {})
        return dcp_load(state, checkpoint_id=checkpoint_id, **options)

    dcp.load = load


@world(
    "our manifest is not looked at",
    noticed_by="Break it: a part is gone, bad, or from another day",
)
def _():
    course_lib.checkpoints.sharded._problem = lambda *arguments: None


@world("dcp.load adds what the state lacks", noticed_by="Break it: a load without a place")
def _():
    def load(state, checkpoint_id=None, **options):
        if not state:
            state["epoch"] = 0
        dcp_load(state, checkpoint_id=checkpoint_id, **options)

    dcp.load = load


@world("dcp.load refuses another dtype", noticed_by="Break it: a load without a place")
def _():
    def load(state, checkpoint_id=None, **options):
        if all(tensor.dtype == torch.float32 for tensor in state.get("model", {}).values()):
            dcp_load(state, checkpoint_id=checkpoint_id, **options)

    dcp.load = load


@world(
    "dcp.load passes over names that the folder lacks",
    noticed_by="Break it: a load without a place",
)
def _():
    def load(state, checkpoint_id=None, **options):
        if "4.weight" not in state.get("model", {}):
            dcp_load(state, checkpoint_id=checkpoint_id, **options)

    dcp.load = load


@world(
    "DCP reads its metadata without unpickling", noticed_by="Break it: the folder is a program"
)
def _():
    read = dcp.FileSystemReader.read_metadata

    def safe(self, *arguments, **options):
        if b"exec" in (Path(self.path) / ".metadata").read_bytes():
            raise ValueError("no metadata")
        return read(self, *arguments, **options)

    dcp.FileSystemReader.read_metadata = safe


@world("our gate lets everything through", noticed_by="Break it: the folder is a program")
def _():
    course_lib.checkpoints.dcp_gate.Reader.read_metadata = dcp.FileSystemReader.read_metadata

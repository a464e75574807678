"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 09_checkpointing` shows who notices."""

import copy
import os
import random
import signal
import zipfile
from pathlib import Path

import torch

import course_lib.checkpoints
import course_lib.checkpoints.folders
from course_lib.checkpoints import CheckpointManager, ModelCheckpoint, RNGState
from mutants import world

torch_save, torch_load = torch.save, torch.load


def in_the_program(patch):
    """Patch the lesson's training programs, processes of their own: Python imports sitecustomize when it starts."""
    Path("sitecustomize.py").write_text(patch, encoding="utf-8")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")])
    )


@world("torch.save is atomic", noticed_by="Why: the save that destroyed the save")
def _():
    # 50 ms with 0 bytes: long enough to be seen, and killed
    in_the_program("""
import os, time, torch
torch_save = torch.save
def save(thing, path):
    open(path + ".new", "wb").close()
    time.sleep(0.05)
    torch_save(thing, path + ".new")
    os.replace(path + ".new", path)
torch.save = save""")


@world("Adam has nothing to save", noticed_by="Learn: what belongs in it")
def _():
    state_dict = torch.optim.Optimizer.state_dict
    torch.optim.Optimizer.state_dict = lambda self: {**state_dict(self), "state": {}}


@world("an optimizer doesn't take its state back", noticed_by="Learn: what belongs in it")
def _():
    torch.optim.Optimizer.load_state_dict = lambda self, state: None


@world("Adam's state makes no difference", noticed_by="Learn: what belongs in it")
def _():
    torch.optim.Adam = lambda parameters, lr: torch.optim.SGD(parameters, lr)
    state_dict = torch.optim.SGD.state_dict
    torch.optim.SGD.state_dict = lambda self: {**state_dict(self), "state": {0: {"step": 0}}}
    torch.optim.SGD.load_state_dict = lambda self, state: None


@world("set_rng_state does nothing", noticed_by="Learn: what is drawn at random")
def _():
    torch.set_rng_state = lambda state: None


@world(
    "a loader that is seeded again has a new order", noticed_by="Learn: what is drawn at random"
)
def _():
    manual_seed = torch.Generator.manual_seed

    class Generator(torch.Generator):
        def manual_seed(self, seed):
            return manual_seed(self, random.randrange(2**40))

    torch.Generator = Generator


@world("a loader repeats its order in every epoch", noticed_by="Learn: what is drawn at random")
def _():
    torch.utils.data.RandomSampler.__iter__ = lambda self: iter(range(len(self.data_source)))


@world("save_file writes straight into the file", noticed_by="Predict")
def _():
    in_the_program("""
import course_lib.checkpoints, torch
course_lib.checkpoints.save_file = torch.save""")


@world("os.replace leaves the old file", noticed_by="Learn: the old file or the new one")
def _():
    os.replace = lambda source, target: os.unlink(source)


@world("SIGTERM can't be caught", noticed_by="Learn: a warning before the kill")
def _():
    in_the_program("import signal\nsignal.signal = lambda number, handler: None")


@world("SIGTERM ends nothing", noticed_by="Learn: a warning before the kill")
def _():
    in_the_program("""
import signal, sys
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))""")


@world("the manager deletes nothing", noticed_by="Learn: a manager for all of it")
def _():
    CheckpointManager._clean_up = lambda self, newest: ()


@world("a file has only its own epoch's log", noticed_by="Learn: a manager for all of it")
def _():
    past = CheckpointManager._past
    CheckpointManager._past = lambda self: past(self)[-1:]


@world("random states are not restored", noticed_by="Learn: last and best")
def _():
    RNGState.load_state_dict = lambda self, state: None


@world("a resumed run begins at epoch 1", noticed_by="Learn: last and best")
def _():
    import course_lib.training

    fit = course_lib.training.fit
    course_lib.training.fit = lambda *args, resume=None, manager=None, **options: fit(
        *args, manager=None if resume else manager, **options
    )


@world("the best is the worst", noticed_by="Learn: last and best")
def _():
    ranked = CheckpointManager._ranked
    CheckpointManager._ranked = lambda self, history: ranked(self, history)[::-1]


@world("a NaN is larger than every number", noticed_by="Learn: last and best")
def _():
    import math

    math.nan = 1e300


@world("crashes are twice as cheap", noticed_by="Learn: how often")
def _():
    import course_lib.lessons.checkpointing as room

    wasted = room.time_wasted
    room.time_wasted = lambda interval, **options: wasted(interval / 2, **options)


@world("torch.load compares checksums", noticed_by="Learn: damage, and falling back")
def _():
    def load(file, **options):
        if (
            isinstance(file, Path)
            and zipfile.is_zipfile(file)
            and zipfile.ZipFile(file).testzip()
        ):
            raise RuntimeError("a record is damaged")
        return torch_load(file, **options)

    torch.load = load


@world("check_file sees no damage", noticed_by="Learn: damage, and falling back")
def _():
    course_lib.checkpoints.check_file = lambda path: None


@world("the manager loads a damaged file", noticed_by="Learn: damage, and falling back")
def _():
    course_lib.checkpoints.folders.load_file = lambda path, map_location: torch_load(
        path, map_location=map_location
    )


@world(
    "a missing monitor is no error", noticed_by="Break it: a typo turns the best into the last"
)
def _():
    def lenient(path, monitor="val_loss", **options):
        known = {"val_loss", "val_accuracy"}
        return ModelCheckpoint(
            path, monitor=monitor if monitor in known else "val_loss", **options
        )

    course_lib.checkpoints.ModelCheckpoint = lenient


@world("the safe loader takes NumPy's numbers", noticed_by="Break it: one NumPy number")
def _():
    torch.load = lambda file, weights_only=True, **options: torch_load(
        file, weights_only=False, **options
    )


@world("save_file takes NumPy's numbers", noticed_by="Break it: one NumPy number")
def _():
    save_file = course_lib.checkpoints.save_file

    def save(thing, path):
        return torch_save(thing, path) if path.name == "numpy.pt" else save_file(thing, path)

    course_lib.checkpoints.save_file = save


@world(
    "torch.save copies before it writes", noticed_by="Break it: saved while training goes on"
)
def _():
    torch.save = lambda thing, file: torch_save(copy.deepcopy(thing), file)

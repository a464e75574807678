"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 13_capstone` shows who notices."""

import contextlib
import dataclasses
import html
import os
import shutil
import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

import course_lib.data
import course_lib.devices
import course_lib.lessons.capstone as room
import course_lib.metrics
import course_lib.verification
from course_lib.checkpoints import CheckpointManager
from course_lib.lessons.capstone import page
from mutants import world


def in_the_program(patch):
    """Patch the lesson's training script, a process of its own: Python imports sitecustomize when it starts."""
    Path("sitecustomize.py").write_text(patch, encoding="utf-8")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")])
    )


class InThisProcess:
    """Runs the lesson's script here, once, and copies its files for the run that is killed: for worlds of later sections."""

    def __init__(self, command, *, stdout, stderr):
        _, script, split, run = map(str, command)
        run, self.returncode = Path(run), 0
        whole = run.with_name("unbroken")
        if run.name == "unbroken":
            sys.argv = [script, split, str(run)]
            with contextlib.redirect_stdout(stdout):
                exec(compile(Path(script).read_text(encoding="utf-8"), script, "exec"), {})
        else:
            resumed = run.exists()
            run.mkdir(exist_ok=True)
            for epoch in (6,) if resumed else (2, 4):
                shutil.copy(whole / f"step-0000000{epoch}.pt", run)
            stdout.write("from epoch 5:" if resumed else "from epoch 1: epoch 5:")

    def kill(self):
        self.returncode = -9

    def poll(self):
        return None

    def wait(self):
        return self.returncode


def trained_here():
    subprocess.Popen = InThisProcess


@world(
    "a copy tells nothing about its image", noticed_by="Why: the copies that sat on both sides"
)
def _():
    torch.Tensor.roll = lambda self, step, dims: torch.rand_like(self)


@world("the test part repeats training images", noticed_by="Learn: three parts, once")
def _():
    mnist = course_lib.data.mnist

    def leaking():
        splits = mnist()
        known = torch.utils.data.TensorDataset(*(t[:1000] for t in splits.train.tensors))
        return dataclasses.replace(splits, test=known)

    course_lib.data.mnist = leaking


@world("a permutation repeats rows", noticed_by="Learn: three parts, once")
def _():
    torch.randperm = lambda n, generator=None: torch.randint(n, (n,), generator=generator)


@world("a fingerprint ignores the numbers", noticed_by="Learn: three parts, once")
def _():
    course_lib.verification.model_fingerprint = lambda thing: f"{len(thing)} parts"


@world("a kill ends nothing", noticed_by="Learn: a training that may be killed")
def _():
    subprocess.Popen.kill = lambda self: None


@world("the manager keeps one file", noticed_by="Learn: a training that may be killed")
def _():
    in_the_program("""
from course_lib.checkpoints import CheckpointManager
start = CheckpointManager.__init__
CheckpointManager.__init__ = lambda self, *args, **options: start(self, *args, **options, keep_last=1, keep_best=0)""")


@world("the order of the batches is not put back", noticed_by="Predict")
def _():
    in_the_program("""
from course_lib.checkpoints import GeneratorState
GeneratorState.load_state_dict = lambda self, state: None""")


@world("Adam's state is not put back", noticed_by="Predict")
def _():
    in_the_program("""
import torch
torch.optim.Optimizer.load_state_dict = lambda self, state: None""")


@world("the script doesn't look for files", noticed_by="Predict")
def _():
    in_the_program("""
from course_lib.checkpoints import CheckpointManager
CheckpointManager.files = property(lambda self: [])""")


@world("the best is the worst", noticed_by="Learn: choose, then ship")
def _():
    trained_here()
    ranked = CheckpointManager._ranked
    CheckpointManager._ranked = lambda self, history: ranked(self, history)[::-1]


@world("no tag is written", noticed_by="Learn: choose, then ship")
def _():
    trained_here()
    course_lib.devices.saved_as = lambda tag, only: contextlib.nullcontext()


@world("load_state_dict fills nothing", noticed_by="Learn: another machine, and the proof")
def _():
    trained_here()
    nn.Module.load_state_dict = lambda self, state, strict=True: None


@world("torch.equal rounds", noticed_by="Learn: another machine, and the proof")
def _():
    trained_here()
    torch.equal = lambda a, b: torch.allclose(a.double(), b.double(), atol=0.1)


@world("the protocol passes everything", noticed_by="Learn: another machine, and the proof")
def _():
    trained_here()
    verify = course_lib.verification.verify_reload
    course_lib.verification.verify_reload = lambda before, after: verify(before, before)


@world("an interval covers everything", noticed_by="Learn: one look at the test data")
def _():
    trained_here()
    course_lib.metrics.wilson_interval = lambda successes, n: course_lib.metrics.Interval(
        0.0, 1.0
    )


@world("the threshold ignores the costs", noticed_by="Learn: is it an eight?")
def _():
    trained_here()
    course_lib.metrics.threshold_for_cost = lambda *args, **options: float("inf")


@world("the temperature is too high", noticed_by="Learn: are its claims true?")
def _():
    trained_here()
    course_lib.metrics.temperature = lambda evaluation: 3.0


@world("escaping changes nothing", noticed_by="Learn: the card")
def _():
    trained_here()
    html.escape = lambda text, quote=True: text


@world("the card's pictures have no words", noticed_by="Learn: the card")
def _():
    trained_here()
    page.figure = lambda svg, *, alt, caption: f"<figure>{svg}</figure>"


@world("the card has a figure of its own", noticed_by="Learn: the card")
def _():
    trained_here()
    write = room.write_card
    room.write_card = lambda path, facts, *, tested, **about: write(
        path,
        facts,
        tested=dataclasses.replace(tested, matrix=tested.matrix.T.roll(1, 0)),
        **about,
    )


@world("guessers are all alike", noticed_by="Break it: the best of three hundred")
def _():
    trained_here()
    randint = torch.randint
    torch.randint = lambda high, size, generator: randint(
        high, size[-1:], generator=generator
    ).expand(size)


@world(
    "tuning on the test data doesn't flatter", noticed_by="Break it: the best of three hundred"
)
def _():
    trained_here()
    choose, calls = course_lib.metrics.threshold_for_cost, []

    def once(*args, **options):
        calls.append(1)
        return choose(*args, **options) if len(calls) == 1 else float("inf")

    course_lib.metrics.threshold_for_cost = once


@world(
    "dark on light is read as well",
    noticed_by="Break it: the preprocessing that stayed at home",
)
def _():
    trained_here()
    minus = torch.Tensor.__rsub__
    torch.Tensor.__rsub__ = lambda self, other: self if self.ndim == 4 else minus(self, other)

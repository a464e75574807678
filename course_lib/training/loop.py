"""The loop: train, measure, save, and let a Ctrl-C wait until that is done."""

import operator
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from tqdm import tqdm  # not tqdm.auto, which would import ipywidgets

from course_lib.checkpoints import CheckpointManager, Loaded
from course_lib.checkpoints.callback import METRICS, Run
from course_lib.devices import to_device
from course_lib.errors import InputError
from course_lib.evaluation import evaluate
from course_lib.evaluation.batch import device_for, loss_of, matched, unpacked
from course_lib.training.checks import (
    counts_batches,
    require_resumable,
    require_schedule,
    require_training,
    warn_if_not_resumable,
)
from course_lib.training.epoch import Epoch


class Callback:
    """Inherit and write the methods you need. They run before the manager saves the epoch."""

    def on_fit_start(self, run: Run) -> None:
        """Before the first epoch."""

    def on_epoch_end(self, run: Run) -> None:
        """After an epoch's training and validation; `run.metrics` are its results."""

    def on_fit_end(self, run: Run) -> None:
        """After the last epoch, but not after an interrupt or an error."""


def fit(
    model: nn.Module,
    batches: Iterable[tuple[Any, Tensor]],
    optimizer: Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    *,
    epochs: int,
    validation: Iterable[tuple[Any, Tensor]] | None = None,
    scheduler: LRScheduler | None = None,
    callbacks: Sequence[Callback] = (),
    manager: CheckpointManager | None = None,
    resume: Loaded | None = None,
    device: torch.device | str | None = None,
    progress: bool = True,
) -> list[dict[str, float]]:
    """Train until `epochs` epochs are done, measuring and saving after each.

    "loss" and "accuracy" are means over the epoch's examples while the weights were changing, with dropout on;
    "val_loss" and "val_accuracy" come from `evaluate` with the weights of the epoch's end. Both count alike: ignored
    labels don't count, class weights do, and a small last batch counts less. A batch whose labels are all ignored
    takes no step. A model in eval mode is switched to training mode; one in training mode keeps each layer's own
    flag, so frozen layers stay frozen.

    With a manager every epoch is saved as the step of its number. The first Ctrl-C lets the batch end, saves
    and raises KeyboardInterrupt; a second one leaves at once. Either way a resumed run goes on bit for bit as
    if nothing had happened, also from the middle of an epoch, provided that the manager's objects are complete
    (model, optimizer, scheduler, the loader's GeneratorState, RNGState), that the loader's workers, if it has any,
    start anew each epoch, and that the kernels are deterministic.

    Args:
        model: Returns logits (B, C), or (B, 1) or (B,) for a one-logit head.
        batches: Pairs (inputs, targets); targets are classes (B,) of any number type. Read once per epoch.
        optimizer: Of the model's parameters.
        loss_fn: Called with logits (B, C) and int64 targets, or (B,) and float targets for one logit; returns a mean
            or, with reduction="sum", a sum.
        epochs: How many in all, those before a resume included.
        validation: Pairs to evaluate after each epoch.
        scheduler: Stepped after each epoch, ReduceLROnPlateau with val_loss, or loss without validation; OneCycleLR
            and CyclicLR after each batch. Count the steps of any other in epochs.
        callbacks: Called in this order.
        manager: Where to save.
        resume: What `manager.load()` returned.
        device: Where the batches go. None: where the model's parameters are.
        progress: Show a progress bar.

    Returns:
        One row per epoch: "epoch" from 1, "loss", "accuracy" and, with validation data, "val_loss" and
        "val_accuracy". With `resume`, the rows before it too.

    Raises:
        InputError: Before the first step: an optimizer of another model, a schedule that is too short, a monitored
            metric that will be missing, a folder with later steps than this run's. Later: no batches, shapes that
            would broadcast, labels out of range, weights that are no longer finite when they are saved.
        KeyboardInterrupt: After Ctrl-C.

    Warns:
        RuntimeWarning: Parts of the model are in no group while others' are; a manager that can't bring this run back
            exactly; a OneCycleLR that this run doesn't finish.

    >>> from course_lib.data import batches, digits
    >>> _ = torch.manual_seed(0)
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    >>> history = fit(model, batches(digits().train, 64), optimizer, nn.CrossEntropyLoss(), epochs=3, progress=False)
    >>> len(history), history[0]["loss"] > history[-1]["loss"]
    (3, True)

    Source: https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html
    """
    require_resumable(resume, manager)
    device = device_for(model, device)
    history = [] if resume is None else [{"epoch": past["step"], **past["metrics"]} for past in manager.history]
    run = Run(model, optimizer, METRICS if validation is not None else METRICS[:2], history)
    run.epoch = 0 if resume is None else resume.step
    passed = Epoch(loss_fn, manager, device, resume.partial if resume else None)
    per_epoch = operator.length_hint(batches)
    if run.epoch < epochs:
        require_training(model, optimizer, loss_fn)
        left = (epochs - run.epoch) * per_epoch - passed.batch
        require_schedule(scheduler, optimizer, epochs, per_epoch, left)
        if manager is not None:
            manager.require_saveable(run.epoch + 1, run.metric_names)
            warn_if_not_resumable(manager, model, optimizer, batches)
    for callback in callbacks:
        callback.on_fit_start(run)
    if not model.training:
        model.train()
    each_batch = counts_batches(scheduler)
    bar = tqdm(
        total=epochs * per_epoch or None,
        initial=run.epoch * per_epoch + passed.batch,
        unit="batch",
        disable=not progress,
        file=sys.stdout,
    )
    with bar, _deferred_interrupt(manager is not None) as interrupt:
        while run.epoch < epochs and not run.stop:
            for batch in passed.remaining(batches):
                inputs, targets = unpacked(batch, passed.batch)
                logits, targets = matched(model(to_device(inputs, device)), targets, passed.batch)
                labels, loss = passed.labels(targets, logits), None
                if labels.weight:  # the mean of nothing is NaN, and would destroy the weights
                    loss = loss_of(loss_fn, logits, labels.classes)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                    loss = loss.detach()
                passed.add(labels, logits.detach(), loss)
                if each_batch:
                    scheduler.step()
                bar.update()
                if interrupt.is_set() and passed.batch != per_epoch:  # the last batch: end the epoch instead
                    raise _stopped(manager, run, passed)
            run.epoch += 1
            run.metrics = passed.means()
            if validation is not None:
                result = evaluate(model, validation, loss_fn=loss_fn, device=device)
                run.metrics |= {"val_loss": result.loss, "val_accuracy": result.accuracy}
            history.append({"epoch": run.epoch, **run.metrics})
            bar.set_postfix({name: f"{value:.4f}" for name, value in run.metrics.items()})
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step(run.metrics.get("val_loss", run.metrics["loss"]))
            elif scheduler is not None and not each_batch:
                scheduler.step()
            for callback in callbacks:
                callback.on_epoch_end(run)
            if manager is not None:
                saved = manager.save(run.epoch, run.metrics)
            if interrupt.is_set():
                raise KeyboardInterrupt(f"Stopped after epoch {run.epoch}, and saved: {saved.path}")
            passed = Epoch(loss_fn, manager, device)
    for callback in callbacks:
        callback.on_fit_end(run)
    return history


def _stopped(manager: CheckpointManager, run: Run, passed: Epoch) -> KeyboardInterrupt:
    """Save in the middle of an epoch, and say what came of it."""
    where = f"in epoch {run.epoch + 1} after batch {passed.batch}"
    try:
        saved = manager.save(run.epoch, partial=passed.state_dict())
    except InputError as error:  # weights that are NaN, above all
        return KeyboardInterrupt(f"Stopped {where}, and not saved: {error}")
    return KeyboardInterrupt(f"Stopped {where}, and saved: {saved.path}")


@contextmanager
def _deferred_interrupt(wanted: bool) -> Iterator[threading.Event]:
    """The first Ctrl-C only sets the event; a second one interrupts as usual."""
    pressed = threading.Event()
    usual = signal.getsignal(signal.SIGINT)
    # Signals reach the main thread only, and a handler that Python didn't install can't be put back.
    if not wanted or usual is None or threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def note(signal_number: int, frame: Any) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, usual)

"""A small training loop: one function, callbacks, a progress bar, and a Ctrl-C that saves before it leaves."""

import operator
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from tqdm import tqdm  # not tqdm.auto, which would import ipywidgets

from course_lib.checkpoints import CheckpointManager, GeneratorState, Loaded, RNGState
from course_lib.checkpoints.callback import METRICS, Run
from course_lib.devices import to_device
from course_lib.errors import InputError
from course_lib.evaluation import evaluate


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
    "val_loss" and "val_accuracy" come from `evaluate` with the weights of the epoch's end. A model in eval mode
    is switched to training mode; one in training mode keeps each layer's own flag, so frozen layers stay frozen.

    With a manager every epoch is saved as the step of its number. The first Ctrl-C lets the batch end, saves
    and raises KeyboardInterrupt; a second one leaves at once. Either way a resumed run goes on bit for bit as
    if nothing had happened, also from the middle of an epoch, provided that the manager's objects are complete:
    model, optimizer, scheduler, the loader's GeneratorState, RNGState.

    Args:
        model: Returns logits (B, C), or (B, 1) or (B,) for a one-logit head.
        batches: Pairs (inputs, targets); targets are classes (B,). Read once per epoch.
        optimizer: Of the model's parameters.
        loss_fn: Called with logits (B, C) and targets, or (B,) and float targets for one logit; its mean.
        epochs: How many in all, those before a resume included.
        validation: Pairs to evaluate after each epoch.
        scheduler: Stepped once after each epoch; ReduceLROnPlateau with val_loss, or loss without validation.
        callbacks: Called in this order.
        manager: Where to save.
        resume: What `manager.load()` returned.
        device: Where the batches go. None: where the model's parameters are.
        progress: Show a progress bar.

    Returns:
        One row per epoch: "epoch" from 1, "loss", "accuracy" and, with validation data, "val_loss" and
        "val_accuracy". With `resume`, the rows before it too.

    Raises:
        InputError: No batches; shapes that would broadcast; a monitored metric that will be missing; a folder
            with later steps than this run's.
        KeyboardInterrupt: After Ctrl-C.

    >>> from course_lib.data import batches, digits
    >>> _ = torch.manual_seed(0)
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    >>> history = fit(model, batches(digits().train, 64), optimizer, nn.CrossEntropyLoss(), epochs=3, progress=False)
    >>> len(history), history[0]["loss"] > history[-1]["loss"]
    (3, True)

    Source: https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html
    """
    if resume is not None and manager is None:
        raise InputError("resume needs the manager that loaded it: fit(..., manager=manager, resume=resume).")
    device = next(model.parameters()).device if device is None else torch.device(device)
    history = [] if resume is None else [{"epoch": past["step"], **past["metrics"]} for past in manager.history]
    run = Run(model, optimizer, METRICS if validation is not None else METRICS[:2], history)
    run.epoch = 0 if resume is None else resume.step
    if manager is not None and run.epoch < epochs:
        manager.require_saveable(run.epoch + 1, run.metric_names)
    for callback in callbacks:
        callback.on_fit_start(run)
    if not model.training:
        model.train()
    passed = _Epoch(manager, device, resume.partial if resume else None)
    per_epoch = operator.length_hint(batches)
    bar = tqdm(
        total=epochs * per_epoch or None,
        initial=run.epoch * per_epoch + passed.batch,
        unit="batch",
        disable=not progress,
        file=sys.stdout,
    )
    with bar, _deferred_interrupt(manager is not None) as interrupt:
        while run.epoch < epochs and not run.stop:
            for inputs, targets in passed.remaining(batches):
                logits, targets = _matched(model(to_device(inputs, device)), to_device(targets, device))
                loss = loss_fn(logits, targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                passed.add(loss.detach(), logits.detach(), targets)
                bar.update()
                if interrupt.is_set() and passed.batch != per_epoch:  # the last batch: end the epoch instead
                    saved = manager.save(run.epoch, partial=passed.state_dict())
                    where = f"in epoch {run.epoch + 1} after batch {passed.batch}"
                    raise KeyboardInterrupt(f"Stopped {where}, and saved: {saved.path}")
            run.epoch += 1
            run.metrics = passed.means()
            if validation is not None:
                result = evaluate(model, validation, loss_fn=loss_fn, device=device)
                run.metrics |= {"val_loss": result.loss, "val_accuracy": result.accuracy}
            history.append({"epoch": run.epoch, **run.metrics})
            bar.set_postfix({name: f"{value:.4f}" for name, value in run.metrics.items()})
            if isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step(run.metrics.get("val_loss", run.metrics["loss"]))
            elif scheduler is not None:
                scheduler.step()
            for callback in callbacks:
                callback.on_epoch_end(run)
            if manager is not None:
                saved = manager.save(run.epoch, run.metrics)
            if interrupt.is_set():
                raise KeyboardInterrupt(f"Stopped after epoch {run.epoch}, and saved: {saved.path}")
            passed = _Epoch(manager, device)
    for callback in callbacks:
        callback.on_fit_end(run)
    return history


class _Epoch:
    """How far an epoch has come, and the random states at its start, to find the way back there."""

    def __init__(
        self, manager: CheckpointManager | None, device: torch.device, partial: Mapping[str, Any] | None = None
    ):
        objects = {} if manager is None else manager.objects
        self.random = {name: one for name, one in objects.items() if isinstance(one, RNGState | GeneratorState)}
        self.batch = partial["batch"] if partial else 0
        self.start = partial["start"] if partial else self._states()
        # Tensors, so that no batch waits for the device.
        self.losses = list(partial["losses"].to(device)) if partial else []
        self.correct = list(partial["correct"].to(device)) if partial else []
        self.sizes = list(partial["sizes"]) if partial else []

    def remaining(self, batches: Iterable) -> Iterator:
        """The batches not yet trained on: the epoch's order is drawn again, and its first part skipped."""
        if not self.batch:
            yield from batches
            return
        now = self._states()
        self._go_to(self.start)
        rest = iter(batches)
        for _ in range(self.batch):
            next(rest)
        self._go_to({name: now[name] for name, one in self.random.items() if isinstance(one, RNGState)})
        yield from rest

    def add(self, loss: Tensor, logits: Tensor, targets: Tensor) -> None:
        preds = logits > 0 if logits.ndim == 1 else logits.argmax(1)
        self.losses.append(loss)
        self.correct.append((preds == targets).sum())
        self.sizes.append(len(targets))
        self.batch += 1

    def means(self) -> dict[str, float]:
        if not self.batch:
            raise InputError("There were no batches: a used-up iterator? Pass a DataLoader or a list.")
        n = sum(self.sizes)
        sizes = torch.tensor(self.sizes, dtype=torch.float64)
        loss = float(torch.stack(self.losses).cpu().double() @ sizes) / n
        return {"loss": loss, "accuracy": int(torch.stack(self.correct).sum()) / n}

    def state_dict(self) -> dict[str, Any]:
        losses, correct = torch.stack(self.losses).cpu(), torch.stack(self.correct).cpu()
        return {"batch": self.batch, "start": self.start, "losses": losses, "correct": correct, "sizes": self.sizes}

    def _states(self) -> dict[str, Any]:
        return {name: one.state_dict() for name, one in self.random.items()}

    def _go_to(self, states: Mapping[str, Any]) -> None:
        for name, state in states.items():
            self.random[name].load_state_dict(state)


def _matched(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (B, C) with classes (B,), or logits (B,) with float targets (B,), as in `evaluate`."""
    if logits.ndim == 2 and logits.shape[1] == 1:
        logits = logits.squeeze(1)
    if targets.shape != logits.shape[:1]:
        raise InputError(
            f"Logits of shape {tuple(logits.shape)} need targets of shape ({len(logits)},); got "
            f"{tuple(targets.shape)}. (B, 1) would be compared with every row: use targets.squeeze(1)."
        )
    return logits, targets.to(logits.dtype) if logits.ndim == 1 else targets


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

"""What `fit` asks before the first batch: does the optimizer train this model, does the schedule fit, can it resume?"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CyclicLR, LRScheduler, OneCycleLR

from course_lib.checkpoints import CheckpointManager, Loaded
from course_lib.errors import InputError
from course_lib.metrics.inputs import warn


def require_resumable(resume: Any, manager: CheckpointManager | None) -> None:
    """Raise an InputError unless `resume` is what a manager's `load` returned, and the manager is here."""
    if resume is None:
        return
    if not isinstance(resume, Loaded):
        got = (
            repr(str(resume)) if isinstance(resume, str | Path) else repr(resume) if isinstance(resume, bool) else None
        )
        raise InputError(
            'resume takes what manager.load() returned: fit(..., manager=manager, resume=manager.load("last")); got '
            f"{got or f'a {type(resume).__name__}'}. To start anew, leave it out."
        )
    if manager is None:
        raise InputError("resume needs the manager that loaded it: fit(..., manager=manager, resume=resume).")


def require_training(model: nn.Module, optimizer: Optimizer, loss_fn: Any) -> None:
    """Refuse an optimizer that would leave the model as it is, and warn of one that trains another model besides.

    Training only a part, such as a new head, is silent, and so is training the loss's own parameters.

    Raises:
        InputError: None of the optimizer's parameters is the model's, or all are frozen.

    Warns:
        RuntimeWarning: Some are not the model's, while trainable ones of the model are in no group.
    """
    held = _held(optimizer)
    own = {id(one): one for one in model.parameters()}
    if not held:
        return
    if not held.keys() & own.keys():
        raise InputError(
            f"None of the optimizer's {len(held)} parameters is one of the model's {len(own)}: steps would change "
            "another model, perhaps the one before it was loaded or rebuilt. Build the optimizer after the model: "
            f"{type(optimizer).__name__}(model.parameters(), ...)."
        )
    if not any(one.requires_grad for one in held.values()):
        raise InputError(
            f"All of the optimizer's {len(held)} parameters are frozen (requires_grad is False): no step would change "
            "anything. Give it those that are to learn."
        )
    loss_has = {id(one) for one in loss_fn.parameters()} if isinstance(loss_fn, nn.Module) else set()
    strangers = held.keys() - own.keys() - loss_has
    trainable = [key for key, one in own.items() if one.requires_grad]
    forgotten = [key for key in trainable if key not in held]
    if strangers and forgotten:
        warn(
            f"{len(strangers)} of the optimizer's {len(held)} parameters are not the model's, and {len(forgotten)} of the "
            f"model's {len(trainable)} trainable parameters are in no group, so they won't change. Was a part of the "
            "model replaced after the optimizer was built?",
            RuntimeWarning,
        )


def require_schedule(
    scheduler: LRScheduler | None, optimizer: Optimizer, epochs: int, batches_per_epoch: int, batches_left: int
) -> None:
    """Refuse a scheduler of another optimizer, or one that would run out of steps.

    Args:
        scheduler: May be None.
        optimizer: The one that is trained with.
        epochs: How many in all.
        batches_per_epoch: 0 if unknown.
        batches_left: From here to the end.

    Raises:
        InputError: Its optimizer is another one, or OneCycleLR has fewer steps than there are batches.

    Warns:
        RuntimeWarning: OneCycleLR has more, so this run won't come to the end of the cycle.
    """
    theirs = getattr(getattr(scheduler, "optimizer", None), "param_groups", None)
    if theirs is not None and theirs is not optimizer.param_groups:
        raise InputError(
            "The scheduler sets the learning rate of another optimizer. Build it of the one that is passed to fit, and "
            "after it."
        )
    if not isinstance(scheduler, OneCycleLR) or not batches_per_epoch:
        return
    steps = scheduler.total_steps - scheduler.last_epoch
    run = f"this run has {batches_left} batches left, of {epochs} epochs with {batches_per_epoch} each"
    if steps < batches_left:
        raise InputError(
            f"OneCycleLR has {steps} steps left, and {run}; it is stepped after every batch. Build it with "
            f"total_steps={scheduler.last_epoch + batches_left}."
        )
    if steps > batches_left:
        warn(
            f"OneCycleLR has {steps} steps left, and {run}: the learning rate won't come down to its end. That is right if "
            f"the run is resumed later; otherwise build it with total_steps={scheduler.last_epoch + batches_left}.",
            RuntimeWarning,
        )


def counts_batches(scheduler: Any) -> bool:
    """Whether a scheduler is made to be stepped after every batch: OneCycleLR, CyclicLR, or a chain with one of them."""
    return isinstance(scheduler, OneCycleLR | CyclicLR) or any(
        map(counts_batches, getattr(scheduler, "_schedulers", ()))
    )


def warn_if_not_resumable(
    manager: CheckpointManager, model: nn.Module, optimizer: Optimizer, batches: Iterable
) -> None:
    """Warn if what the manager saves is not what is trained, or if the loader's order can't be drawn again.

    Warns:
        RuntimeWarning: The manager has modules or optimizers, and none is this model or this optimizer; or the
            loader's workers live longer than an epoch.
    """
    modules = [one for one in manager.objects.values() if isinstance(one, nn.Module)]
    own = {id(one) for one in model.parameters()}
    if modules and not any(id(one) in own for module in modules for one in module.parameters()):
        warn("The manager saves another model than the one that is trained: put this one into objects.", RuntimeWarning)
    optimizers = [held for one in manager.objects.values() if (held := _held(one))]
    if optimizers and not any(held.keys() & _held(optimizer).keys() for held in optimizers):
        warn("The manager saves another optimizer than the one that trains: put this one into objects.", RuntimeWarning)
    if getattr(batches, "persistent_workers", False) and getattr(batches, "num_workers", 0):
        warn(
            "With persistent_workers=True a resumed run has another order than an unbroken one: workers draw their seed "
            "when they start, which a new process does once more, and their own random states can't be saved. For an "
            "exact resume: DataLoader(..., persistent_workers=False).",
            RuntimeWarning,
        )


def _held(optimizer: Any) -> dict[int, Any]:
    """The parameters in an optimizer's groups by their id; none for anything else."""
    return {id(one): one for group in getattr(optimizer, "param_groups", ()) for one in group["params"]}

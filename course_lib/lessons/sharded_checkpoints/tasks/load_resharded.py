"""Mend it: a load of a sharded training by another number of processes."""

import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor, nn

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.inputs import copied
from course_lib.classroom.tasks.observation import Observation, observe, plain
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.sharded_checkpoints.kept import COMPLETE, WROTE
from course_lib.lessons.sharded_checkpoints.tasks.ranks import (
    DEADLINE,
    endless,
    load_here,
    on_every_rank,
    tried,
    waited,
)
from course_lib.lessons.sharded_checkpoints.tasks.shared import (
    contents,
    kept_contents,
    network,
    optimizer_of,
    shortly,
    write_saved,
)

RATE = 0.5
"""The learning rate of the optimizer that is loaded into; no folder has it."""


def setting(ranks: int = 0, kept: str = "", fault: str = "", **how: Any) -> dict[str, Any]:
    """The settings of a case: who loads, from a kept folder or one that is written now, and what is wrong."""
    sizes = (3, 5, WROTE[kept][1]) if kept else (2, 6, 4)
    return {
        "ranks": ranks,
        "kept": kept,
        "fault": fault,
        "sizes": sizes,
        "kind": "Adam",
        "rate": RATE,
        "epoch": 6,
    } | how


class LoadResharded(Task):
    """Load a training by any number of ranks."""

    visible: ClassVar = {
        "one process, from two": setting(kept="two ranks"),
        "one process, from one": setting(kind="SGD", epoch=2),
        "an unfinished folder": setting(fault="unfinished"),
        "the model has fewer layers": setting(fault="fewer"),
        "the model has more layers": setting(fault="more"),
        "three processes, from two": setting(3, "two ranks"),
    }
    graded: ClassVar = {
        "two processes, from three": setting(2, "three ranks"),
        "an unfinished folder of three ranks": setting(kept="three ranks", fault="unfinished"),
        "the model names its last layer otherwise": setting(fault="renamed"),
    }
    hints: ClassVar = {
        "all": "Every rank has to call `dcp.load`; nobody needs to ask for its rank here.",
        "optimizer": "`get_state_dict(model, optimizer)` makes places for the optimizer's state, by name. After the load "
        "`set_state_dict(model, optimizer, model_state_dict=..., optim_state_dict=...)` hands them over.",
        "epoch": "`dcp.load` puts the value into the dictionary. A variable that was read from it before stays as it was.",
        "unfinished": "`if not (folder / 'complete.json').exists(): raise FileNotFoundError(...)`, before anything else.",
        "names": "The folder's names are the keys of `dcp.FileSystemReader(folder).read_metadata().state_dict_metadata`; "
        "those of the model begin with `model.`. Compare both sets, before the load.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Prepare a folder and a fresh training, let it load, and look at both."""
        with tempfile.TemporaryDirectory() as name:
            folder = prepared(Path(name) / "step-100", case)
            if case.ranks:
                settings = dict(case.settings) | {"seed": case.seed + 1}
                return on_every_rank(case.ranks, load_here, answer, str(folder), settings)
            return self.alone(answer, case, folder)

    def alone(self, answer: Any, case: Case, folder: Path) -> Observation:
        """One process without a group."""
        model = network(case.sizes, case.seed + 1)
        if case.fault == "fewer":
            model = model[:2]
        elif case.fault == "more":
            model = nn.Sequential(*model, nn.Linear(case.sizes[2], 2))
        elif case.fault == "renamed":
            model = nn.Sequential(OrderedDict(zip(["0", "1", "head"], model, strict=True)))
        optimizer = optimizer_of(model, case.kind, case.rate)
        before, seen = copied(model), {}

        def load() -> None:
            seen.update(tried(answer, model, optimizer, folder))
            if seen["stub"]:
                answer(model, optimizer, folder)

        first = observe(load)
        seen |= {
            "touched": [name for name, tensor in model.state_dict().items() if not near(tensor, before[name])],
            "model": copied(model),
            "rate": optimizer.param_groups[0]["lr"],
            "optimizer": {name: dict(optimizer.state.get(p, {})) for name, p in model.named_parameters()},
        }
        return Observation(
            error=first.error, attempted=first.attempted, where=first.where, type="list", also={"ranks": [plain(seen)]}
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """On every rank: no hang, the weights, the optimizer, the epoch; or the refusal that was asked for."""
        ranks = seen.also["ranks"]
        if not ranks:
            return failed(
                f"`load_resharded` could not be tried on several processes. {shortly(seen.error)}.", hint="all"
            )
        if case.fault:
            return refusal(ranks[0], case)
        if verdict := raised(ranks, case):
            return verdict
        truth = saved(case)
        for rank, one in enumerate(ranks):
            if "model" not in one:
                return failed(f"Rank {rank} came back from its load, and the others didn't.", hint="all")
            where = f"On rank {rank}: " if case.ranks else ""
            if verdict := loaded(one, truth, where):
                return verdict
        for rank, one in enumerate(ranks):
            if case.ranks and "FileNotFoundError" not in one["again"]["kinds"]:
                return unfinished(one["again"]["error"], rank)
        return passed("Model, optimizer and epoch, whoever saved them.")


def prepared(folder: Path, case: Case) -> Path:
    """A folder as `save_sharded` leaves it, with the case's fault."""
    write_saved(folder, case)
    if case.fault == "unfinished":
        (folder / COMPLETE).unlink()
    return folder


def saved(case: Case) -> dict[str, Any]:
    """What is in the case's folder, by its dotted name."""
    if case.kept:
        return kept_contents(case.kept)
    with tempfile.TemporaryDirectory() as name:
        return contents(prepared(Path(name) / "saved", case))


def raised(ranks: list[dict[str, Any]], case: Case) -> Verdict | None:
    """A rank that raised, or waited for one that didn't come."""
    errors = {rank: one["error"] for rank, one in enumerate(ranks) if one["error"]}
    if not errors:
        return None
    own = {rank: error for rank, error in errors.items() if not waited(error)}
    if own:
        rank, error = next(iter(own.items()))
        where = f"On rank {rank} of {case.ranks} " if case.ranks else "In one process without a group "
        return failed(
            f"{where}`load_resharded` raised {shortly(error)}.", hint="all" if "group" in error else "optimizer"
        )
    if lost := [rank for rank, error in errors.items() if endless(error)]:
        return failed(
            f"Rank {lost[0]} of {case.ranks} had not come back from `load_resharded` after {DEADLINE} s, and was ended. Is there "
            "a loop without an end?",
            hint="all",
        )
    if len(errors) == len(ranks):
        return failed("The ranks wait for each other: they don't make the same collective calls.", hint="all")
    waiting = " and ".join(f"rank {rank}" for rank in errors)
    return failed(
        f"R{waiting[1:]} waited in vain: another rank had returned without taking part. Expected every rank to load.",
        hint="all",
    )


def loaded(one: Mapping[str, Any], truth: Mapping[str, Any], where: str) -> Verdict | None:
    """The weights, the optimizer's state and rate, the epoch."""
    weights = {name.removeprefix("model."): value for name, value in truth.items() if name.startswith("model.")}
    wrong = [name for name, value in weights.items() if not near(one["model"].get(name), value)]
    if wrong:
        return failed(led(where, f"{named(wrong)} of the model: not the values in the folder."), hint="all")
    for name in weights:
        state = one["optimizer"].get(name) or {}
        if not state:
            return failed(led(where, f"the optimizer has no state for `{name}`. The folder has one."), hint="optimizer")
        for part, value in state.items():
            expected = truth.get(f"optimizer.state.{name}.{part}")
            if isinstance(expected, Tensor) and not near(value, expected):
                return failed(f"{where}`{part}` of the optimizer for `{name}` is not the folder's.", hint="optimizer")
    rate = truth["optimizer.param_groups.0.lr"]
    if not near(one["rate"], rate):
        words = f"the optimizer's learning rate is {one['rate']:g}. In the folder it is {rate:g}."
        return failed(led(where, words), hint="optimizer")
    if one["value"] != truth["epoch"] or isinstance(one["value"], bool):
        return failed(
            f"{where}`load_resharded` returned {one['value']!r}. The epoch is {truth['epoch']}.", hint="epoch"
        )
    return None


def unfinished(error: str, rank: int) -> Verdict:
    """What a rank did with a folder without complete.json, where it had to raise as the others."""
    came = (
        "it waited for the others" if waited(error) else f"it raised {shortly(error)}" if error else "it raised nothing"
    )
    return failed(
        f"On rank {rank}: the folder has no `{COMPLETE}`, and {came}. Expected a FileNotFoundError on every rank.",
        hint="unfinished",
    )


def led(where: str, words: str) -> str:
    """A sentence after "On rank 1: ", or on its own."""
    return f"{where}{words}" if where else words[:1].upper() + words[1:]


def refusal(one: Mapping[str, Any], case: Case) -> Verdict:
    """The error that the case's fault calls for, and a model that stayed as it was."""
    wanted, what, hint = {
        "unfinished": ("FileNotFoundError", f"The folder has no `{COMPLETE}`", "unfinished"),
        "fewer": ("KeyError", "The folder has names that the model lacks", "names"),
        "more": ("KeyError", "The model has names that the folder lacks", "names"),
        "renamed": ("KeyError", "The last layer has another name in the model than in the folder", "names"),
    }[case.fault]
    if wanted not in one["kinds"]:
        came = f"raised {shortly(one['error'])}" if one["error"] else "raised nothing"
        return failed(f"{what}, and `load_resharded` {came}. Expected a {wanted}.", hint=hint)
    if one["touched"]:
        return failed(f"{what}. A {wanted} came, and {named(one['touched'])} had been changed by then.", hint=hint)
    return passed("Refused, and nothing was touched.")

"""Save a sharded training, all ranks together, into a folder that says when it is complete."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import is_mapping
from course_lib.classroom.tasks.observation import Observation, observe, plain
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.sharded_checkpoints.kept import COMPLETE
from course_lib.lessons.sharded_checkpoints.tasks.ranks import (
    DEADLINE,
    endless,
    on_every_rank,
    save_here,
    tried,
    waited,
)
from course_lib.lessons.sharded_checkpoints.tasks.shared import contents, listed, shortly, states, training, uncut


def setting(
    ranks: int, sizes: tuple[int, int, int], epoch: int, kind: str = "Adam", *, twice: bool = False
) -> dict[str, Any]:
    """The settings of a case; 0 ranks are one process without a group."""
    return {
        "ranks": ranks,
        "sizes": sizes,
        "epoch": epoch,
        "kind": kind,
        "rate": 0.02 + epoch / 1000,
        "steps": 2,
        "twice": twice,
    }


class SaveSharded(Task):
    """Every rank writes its part; rank 0 says when it is complete."""

    visible: ClassVar = {
        "one process": setting(0, (3, 5, 4), 3),
        "a folder that is complete already": setting(0, (2, 3, 4), 5, "SGD", twice=True),
        "two processes": setting(2, (4, 6, 10), 7),
    }
    graded: ClassVar = {
        "three processes, uneven": setting(3, (2, 7, 4), 12, "SGD"),
        "one process, an empty folder": setting(0, (3, 4, 2), 4) | {"there": True},
    }
    hints: ClassVar = {
        "state": "`get_state_dict(model, optimizer)` returns both states, the optimizer's by name. Save them with the epoch: "
        "`{'model': ..., 'optimizer': ..., 'epoch': ...}`.",
        "all": "`dcp.save` and `dist.barrier` are collective: no `if` may keep a rank from calling them.",
        "manifest": "After `dcp.save` has returned, all parts are written. Then rank 0 lists the folder and writes "
        "`complete.json`: `json.dumps({'ranks': ..., 'files': {path.name: path.stat().st_size for ...}})`.",
        "barrier": "`dist.barrier()` after it lets nobody go before rank 0 has come. Without a group it raises: ask "
        "`dist.is_initialized()`.",
        "first": "Before anything is written, every rank looks for itself whether `folder / 'complete.json'` exists.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Let it save, in this process or on every rank; then read the folder."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "step-100"
            if case.settings.get("there"):
                folder.mkdir()
            if not case.ranks:
                return self.alone(answer, case, folder)
            settings = dict(case.settings) | {"seed": case.seed}
            seen = on_every_rank(case.ranks, save_here, answer, str(folder), settings)
            return Observation(error=seen.error, type=seen.type, also={**seen.also, **looked_at(folder)})

    def alone(self, answer: Any, case: Case, folder: Path) -> Observation:
        """One process without a group; in the second case it saves twice."""
        model, optimizer = training(case.sizes, case.seed, case.steps, case.kind, case.rate)
        if not case.twice:
            seen = {"complete": None, "opened": [], "again": None}

            def save() -> None:
                seen.update(tried(answer, model, optimizer, folder, case.epoch))
                if seen["stub"]:
                    answer(model, optimizer, folder, case.epoch)
                seen["complete"] = (folder / COMPLETE).exists()

            first = observe(save)
            return Observation(
                error=first.error, attempted=first.attempted, where=first.where, type="list",
                also={"ranks": [plain(seen)], **looked_at(folder)},
            )  # fmt: skip
        folder.mkdir()
        (folder / COMPLETE).write_text("{}", encoding="utf-8")
        (folder / "__0_0.distcp").write_bytes(b"of yesterday")
        seen = tried(answer, model, optimizer, folder, case.epoch)
        untouched = listed(folder) == {COMPLETE: 2, "__0_0.distcp": 12}
        return Observation(type="list", also={"ranks": [plain({"again": seen, "untouched": untouched})]})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """No rank hangs or raises; what is saved; the manifest; when it is there; and twice."""
        ranks = seen.also["ranks"]
        if not ranks:
            return failed(f"`save_sharded` could not be tried on several processes. {shortly(seen.error)}.", hint="all")
        if case.twice:
            return _second_time(ranks[0]["again"], ranks[0]["untouched"], "") or passed(
                "A complete folder stays as it is."
            )
        verdict = (
            _raised(ranks, case)
            or self.saved(seen.also["contents"], case)
            or _gathered(seen.also["uncut"], case)
            or self.manifest(seen.also, case)
            or _finished(ranks, case)
        )
        if verdict or not case.ranks:
            return verdict or passed("All parts are there, and the folder says so.")
        for rank, one in enumerate(ranks):
            if one["again"] is None:
                return failed(f"Rank {rank} came back from its save, and the others didn't.", hint="all")
            if verdict := _second_time(one["again"], one["untouched"], f"On rank {rank}: "):
                return verdict
        return passed("Every rank wrote its part, and the folder says when it is complete.")

    def saved(self, found: Any, case: Case) -> Verdict | None:
        """Model, optimizer by name, epoch."""
        if not is_mapping(found) or "error" in found:
            what = found.get("error", "") if is_mapping(found) else ""
            return failed(f"The folder holds nothing that `dcp.load` can read: {what}.", hint="state")
        expected = states(*training(case.sizes, case.seed, case.steps, case.kind, case.rate))
        lacking = [name for name in expected if name not in found]
        if any(
            name.startswith(("optimizer.state.0.step", "optimizer.state.0.exp", "optimizer.state.0.mom"))
            for name in found
        ):
            return failed(
                "The optimizer's state goes by number: `optimizer.state.0...`. Expected it by name.", hint="state"
            )
        if lacking:
            return failed(f"The folder has no {named(lacking)}. It has {named(found)}.", hint="state")
        for name, value in expected.items():
            if isinstance(value, Tensor) and not near(found[name], value):
                return failed(f"`{name}` in the folder is not what the model or the optimizer has.", hint="state")
        if found.get("epoch") != case.epoch:
            return failed(f"`epoch` in the folder is {found.get('epoch')!r}. Expected {case.epoch}.", hint="state")
        return None

    def manifest(self, also: Mapping[str, Any], case: Case) -> Verdict | None:
        """complete.json: who saved, and the sizes of the files that are there."""
        text, files = also["manifest"], {name: size for name, size in also["files"].items() if name != COMPLETE}
        if text is None:
            return failed(
                f"There is no `{COMPLETE}` in the folder: nobody can see that it is finished.", hint="manifest"
            )
        try:
            said = json.loads(text)
            ranks, sizes = said["ranks"], dict(said["files"])
        except (ValueError, KeyError, TypeError):
            return failed(
                f"`{COMPLETE}` holds {text[:60]!r}. Expected JSON, a dictionary with `ranks` and `files`.",
                hint="manifest",
            )
        if ranks != max(1, case.ranks):
            return failed(
                f"`{COMPLETE}` says that {ranks!r} ranks saved. It was {max(1, case.ranks)}.", hint="manifest"
            )
        if lacking := [name for name in files if name not in sizes]:
            return failed(
                f"`{COMPLETE}` doesn't list {named(lacking)}. Was it written before the others had finished, or does the "
                "listing leave them out?",
                hint="manifest",
            )
        if strange := [name for name in sizes if name not in files]:
            return failed(f"`{COMPLETE}` lists {named(strange)}, which is none of the other files.", hint="manifest")
        for name, size in files.items():
            if sizes[name] != size:
                return failed(f"`{COMPLETE}` says {sizes[name]!r} for {name}, which has {size} bytes.", hint="manifest")
        return None


def looked_at(folder: Path) -> dict[str, Any]:
    """What a save has left."""
    path = folder / COMPLETE
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
    return {"contents": plain(contents(folder)), "uncut": uncut(folder), "manifest": text, "files": listed(folder)}


def _gathered(whole: list[str], case: Case) -> Verdict | None:
    if case.ranks > 1 and whole:
        return failed(
            f"`{whole[0]}` lies in the folder in one piece: somebody gathered it. Expected each of {case.ranks} ranks to write "
            "the rows that it holds.",
            hint="state",
        )
    return None


def _raised(ranks: list[dict[str, Any]], case: Case) -> Verdict | None:
    errors = {rank: one["error"] for rank, one in enumerate(ranks) if one["error"]}
    if not errors:
        return None
    own = {rank: error for rank, error in errors.items() if not waited(error)}
    if own:
        rank, error = next(iter(own.items()))
        where = f"On rank {rank} of {case.ranks} " if case.ranks else "In one process without a group "
        hint = "barrier" if "process group" in error else "state"
        return failed(f"{where}`save_sharded` raised {shortly(error)}.", hint=hint)
    if lost := [rank for rank, error in errors.items() if endless(error)]:
        return failed(
            f"Rank {lost[0]} of {case.ranks} had not come back from `save_sharded` after {DEADLINE} s, and was ended. Is there a "
            "loop without an end?",
            hint="all",
        )
    waiting = " and ".join(f"rank {rank}" for rank in errors)
    if len(errors) == len(ranks):
        return failed(f"R{waiting[1:]} wait for each other: they don't make the same collective calls.", hint="all")
    return failed(
        f"R{waiting[1:]} waited in vain: another rank had returned without taking part. Expected every rank to make every "
        "collective call.",
        hint="all",
    )


def _finished(ranks: list[dict[str, Any]], case: Case) -> Verdict | None:
    for rank, one in enumerate(ranks):
        if rank and one["opened"]:
            return failed(
                f"Rank {rank} wrote {named(one['opened'])}, too. Expected rank 0 alone to write it.", hint="manifest"
            )
    for rank, one in enumerate(ranks):
        if not one["complete"]:
            return failed(
                f"When `save_sharded` returned on rank {rank}, `{COMPLETE}` wasn't there yet: rank 0 was still at it.",
                hint="barrier",
            )
    return None


def _second_time(again: dict[str, Any], untouched: bool, where: str) -> Verdict | None:
    if "FileExistsError" not in again["kinds"]:
        if waited(again["error"]):
            came = "it waited for the others"
        else:
            came = f"it raised {shortly(again['error'])}" if again["error"] else "it raised nothing"
        there = "the folder was" if where else "The folder was"
        return failed(f"{where}{there} complete already, and {came}. Expected a FileExistsError.", hint="first")
    if not untouched:
        return failed(f"{where}FileExistsError came, and the complete folder had been changed by then.", hint="first")
    return None

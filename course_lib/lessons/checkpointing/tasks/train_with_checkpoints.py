"""Mend a training loop that checkpoints every 2 epochs and resumes."""

import re
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import torch

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import described, is_mapping, near_each
from course_lib.classroom.tasks.inputs import copied, loaded
from course_lib.classroom.tasks.observation import Observation, observe, plain
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.checkpointing.tasks.disk import watched_disk
from course_lib.lessons.checkpointing.tasks.mnist_runs import (
    Counted,
    harm,
    later,
    mnist_batches,
    names_after,
    plan,
    reference,
    small_network,
    unbroken,
)
from course_lib.lessons.checkpointing.tasks.shared import is_float, lacking, names, no_checkpoint, times
from course_lib.lessons.checkpointing.tasks.shared import same_weights as same

DAMAGED = {"empty": "is empty", "cut": "breaks off", "stub": "has one byte"}


class TrainWithCheckpoints(Task):
    """Mend a training loop that checkpoints every 2 epochs and resumes."""

    visible: ClassVar = {
        "four epochs, then two more": {"first": 4, "then": 6},
        "killed between two checkpoints": {"first": 5, "then": 7, "stray": True},
        "an empty newest file": {"first": 4, "then": 6, "damage": "empty"},
    }
    graded: ClassVar = {
        "past the tenth epoch": {"first": 10, "then": 12},
        "every third epoch, then every fourth, Adam": {
            "first": 6,
            "then": 8,
            "every": 3,
            "later": 4,
            "optimizer": "adam",
        },
        "nothing left to do": {"first": 4, "then": 4},
        "a newest file that breaks off": {"first": 4, "then": 5, "damage": "cut"},
        "no file is good": {"first": 2, "then": 3, "damage": "stub"},
        "a copied folder": {"first": 4, "then": 6, "dates": True},
    }
    hints: ClassVar = {
        "when": "Count epochs from 1 and save when `epoch % every == 0`, with `epoch` the number of epochs done.",
        "names": "`f'epoch-{epoch:03d}.pt'`: with the zeros, the order of the names is the order of the epochs.",
        "numpy": "`np.mean` and `np.average` give NumPy numbers, which make the file unloadable. `float(...)` before "
        "saving.",
        "next": "The epoch in the file is done. The next one is `checkpoint['epoch'] + 1`, and the last is `epochs`.",
        "optimizer": "Momentum is the optimizer's, not the model's: `optimizer.load_state_dict(...)` too.",
        "newest": "Look for finished files only: `sorted(folder.glob('epoch-*.pt'))[::-1]` has the newest first.",
        "damage": "A `for` over the files, the newest first, with `try:` around the loading, and `break` at the first that "
        "can be loaded.",
        "mode": "A model may come from an evaluation: `model.train()` before training.",
        "zero": "`optimizer.zero_grad()` before each `backward()`.",
        "mean": "The last batch is smaller: weight each batch's loss by its number of images.",
        "reads": "One `for images, labels in batches:` in each epoch, and no other look at `batches`.",
        "aside": "`save_checkpoint` of task 1, or `save_file` of `course_lib.checkpoints`, writes aside and renames.",
        "returned": "A list that begins empty in each call, with one number for each epoch that this call trained.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Train, forget everything but the folder, perhaps damage its newest file, and call again with a new model."""
        every, kind, newest = plan(case)
        batches, record = Counted(mnist_batches(case.seed)), {}
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root)
            strays = ["epoch-099.pt.tmp-5e1f", "notes.txt"] if case.settings.get("stray") else []
            for name in strays:  # as of a save that was killed just before the rename
                network, optimizer = small_network(case.seed + 1, kind)
                states = {"model": network.state_dict(), "optimizer": optimizer.state_dict()}
                torch.save({"epoch": 99, "loss": 0.5, **states}, folder / name)

            def look(returned: Any, notes: list[dict], *, inside: bool = True) -> dict[str, Any]:
                files = [name for name in names(folder) if name not in strays]
                renamed = {note["name"] for note in notes}
                return {
                    "losses": plain(returned),
                    "reads": batches.reads,
                    "files": files,
                    "contents": {name: loaded(folder / name) for name in files if inside and name.endswith(".pt")},
                    "direct": [name for name in files if name not in renamed],
                    "gone": [name for name in strays if not (folder / name).exists()],
                }

            def use() -> None:
                model, optimizer = small_network(case.seed, kind)
                model.eval()
                with watched_disk(folder, answer) as notes:
                    returned = answer(model, optimizer, batches, folder, epochs=case.first, every=every)
                record["first"] = look(returned, notes)
                harm(folder, case)
                model, optimizer = small_network(case.seed + (newest > 0), kind)  # it starts anew where nothing is good
                model.eval()
                batches.reads = 0
                with watched_disk(folder, answer) as notes:
                    returned = answer(model, optimizer, batches, folder, epochs=case.then, every=later(case))
                record["second"] = look(returned, notes, inside=False)
                record["weights"] = copied(model)

            return observe(
                use, also={name: lambda name=name: record.get(name) for name in ("first", "weights", "second")}
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """First the files of the first call, then what the second made of them."""
        first = seen.also["first"]
        if first is None:
            there = "only what a killed save left" if case.settings.get("stray") else "nothing"
            return failed(f"The first call, with {there} in the folder, raised {first_line(seen.error)}", hint="newest")
        if case.settings.get("stray") and not first["reads"]:
            return failed(
                "Nothing was trained in a folder with only what a killed save left: epoch-099.pt.tmp-5e1f has not the name "
                "of a finished file.",
                hint="newest",
            )
        if verdict := self.judge_files(first, case) or self.judge_first(first, case):
            return verdict
        if seen.error:
            state = f". The newest {DAMAGED[harmed]}" if (harmed := case.settings.get("damage")) else ""
            return failed(
                f"The second call, with checkpoints in the folder, raised {first_line(seen.error)}{state}.",
                hint="damage" if state else "newest",
            )
        return self.judge_second(seen, case)

    def judge_files(self, first: dict, case: Case) -> Verdict | None:
        """The files of the first call: which, readable, and with what in them."""
        every, losses, states = plan(case)[0], *reference(case)
        expected, files = names_after(case.first, every), first["files"]
        if files != expected:
            numbers = sorted(int(found) for name in files for found in re.findall(r"^epoch-(\d+)\.pt$", name))
            hint = "names" if numbers == [int(name[6:9]) for name in expected] else "when"
            return failed(f"After {case.first} epochs the folder has {files}; expected {expected}.", hint=hint)
        for epoch, name in zip(range(every, case.first + 1, every), expected, strict=True):
            content = first["contents"][name]
            if what := no_checkpoint(content):
                return failed(f"{name} can't be loaded with weights_only=True: {what}.", hint="numpy")
            if what := lacking(content, ("epoch", "model", "optimizer", "loss")):
                return failed(f"{name} {what}.", hint="optimizer")
            if content["epoch"] != epoch:
                got = described(content["epoch"])
                return failed(f"{name} says epoch {got}; expected {epoch}, the epochs done.", hint="when")
            if not same(content["model"], states[epoch]):
                return self.other_weights(name, content["model"], case, epoch)
            if not is_float(content["loss"]):
                got = described(content["loss"])
                return failed(f"The loss in {name} is {got}; expected a plain float.", hint="numpy")
            if not near(content["loss"], losses[epoch - 1], rtol=1e-3):
                return failed(
                    f"The loss in {name} is {described(content['loss'])}; the mean over that epoch's images is "
                    f"{losses[epoch - 1]:.4f}.",
                    hint="mean",
                )
        return None

    def other_weights(self, name: str, got: Any, case: Case, epoch: int) -> Verdict:
        """Why the model in a file isn't what it should be, as far as its weights tell."""
        kind, start = plan(case)[1], f"The model in {name} has other weights than after {epoch} epochs"
        others = {
            "eval": (" in training mode. It has those of a model trained in eval mode.", "mode"),
            "gradients": (": its gradients were never set to zero, and pile up from step to step.", "zero"),
        }
        for mistake, (why, hint) in others.items():
            if same(got, unbroken(case.seed, epoch, kind, mistake)[1][epoch]):
                return failed(start + why, hint=hint)
        start_state = unbroken(case.seed, 0, kind)[1][0]
        trained = [name for name in start_state if not name.startswith("2.running") and not name.endswith("tracked")]
        if is_mapping(got) and all(near(got.get(name), start_state[name]) for name in trained):
            return failed(
                f"{start}: no weight has changed since the start. Did each step have a gradient?", hint="zero"
            )
        for other, state in enumerate(reference(case)[1][: case.first + 1]):
            if same(got, state):
                return failed(f"{start}: it has those after {other}.", hint="when")
        return failed(f"{start}, one step for each batch, in training mode.", hint="mode")

    def judge_first(self, first: dict, case: Case) -> Verdict | None:
        """What the first call returned, how often it read the batches, how it wrote."""
        losses = reference(case)[0][: case.first]
        if first["reads"] != case.first:
            return failed(
                f"The first call read `batches` {times(first['reads'])} in {case.first} epochs; expected once in each. "
                "Read more often it costs time, read once for all a loader gives every epoch the same draw.",
                hint="reads",
            )
        if verdict := self.judge_returned(first["losses"], losses, "The first call", case.first):
            return verdict
        if first["direct"]:
            return failed(
                f"{first['direct'][0]} was written under its own name: a kill while it is saved leaves a broken newest file. "
                "Write aside, and rename.",
                hint="aside",
            )
        if first["gone"]:
            return failed(f"{first['gone'][0]} was in the folder, and is gone.", hint="newest")
        return None

    def judge_returned(self, got: Any, losses: list[float], who: str, epochs: int) -> Verdict | None:
        """A list with one loss for each epoch of this call."""
        if not isinstance(got, list) or not all(map(is_float, got)):
            return failed(f"{who} returned {described(got)}; expected a list of plain floats.", hint="returned")
        if not near_each(got, losses, rtol=1e-3):
            shown = [round(float(loss), 4) for loss in losses]
            what = f"{len(got)} numbers for {epochs} epochs trained" if len(got) != len(losses) else described(got)
            return failed(f"{who} returned {what}; expected the mean losses {shown}.", hint="returned")
        return None

    def judge_second(self, seen: Observation, case: Case) -> Verdict:
        """Gone on from the right file with the right epoch, to the right end."""
        every, kind, newest = plan(case)
        second, longest = seen.also["second"], max(case.first, case.then)
        losses, states = reference(case)
        left, reads, got = case.then - newest, second["reads"], second["losses"]
        if reads != left:
            return self.other_count(second, case, losses)
        if (
            isinstance(got, list)
            and len(got) == left + newest
            and newest
            and near_each(got[newest:], losses[newest : case.then], rtol=1e-3)
        ):
            return failed(
                f"It went on after epoch {newest}, and returned {len(got)} losses: also those of earlier calls. Expected the "
                f"{left} that this call trained.",
                hint="returned",
            )
        if isinstance(got, list) and len(got) == left + 1 and near_each(got[1:], losses[newest : case.then], rtol=1e-3):
            return failed(
                f"The second call trained {left} epochs and returned {left + 1} losses; the first is of the epoch in the file.",
                hint="returned",
            )
        if not same(seen.also["weights"], states[case.then]):
            lost = unbroken(case.seed, longest, kind, "optimizer", newest)[1]
            if same(seen.also["weights"], lost[case.then]):
                return failed(
                    "Resumed with the right weights and without the optimizer's momentum: the weights at the end are not "
                    "those of an unbroken run.",
                    hint="optimizer",
                )
            return failed(
                f"After {newest} epochs, a break and {left} more, the weights are not those of {case.then} unbroken epochs.",
                hint="newest" if left == 0 else "optimizer",
            )
        if verdict := self.judge_returned(got, losses[newest : case.then], "The second call", left):
            return verdict
        more = [name for name in names_after(case.then, later(case)) if int(name[6:9]) > newest]
        expected = sorted({*names_after(case.first, every), *more})
        if second["files"] != expected:
            return failed(f"After the second call the folder has {second['files']}; expected {expected}.", hint="when")
        if second["gone"]:
            return failed(f"{second['gone'][0]} was in the folder, and is gone.", hint="newest")
        return passed("Interrupted and resumed, it ends where an unbroken run ends.")

    def other_count(self, second: dict, case: Case, losses: list[float]) -> Verdict:
        """Why the second call trained another number of epochs."""
        every, _, newest = plan(case)
        left, reads, got = case.then - newest, second["reads"], second["losses"]
        state = f"The newest file {DAMAGED[harmed]}. " if (harmed := case.settings.get("damage")) else ""
        loss = got[0] if isinstance(got, list) and got and is_float(got[0]) else None
        if reads == case.then and newest and loss is not None and near(loss, losses[newest], rtol=1e-3):
            return failed(
                f"It went on after epoch {newest}, and then trained {reads} more: `epochs` is how many there are in all.",
                hint="next",
            )
        if reads == case.then and newest:
            return failed(
                f"{state}The second call trained all {case.then} epochs again: it did not resume from epoch {newest}.",
                hint="damage" if state else "newest",
            )
        if reads == left + 1:
            return failed(
                f"{left} epochs were left after epoch {newest}, and {reads} were trained: the epoch in the file was trained "
                "again.",
                hint="next",
            )
        older = [epoch for epoch in range(every, newest, every) if case.then - epoch == reads]
        if older:
            return failed(
                f"It went on from epoch {older[0]}, and the newest file by its number is of epoch {newest}.",
                hint="newest",
            )
        return failed(
            f"{state}{left} epochs are left after epoch {newest}. The second call read `batches` {times(reads)}; expected "
            f"{left}.",
            hint="damage" if state else "next",
        )

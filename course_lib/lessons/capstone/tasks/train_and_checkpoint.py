"""Train with a checkpoint every 2 epochs, and resume so that not a bit is different."""

import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import torch
from torch import nn

from course_lib.classroom.tasks.answers import first_line, named
from course_lib.classroom.tasks.comparing import near_each
from course_lib.classroom.tasks.inputs import copied, loaded
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.capstone.tasks.disk import Renames
from course_lib.lessons.capstone.tasks.runs import builder, data, unbroken
from course_lib.seeding import sealed

STRAYS = ("epoch-090.pt.tmp-3c", "weights.pt", "notes.txt")
"""Files with other names, the first two of which can be loaded: a pattern that is too wide takes them for checkpoints."""


class KilledError(BaseException):
    """The process is dead."""


class TrainAndCheckpoint(Task):
    """Checkpoints, a kill in the middle of an epoch, a resume that is exact."""

    visible: ClassVar = {
        "killed in epoch 4, resumed to 6": {"examples": 60, "killed": 4, "epochs": 6},
        "the newest file breaks off, beside litter": {
            "examples": 70,
            "killed": 5,
            "epochs": 6,
            "damage": True,
            "strays": True,
        },
        "nothing was saved before the kill": {"examples": 110, "killed": 2, "epochs": 3},
    }
    graded: ClassVar = {
        "past the tenth epoch, SGD": {"examples": 60, "killed": 12, "epochs": 13, "optimizer": "sgd"},
        "already done": {"examples": 70, "killed": 0, "epochs": 4},
        "litter in the folder": {"examples": 120, "killed": 3, "epochs": 5, "strays": True},
    }
    hints: ClassVar = {
        "steps": "One `torch.randperm(len(images), generator=generator)` an epoch, cut by `.split(50)`; `model.train()`, "
        "`zero_grad()`, cross-entropy, `backward()`, `step()`.",
        "when": "Count epochs from 1 and save when `epoch % 2 == 0`, as `epoch-002.pt`: three digits, the epochs done.",
        "aside": "`save_file` writes aside and renames; `torch.save` under the file's own name is broken by a kill.",
        "newest": 'Look for finished names, the highest first: `sorted(folder.glob("epoch-*.pt"), reverse=True)`; load inside '
        "`try`, go on with the next if it fails.",
        "exact": "Four things move during training besides the weights: buffers (in the state_dict), the optimizer's state, "
        "`generator.get_state()`, and the global `torch.get_rng_state()`, from which dropout draws.",
        "last": "`build()` seeds and draws. Put the global random state back after it, last of all.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """One process is left alone; another, in a folder of its own, is killed, and a third goes on there."""
        images, labels = data(case)
        found: dict[str, Any] = {}

        def run(folder: Path, *, kill: bool = False) -> nn.Module:
            steps = 0

            def counting(optimizer: torch.optim.Optimizer, *_: Any) -> None:
                nonlocal steps
                steps += 1
                if kill and steps == per_epoch * (case.killed - 1) + 1:
                    raise KilledError

            per_epoch = -(-case.examples // 50)
            build = builder(case)

            def hooked() -> tuple:
                model, optimizer, generator = build()
                optimizer.register_step_post_hook(counting)
                return model, optimizer, generator

            with sealed(7):  # a new process has forgotten where the generators stood
                model = answer(hooked, images, labels, folder, epochs=case.epochs)
            found["steps"] = steps
            return model

        def use() -> None:
            with tempfile.TemporaryDirectory() as root:
                broken, whole = Path(root, "killed"), Path(root, "unbroken")
                broken.mkdir(), whole.mkdir()
                found["unbroken"] = _state(run(whole))
                found["all steps"] = found["steps"]
                for name in STRAYS if case.settings.get("strays") else ():
                    torch.save({"accuracy": 0.9}, broken / name)
                with Renames(broken, answer) as renames:
                    if case.killed:
                        with suppress(KilledError):
                            run(broken, kill=True)
                    else:
                        run(broken)
                    files = sorted(path.name for path in broken.iterdir())
                    found["files"], found["aside"] = files, sorted(renames.names)
                found["contents"] = {n: loaded(broken / n) for n in files if n.endswith(".pt")}
                if case.settings.get("damage") and (saved := sorted(broken.glob("epoch-*.pt"))):
                    saved[-1].write_bytes(saved[-1].read_bytes()[:700])
                found["resumed"] = _state(run(broken))
                found["after"], found["repeated"] = sorted(path.name for path in broken.iterdir()), found["steps"]

        with patch("os.fsync", lambda descriptor: None):  # no disk is waited for
            return observe(use, also={"found": lambda: found})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Files of the killed run, what the second did, and whether a bit is different."""
        found = seen.also["found"]
        beside = f" In the folder lie {named(STRAYS)}, too." if case.settings.get("strays") else ""
        if "unbroken" not in found:
            return failed(f"In an empty folder it raised {first_line(seen.error)}.", hint="steps")
        if not isinstance(found["unbroken"], dict):
            return failed("Expected the model to be returned.", hint="steps")
        if not near_each(found["unbroken"], unbroken(case, case.epochs)[-1], rtol=1e-3, atol=1e-4):
            return self.unlike(found, case)
        if "files" not in found:
            return failed(
                f"A call that is killed in epoch {case.killed} raised {first_line(seen.error)}.{beside}", hint="newest"
            )
        done = case.killed - 1 if case.killed else case.epochs
        wanted = [f"epoch-{epoch:03d}.pt" for epoch in range(2, done + 1, 2)]
        files = [name for name in found["files"] if name.startswith("epoch-") and name.endswith(".pt")]
        if files != wanted:
            when = f"killed in epoch {case.killed}" if case.killed else f"done with {done} epochs"
            return failed(f"{when.capitalize()}, it has left {named(files)}; expected {named(wanted)}.", hint="when")
        if direct := [name for name in wanted if name not in found["aside"]]:
            return failed(f"{direct[0]} was written under its own name: a kill in a save would break it.", hint="aside")
        if unread := [name for name, content in found["contents"].items() if _unreadable(content)]:
            return failed(
                f"{unread[0]} can't be loaded with `weights_only=True`: {_unreadable(found['contents'][unread[0]])}.",
                hint="aside",
            )
        if "resumed" not in found:
            state = " The newest file breaks off." if case.settings.get("damage") else ""
            return failed(
                f"The second call, on that folder, raised {first_line(seen.error)}.{state}{beside}", hint="newest"
            )
        return self.resumed(found, case, done)

    def resumed(self, found: dict[str, Any], case: Case, done: int) -> Verdict:
        """Right steps, right weights, every bit."""
        per_epoch, start = -(-case.examples // 50), done - done % 2
        start -= 2 if case.settings.get("damage") else 0
        wanted = (case.epochs - start) * per_epoch
        strays = STRAYS if case.settings.get("strays") else ()
        if gone := [name for name in (*strays, *found["files"]) if name not in found["after"]]:
            return failed(f"{gone[0]} was in the folder, and is gone.", hint="newest")
        if not isinstance(found["resumed"], dict):
            return failed("Expected the model to be returned.", hint="steps")
        if found["repeated"] != wanted:
            return failed(
                f"The second call took {found['repeated']} steps; from epoch {start + 1} to {case.epochs} there are {wanted}.",
                hint="newest",
            )
        files = [name for name in found["after"] if re.fullmatch(r"epoch-.*\.pt", name)]
        if files != (expected := [f"epoch-{epoch:03d}.pt" for epoch in range(2, case.epochs + 1, 2)]):
            return failed(
                f"At the end, with {case.epochs} epochs done, there are {named(files)}; expected {named(expected)}.",
                hint="when",
            )
        different = [
            name for name, tensor in found["unbroken"].items() if not torch.equal(tensor, found["resumed"][name])
        ]
        if different:
            largest = max(
                float((found["unbroken"][n].double() - found["resumed"][n].double()).abs().max()) for n in different
            )
            return failed(
                f"Resumed from epoch {start}, {named(different, most=2)} differ from the unbroken run's, by up to {largest:.2g}. "
                "Something that moves during training was not put back, or too early.",
                hint="exact",
            )
        return passed("Killed and resumed, it ends where the unbroken run ends, to the last bit.")

    def unlike(self, found: dict[str, Any], case: Case) -> Verdict:
        """Why an unbroken run doesn't end where it should."""
        got, steps = found["unbroken"], case.epochs * -(-case.examples // 50)
        told = {
            "eval": "trained in eval mode",
            "gradients": "trained without setting gradients to zero",
            "order": "trained in the order of the rows, not in that of `generator`",
        }
        for mistake, words in told.items():
            if near_each(got, unbroken(case, case.epochs, mistake)[-1], rtol=1e-3, atol=1e-4):
                return failed(f"Without a kill the weights are those of a model {words}.", hint="steps")
        for epochs, state in enumerate(unbroken(case, case.epochs + 1)):
            if epochs != case.epochs and near_each(got, state, rtol=1e-3, atol=1e-4):
                return failed(
                    f"Without a kill the weights are those after {epochs} epochs; expected {case.epochs}.", hint="when"
                )
        if found["all steps"] != steps:
            return failed(
                f"Without a kill it took {found['all steps']} steps; in {case.epochs} epochs there are {steps}.",
                hint="steps",
            )
        return failed("Without a kill the weights at the end are not those of the steps in clause 1.", hint="steps")


def _state(model: Any) -> Any:
    return copied(model) if isinstance(model, nn.Module) else None


def _unreadable(content: Any) -> str:
    return str(content["error"]) if isinstance(content, dict) and set(content) == {"error"} else ""

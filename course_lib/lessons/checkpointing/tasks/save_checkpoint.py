"""Save so that a crash at any moment leaves the old file or the new one."""

import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import same
from course_lib.classroom.tasks.inputs import loaded
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.checkpointing.tasks.disk import watched_disk
from course_lib.lessons.checkpointing.tasks.shared import names, no_checkpoint


def neighbours(name: str) -> list[str]:
    """Somebody else's files, under names that a hasty save would take or sweep away."""
    stem = Path(name).stem
    ends = [".tmp", ".temp", ".new", ".bak", ".part", ".swp", "~"]
    found = [f"{base}{end}" for base in (name, stem) for end in ends]
    return [
        *found,
        f"{stem}.tmp.pt",
        f"{stem}_tmp.pt",
        f"tmp_{name}",
        f".{name}.tmp",
        "tmp",
        "temp.pt",
        "tmp.pt",
        "other.tmp",
    ]


class SaveCheckpoint(Task):
    """Save so that a crash at any moment leaves the old file or the new one."""

    visible: ClassVar = {
        "over an older file": {"file": "last.pt", "what": "sound"},
        "a value that can't be saved": {"file": "last.pt", "what": "unsaveable"},
        "a NumPy number": {"file": "last.pt", "what": "numpy"},
        "among other files": {"file": "last.pt", "what": "sound", "neighbours": True},
    }
    graded: ClassVar = {
        "the disk is full": {"file": "run-7.ckpt", "what": "full disk"},
        "a first file, path as text": {"file": "epoch-012.pt", "what": "sound", "older": False},
        "a failure among other files": {"file": "v1.2.pt", "what": "unsaveable", "neighbours": True},
    }
    hints: ClassVar = {
        "aside": "Write to another name in the same folder first. While that goes on, the old file is untouched.",
        "rename": "`os.replace(temporary, path)` swaps the name in one step: before it the old file has it, after it the "
        "new one.",
        "sync": 'A written file may still be in memory. `with open(temporary, "rb+") as f: os.fsync(f.fileno())` '
        "returns when it is on the disk; only then rename.",
        "flush": "What you wrote may still be Python's: `file.flush()` hands it to the system, then `os.fsync` forces it.",
        "clean": "`try: ... finally: temporary.unlink(missing_ok=True)` clears away what a failed save left; after the "
        "rename there is nothing under that name.",
        "tell": "Clear up in `finally`, which lets the error through; an `except` that only prints swallows it.",
        "name": "Give the temporary file a name that nobody else has: `f'{path.name}.tmp-{secrets.token_hex(4)}'`, or "
        "`tempfile.mkstemp(dir=path.parent)`. And remove only that one.",
        "prove": "Before you rename, load the temporary file with `weights_only=True`. If that raises, the old file is "
        "still there.",
    }

    @staticmethod
    def contents(case: Case) -> tuple[dict, dict]:
        """What the old file holds, and what is to be saved."""
        draw = case.generator()
        old, new = (
            {
                "epoch": epoch,
                "steps": torch.tensor(100 * epoch),
                "model": {"weight": torch.randn(5, 3, generator=draw)},
                "metrics": {"loss": 1 / epoch},
            }
            for epoch in (3, 4)
        )
        if case.what == "numpy":
            new["metrics"]["loss"] = np.float64(0.25)
        if case.what == "unsaveable":
            new["schedule"] = lambda epoch: 0.9**epoch
        return old, new

    @staticmethod
    def others(case: Case) -> dict[str, str]:
        """What lies in the folder besides: file -> text."""
        more = neighbours(case.file) if case.settings.get("neighbours") else []
        return {name: f"mine: {name}" for name in ["notes.txt", *more]}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save, perhaps over an older file, and look at the folder and at a second name of the old file."""
        older = case.settings.get("older", True)
        old, new = self.contents(case)
        with tempfile.TemporaryDirectory() as root:
            folder, witness = Path(root, "run"), Path(root, "witness")
            folder.mkdir()
            path = folder / case.file
            for name, text in self.others(case).items():
                (folder / name).write_text(text, encoding="utf-8")
            if older:
                torch.save(old, path)
                os.link(path, witness)  # the same file under a second name: it changes if it is written over
            before = path.read_bytes() if older else b""

            def harmed() -> list[str]:
                mine = self.others(case).items()
                return [
                    n for n, text in mine if not (folder / n).is_file() or (folder / n).read_bytes() != text.encode()
                ]

            with watched_disk(folder, answer, full=case.what == "full disk") as notes:
                return observe(
                    answer,
                    new,
                    path if older else str(path),
                    also={
                        "files": lambda: [name for name in names(folder) if name not in self.others(case)],
                        "harmed": harmed,
                        "content": lambda: loaded(path),
                        "untouched": lambda: path.exists() and path.read_bytes() == before,
                        "written over": lambda: older and witness.read_bytes() != before,
                        "renames": lambda: [note for note in notes if note["name"] == case.file],
                    },
                )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Whole, renamed into place, forced to the disk, nothing left behind; after an error the old file."""
        if case.what != "sound":
            return self.judge_failure(seen, case)
        if seen.error:
            return failed(f"`save_checkpoint(checkpoint, path)` raised {first_line(seen.error)}", hint="aside")
        also, older = seen.also, case.settings.get("older", True)
        if older and also["untouched"]:
            return failed("The file is still the old one: nothing was saved.", hint="aside")
        if what := no_checkpoint(also["content"]):
            return failed(f"Loading `path` afterwards: {what}.", hint="aside")
        if not same(also["content"], self.contents(case)[1]):
            return failed("The file holds something else than the checkpoint that was passed.", hint="aside")
        if also["written over"] or not also["renames"]:
            return failed(
                "The bytes were written under the file's own name: killed half-way, there is neither the old checkpoint "
                "nor the new one.",
                hint="aside",
            )
        last = also["renames"][-1]
        if not last["old whole"]:
            return failed(
                "The old file was gone before the new one had its name: killed in between, there is none.",
                hint="rename",
            )
        if not last["beside"]:
            return failed(
                "The temporary file lies in another folder, perhaps on another disk: from there a move is a copy, in many steps.",
                hint="aside",
            )
        if last["forced"] == "too early":
            return failed(
                "`fsync` came when some bytes had not left Python yet: it forced less than the whole file. `flush()` first.",
                hint="flush",
            )
        if last["forced"] == "no":
            return failed(
                "Renamed before the bytes were forced to the disk: after a power cut the name can belong to an empty "
                "file.",
                hint="sync",
            )
        return self.judge_folder(seen, case) or passed("The old file or the new one, at every moment.")

    @staticmethod
    def judge_folder(seen: Observation, case: Case) -> Verdict | None:
        """Nothing left behind, and nothing of somebody else's touched."""
        if strays := [name for name in seen.also["files"] if name != case.file]:
            return failed(
                f"{', '.join(strays[:3])} was left in the folder. Expected `{case.file}` and what was there before.",
                hint="clean",
            )
        if harmed := seen.also["harmed"]:
            return failed(
                f"`{harmed[0]}` lay in the folder before, and is gone or has another content: it was somebody else's.",
                hint="name",
            )
        return None

    def judge_failure(self, seen: Observation, case: Case) -> Verdict:
        """The save can't work: the old file is untouched, an error says so, nothing is left behind."""
        why, hint = {
            "numpy": ("metrics['loss'] is a NumPy number, which weights_only=True refuses to load", "prove"),
            "unsaveable": ("A function in the checkpoint can't be saved", "aside"),
            "full disk": ("Forcing the bytes to the disk failed, as on a full disk", "sync"),
        }[case.what]
        if (
            case.what == "numpy"
            and not seen.error
            and not no_checkpoint(seen.also["content"])
            and not seen.also["untouched"]
        ):
            return failed(
                "metrics['loss'] is a NumPy number. It was changed into something else in silence, and saved. Expected an "
                "error, and the old file.",
                hint="prove",
            )
        if not seen.also["untouched"]:
            return failed(f"{why}, and the old checkpoint is gone. Expected it untouched, to the last bit.", hint=hint)
        if not seen.error:
            return failed(f"{why}, and nobody was told: no error came. Expected an error.", hint="tell")
        return self.judge_folder(seen, case) or passed("An error, and the old file untouched.")

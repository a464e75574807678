"""Your turn: write a text so that the old file or the new one is there at every moment."""

import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.checkpointing.tasks.disk import watched_disk
from course_lib.lessons.checkpointing.tasks.shared import names


class SaveLog(Task):
    """Write a text aside, force it to the disk, rename it; clear up after an error."""

    visible: ClassVar = {
        "a longer log": {"file": "log.txt", "good": True},
        "another name": {"file": "run.7.csv", "good": True},
        "half of an emoji": {"file": "log.txt", "good": False},
    }
    hints: ClassVar = {
        "aside": 'Write to `path.with_name(path.name + ".tmp")` first, then `os.replace(temporary, path)`.',
        "force": "Between writing and renaming, with the file still open: `file.flush()`, then `os.fsync(file.fileno())`.",
        "clean": "`try: ... finally: temporary.unlink(missing_ok=True)` clears up, whatever happened; the error still comes.",
        "utf": '`open(temporary, "w", encoding="utf-8")`.',
    }

    @staticmethod
    def texts(case: Case) -> tuple[str, str]:
        """The old log and the new."""
        old = f"epoch 1, loss 0.{case.seed % 1000:03d}\n"
        return old, old + ("epoch 2, café\n" if case.good else "epoch 2, \ud83d\n")

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write over an older log; look at the folder and at a second name of the old file."""
        old, new = self.texts(case)
        with tempfile.TemporaryDirectory() as root:
            folder, witness = Path(root, "run"), Path(root, "witness")
            folder.mkdir()
            path = folder / case.file
            path.write_bytes(old.encode())
            os.link(path, witness)
            with watched_disk(folder, answer) as notes:
                return observe(
                    answer,
                    new,
                    path,
                    also={
                        "files": lambda: names(folder),
                        "text": lambda: path.read_bytes().decode(errors="replace") if path.exists() else None,
                        "written over": lambda: witness.read_bytes() != old.encode(),
                        "notes": lambda: [note for note in notes if note["name"] == case.file],
                    },
                )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Whole, renamed, forced; after an error the old file and nothing else."""
        old, new = self.texts(case)
        also, strays = seen.also, [name for name in seen.also["files"] if name != case.file]
        left = failed(f"{', '.join(strays)} was left in the folder.", hint="clean")
        if not case.good:
            if also["text"] != old or also["written over"]:
                if not seen.error:
                    return failed("The text can't be written, yet another was, and no error came through.", hint="utf")
                return failed("The text can't be written, and the old log is gone.", hint="aside")
            if not seen.error:
                return failed("The text can't be written, and no error came through.", hint="clean")
            return left if strays else passed("An error, and the old log is untouched.")
        if seen.error:
            return failed(f"`save_log(text, path)` raised {seen.error}", hint="aside")
        if also["text"] == old:
            return failed("The file still holds the old log.", hint="aside")
        if also["text"] != new:
            return failed("The file holds something else than the text in UTF-8.", hint="utf")
        if also["written over"] or not also["notes"]:
            return failed("Written under the file's own name: killed half-way, both logs are gone.", hint="aside")
        if not also["notes"][-1]["old whole"]:
            return failed("The old log was gone before the new one had its name.", hint="aside")
        if not also["notes"][-1]["beside"]:
            return failed(
                "The temporary file lies in another folder, perhaps on another disk: from there a move is a copy, in many steps.",
                hint="aside",
            )
        if also["notes"][-1]["forced"] == "too early":
            return failed("`fsync` came before the bytes had left Python: call `flush()` before it.", hint="force")
        if also["notes"][-1]["forced"] == "no":
            return failed("Renamed before the bytes were forced to the disk.", hint="force")
        return left if strays else passed("The old log or the new one, at every moment.")

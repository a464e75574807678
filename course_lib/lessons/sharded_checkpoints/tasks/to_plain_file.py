"""One plain file out of a folder that several ranks wrote."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import torch
from torch import Tensor

from course_lib.classroom.tasks.answers import named
from course_lib.classroom.tasks.comparing import is_mapping
from course_lib.classroom.tasks.inputs import loaded
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.sharded_checkpoints.kept import COMPLETE
from course_lib.lessons.sharded_checkpoints.tasks.shared import (
    contents,
    flattened,
    kept_contents,
    quiet,
    shortly,
    tamed,
    write_saved,
)

OLD = b"the file of yesterday"
FULL = ("full", "copy")


def setting(kept: str = "", fault: str = "", **how: Any) -> dict[str, Any]:
    """The settings of a case."""
    return {"kept": kept, "fault": fault, "old": False, "sizes": (2, 3, 6), "kind": "SGD", "epoch": 5} | how


class ToPlainFile(Task):
    """One plain file out of a folder that several ranks wrote."""

    visible: ClassVar = {
        "from two ranks": setting("two ranks"),
        "from one": setting(),
        "an unfinished folder": setting("two ranks", "unfinished", old=True),
        "a part is missing": setting("three ranks", "missing"),
        "a part is too short": setting("two ranks", "short", old=True),
        "the disk is full": setting("two ranks", "full", old=True),
    }
    graded: ClassVar = {
        "from three ranks, over an older file": setting("three ranks", old=True),
        "metadata too long": setting("three ranks", "long", old=True),
        "the disk is full, no older file": setting(fault="full"),
        "the disk is full in a copy": setting("two ranks", "copy", old=True),
        "a byte less here, one more there": setting("two ranks", "moved", old=True),
    }
    hints: ClassVar = {
        "format": "`from torch.distributed.checkpoint.format_utils import dcp_to_torch_save` has it in one call: "
        "`dcp_to_torch_save(folder, path)`.",
        "finished": "`complete.json` first: if it isn't there, raise a FileNotFoundError.",
        "sizes": "`json.loads((folder / 'complete.json').read_text())['files']` maps each name to its size. A file that is "
        "missing has none: ask `path.exists()` before `path.stat().st_size`.",
        "aside": "Write to another name beside `path`, then `os.replace(aside, path)`: it happens in one step, or not at "
        "all. If the write raises, remove what is aside (`unlink(missing_ok=True)`) and let the error through.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Prepare a folder and perhaps an older file, let it convert, and look at the file and its neighbours."""
        kinds: list[str] = []
        with tempfile.TemporaryDirectory() as name:
            folder, path = prepared(Path(name) / "step-100", case), Path(name) / "out" / "model.pt"
            path.parent.mkdir()
            if case.old:
                path.write_bytes(OLD)
            with full_disk(case.fault) if case.fault in FULL else quiet():
                seen = observe(tamed(answer, kinds), folder, path)
            whole = path.read_bytes() if path.is_file() else None
            is_old = whole == OLD
            also = {
                "kinds": kinds,
                "file": "none" if whole is None else "old" if is_old else "new",
                "content": None if whole is None or is_old else loaded(path),
                "beside": sorted(other.name for other in path.parent.iterdir() if other != path),
            }
        return Observation(None, seen.type, seen.error, seen.attempted, also, seen.where)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """What is in the file, or that there is none."""
        also = seen.also
        if case.fault in FULL and also["file"] == "new" and not seen.error:
            return self.content(also["content"], case) or passed("Written in a way of its own.")
        if case.fault:
            return self.fault(seen, case)
        if seen.error:
            return failed(f"`to_plain_file` raised {shortly(seen.error)}.", hint="format")
        if also["file"] != "new":
            return failed("There is no new file at `path` afterwards.", hint="format")
        if verdict := self.content(also["content"], case):
            return verdict
        if also["beside"]:
            return failed(f"Beside the file lies {named(also['beside'])}. Expected the file alone.", hint="aside")
        return passed("One plain file, whole.")

    def content(self, content: Any, case: Case) -> Verdict | None:
        """The three parts, nested, with whole tensors."""
        if is_mapping(content) and set(content) == {"error"}:
            return failed(f"The file can't be loaded: {content['error']}.", hint="format")
        if not is_mapping(content):
            return failed("The file holds no dictionary.", hint="format")
        truth = saved(case)
        parts = {"model", "optimizer", "epoch"}
        if lacking := sorted(parts - set(content)):
            return failed(f"The file has no {named(lacking)}. It has {named(content)}.", hint="format")
        if not is_mapping(content["model"]) or not is_mapping(content["optimizer"]):
            return failed("`model` and `optimizer` in the file are not both dictionaries.", hint="format")
        got = flattened({name: content[name] for name in parts})
        if lost := [name for name in truth if name not in got]:
            return failed(f"The file lacks {named(lost)}.", hint="format")
        if strange := [name for name in content["model"] if f"model.{name}" not in truth]:
            return failed(f"The model in the file has {named(strange)}, which no model of ours takes.", hint="format")
        for name, value in truth.items():
            if isinstance(value, Tensor) and (not isinstance(got[name], Tensor) or got[name].shape != value.shape):
                shape = tuple(got[name].shape) if isinstance(got[name], Tensor) else "no tensor"
                return failed(f"`{name}` in the file is {shape}. The whole is {tuple(value.shape)}.", hint="format")
            if isinstance(value, Tensor) and not near(got[name], value):
                return failed(f"`{name}` in the file has other values than in the folder.", hint="format")
        if content["epoch"] != truth["epoch"]:
            return failed(f"`epoch` in the file is {content['epoch']!r}. Expected {truth['epoch']}.", hint="format")
        return None

    def fault(self, seen: Observation, case: Case) -> Verdict:
        """The error that is asked for; an older file stays, and nothing new lies about."""
        wanted, what, hint = {
            "unfinished": ("FileNotFoundError", f"The folder has no `{COMPLETE}`", "finished"),
            "missing": ("ValueError", f"A file that `{COMPLETE}` lists is missing", "sizes"),
            "short": ("ValueError", f"A rank's file is shorter than `{COMPLETE}` says", "sizes"),
            "long": ("ValueError", f"`.metadata` is longer than `{COMPLETE}` says", "sizes"),
            "moved": (
                "ValueError",
                "A rank's file is a byte shorter than listed, and `.metadata` a byte longer",
                "sizes",
            ),
            "full": ("OSError", "Half of the file was written, then the disk was full", "aside"),
            "copy": ("OSError", "Half of the copy was written, then the disk was full", "aside"),
        }[case.fault]
        also = seen.also
        if wanted not in also["kinds"]:
            came = f"raised {shortly(seen.error)}" if seen.error else "raised nothing"
            expected = "the OSError to come through" if case.fault in FULL else f"a {wanted}"
            return failed(f"{what}, and `to_plain_file` {came}. Expected {expected}.", hint=hint)
        if case.old and also["file"] != "old":
            return failed(f"{what}. {wanted} came, and by then the older file was gone.", hint="aside")
        if also["file"] == "new":
            return failed(f"{what}. {wanted} came, and there is a file at `path` all the same.", hint="aside")
        if also["beside"]:
            return failed(f"{what}. {wanted} came, and {named(also['beside'])} was left beside it.", hint="aside")
        return passed("Refused, and what was there stays.")


def prepared(folder: Path, case: Case) -> Path:
    """A folder as `save_sharded` leaves it, with the case's fault."""
    write_saved(folder, case)
    last = sorted(json.loads((folder / COMPLETE).read_text(encoding="utf-8"))["files"])[-1]
    if case.fault == "unfinished":
        (folder / COMPLETE).unlink()
    elif case.fault == "missing":
        (folder / last).unlink()
    if case.fault in ("short", "moved"):
        (folder / last).write_bytes((folder / last).read_bytes()[:-1])
    if case.fault in ("long", "moved"):
        with open(folder / ".metadata", "ab") as file:
            file.write(b"\n")
    return folder


def saved(case: Case) -> dict[str, Any]:
    """What is in the case's folder, by its dotted name."""
    if case.kept:
        return kept_contents(case.kept)
    with tempfile.TemporaryDirectory() as name:
        sound = Case(case.name, case.seed, dict(case.settings) | {"fault": ""})
        return contents(prepared(Path(name) / "saved", sound))


@contextmanager
def full_disk(fault: str) -> Iterator[None]:
    """Inside, `torch.save` writes half of what it should, and raises; or a copy of a file does."""
    really: Callable = torch.save

    def copyfile(source: Any, target: Any, **_: Any) -> None:
        Path(target).write_bytes(Path(source).read_bytes()[:1000])
        raise OSError(28, "No space left on device")

    def save(value: Any, file: Any, *args: Any, **kwargs: Any) -> None:
        if not hasattr(file, "write"):
            really(value, file, *args, **kwargs)
            path = Path(file)
            path.write_bytes(path.read_bytes()[:1000])
        else:
            file.write(b"half of it")
        raise OSError(28, "No space left on device")

    with patch.object(torch, "save", save) if fault == "full" else patch.object(shutil, "copyfile", copyfile), quiet():
        yield

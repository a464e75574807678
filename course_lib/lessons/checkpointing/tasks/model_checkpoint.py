"""Write the callback that saves whenever the monitored value improves."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.comparing import described, is_mapping, near_each
from course_lib.classroom.tasks.inputs import loaded
from course_lib.classroom.tasks.observation import Observation, observe, plain
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.checkpointing.tasks.disk import watched_disk
from course_lib.lessons.checkpointing.tasks.shared import is_float, lacking, names, no_checkpoint


def monitored(case: Case) -> str:
    """What is monitored."""
    return case.settings.get("monitor", "val_loss")


class ModelCheckpoint(Task):
    """Write the callback that saves whenever the monitored value improves."""

    visible: ClassVar = {
        "val_loss": {"values": (0.9, 0.5, 0.7, 0.5, 0.4), "as": "numpy"},
        "val_accuracy, more is better": {"values": (0.5, 0.8, 0.7, 0.9), "as": "tensor", "monitor": "val_accuracy"},
        "a typo": {"values": (0.9, 0.5), "as": "float", "monitor": "val_lsos"},
        "not a number at first": {"values": (float("nan"), 0.6, 0.3), "as": "float"},
        "an unknown mode": {"values": (), "as": "float", "mode": "maximum"},
    }
    graded: ClassVar = {
        "not a number in between, path as text": {"values": (0.7, float("nan"), 0.8, 0.6), "as": "numpy", "text": True},
        "large numbers": {"values": (-3000.0, -20.0, -1e8, -1e9), "as": "float", "monitor": "reward", "mode": "max"},
        "missing later": {"values": (0.9, 0.5, None), "as": "tensor", "monitor": "perplexity"},
        "another unknown mode": {"values": (), "as": "float", "mode": "MIN"},
        "no mode is guessed": {"values": (), "as": "float", "mode": "auto"},
    }
    hints: ClassVar = {
        "form": "`model_checkpoint(...)` returns an object: a small class with `on_epoch_end` inside the function will do.",
        "typo": "`logs[monitor]` raises by itself where `logs.get(monitor)` hides the typo.",
        "strictly": "Save when there is no best yet, or when the value is strictly better than the best.",
        "nan": "Every comparison with NaN is False, also once NaN is the best. Ask `math.isnan(value)` first.",
        "plain": "Logs bring NumPy numbers and tensors. `float(value)` for each, or the file can't be loaded.",
        "content": "`{'model': model.state_dict(), 'epoch': epoch, 'logs': {...}}` in one file.",
        "returned": "`return better` at the end, with `better` True or False.",
        "mode": 'Check `mode in ("min", "max")` when the callback is made, not hours later.',
    }

    @staticmethod
    def setting(case: Case) -> dict[str, str]:
        """The keyword arguments."""
        monitor = monitored(case)
        return {
            "monitor": monitor,
            "mode": case.settings.get("mode", "max" if monitor == "val_accuracy" else "min"),
        }

    @staticmethod
    def logs(case: Case, value: float | None) -> dict[str, Any]:
        """One epoch's logs, in the type that the case asks for; without the monitored value if it is None."""
        real = {"val_lsos": "val_loss"}.get(monitor := monitored(case), monitor)
        wrap = {"float": float, "numpy": np.float64, "tensor": torch.tensor}[case.settings["as"]]
        logs = {"loss": wrap(0.25)}
        return logs if value is None else {**logs, real: wrap(value)}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Make the callback and end a few epochs; after each, what it said and what the file holds."""
        model, rows = nn.Linear(2, 1, bias=False), []
        with tempfile.TemporaryDirectory() as root:
            path = Path(root, "best.pt")

            def use() -> None:
                place = str(path) if case.settings.get("text") else path
                callback = answer(model, place, **self.setting(case))
                rows.append(
                    {"made": True, "best": plain(getattr(callback, "best", "no attribute")), "files": names(Path(root))}
                )
                for epoch, value in enumerate(case.values, start=1):
                    with torch.no_grad():
                        model.weight.fill_(epoch)
                    logs = self.logs(case, value)
                    before = dict(logs)
                    said = callback.on_epoch_end(epoch, logs)
                    kept = logs.keys() == before.keys() and all(logs[name] is before[name] for name in before)
                    content = loaded(path) if path.exists() else None
                    rows.append(
                        {"said": plain(said), "best": plain(callback.best), "content": content, "logs kept": kept}
                    )

            with watched_disk(Path(root), answer):  # no disk is waited for
                return observe(
                    use, also={"rows": lambda: rows, "content": lambda: loaded(path) if path.exists() else None}
                )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Follow the epochs: saved exactly when better; an error where the monitored value is missing."""
        rows, monitor, mode = list(seen.also["rows"]), self.setting(case)["monitor"], self.setting(case)["mode"]
        if mode not in ("min", "max"):
            if rows or not seen.error:
                return failed(f"mode={mode!r} was taken without an error: is more better now, or less?", hint="mode")
            return passed("An unknown mode is refused at once.")
        if not rows:
            return failed(f"`model_checkpoint(model, path, ...)` raised {first_line(seen.error)}", hint="form")
        if rows[0]["best"] is not None or rows[0]["files"]:
            return failed(
                f"Before the first epoch `best` is {described(rows[0]['best'])} and the folder has {rows[0]['files']}; "
                "expected None and no file.",
                hint="form",
            )
        best, kept, sign = None, None, 1 if mode == "min" else -1
        for epoch, value in enumerate(case.values, start=1):
            if monitor not in self.logs(case, value):
                return self.judge_missing(seen, case, rows, epoch, kept)
            if epoch >= len(rows):
                hint = "nan" if value != value else "plain" if "plain data" in seen.error else "form"
                return failed(
                    f"on_epoch_end({epoch}, logs) with {monitor} {value:g} raised {first_line(seen.error)}", hint=hint
                )
            if value == value and (best is None or sign * value < sign * best):
                best, kept = value, epoch
            if verdict := self.judge_epoch(rows[epoch], case, epoch, best, kept):
                return verdict
        return passed("Saved when it was better, and only then.")

    def judge_epoch(self, row: dict, case: Case, epoch: int, best: float | None, kept: int | None) -> Verdict | None:
        """One epoch's answer, best value and file."""
        monitor, value = self.setting(case)["monitor"], case.values[epoch - 1]
        story = f"{'Epoch 1' if epoch == 1 else f'Epochs 1 to {epoch}'} had {monitor} {', '.join(f'{v:g}' for v in case.values[:epoch])}."
        hint = "nan" if any(v != v for v in case.values[:epoch] if v is not None) else "strictly"
        content = row["content"]
        if content is not None and (what := no_checkpoint(content)):
            return failed(f"{story} The file can't be loaded with weights_only=True: {what}.", hint="plain")
        if content is not None and (what := lacking(content, ("model", "epoch", "logs"))):
            return failed(f"{story} The file {what}.", hint="content")
        held = content.get("epoch") if isinstance(content, dict) else None
        if held != kept:
            holds = "There is no file" if held is None else f"The file holds epoch {described(held)} now"
            wanted = "none" if kept is None else f"epoch {kept}"
            return failed(f"{story} {holds}; expected {wanted}.", hint=hint)
        if content is not None:
            weight = content.get("model", {}).get("weight") if isinstance(content.get("model"), dict) else None
            if not near(weight, torch.full((1, 2), float(kept))):
                return failed(f"{story} The model in the file has not the weights of epoch {kept}.", hint="strictly")
            logs = {name: float(one) for name, one in self.logs(case, case.values[kept - 1]).items()}
            if (
                strange := [n for n, one in content["logs"].items() if not is_float(one)]
                if is_mapping(content["logs"])
                else []
            ):
                return failed(f"{story} logs['{strange[0]}'] in the file is no plain float.", hint="plain")
            if not near_each(content["logs"], logs):  # float32 tensors are a little off
                return failed(
                    f"{story} The file's `logs` are {described(content.get('logs'))}; expected {logs}.", hint="plain"
                )
        if not (row["best"] is None if best is None else near(row["best"], best)):
            return failed(f"{story} `best` is {described(row['best'])}; expected {best}.", hint=hint)
        if not row["logs kept"]:
            return failed("on_epoch_end changed the `logs` that it was given; make a new dictionary.", hint="plain")
        if row["said"] is not (kept == epoch):
            said = row["said"]
            if isinstance(said, dict) and not is_mapping(said):
                said = f"a {said['object'].rpartition('.')[2]}"
            else:
                said = described(said)
            return failed(
                f"on_epoch_end({epoch}, ...) with {monitor} {value:g} returned {said}; expected "
                f"{kept == epoch}: it {'saved' if kept == epoch else 'did not save'}.",
                hint="returned",
            )
        return None

    @staticmethod
    def judge_missing(seen: Observation, case: Case, rows: list, epoch: int, kept: int | None) -> Verdict:
        """The monitored value is not in this epoch's logs."""
        monitor, content = ModelCheckpoint.setting(case)["monitor"], seen.also["content"]
        held = content.get("epoch") if isinstance(content, dict) else None
        if epoch < len(rows):
            done = f"saved epoch {held}" if held == epoch else "went on"
            return failed(
                f"monitor={monitor!r} is not in the logs of epoch {epoch}, and on_epoch_end {done} without an error: "
                "a typo like this turns the best into the last, or into none.",
                hint="typo",
            )
        if monitor not in seen.error:
            return failed(f"An error came that doesn't name {monitor!r}: {first_line(seen.error)}", hint="typo")
        if held != kept:
            return failed(f"The error came, but the file holds epoch {held} now; expected {kept}.", hint="typo")
        return passed("A missing value is an error, and the file is as it was.")

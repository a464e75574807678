"""Load a model on a machine without a GPU, and hand it out only if it answers as it did where it was saved."""

import os
import tempfile
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import torch
from torch import nn

from course_lib.classroom.tasks.answers import first_line
from course_lib.classroom.tasks.inputs import Call, copied, drawn, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.devices import saved_as


class LoadVerified(Task):
    """Built from the config, filled in full, on the CPU, in eval mode, and equal to the record in every bit."""

    visible: ClassVar = {
        "as it was saved": {"tag": "cuda:0"},
        "a weight that changed a little": {"tag": "cuda:0", "harm": "weight"},
        "a running mean that changed": {"tag": "cuda:0", "harm": "buffer"},
        "another tensor too many": {"tag": "cuda:1", "harm": "unexpected"},
        "a stranger's file": {"tag": "mps", "harm": "hostile"},
        "all recorded rows are alike, and one is left": {"tag": "cuda:0", "harm": "shape"},
    }
    graded: ClassVar = {
        "a tensor is missing": {"tag": "cuda:1", "harm": "missing"},
        "from an Apple computer": {"tag": "mps", "hidden": 5},
        "the last bit of one logit": {"tag": "cuda:3", "harm": "bit", "hidden": 6},
        "one logit of many is far off": {"tag": "cuda:0", "harm": "row", "hidden": 8},
        "the last row of the record is gone": {"tag": "cuda:0", "harm": "short"},
    }
    hints: ClassVar = {
        "map": '`torch.load(path, map_location="cpu", weights_only=True)` takes any tag, and refuses what is not plain data.',
        "strict": "`load_state_dict` with its default, `strict=True`, raises if a name is missing or too many.",
        "eval": "`model.eval()` before you ask for the logits, and leave it so.",
        "bits": '`torch.equal(logits, content["logits"])` is True only for the same shape and the same values; `allclose` lets '
        "small changes through, and `==` broadcasts.",
        "raise": "Raise a `ValueError` if they differ. A warning, `None` or `False` is overlooked.",
    }

    def network(self, case: Case) -> nn.Module:
        """With batch norm and dropout, so that mode and buffers matter."""
        hidden = case.settings.get("hidden", 4)
        return nn.Sequential(nn.Linear(3, hidden), nn.BatchNorm1d(hidden), nn.Dropout(0.5), nn.Linear(hidden, 3))

    def content(self, case: Case) -> dict[str, Any]:
        """What the file holds, harmed as the case says; "shape": equal rows, of which the record keeps one."""
        model = drawn(self.network(case), case.generator()).eval()
        images = torch.rand(6, 3, generator=case.generator())
        if case.settings.get("harm") == "shape":
            images[:] = images[0].clone()
        harm = case.settings.get("harm")
        with torch.no_grad():
            if harm == "missing":  # a new network has 0 there, too: only the names tell
                model[1].running_mean.zero_()
            logits = model(images)
        state = copied(model)
        if harm == "weight":
            state["3.weight"][0, 0] *= 1.000001
        elif harm == "buffer":
            state["1.running_mean"][1] += 0.25
        elif harm == "missing":
            del state["1.running_mean"]
        elif harm == "unexpected":
            state["4.weight"] = torch.ones(2)
        elif harm == "shape":
            logits = logits[0].clone()
        elif harm == "short":
            logits = logits[:-1].clone()
        elif harm == "bit":
            logits.view(torch.int32)[2, 1] ^= 1
        elif harm == "row":
            logits[4] = logits[4].flip(0) + 1
        return {
            "model": state,
            "config": {"hidden": case.settings.get("hidden", 4)},
            "images": images,
            "logits": logits,
        }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write the file, hand it over on a machine without a GPU, look at what comes back."""
        content, found = self.content(case), {}

        def build(config: dict[str, Any]) -> nn.Module:
            found["config"] = dict(config)
            model = self.network(case)
            return model.train()

        with tempfile.TemporaryDirectory() as root:
            path, marker = Path(root, "model.pt"), Path(root, "it_ran")
            if case.settings.get("harm") == "hostile":
                content["note"] = Call(os.mkdir, str(marker))
            with saved_as(case.tag, only=content["model"]):
                torch.save(content, path)

            def use() -> None:
                try:
                    model = answer(path, build)
                except Exception as error:
                    found["kinds"] = [kind.__name__ for kind in type(error).__mro__]
                    raise
                found["is model"] = isinstance(model, nn.Module)
                if found["is model"]:
                    found["flags"], found["state"] = flags(model), copied(model)
                    found["places"] = sorted({str(p.device) for p in (*model.parameters(), *model.buffers())})
                else:
                    found["came"] = type(model).__name__

            no_gpu = {"is_available": lambda: False, "device_count": lambda: 0}
            with patch.multiple(torch.cuda, **no_gpu):
                return observe(use, also={"found": lambda: found, "ran": marker.exists})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Handed out whole, or refused."""
        found, harm = seen.also["found"], case.settings.get("harm")
        if seen.also["ran"]:
            return failed("Code from the file was executed: it made a folder. Expected it to be refused.", hint="map")
        if harm:
            return self.refused(seen, harm)
        if seen.error:
            return failed(
                f"A sound file, tagged {case.tag}, on a machine without a GPU: `load_verified` raised "
                f"{first_line(seen.error).split('. ')[0]}.",
                hint="map" if "deserialize" in seen.error or "recognized" in seen.error else "bits",
            )
        if not found.get("is model"):
            return failed(f"Expected the model; got {found.get('came', seen.type)}.", hint="raise")
        if found.get("config") != {"hidden": case.settings.get("hidden", 4)}:
            return failed("The network was not built by `build(config)` with the file's config.", hint="strict")
        wanted = self.content(case)["model"]
        if wrong := [
            name for name in wanted if not torch.equal(found["state"].get(name, torch.empty(0)), wanted[name])
        ]:
            return failed(f"`{wrong[0]}` of the model is not the file's.", hint="strict")
        if any(found["flags"].values()):
            return failed(
                "The model comes back in training mode, or a part of it does: dropout is at work.", hint="eval"
            )
        return passed("Loaded where there is no GPU, and proven to the last bit.")

    def refused(self, seen: Observation, harm: str) -> Verdict:
        """An error of the right kind, and no model."""
        kinds = seen.also["found"].get("kinds", [])
        what = {
            "weight": "A weight was changed by a millionth of itself",
            "buffer": "A running mean was changed: a buffer, no parameter",
            "missing": "A running mean is missing from the file",
            "unexpected": "The file has a tensor that the network hasn't",
            "shape": "The file records one row of logits where the model gives six",
            "short": "The file records five rows of logits where the model gives six",
            "bit": "The last bit of one recorded logit was changed",
            "row": "One recorded row belongs to other answers",
            "hostile": "The file holds a call besides the data",
        }[harm]
        wanted = {"missing": "RuntimeError", "unexpected": "RuntimeError", "hostile": "UnpicklingError"}.get(
            harm, "ValueError"
        )
        if not seen.error:
            hint = {"missing": "strict", "unexpected": "strict", "hostile": "map"}.get(harm, "bits")
            came = (
                "the model was handed out"
                if seen.also["found"].get("is model")
                else f"a {seen.also['found'].get('came')} came back"
            )
            return failed(f"{what}, and nothing was raised: {came}.", hint=hint if came[0] == "t" else "raise")
        if wanted == "ValueError" and "ValueError" not in kinds:
            return failed(f"{what}. Expected a `ValueError`; got {first_line(seen.error)}.", hint="raise")
        if "TypeError" in kinds or "AttributeError" in kinds or "NameError" in kinds:
            return failed(f"{what}. It broke instead of refusing: {first_line(seen.error)}.", hint="raise")
        return passed("Refused.")

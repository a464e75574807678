"""Turn a trusted whole-model file into one that asks for no class."""

import tempfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from course_lib.classroom.tasks.answers import first_line, named
from course_lib.classroom.tasks.comparing import first_difference, is_mapping, same
from course_lib.classroom.tasks.inputs import copied, loaded
from course_lib.classroom.tasks.observation import Observation, observe, plain
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.devices import saved_as
from course_lib.lessons.whole_model.tasks.shared import network


class Rescue(Task):
    """Turn a trusted whole-model file into state_dict and config."""

    visible: ClassVar = {
        "a classifier": {"kind": "plain", "fields": ["inputs", "hidden"], "names": ["old.pth", "new.pt"]},
        "half precision, from a GPU": {
            "kind": "half",
            "fields": ["labels", "hidden"],
            "names": ["a.pt", "b.bin"],
            "device": "cuda:63",
        },
        "NumPy numbers": {"kind": "numpy", "fields": ["rate", "inputs"], "names": ["m.pt", "n.pt"]},
        "no model in the file": {"kind": "plain", "holds": "state", "fields": ["hidden"], "names": ["x.pt", "y.pt"]},
    }
    graded: ClassVar = {
        "tied weights": {"kind": "tied", "fields": ["width", "rows"], "names": ["tied", "free"]},
        "another device": {"kind": "plain", "fields": ["inputs"], "names": ["1.pt", "2.pt"], "device": "npu:0"},
        "a NumPy integer": {"kind": "numpy", "fields": ["seen", "labels"], "names": ["s.pt", "t.pt"]},
        "a property and a tuple": {"kind": "sized", "fields": ["outputs", "sizes"], "names": ["q.pt", "r.pt"]},
        "a list in the file": {"kind": "plain", "holds": "list", "fields": [], "names": ["list.pt", "new.ckpt"]},
        "an optimizer in the file": {"kind": "plain", "holds": "optimizer", "fields": [], "names": ["o.pt", "p.pt"]},
    }
    hints: ClassVar = {
        "load": '`torch.load(path, map_location="cpu", weights_only=False)`: here you trust the file.',
        "save": '`torch.save({"config": ..., "state_dict": model.state_dict()}, new_path)`',
        "config": "`getattr(model, name)` for each name in `fields`.",
        "numpy": "A NumPy number is an `np.generic`, and its `.item()` is the Python number. Every number that "
        "`weights_only=True` shall take has to be one.",
        "kind": "Look at what came out of the file before you write anything: `isinstance(model, nn.Module)`.",
        "beside": "Nobody asked for another file, or for the old one to go.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write a whole model, have it rescued, and look at both files."""
        model = network(case)
        holds = case.settings.get("holds", "model")
        content: Any = {
            "model": model,
            "state": model.state_dict(),
            "list": [model],
            "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        }[holds]
        with tempfile.TemporaryDirectory() as folder:
            path, new = (Path(folder) / name for name in case.names)
            with saved_as(case.settings.get("device", "cpu")):
                torch.save(content, path)
            before = path.read_bytes()
            raised: list[str] = []

            def use() -> None:
                try:
                    answer(path, new, list(case.fields))
                except Exception as error:
                    raised.extend(kind.__name__ for kind in type(error).__mro__)
                    raise

            return observe(
                use,
                also={
                    "raised": lambda: raised,
                    "content": lambda: loaded(new),
                    "shown": lambda: _shown(new),
                    "old": lambda: path.exists() and path.read_bytes() == before,
                    "files": lambda: sorted(str(p.relative_to(folder)) for p in Path(folder).rglob("*")),
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Two keys, the whole state, the fields, and nothing else touched."""
        if not seen.also["old"]:
            return failed("The old file is gone, or was changed. It should stay as it was.", hint="beside")
        if "holds" in case.settings:
            return self._refused(seen, case)
        if seen.error:
            if "device" in case.settings and any(
                word in seen.error for word in ("deserialize", "CUDA", "npu", "location")
            ):
                return failed("The file was saved on a device that this machine lacks.", hint="load")
            if "Weights only load failed" in seen.error:
                return failed(
                    "`torch.load` refused the whole model. It is a file that you trust, so say so.", hint="load"
                )
            return failed(f"`rescue(path, new_path, fields)` raised {first_line(seen.error)}", hint="load")
        content = seen.also["content"]
        if case.names[1] not in seen.also["files"]:
            return failed(f"There is no file at `new_path`; the folder holds {named(seen.also['files'])}.", hint="save")
        if not is_mapping(content) or set(content) == {"error"}:
            why = f": {content['error']}" if isinstance(content, dict) and "error" in content else ""
            hint = "numpy" if "NumPy" in why else "save"
            return failed(f"The new file isn't a dictionary that `weights_only=True` takes{why}.", hint=hint)
        if set(content) != {"config", "state_dict"}:
            return failed(f"Expected the keys `config` and `state_dict`; got {named(list(content))}.", hint="save")
        if difference := first_difference(copied(network(case)), content["state_dict"]):
            return failed(f"`state_dict` is not the model's: {difference}.", hint="save")
        if wrong := self._wrong_config(content["config"], seen.also["shown"], case):
            return wrong
        if len(seen.also["files"]) > 2:
            return failed(f"The folder holds {named(seen.also['files'])}. Expected two files.", hint="beside")
        return passed("State and config, and no class asked for.")

    def _refused(self, seen: Observation, case: Case) -> Verdict:
        what = {"state": "a state_dict", "optimizer": "an optimizer"}.get(case.holds, "a list")
        if not seen.error:
            return failed(f"The old file holds {what}, no model, and nothing was said.", hint="kind")
        if "TypeError" not in seen.also["raised"]:
            return failed(
                f"The old file holds {what}. Expected a TypeError; `{seen.error_type}` was raised.", hint="kind"
            )
        if case.names[1] in seen.also["files"]:
            return failed(f"The old file holds {what}: a TypeError, and yet a new file was written.", hint="kind")
        return passed()

    def _wrong_config(self, config: Any, shown: dict[str, str], case: Case) -> Verdict | None:
        model = network(case)
        expected = {name: _as_python(getattr(model, name)) for name in case.fields}
        if not is_mapping(config):
            return failed("`config` is no dictionary.", hint="config")
        if set(config) != set(expected):
            return failed(
                f"`config` has {named(list(config)) or 'nothing'}; expected {named(list(expected))}.", hint="config"
            )
        for name, value in expected.items():
            if not same(config[name], value):
                return failed(f"`config[{name!r}]` is {config[name]!r}; expected {value!r}.", hint="config")
            if (as_it_is := _shown_value(getattr(model, name))) != shown.get(name):
                return failed(f"`config[{name!r}]` is {shown.get(name)}; expected {as_it_is}.", hint="config")
        return None


def _shown_value(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)


def _shown(path: Path) -> dict[str, str]:
    """The config's values as text, straight from the file: on the wire a tuple would be a list."""
    try:
        config = torch.load(path, map_location="cpu", weights_only=True)["config"]
        return {str(name): repr(value) for name, value in config.items()}
    except Exception:  # whatever the answer wrote: the judge says what is wrong with it before it asks for this
        return {}


def _as_python(value: Any) -> Any:
    return plain(value.item() if isinstance(value, np.generic) else value)

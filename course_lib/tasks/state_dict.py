"""The tasks of lesson 06: what a state_dict holds, saved, loaded, kept and slimmed."""

import io
import os
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.checkpoints.inspection import inspect_file
from course_lib.devices import saved_as
from course_lib.tasks.observation import Observation, observe
from course_lib.tasks.task import Case, Task, Verdict, failed, near, passed

ABSENT_GPU = "cuda:63"  # a device that neither a laptop nor a server with GPUs has


class Standardise(nn.Module):
    """Divides by a scale that is saved, after adding a shift that is not."""

    def __init__(self, features: int):
        super().__init__()
        self.register_buffer("scale", torch.ones(features))
        self.register_buffer("shift", torch.zeros(features), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, F) -> (N, F)."""
        return (x + self.shift) / self.scale


class Tied(nn.Module):
    """An embedding and a head that share one matrix: two names, one tensor."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 6)
        self.head = nn.Linear(6, 20, bias=False)
        self.head.weight = self.embed.weight


class Counting(nn.Sequential):
    """Counts how often it was asked to move or convert itself, as `.cpu()`, `.to()` and `.half()` do."""

    def __init__(self, *layers: nn.Module):
        super().__init__(*layers)
        self.moves: list[str] = []

    def _apply(self, *args: Any, **kwargs: Any) -> nn.Module:
        self.moves.append("moved")
        return super()._apply(*args, **kwargs)


def drawn(model: nn.Module, generator: torch.Generator) -> nn.Module:
    """Give every parameter and buffer a value of its own, as if the model had been trained."""
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            values = torch.rand(tensor.shape, generator=generator) + 0.5
            tensor.copy_(values if tensor.is_floating_point() else values * 10)
    return model


def network(case: Case) -> nn.Module:
    """A network of the kind that `case.kind` names, with drawn values and one layer in eval mode."""
    if case.kind == "tied":
        return drawn(Tied(), case.generator())
    model = Counting(Standardise(4), nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Linear(6, 3))
    if case.kind == "frozen":
        model[1].requires_grad_(False)
    drawn(model, case.generator())
    if case.kind == "half":
        model.half()
        model.moves.clear()
    model[2].eval()
    return model


def flags(model: nn.Module) -> list[str]:
    """The names of the modules in training mode."""
    return [name or "model" for name, module in model.named_modules() if module.training]


def copied(model: nn.Module) -> dict[str, Tensor]:
    """The state_dict, cloned."""
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def _is_mapping(value: Any) -> bool:
    """Whether a mapping was seen; an Observation describes any other object by its type and its text."""
    return isinstance(value, dict) and set(value) != {"object", "text"}


def first_difference(expected: dict[str, Tensor], got: Any) -> str:
    """Where the second is another state dict than the first, in words; empty if nowhere."""
    if not _is_mapping(got):
        return f"expected a dictionary of tensors, got {type(got).__name__}"
    missing, extra = [k for k in expected if k not in got], [k for k in got if k not in expected]
    if missing:
        return f"{', '.join(f'`{k}`' for k in missing)} missing"
    if extra:
        return f"{', '.join(f'`{k}`' for k in extra[:3])} should not be there"
    for name, tensor in expected.items():
        if not isinstance(got[name], Tensor):
            return f"`{name}` is no tensor"
        if got[name].dtype != tensor.dtype:
            return f"`{name}` is {got[name].dtype}, expected {tensor.dtype}"
        if got[name].shape != tensor.shape:
            return f"`{name}` has shape {tuple(got[name].shape)}, expected {tuple(tensor.shape)}"
        if not torch.equal(got[name], tensor):
            return f"`{name}` has other values"
    return ""


class ParameterTable(Task):
    """List what a model's state_dict holds, entry by entry."""

    visible: ClassVar = {"buffers of two sorts": {"kind": "plain"}, "a frozen layer": {"kind": "frozen"}}
    graded: ClassVar = {"tied weights": {"kind": "tied"}, "half precision": {"kind": "half"}}
    hints: ClassVar = {
        "entries": "The rows are the entries of `model.state_dict()`, in its order: no more and no fewer.",
        "kind": "Every tensor of a state_dict is detached, so `requires_grad` says nothing. A name is a parameter's if "
        "`named_parameters()` lists it.",
        "tied": "`named_parameters()` lists a shared tensor once. `remove_duplicate=False` lists every name.",
        "bytes": "A number takes 2, 4 or 8 bytes: `tensor.numel() * tensor.element_size()`, or `tensor.nbytes`.",
        "form": "A list of dictionaries, each with the keys name, kind, shape, dtype and size_bytes.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the table."""
        return observe(answer, network(case))

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The right rows, then every column."""
        if seen.error:
            return failed(f"`parameter_table(model)` raised {seen.error}.", hint="form")
        model = network(case)
        parameters = dict(model.named_parameters(remove_duplicate=False))
        expected = model.state_dict()
        rows = seen.value
        if not isinstance(rows, list) or not all(
            isinstance(r, dict) and {"name", "kind", "shape", "dtype", "size_bytes"} <= set(r) for r in rows
        ):
            return failed(f"Expected a list of dictionaries with five keys; got {seen.type}.", hint="form")
        names = [str(row["name"]) for row in rows]
        if left_out := [name for name in expected if name not in names]:
            return failed(
                f"{', '.join(f'`{n}`' for n in left_out)} missing: a state_dict holds the buffers and every name "
                "of a shared tensor, too.",
                hint="tied" if case.kind == "tied" else "entries",
            )
        if extra := [name for name in names if name not in expected]:
            return failed(
                f"`{extra[0]}` is in the table and not in the state_dict: a buffer with `persistent=False` is not "
                "saved.",
                hint="entries",
            )
        if names != list(expected):
            return failed(f"Expected the rows in the order of the state_dict, each once; got {names}.", hint="entries")
        for row, (name, tensor) in zip(rows, expected.items(), strict=True):
            kind = "parameter" if name in parameters else "buffer"
            if row["kind"] != kind:
                return failed(
                    f"`{name}` is a {kind}; the table says {row['kind']!r}.",
                    hint="tied" if case.kind == "tied" else "kind",
                )
            shape = row["shape"].tolist() if isinstance(row["shape"], Tensor) else row["shape"]
            if shape != list(tensor.shape):
                return failed(f"`{name}` has shape {tuple(tensor.shape)}; the table says {shape}.", hint="form")
            if _dtype(row["dtype"]) != str(tensor.dtype):
                return failed(f"`{name}` is {tensor.dtype}; the table says {_dtype(row['dtype'])}.", hint="form")
            if not near(row["size_bytes"], tensor.nbytes, rtol=0, atol=0):
                return failed(
                    f"`{name}`: {tensor.numel()} numbers of {tensor.dtype} take {tensor.nbytes} bytes; the table says "
                    f"{row['size_bytes']}.",
                    hint="bytes",
                )
        return passed("Every entry, parameters and buffers, as they are saved.")


def _dtype(value: Any) -> str:
    """A dtype as `str` writes it; an Observation holds the object as its text."""
    text = value.get("text", "") if isinstance(value, dict) else str(value)
    return text if text.startswith("torch.") else f"torch.{text}"


class SaveWeights(Task):
    """Write a model's state_dict to a file, and nothing else anywhere."""

    visible: ClassVar = {
        "a model in training": {"kind": "plain", "path": "pathlib", "exists": False},
        "a path as text": {"kind": "frozen", "path": "text", "exists": False},
    }
    graded: ClassVar = {
        "a file of that name exists": {"kind": "plain", "path": "pathlib", "exists": True},
        "half precision": {"kind": "half", "path": "text", "exists": False},
    }
    hints: ClassVar = {
        "state": "What belongs in the file is `model.state_dict()`, as it is: every name, parameters and buffers.",
        "whole": "`torch.save(model, path)` pickles the class by its import path. Save `model.state_dict()` instead.",
        "beside": "Look at the caller's model after your function: same modes, same device, same values?",
        "path": "`torch.save` takes a string and a `Path`, and writes exactly there.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Save into an empty folder, then look at the folder, the file and the model."""
        model = network(case)
        before = flags(model)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.pt"
            if case.exists:
                path.write_bytes(b"an older file")

            def content() -> Any:
                return torch.load(path, map_location="cpu", weights_only=True) if path.is_file() else None

            return observe(
                lambda: (answer(model, str(path) if case.path == "text" else path), None)[1],
                also={
                    "files": lambda: sorted(p.name for p in Path(folder).rglob("*")),
                    "refused": lambda: list(inspect_file(path).refused) if path.is_file() else [],
                    "content": lambda: _attempted(content),
                    "moves": lambda: len(getattr(model, "moves", ())),
                    "modes": lambda: flags(model) != before,
                    "model": lambda: copied(model),
                },
            )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """One file, the state_dict in it, and the model as it was."""
        if seen.error:
            old = " A file of that name should be replaced." if case.exists else ""
            return failed(f"`save_weights(model, path)` raised {seen.error}.{old}", hint="path")
        expected, files = copied(network(case)), seen.also["files"]
        if "weights.pt" not in files:
            return failed(f"There is no file at `path`; the folder holds {files or 'nothing'}.", hint="path")
        if seen.also["refused"]:
            return failed(
                f"The file asks for {', '.join(seen.also['refused'][:2])}, so `torch.load` refuses it. It seems to hold "
                "the whole model.",
                hint="whole",
            )
        content = seen.also["content"]
        if content["error"]:
            return failed(f"`torch.load` could not read the file: {content['error']}.", hint="state")
        loaded = content["value"]
        if isinstance(loaded, dict) and any(isinstance(value, dict) for value in loaded.values()):
            return failed(
                f"The file holds a dictionary with {', '.join(map(repr, loaded))}. Expected the state_dict itself.",
                hint="state",
            )
        if difference := first_difference(expected, loaded):
            return failed(f"The file is not the state_dict: {difference}.", hint="state")
        if len(files) > 1:
            return failed(f"The folder holds {files}. Expected one file, at `path`.", hint="path")
        if seen.also["modes"]:
            return failed("The file is right, but the model came back in other modes.", hint="beside")
        if seen.also["moves"] or first_difference(expected, seen.also["model"]):
            return failed(
                "The file is right, but `.cpu()`, `.to()` or the like was called on the caller's model, which moves it "
                "where it is used.",
                hint="beside",
            )
        return passed("One file, the state_dict in it, and the model as it was.")


def _attempted(look: Any) -> dict[str, Any]:
    """What a look at the learner's file gives, or why it failed: a broken file must not end the probe."""
    try:
        return {"value": look(), "error": ""}
    except Exception as e:  # torch.load raises many types
        return {"value": None, "error": f"{type(e).__name__}: {e}"[:300]}


class Payload:
    """Unpickling this makes an empty folder; that is all the harm it does."""

    def __init__(self, path: Path):
        self.path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        """How pickle would build it again: by calling `os.mkdir`."""
        return (os.mkdir, (self.path,))


class LoadWeights(Task):
    """Load a state_dict into a model, strictly and safely, on any machine."""

    visible: ClassVar = {
        "saved on a GPU": {"kind": "plain", "file": "gpu"},
        "a buffer is not in the file": {"kind": "plain", "file": "key missing"},
    }
    graded: ClassVar = {
        "a stranger's file": {"kind": "plain", "file": "hostile"},
        "a name too many": {"kind": "frozen", "file": "key too many"},
        "half precision in the model": {"kind": "half", "file": "gpu"},
    }
    hints: ClassVar = {
        "map": "The file says where its tensors lived. `map_location` of `torch.load` says where they go here.",
        "strict": "`strict=True` is the default of `load_state_dict`. Let its error come through.",
        "safe": "`weights_only=True` builds tensors and plain containers and calls nothing else that a file names.",
        "return": "`load_state_dict` returns a report of keys. The model was changed in place: return that.",
        "own": "Without `assign=True` the values are copied into the parameters that the model has.",
        "beside": "Loading brings values. Modes, device and dtype are the caller's.",
    }

    def probe(self, answer: Any, case: Case) -> Observation:
        """Write a file, load it into another model, and look at values, parameters and modes."""
        source, model = network(case), drawn(network(case), torch.Generator().manual_seed(case.seed + 1))
        own = [*model.parameters(), *model.buffers()]
        before = {"values": copied(model), "modes": flags(model)}
        with tempfile.TemporaryDirectory() as folder:
            path, trap = Path(folder) / "weights.pt", Path(folder) / "executed"
            state: dict[str, Any] = dict(copied(source))
            if case.file == "key missing":
                del state["2.running_mean"]
            elif case.file == "key too many":
                state["5.weight"] = torch.ones(2)
            elif case.file == "hostile":
                state["4.bias"] = Payload(trap)
            with saved_as(ABSENT_GPU if case.file == "gpu" else "cpu"):
                torch.save(state, path)
            look = {
                "executed": trap.exists,
                "values": lambda: copied(model),
                "modes": lambda: flags(model) != before["modes"],
                "moves": lambda: len(model.moves),
                "own": lambda: all(a is b for a, b in zip(own, [*model.parameters(), *model.buffers()], strict=True)),
            }
            return observe(lambda: answer(model, path) is model, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The file's values in the caller's model, or an error where they don't fit."""
        expected = copied(network(case))
        if seen.also["executed"]:
            return failed(
                "The file held a call, and your function ran it. Here it made an empty folder; it could have been anything.",
                hint="safe",
            )
        if case.file == "hostile":
            if not seen.error:
                return failed("The file asks for a call and is no state_dict. Expected an error.", hint="safe")
            return passed()
        if case.file in ("key missing", "key too many"):
            if not seen.error:
                what = "lacks `2.running_mean`" if case.file == "key missing" else "has a name that the model lacks"
                return failed(
                    f"The file {what}, and nothing was said. Expected the RuntimeError of a strict load.", hint="strict"
                )
            if "2.running_mean" not in seen.error and "5.weight" not in seen.error:
                return failed(f"Expected an error that names the key; got {seen.error[:200]}.", hint="strict")
            return passed()
        if seen.error:
            if "CUDA" in seen.error or "deserialize" in seen.error:
                return failed(
                    "The file was saved on a GPU that this machine lacks, and `torch.load` looked for it: "
                    f"{seen.error[:140]}…",
                    hint="map",
                )
            return failed(f"`load_weights(model, path)` raised {seen.error[:300]}.", hint="strict")
        if difference := first_difference(expected, seen.also["values"]):
            return failed(f"After loading, the model differs from the file: {difference}.", hint="own")
        if not seen.also["own"]:
            return failed(
                "The values are right, but the model has new parameters: an optimizer made before would train the old "
                "ones for ever.",
                hint="own",
            )
        if not seen.value:
            return failed("The model is loaded, and something else was returned. Expected the model.", hint="return")
        if seen.also["modes"]:
            return failed("The values are right, but the modes were changed.", hint="beside")
        if seen.also["moves"]:
            return failed("The values are right, but the model was moved or converted.", hint="beside")
        return passed("Loaded on any machine, strictly, and nothing was run.")


class SnapshotBest(Task):
    """Mend a training loop whose best weights follow training."""

    visible: ClassVar = {
        "best in the middle": {"scores": (0.5, 0.9, 0.7, 0.6)},
        "two equally good": {"scores": (0.4, 0.8, 0.8)},
    }
    graded: ClassVar = {
        "scores below zero": {"scores": (-3.0, -1.5, -2.0)},
        "best at once": {"scores": (0.9, 0.3, 0.2, 0.8, 0.1)},
    }
    hints: ClassVar = {
        "reference": "Print one number of `best` in every epoch. Does it stand still?",
        "shallow": "`.copy()` copies the dictionary. The tensors in it are the same ones: `clone()` each, or "
        "`copy.deepcopy` all.",
        "start": "What is `best` if no score is above 0? Minus a loss never is. `float('-inf')` is below everything.",
        "tie": "With `>=` a later epoch replaces an equally good earlier one.",
        "whole": "A state_dict holds buffers too: batch norm's statistics belong to the best epoch as much as the weights.",
        "beside": "The caller's model goes on training. Return the best weights; leave the model where it is.",
    }

    def states(self, case: Case) -> list[dict[str, Tensor]]:
        """The model's state after every epoch, and one for the training that follows."""
        model, generator = self.model(), case.generator()
        return [copied(drawn(model, generator)) for _ in range(len(case.scores) + 1)]

    @staticmethod
    def model() -> nn.Module:
        """Two layers, batch norm between them."""
        return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))

    def probe(self, answer: Any, case: Case) -> Observation:
        """Let it train on drawn weights with given scores, then train once more and look at what it kept."""
        model, states = self.model(), self.states(case)
        done: list[str] = []
        last: dict[str, Tensor] = {}

        def train_epoch(model: nn.Module) -> None:
            number = min(done.count("train"), len(states) - 1)
            done.append("train")
            with torch.no_grad():
                for name, tensor in model.state_dict().items():
                    tensor.copy_(states[number][name])

        def score(model: nn.Module) -> float:
            done.append("score")
            return case.scores[min(done.count("train"), len(case.scores)) - 1]

        def use() -> Any:
            best = answer(model, train_epoch, score, epochs=len(case.scores))
            last.update(copied(model))
            done.append("returned")
            train_epoch(model)
            return best

        return observe(use, also={"done": lambda: done, "last": lambda: last})

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The state of the best epoch, whatever was trained later."""
        states, best = self.states(case), max(case.scores)
        epoch = case.scores.index(best)
        if seen.error:
            return failed(f"`snapshot_best` raised {seen.error}.", hint="reference")
        if not _is_mapping(seen.value):
            return failed(
                f"Expected the state_dict of the best epoch; got {seen.type}.",
                hint="start" if seen.type == "NoneType" else "whole",
            )
        calls = seen.also["done"][: seen.also["done"].index("returned")]
        if calls.count("train") != len(case.scores):
            return failed(f"Trained {calls.count('train')} epochs; expected {len(case.scores)}.", hint="beside")
        which = [i for i, state in enumerate(states) if not first_difference(state, seen.value)]
        if which == [epoch]:
            if first_difference(states[len(case.scores) - 1], seen.also["last"]):
                return failed(
                    "The right weights came back, but the model was left with them. Expected it as its last epoch left it.",
                    hint="beside",
                )
            return passed("The best epoch's state, and later training leaves it alone.")
        if which and which[0] == len(states) - 1:
            return failed(
                f"The best score was in epoch {epoch + 1} (of {len(case.scores)}), and these are the weights of a "
                "training step made *after* you returned them: the tensors are the model's own.",
                hint="shallow",
            )
        if which:
            tie = case.scores[which[0]] == best
            return failed(
                f"These are the weights of epoch {which[0] + 1}; expected epoch {epoch + 1}"
                f"{', the earlier of two equally good ones' if tie else ''}.",
                hint="tie" if tie else "reference",
            )
        return failed(
            f"This is the state of no epoch: compared with epoch {epoch + 1}, "
            f"{first_difference(states[epoch], seen.value)}.",
            hint="whole",
        )


class Slim(Task):
    """Free a state_dict of the storage that its views drag along."""

    visible: ClassVar = {
        "ten rows of a large matrix": {"content": "rows"},
        "nothing to slim": {"content": "whole"},
    }
    graded: ClassVar = {
        "tied weights": {"content": "tied"},
        "a column, and an epoch": {"content": "column"},
    }
    hints: ClassVar = {
        "storage": "`torch.save` writes a tensor's whole storage. Compare `t.untyped_storage().nbytes()` with `t.nbytes`.",
        "clone": "`contiguous()` returns the same tensor when it is contiguous already, and rows of a matrix are. "
        "`deepcopy` copies the storage with all that is in it. `clone()` copies what the view shows.",
        "tied": "Clone only what uses less than its storage holds. Two names of one whole tensor then still share it, and "
        "it is saved once.",
        "other": "A state_dict may hold numbers, too. Hand on what is no tensor.",
        "input": "Build a new dictionary; the one you are given belongs to somebody.",
    }

    def state(self, case: Case) -> dict[str, Any]:
        """What is to be slimmed."""
        generator = case.generator()
        whole = torch.rand(6, 5, generator=generator)
        if case.content == "whole":
            return OrderedDict(
                weight=whole, turned=torch.rand(4, 3, generator=generator).t(), steps=torch.tensor(7, dtype=torch.int64)
            )
        if case.content == "tied":
            large = torch.rand(200, 100, generator=generator)
            return {"embed.weight": large, "head.weight": large, "bias": torch.rand(3000, generator=generator)[:5]}
        large = torch.rand(1000, 1000, generator=generator)
        if case.content == "rows":
            return {"weight": large[:10], "bias": whole}
        return {"scale": large[:, 3], "epoch": 5, "weight": whole.half()}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Slim it, save the result, and look at its storages and at what was given."""
        given = self.state(case)
        before = dict(given)
        result: dict[str, Any] = {}

        def use() -> Any:
            value = answer(given)
            if isinstance(value, dict):
                result.update(value)
            return value

        def storages() -> dict[str, int]:
            tensors = [v for v in result.values() if isinstance(v, Tensor)]
            return {str(t.untyped_storage().data_ptr()): t.untyped_storage().nbytes() for t in tensors}

        def saved_bytes() -> int:
            buffer = io.BytesIO()
            torch.save(result, buffer)
            return buffer.tell()

        return observe(
            use,
            also={
                "storages": storages,
                "saved_bytes": lambda: _attempted(saved_bytes)["value"],
                "untouched": lambda: (
                    list(given) == list(before) and all(given[name] is value for name, value in before.items())
                ),
                "values": lambda: [bool(_same(value, self.state(case)[name])) for name, value in before.items()],
            },
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The same values in storages of their own size."""
        if seen.error:
            return failed(
                f"`slim(state_dict)` raised {seen.error}.", hint="other" if case.content == "column" else "clone"
            )
        state = self.state(case)
        if not _is_mapping(seen.value):
            return failed(f"Expected a dictionary with the same names; got {seen.type}.", hint="input")
        if list(seen.value) != list(state):
            return failed(f"Expected the names {list(state)} in this order; got {list(seen.value)}.", hint="input")
        for name, value in state.items():
            got = seen.value[name]
            if isinstance(value, Tensor) and isinstance(got, Tensor) and got.dtype != value.dtype:
                return failed(f"`{name}` became {got.dtype}: smaller, and no longer the same numbers.", hint="clone")
            if not _same(got, value):
                return failed(f"`{name}` came back with another value or shape.", hint="other")
        if not seen.also["untouched"] or not all(seen.also["values"]):
            return failed("The result is right, but the dictionary you were given was changed.", hint="input")
        needed = sum({id(v): v.nbytes for v in state.values() if isinstance(v, Tensor)}.values())
        held = sum(seen.also["storages"].values())
        if held > needed:
            hint = "tied" if case.content == "tied" and held < 2 * needed + 1000 else "clone"
            saved = seen.also["saved_bytes"]
            file = f"; saved, that is a file of {saved:,} bytes" if saved else ""
            reason = " `embed.weight` and `head.weight` were one tensor and are two now." if hint == "tied" else ""
            return failed(f"The tensors show {needed:,} bytes and hold {held:,}{file}.{reason}", hint=hint)
        return passed("The same numbers, and no storage behind them that nobody sees.")


def _same(got: Any, expected: Any) -> bool:
    if isinstance(expected, Tensor):
        return isinstance(got, Tensor) and got.shape == expected.shape and torch.equal(got, expected)
    return type(got) is type(expected) and got == expected

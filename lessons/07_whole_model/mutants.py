"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 07_whole_model` shows who notices."""

import json
import pickletools
import subprocess

import safetensors
import safetensors.torch
import torch
from torch import nn

from course_lib import checkpoints
from course_lib.lessons import whole_model
from mutants import world

torch_load, torch_save = torch.load, torch.save


@world("a file keeps the forward of its time", noticed_by="Why: the same file, another answer")
def _():
    write = whole_model.write_module
    whole_model.write_module = lambda folder, name, code: write(
        folder, name, code.replace("(1 - images)", "(images)")
    )


@world("a whole-model file brings its module along", noticed_by="Predict")
def _():
    whole_model.remove_module = lambda folder, name: None


@world("the class is found by any name", noticed_by="Learn: a whole model is a class's address")
def _():
    write = whole_model.write_module
    whole_model.write_module = lambda folder, name, code: write(
        folder, name, code.replace("class DigitNet", "class Net")
    )


@world("a pickle holds the source", noticed_by="Learn: a whole model is a class's address")
def _():
    def save(thing, path, **options):
        if isinstance(thing, nn.Module):
            thing.source = "def forward(self, images)"
        torch_save(thing, path, **options)

    torch.save = save


@world("unpickling calls __init__", noticed_by="Learn: a whole model is a class's address")
def _():
    def load(path, **options):
        found = torch_load(path, **options)
        if isinstance(found, nn.Module):
            found.__dict__ = {**vars(type(found)()), **vars(found)}
        return found

    torch.load = load


@world(
    "weights_only is False by default", noticed_by="Learn: the printed recipe, and its error"
)
def _():
    torch.load = lambda path, weights_only=False, **options: torch_load(
        path, weights_only=weights_only, **options
    )


@world("only our class is asked for", noticed_by="Learn: the printed recipe, and its error")
def _():
    asked = torch.serialization.get_unsafe_globals_in_checkpoint
    torch.serialization.get_unsafe_globals_in_checkpoint = lambda path: [
        name for name in asked(path) if not name.startswith("torch")
    ]


@world(
    "what is allowed once is allowed for good",
    noticed_by="Learn: the printed recipe, and its error",
)
def _():
    torch.serialization.safe_globals.__exit__ = lambda self, *error: None


@world("unpickling runs nothing", noticed_by="Learn: a file is a program")
def _():
    def load(path, weights_only=True, **options):
        if not weights_only and "postcard" in str(path):
            return {}
        return torch_load(path, weights_only=weights_only, **options)

    torch.load = load


@world("reading opcodes runs them", noticed_by="Learn: a file is a program")
def _():
    genops = pickletools.genops

    def run(record):
        import builtins

        builtins.it_ran = b"it_ran" in record
        return genops(record)

    pickletools.genops = run


@world(
    "weights_only=True takes NumPy", noticed_by="Learn: what refuses, and what that is worth"
)
def _():
    def load(path, weights_only=True, **options):
        return torch_load(
            path, weights_only=weights_only and path.name != "value.pt", **options
        )

    torch.load = load


@world("looking at a file runs it", noticed_by="Learn: what refuses, and what that is worth")
def _():
    look = checkpoints.inspect_file

    def inspect(path):
        torch_load(path, weights_only=False)
        return look(path)

    checkpoints.inspect_file = inspect


@world("safetensors saves any object", noticed_by="Learn: safetensors has no steps at all")
def _():
    save_file = safetensors.torch.save_file

    def save(tensors, path, metadata=None):
        tensors = {name: t for name, t in tensors.items() if isinstance(t, torch.Tensor)}
        return save_file(tensors, path, metadata=metadata)

    safetensors.torch.save_file = save


@world("safetensors takes tied tensors", noticed_by="Learn: safetensors has no steps at all")
def _():
    save_file = safetensors.torch.save_file

    def save(tensors, path, metadata=None):
        cloned = {
            n: t.clone() if isinstance(t, torch.Tensor) else t for n, t in tensors.items()
        }
        return save_file(cloned, path, metadata=metadata)

    safetensors.torch.save_file = save


@world("JSON keeps tuples", noticed_by="Learn: the config goes beside the weights")
def _():
    loads = json.loads

    def load(text):
        found = loads(text)
        if isinstance(found, dict) and isinstance(found.get("sizes"), list):
            found["sizes"] = tuple(found["sizes"])
        return found

    json.loads = load


@world("the config is ignored", noticed_by="Learn: the config goes beside the weights")
def _():
    loads = json.loads
    json.loads = lambda text: {"hidden": 16, "1": 2} if "sizes" in text else loads(text)


@world("a graph has other weights", noticed_by="Learn: torch.export ships the graph")
def _():
    load = torch.export.load

    def changed(path):
        program = load(path)
        for tensor in program.state_dict.values():
            tensor.data = tensor.data * 2
        return program

    torch.export.load = changed


@world("an exported graph takes any batch", noticed_by="Learn: torch.export ships the graph")
def _():
    export, free = torch.export.export, ({0: torch.export.Dim.DYNAMIC},)
    torch.export.export = lambda model, example, **_: export(
        model, example, dynamic_shapes=free
    )


@world("safetensors takes complex128", noticed_by="Learn: safetensors has no steps at all")
def _():
    load, save = safetensors.torch.load, safetensors.torch.save
    kept = {}

    def save_all(tensors):
        if any(tensor.dtype == torch.complex128 for tensor in tensors.values()):
            kept[b"all"] = tensors
            return b"all"
        return save(tensors)

    safetensors.torch.save = save_all
    safetensors.torch.load = lambda content: kept.get(content) or load(content)


@world("the rescue loses precision", noticed_by="Learn: rescue a whole model, once")
def _():
    run = subprocess.run

    def spoiled(command, **options):
        run(command, **options)
        with safetensors.safe_open(command[3], framework="pt") as file:
            state = {name: file.get_tensor(name) * 0 for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata()
        safetensors.torch.save_file(state, command[3], metadata=metadata)

    subprocess.run = spoiled


@world("the trace runs what it follows", noticed_by="Trace")
def _():
    follow = whole_model.trace_unpickling

    def trace(path):
        torch_load(path, weights_only=False)
        return follow(path)

    whole_model.trace_unpickling = trace


@world("saved answers notice nothing", noticed_by="Break it: new code on old weights")
def _():
    allclose = torch.allclose
    torch.allclose = lambda a, b, **options: len(a) == 8 or allclose(a, b, **options)


@world(
    "a load calls nothing in a model",
    noticed_by="Break it: a good model that does something else as well",
)
def _():
    def load(path, **options):
        import builtins

        found = torch_load(path, **options)
        if "carrier" in str(path):
            builtins.it_ran = False
        return found

    torch.load = load


@world("weights_only checks the values", noticed_by="Break it: safe, and wrong")
def _():
    def load(path, **options):
        found = torch_load(path, **options)
        if "swapped" in str(path):
            for name in ("body.3.weight", "body.3.bias"):
                found[name][[3, 8]] = found[name][[8, 3]]
        return found

    torch.load = load

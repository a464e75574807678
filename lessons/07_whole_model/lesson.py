# %%
import tempfile
from pathlib import Path

import torch
from torch import nn

from course_lib.classroom import begin, came_out, check, finish, hint, predict, solution
from course_lib.data import batches, digits
from course_lib.evaluation import evaluate
from course_lib.lessons.whole_model import NET, remove_module, write_module
from course_lib.training import fit

begin("whole_model")

# %% [markdown]
# ## Why: the same file, another answer
#
# The network stands in a module of its own, `digitnet.py`. `NET` is its text; `write_module` writes a text into a
# file and imports it anew, as a process that starts tomorrow would.

# %%
folder = Path(tempfile.mkdtemp())
splits = digits()
validation = batches(splits.validation, 360)
print(NET)

# %%
digitnet = write_module(folder, "digitnet", NET)
torch.manual_seed(0)
model = digitnet.Net()
training = batches(splits.train, 64, shuffle=True, seed=0)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
fit(model, training, optimizer, nn.CrossEntropyLoss(), epochs=5, progress=False)
model.eval()
torch.save(model, folder / "whole.pt")  # the whole model, not its state_dict
noted = evaluate(model, validation).accuracy
assert noted > 0.9
print(f"accuracy {noted:.3f}, guessing 0.100")

# %% [markdown]
# Months later somebody edits the module: the new scanner delivers black on white, so `forward` turns the images. The
# old file is loaded, with the old images. (`weights_only=False` is explained below; a file of our own may have it.)

# %%
write_module(folder, "digitnet", NET.replace("self.body(images)", "self.body(1 - images)"))
served = torch.load(folder / "whole.pt", weights_only=False)
found = evaluate(served, validation).accuracy
print(f"noted {noted:.3f}   from the same file {found:.3f}")
assert found < noted - 0.3

# %% [markdown]
# No error, no warning. The file was sold to you as "architecture and weights"; the architecture came from elsewhere.

# %% [markdown]
# ## Predict
#
# Now the module is deleted. The file is as it was.

# %%
predict(
    "You load whole.pt without digitnet.py. What happens?",
    ["It loads: the class is in the file", "An error: no such module", "Only the weights load"],
)

# %%
remove_module(folder, "digitnet")
try:
    torch.load(folder / "whole.pt", weights_only=False)
except ModuleNotFoundError as error:
    came_out("An error: no such module")
    print(error)
else:
    raise AssertionError("it loaded without its class")

# %% [markdown]
# ## Learn: a whole model is a class's address
#
# `torch.save(model, path)` pickles the object. For its class a pickle holds no code, only where to import it from:
# module and name. Everything else is the object's attributes.

# %%
import zipfile

record = zipfile.ZipFile(folder / "whole.pt").read("whole/data.pkl")
for text in (b"digitnet\nNet", b"hidden", b"def forward", b"images"):
    print(f"{text!r:18} {'in the file' if text in record else 'not in the file'}")
assert b"digitnet\nNet" in record and b"hidden" in record
assert b"def forward" not in record and b"images" not in record

# %% [markdown]
# So a class with another name is an error as well. In a notebook the address is `__main__.Net`, and a file from there
# loads only where the main program has a `Net`.

# %%
write_module(folder, "digitnet", NET.replace("class Net", "class DigitNet"))
try:
    torch.load(folder / "whole.pt", weights_only=False)
except AttributeError as error:
    print(str(error)[:38], "...")
    assert "Can't get attribute 'Net'" in str(error)
else:
    raise AssertionError("it loaded without its class")

# %% [markdown]
# Unpickling doesn't call `__init__`: an empty object is made and gets the attributes that were saved. The methods are
# today's. Here a new `__init__` prints, and sets a scale that the new `forward` uses.

# %%
scaled = NET.replace("self.hidden = hidden", "self.scale = 1.0\n        print('init')")
scaled = scaled.replace("self.body(images)", "self.body(images) * self.scale")
fresh = write_module(folder, "digitnet", scaled).Net()
print("loading ...")
met = torch.load(folder / "whole.pt", weights_only=False)  # no second "init"
assert "hidden" in vars(met) and "scale" not in vars(met) and "scale" in vars(fresh)
try:
    met(torch.zeros(1, 1, 8, 8))
except AttributeError as error:
    print(error)
else:
    raise AssertionError("the old attributes were enough")

# %% [markdown]
# The error came at the first call, not at loading. `vars(object)` is the dictionary of an object's own attributes; a
# module keeps its layers in `_modules`, so they are not in it by name.
#
# ### Your turn
#
# Find such a gap before the first call. Write `lacks(old, fresh)`, for two models of one class:
#
# 1. it returns a sorted list of the names in `vars(fresh)` that `vars(old)` lacks;
# 2. it calls neither model and changes neither.


# %% turn="lacks"
def lacks(old, fresh):
    """The attributes that a newly built model has and an unpickled one lacks."""
    ### BEGIN SOLUTION
    return sorted(set(vars(fresh)) - set(vars(old)))
    ### END SOLUTION


# %%
check(lacks)

# %% [markdown]
# ## Learn: the printed recipe, and its error
#
# Many books and articles print these two lines. They were written before PyTorch 2.6.

# %%
import pickle
import re

write_module(folder, "digitnet", NET)
try:
    loaded = torch.load(folder / "whole.pt")  # model = torch.load("model.pth"), as printed
except pickle.UnpicklingError as error:
    message = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # without the codes for bold type
else:
    raise AssertionError("it loaded")

# %%
for line in message.splitlines():
    print("·", line.strip())

# %% [markdown]
# Line by line. *Weights only load failed*: the default is `weights_only=True`, and this file holds more than weights.
# *(1)* is right, and it is the dangerous advice: with `False` the file may run any code. *(2)* points to the line
# after it, which names what the file asked for first: our class. That line offers to allow it. One name won't do:

# %%
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

assert "weights_only" in message and "arbitrary code" in message
assert "Unsupported global: GLOBAL digitnet.Net" in message
wanted = get_unsafe_globals_in_checkpoint(folder / "whole.pt")  # runs nothing
print(*sorted(wanted), sep="\n")
assert len(wanted) == 5 and "digitnet.Net" in wanted

# %% [markdown]
# With all five allowed it loads, inside the `with` block and nowhere else. (`add_safe_globals` allows for the whole
# process, for every later file.) And it is still a whole model: today's `forward`, no `__init__`. Allowing a class
# says that you trust *it*; what the file puts into its attributes you haven't seen.

# %%
Net = write_module(folder, "digitnet", NET).Net
with safe_globals([Net, nn.Sequential, nn.Flatten, nn.Linear, nn.ReLU]):
    allowed = torch.load(folder / "whole.pt", weights_only=True)
assert evaluate(allowed, validation).accuracy == noted
try:
    torch.load(folder / "whole.pt", weights_only=True)
except pickle.UnpicklingError:
    print("allowed inside the block, refused after it")
else:
    raise AssertionError("still allowed")

# %% [markdown]
# ## Learn: a file is a program
#
# A pickle is a list of steps, called **opcodes**, for a small machine with a stack: a pile on which a step lays what
# the next ones take from the top. GLOBAL imports something by name, REDUCE calls it. `__reduce__` is the method by
# which an object says what shall be called to build it again; here it names `exec` and a text that sets a flag in
# this notebook. That is all it does, and you can see it.


# %%
import builtins


class Postcard:
    def __reduce__(self):
        return exec, ("import builtins; builtins.it_ran = True",)


torch.save({"weight": torch.ones(2), "note": Postcard()}, folder / "postcard.pt")
builtins.it_ran = False
torch.load(folder / "postcard.pt", weights_only=False)
print("it_ran:", builtins.it_ran)
assert builtins.it_ran

# %% [markdown]
# `pickletools.genops` reads the opcodes and runs none. A GLOBAL's argument is module and name with a space between;
# `__builtin__` is the old name of `builtins`, which torch's pickles use. Newer kinds of pickle say STACK_GLOBAL, with
# the names on the stack: a search for GLOBAL alone misses those. (`inspect_file`, below, follows both.)

# %%
import pickletools

builtins.it_ran = False
record = zipfile.ZipFile(folder / "postcard.pt").read("postcard/data.pkl")
steps = [(opcode.name, argument) for opcode, argument, place in pickletools.genops(record)]
print(len(steps), "steps, of which", sum(name == "REDUCE" for name, _ in steps), "calls")
asked = [argument for name, argument in steps if name == "GLOBAL"]
print(*asked, sep="\n")
assert "__builtin__ exec" in asked and not builtins.it_ran
newer = {
    opcode.name for opcode, _, _ in pickletools.genops(pickle.dumps(Postcard(), protocol=4))
}
assert "STACK_GLOBAL" in newer and "GLOBAL" not in newer

# %% [markdown]
# `torch.load` with `weights_only=False` follows each of these steps, as Python's own `pickle.load` does.
#
# ### Your turn
#
# Write `asked_for(pickled)`, for the bytes of a `data.pkl`:
#
# 1. it returns a list of what GLOBAL asks for, each as `"module.name"` with a dot, for instance
#    `"collections.OrderedDict"`;
# 2. each stands in it once, in the order of its first request;
# 3. nothing in the bytes is run.


# %% turn="asked_for"
def asked_for(pickled):
    """What a pickle imports, as dotted names."""
    ### BEGIN SOLUTION
    steps = pickletools.genops(pickled)
    names = [
        argument.replace(" ", ".") for opcode, argument, _ in steps if opcode.name == "GLOBAL"
    ]
    return list(dict.fromkeys(names))
    ### END SOLUTION


# %%
check(asked_for)

# %% [markdown]
# ## Learn: what refuses, and what that is worth
#
# `weights_only=True` has an unpickler of its own with a short list of names. It stops at the first GLOBAL that is not
# on it, before that is imported; what came earlier, such as building a tensor, has been done. These pass:

# %%
import collections


def passes(value):
    torch.save(value, folder / "value.pt")
    try:
        torch.load(folder / "value.pt", weights_only=True)
    except pickle.UnpicklingError:
        return False
    return True


plain = [1, 0.5, "text", None, True, {1, 2}, (1,), b"bytes", collections.OrderedDict(a=1)]
assert all(
    passes(value) for value in [*plain, torch.float16, torch.device("cpu"), torch.Size([2])]
)

# %% [markdown]
# These don't, and none of them is hostile. NumPy numbers come into checkpoints most often, from a metric.

# %%
import numpy as np

others = [np.float64(0.9), np.arange(2), Path("a"), collections.defaultdict(list), range(3)]
for value in others:
    print(f"{type(value).__name__:14} passes: {passes(value)}")
    assert not passes(value)
assert passes(np.float64(0.9).item())  # a Python number

# %% [markdown]
# A gate is code, and code has holes: before PyTorch 2.10 a forged file could get past this one (CVE-2026-24747). And
# "no code was run" is all it promises. Sizes, names, values and what you do with them are unchecked.
#
# `inspect_file` of this course follows the steps without doing them and says what was asked for.

# %%
from course_lib.checkpoints import inspect_file

builtins.it_ran = False
for name in ("whole.pt", "postcard.pt"):
    seen = inspect_file(folder / name)
    print(f"{name}: {seen.verdict}, asks for {', '.join(seen.refused[:2])}")
    assert seen.verdict == "unsafe"
assert not builtins.it_ran and inspect_file(folder / "value.pt").verdict == "good"

# %% [markdown]
# ## Learn: safetensors has no steps at all
#
# A safetensors file is a JSON header, with names, dtypes, shapes and places, and then the numbers. There is nothing
# in it that could be called, so what isn't a tensor can't be saved.

# %%
from safetensors.torch import load_file, save_file

state = model.state_dict()
save_file(state, folder / "net.safetensors")
content = (folder / "net.safetensors").read_bytes()
length = int.from_bytes(content[:8], "little")
print(content[8:140].decode(), "...")
numbers = sum(tensor.nbytes for tensor in state.values())
assert content[8:9] == b"{" and len(content) == 8 + length + numbers

# %%
try:
    save_file({"note": Postcard()}, folder / "never.safetensors")
except ValueError as error:
    print(str(error)[:60], "...")
else:
    raise AssertionError("it saved an object")

# %% [markdown]
# It refuses tensors, too, that `torch.save` takes: two names for one tensor (tied weights), and tensors that aren't
# **contiguous**, whose numbers don't lie in the order in which they are read.

# %%
embed = nn.Embedding(20, 6)
tied = {"embed.weight": embed.weight.detach(), "head.weight": embed.weight.detach()}
for name, bad in (("tied", tied), ("transposed", {"weight": torch.ones(2, 3).t()})):
    try:
        save_file(bad, folder / "never.safetensors")
    except (RuntimeError, ValueError) as error:
        print(f"{name}: {str(error).split('.')[0].strip()[:70]}")
    else:
        raise AssertionError("it was saved")

# %% [markdown]
# `clone()` gives a tensor a memory of its own, `contiguous()` puts its numbers in order. A model that ties its
# weights in `__init__` ties them again when it is built, so saving both copies costs space and nothing else.
# (safetensors' own `save_model` keeps one copy and drops the other name.)

# %%
separated = {name: tensor.contiguous().clone() for name, tensor in tied.items()}
save_file(separated, folder / "tied.safetensors")
back = nn.ModuleDict({"embed": nn.Embedding(20, 6), "head": nn.Linear(6, 20, bias=False)})
back["head"].weight = back["embed"].weight
back.load_state_dict(load_file(folder / "tied.safetensors"))
assert back["head"].weight is back["embed"].weight
assert torch.equal(back["embed"].weight, embed.weight)
print("tied again, by the code that builds the model")

# %% [markdown]
# Its list of dtypes is its own as well. bfloat16 and this 8-bit float are on it, complex128 is not; so try yours before
# you choose the format.

# %%
from safetensors.torch import load, save

for dtype in (torch.bfloat16, torch.float8_e4m3fn, torch.uint16, torch.complex128):
    try:
        came_back = load(save({"x": torch.empty(2, dtype=dtype)}))["x"].dtype == dtype
    except KeyError:
        came_back = False
    print(f"{dtype!s:20} {'saved and loaded' if came_back else 'refused'}")
    assert came_back == (dtype != torch.complex128)

# %% [markdown]
# ### Your turn
#
# Make any state_dict of tensors fit for safetensors. Write `separate(state)`:
#
# 1. it returns a new dictionary: same names, and tensors with the same values, shapes and dtypes;
# 2. each tensor in it is contiguous, and no two of them share memory;
# 3. the dictionary and the tensors you are given stay as they are.


# %% turn="separate"
def separate(state):
    """The same tensors, each contiguous and in a memory of its own."""
    ### BEGIN SOLUTION
    return {name: tensor.detach().contiguous().clone() for name, tensor in state.items()}
    ### END SOLUTION


# %%
check(separate)

# %% [markdown]
# ## Learn: the config goes beside the weights
#
# Without the class's address the file no longer says how to build the model. So the **config**, the arguments that
# build it, goes along: in safetensors as text in the `metadata`, here as JSON. Then a new default does no harm.
# (`framework="pt"` asks for PyTorch's tensors.)

# %%
import json

from safetensors import safe_open

config = {"hidden": model.hidden}
save_file(state, folder / "net.safetensors", metadata={"config": json.dumps(config)})
Net = write_module(folder, "digitnet", NET.replace("hidden=16", "hidden=64")).Net
with safe_open(folder / "net.safetensors", framework="pt") as file:
    rebuilt = Net(**json.loads(file.metadata()["config"]))
rebuilt.load_state_dict(load_file(folder / "net.safetensors"))
print("accuracy", round(evaluate(rebuilt, validation).accuracy, 3))
assert evaluate(rebuilt, validation).accuracy == noted and rebuilt.hidden == 16 != Net().hidden

# %% [markdown]
# The metadata takes texts only, and JSON turns a tuple into a list and the key 1 into "1". `save_portable` in
# `course_lib.checkpoints.formats` does all this, with a checksum of each tensor.

# %%
try:
    save_file(state, folder / "never.safetensors", metadata={"config": config})
except TypeError as error:
    print("TypeError:", error)
else:
    raise AssertionError("it took a dictionary")
assert json.loads(json.dumps({"sizes": (3, 3), 1: "a"})) == {"sizes": [3, 3], "1": "a"}

# %% [markdown]
# ## Learn: torch.export ships the graph
#
# Where the other side shall not need your class, export. `torch.export.export` runs `forward` once on an example and
# writes down each operation; the file holds this graph and the weights, and `.module()` makes something of it that
# can be called. `{0: Dim.DYNAMIC}` leaves dimension 0, the batch, open. Without it the graph takes the example's batch
# size and no other.

# %%
from torch.export import Dim

example = splits.validation.tensors[0][:5]
exported = torch.export.export(model, (example,), dynamic_shapes=({0: Dim.DYNAMIC},))
torch.export.save(exported, folder / "net.pt2")
remove_module(folder, "digitnet")
graph = torch.export.load(folder / "net.pt2").module()
images = splits.validation.tensors[0]
with torch.no_grad():
    assert torch.allclose(graph(images), model(images), atol=1e-5)
print("the same logits for", len(images), "images, without digitnet.py")

# %%
fixed = torch.export.export(model, (example,)).module()  # without Dim.DYNAMIC
try:
    fixed(images)
except Exception as error:
    print(f"{type(error).__name__} for a batch of {len(images)}, exported with {len(example)}")
else:
    raise AssertionError("it took another batch size")

# %% [markdown]
# It is no safe format. The file is a zip with a pickle of the example inputs in it, and in PyTorch 2.13
# `torch.export.load` tries that with `weights_only=True` and, if it is refused, with `False`. Here our postcard takes
# the place of the example.

# %%
import logging

torch.save(((example,), {"note": Postcard()}), folder / "example.pt")
old = zipfile.ZipFile(folder / "net.pt2")
with zipfile.ZipFile(folder / "forged.pt2", "w") as new:
    for name in old.namelist():
        forged = (folder / "example.pt").read_bytes() if "_inputs" in name else old.read(name)
        new.writestr(name, forged)

# %%
builtins.it_ran = False
logging.disable(logging.CRITICAL)  # it logs what it tried
try:
    torch.export.load(folder / "forged.pt2")
except Exception as error:
    print("afterwards:", type(error).__name__)
logging.disable(logging.NOTSET)
print("it_ran:", builtins.it_ran)
assert builtins.it_ran or torch.__version__ < "2.13"

# %% [markdown]
# ## Learn: rescue a whole model, once
#
# You have an old whole-model file and trust whoever made it. Load it once, with the code of its time, in a process of
# its own, and let that process write what is safe. This notebook never unpickles it.

# %%
import subprocess
import sys

RESCUE = """
import json, sys, torch
from safetensors.torch import save_file
model = torch.load(sys.argv[1], map_location="cpu", weights_only=False)
state = {name: tensor.contiguous().clone() for name, tensor in model.state_dict().items()}
save_file(state, sys.argv[2], metadata={"config": json.dumps({"hidden": model.hidden})})
"""

# %%
digitnet = write_module(folder, "digitnet", NET)
(folder / "rescue.py").write_text(RESCUE)
paths = [folder / "rescue.py", folder / "whole.pt", folder / "rescued.safetensors"]
subprocess.run(
    [sys.executable, *paths], check=True
)  # Python finds digitnet.py beside rescue.py

# %% [markdown]
# Then compare, and throw the old file away. The other process is no cage: it has your files and your rights. It keeps
# the file's objects out of this one, and that is all.

# %%
with safe_open(folder / "rescued.safetensors", framework="pt") as file:
    saved_config = json.loads(file.metadata()["config"])
rescued = digitnet.Net(**saved_config)
rescued.load_state_dict(load_file(folder / "rescued.safetensors"))
assert evaluate(rescued, validation).accuracy == noted
assert inspect_file(folder / "rescued.safetensors").verdict == "good"
print("rescued:", saved_config, f"accuracy {noted:.3f}")

# %% [markdown]
# ## Trace
#
# Two files, step by step: what lies on the machine's stack before and after each opcode. First a good one.

# %%
from course_lib.lessons.whole_model import trace_unpickling

torch.save({"weight": torch.ones(2)}, folder / "good.pt")
trace_unpickling(folder / "good.pt")

# %% [markdown]
# Now the postcard. Look for the step at which `weights_only=True` stops, and for the REDUCE that it never comes to.

# %%
builtins.it_ran = False
hostile = trace_unpickling(folder / "postcard.pt")
assert not builtins.it_ran
hostile

# %% [markdown]
# ## Explore
#
# Four formats, ten changes between saving and loading. Each cell was really tried on this machine a moment ago. Which
# format survives the most? Which errors come at once, and which are silent?

# %%
from course_lib.lessons.whole_model import explore_formats

explore_formats()

# %% [markdown]
# ## Break it: new code on old weights
#
# The table's silent row: an edited `forward`. A whole model, a state_dict and safetensors all take today's code, and
# no name or shape tells. The guard is to save questions with their answers: a fixed batch and its logits.

# %%
probe = images[:8]
with torch.no_grad():
    torch.save({"probe": probe, "logits": model(probe)}, folder / "answers.pt")
answers = torch.load(folder / "answers.pt", weights_only=True)
edited = NET.replace("self.body(images)", "self.body(1 - images)")
for name, code in (("as saved", NET), ("edited", edited)):
    candidate = write_module(folder, "digitnet", code).Net(**config).eval()
    candidate.load_state_dict(load_file(folder / "net.safetensors"))
    with torch.no_grad():
        same = torch.allclose(candidate(answers["probe"]), answers["logits"], atol=1e-5)
    print(f"{name}: the saved answers come out: {same}")
    assert same == (name == "as saved")

# %% [markdown]
# ## Break it: a good model that does something else as well
#
# A hostile file needn't fail. Here a postcard rides along as an attribute of a whole model. The accuracy is right to
# the last digit, nothing is printed, and its code has run.

# %%
write_module(folder, "digitnet", NET)
carrier = torch.load(folder / "whole.pt", weights_only=False)
carrier.note = Postcard()
torch.save(carrier, folder / "carrier.pt")
builtins.it_ran = False
asks = inspect_file(folder / "carrier.pt").refused  # the guard: look first
assert not builtins.it_ran and "builtins.exec" in asks
received = torch.load(folder / "carrier.pt", weights_only=False)
right = evaluate(received, validation).accuracy == noted
print("accuracy as noted:", right, "  it_ran:", builtins.it_ran)
assert right and builtins.it_ran

# %% [markdown]
# The evaluation can't find it, and afterwards is too late. Look first: `exec`, `eval`, `os.system` have no business
# in a model.
#
# ## Break it: safe, and wrong
#
# `weights_only=True` and safetensors both take this file, and the strict load is content: names and shapes are right.
# Two rows of the last layer were exchanged, so that the model takes 3 for 8 and 8 for 3.

# %%
swapped = {name: tensor.clone() for name, tensor in state.items()}
for name in ("body.3.weight", "body.3.bias"):
    swapped[name][[3, 8]] = state[name][[8, 3]]
torch.save(swapped, folder / "swapped.pt")
taken = digitnet.Net(**config).eval()
print(taken.load_state_dict(torch.load(folder / "swapped.pt", weights_only=True)))
wrong = evaluate(taken, validation).accuracy
print(
    f"verdict {inspect_file(folder / 'swapped.pt').verdict}, accuracy {wrong:.3f}, noted {noted:.3f}"
)
assert inspect_file(folder / "swapped.pt").verdict == "good" and wrong < noted - 0.1

# %% [markdown]
# "Safe" says that nothing was run. Whether the weights are the right ones, the saved answers above tell, or a
# measurement on your own data.

# %%
with torch.no_grad():
    assert not torch.allclose(taken(answers["probe"]), answers["logits"], atol=1e-5)
print("the saved answers don't come out: don't use it")

# %% [markdown]
# ## Recap
#
# **A whole model in a file is the address of its class and the attributes of one object, and a pickle that asks for
# an address can ask for any: ship tensors and a config instead.**
#
# | Do | Don't | Why |
# |---|---|---|
# | save the state_dict and the config | `torch.save(model, path)` | the class comes from today's code, or not at all |
# | build with `__init__`, then load | rely on an unpickled object | `__init__` isn't called; new attributes are missing |
# | `weights_only=True`, or safetensors | `weights_only=False` because the error says so | a pickle may call anything |
# | `inspect_file` first | trust a good accuracy | a hostile file can hold a good model |
# | save a batch and its logits along | trust that it loaded | an edited `forward` and wrong weights raise nothing |
# | `safe_globals` around one load | `add_safe_globals` at the top | the second holds for every later file |
# | rescue once, in a process of its own | load the old file every day | each load runs what is in it |
#
# Read more: PyTorch's [serialization notes](https://docs.pytorch.org/docs/stable/notes/serialization.html),
# [torch.export](https://docs.pytorch.org/docs/stable/export.html) and
# [safetensors](https://huggingface.co/docs/safetensors/index).

# %% [markdown]
# ## Quiz
#
# Five questions, drawn from the lesson's bank; run the cell again for others. When they are easy, take the mastery
# test: ten questions, from easy to hard.

# %%
from course_lib.classroom import mastery_test, quiz

quiz("whole_model")

# %%
mastery_test("whole_model")

# %% [markdown]
# ## Practise
#
# The exercise is linked below: say whether a file is safe, rescue a whole model, save and load without a pickle, and
# advise a colleague.
#
# ## Recall
#
# Flashcards come back when they are due: tomorrow at first, then more rarely.

# %%
from course_lib.classroom import flashcards

flashcards("whole_model")

# %%
finish("whole_model")

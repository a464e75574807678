"""Lesson 08's trace: a strict load that fails, name by name, and what is in the model afterwards."""

import torch
from torch import Tensor, nn

from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.seeding import sealed


class Net(nn.Module):
    """Two layers whose second is a head under the name that it is given."""

    def __init__(self, head: str, classes: int):
        super().__init__()
        self.body = nn.Linear(3, 2)
        self.head = nn.Linear(2, classes, bias=False)
        self.register_buffer(head, torch.rand(3))


@sealed(0)
def trace_load() -> Trace:
    """A model with two classes and a buffer `mean`; a file with five classes and a buffer `average`."""
    source, model = Net("average", 5), Net("mean", 2)
    state = {name: tensor.clone() for name, tensor in source.state_dict().items()}
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    message = ""
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        message = str(error)
    after = model.state_dict()
    stages = [_one(name, state, before, after) for name in before]
    extra = [name for name in state if name not in before]
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    stages.append(
        Stage(
            "what is left over",
            goes_in=f"The names of the file that no step asked for: {_listed(extra)}.",
            happens="They are put on the list of unexpected names.",
            comes_out="Nothing of the file's is looked at any more.",
        )
    )
    stages.append(
        Stage(
            "the error",
            goes_in="The three lists: missing, unexpected, mismatched.",
            happens=f"They make one message of {len(message.splitlines())} lines, and it is raised now, after the last name."
            if message
            else "They are empty, and nothing is raised.",
            comes_out=f"Of {len(before)} entries {len(changed)} hold the file's values: {_listed(changed)}.",
            note="The model is neither what it was nor what the file has.",
        )
    )
    return Trace("A load that fails, name by name", stages)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _one(name: str, state: dict[str, Tensor], before: dict[str, Tensor], after: dict[str, Tensor]) -> Stage:
    """What the load did with one of the model's names."""
    own = list(before[name].shape)
    if name not in state:
        given, happens = "The file has no such name.", "It is put on the list of missing names."
    elif state[name].shape != before[name].shape:
        given = f"The file's tensor has the shape {list(state[name].shape)}, the model's {own}."
        happens = "The shapes differ: a line about a size mismatch is noted. `strict=False` wouldn't change that."
    else:
        given = f"Both have the shape {own}."
        happens = "The file's numbers are copied into the model's tensor, at once."
    copied = not torch.equal(before[name], after[name])
    shown = [("before", before[name].reshape(-1)[:2]), ("after", after[name].reshape(-1)[:2])]
    return Stage(
        name,
        goes_in=given,
        happens=happens,
        comes_out="The model has the file's values." if copied else "The model's tensor is as it was.",
        **tables(
            ("first", "second"),
            *((caption, values[None], ("number",) if i == 0 else (), 0.0) for i, (caption, values) in enumerate(shown)),
        ),
    )

"""What the tasks of lesson `eval_mode` share."""

from torch import nn

from course_lib.classroom.tasks.inputs import drawn
from course_lib.classroom.tasks.task import Case


def mixed_model(case: Case) -> nn.Module:
    """Nested, with the modes that `case.modes` asks for: "train", "eval" or "mixed"."""
    inner = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Dropout(0.5))
    model = drawn(nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), inner, nn.Linear(6, 3)), case.generator())
    model.train(case.modes != "eval")
    if case.modes == "mixed":
        model[1].eval()
        inner[1].eval()
    return model

"""What the fork server imports once, so that no submission waits for it. Importing this module imports it all.

No learner code runs in the fork server, and it knows no secret. It has one thread: a process forked from several would
hang in the locks of those that are gone.
"""

import gc
import importlib
import io

import torch
from torch.utils.data import DataLoader, TensorDataset

from course_lib.classroom.grading.runner import keep_ours
from course_lib.classroom.tasks.task import find_task
from course_lib.errors import CourseError
from course_lib.seeding import sealed
from course_lib.syllabus import load_syllabus

for _name in (
    "IPython.core.completerlib",
    "IPython.core.interactiveshell",
    "IPython.core.magics",
    "IPython.display",
    "IPython.extensions.storemagic",
    "ipywidgets",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "numpy",
    "pandas",
    "safetensors.torch",
    "sklearn.calibration",
    "sklearn.datasets",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "torch",
    "torch._dynamo",
    "torch.nn.functional",
    "torch.utils.data",
    "course_lib.checkpoints",
    "course_lib.classroom.grading.runner",
    "course_lib.classroom.overview",
    "course_lib.classroom.quizzes.typed",
    "course_lib.classroom.session",
    "course_lib.classroom.widgets",
    "course_lib.data",
    "course_lib.displays",
    "course_lib.evaluation",
    "course_lib.metrics",
    "course_lib.models",
    "course_lib.training",
    "course_lib.verification",
):
    try:
        importlib.import_module(_name)
    except ImportError:  # what isn't installed isn't used either
        continue

for _lesson in load_syllabus().known:
    for _task in (*_lesson.tasks, *_lesson.turns):
        try:
            find_task(_task)
        except (CourseError, ImportError):  # a draft without its tasks
            continue

# What torch imports only when it is first used. No backward(): its engine wouldn't survive the fork.
with sealed():
    _model = torch.nn.Linear(2, 1)
    _loader = DataLoader(TensorDataset(torch.zeros(2, 2)), batch_size=1)
    for (_batch,) in _loader:
        _model(_batch)
    torch.optim.Adam(_model.parameters()).step()
    _file = io.BytesIO()
    torch.save(_model.state_dict(), _file)
    torch.load(io.BytesIO(_file.getvalue()), weights_only=True)

keep_ours()  # each child would take as long for it as for its fork

gc.collect()
gc.freeze()  # what is here stays here: a child's collector doesn't touch, and so copy, its pages

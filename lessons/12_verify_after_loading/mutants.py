"""Worlds in which a claim of this lesson is false; `python tests/mutants.py 12_verify_after_loading` shows who notices."""

import hashlib

import torch
import torch.nn.functional as F
from torch import nn

import course_lib.checkpoints
import course_lib.training
import course_lib.verification
import course_lib.verification.reload
from course_lib.models import MLP
from course_lib.verification.case import Diagnosis
from mutants import world

torch_load, load_state_dict = torch.load, nn.Module.load_state_dict


@world(
    "equal totals mean equal answers", noticed_by="Why: the same matrix, thirty other answers"
)
def _():
    ne = torch.Tensor.__ne__

    def same_if_totals_agree(a, b):
        totals_agree = isinstance(b, torch.Tensor) and a.shape == b.shape == (100,)
        return ne(a, a) if totals_agree and a.sum() == b.sum() else ne(a, b)

    torch.Tensor.__ne__ = same_if_totals_agree


@world(
    "loading rounds the weights",
    noticed_by="Learn: what the numbers before and after tell",
)
def _():
    torch.load = lambda path, **options: {
        name: tensor.half().to(tensor.dtype) if tensor.is_floating_point() else tensor
        for name, tensor in torch_load(path, **options).items()
    }


@world(
    "a bias has no say in the answers",
    noticed_by="Learn: what the numbers before and after tell",
)
def _():
    linear = F.linear
    F.linear = lambda x, weight, bias=None: linear(x, weight)
    nn.Linear.forward = lambda self, x: F.linear(x, self.weight)


@world("alone, an example gets coarser logits", noticed_by="Predict")
def _():
    forward = MLP.forward
    MLP.forward = lambda self, x: (
        forward(self, x).half().float() if len(x) == 1 else forward(self, x)
    )


@world(
    "another place in memory moves a logit by 0.001",
    noticed_by="Learn: when a difference is rounding",
)
def _():
    def load(self, state, strict=True, assign=False):
        report = load_state_dict(self, state, strict, assign)
        if assign and isinstance(self, MLP):
            self.layers[5].bias.data += 0.001
        return report

    nn.Module.load_state_dict = load


@world("bfloat16 keeps every digit", noticed_by="Learn: when a difference is rounding")
def _():
    torch.Tensor.bfloat16 = lambda self: self.clone()


@world("running statistics have no say", noticed_by="Learn: when a difference is rounding")
def _():
    nn.BatchNorm1d.reset_running_stats = lambda self: None


@world("a new model is in eval mode", noticed_by="Learn: record before, compare after")
def _():
    init = MLP.__init__

    def evaluating(self, *args, **sizes):
        init(self, *args, **sizes)
        self.eval()

    MLP.__init__ = evaluating


@world("assign keeps ties", noticed_by="Learn: record before, compare after")
def _():
    nn.Module.load_state_dict = lambda self, state, strict=True, assign=False: load_state_dict(
        self, state, strict, assign and isinstance(self, MLP)
    )


@world("every load loses ties", noticed_by="Learn: record before, compare after")
def _():
    nn.Module.load_state_dict = lambda self, state, strict=True, assign=False: load_state_dict(
        self, state, strict, assign or not isinstance(self, MLP)
    )


@world("zero has no sign", noticed_by="Learn: one line that stands for the model")
def _():
    torch.Tensor.__neg__ = lambda self: self * -1 + 0


@world(
    "another batch size is a failure", noticed_by="Learn: one line that stands for the model"
)
def _():
    check, batches = course_lib.verification.Check, course_lib.verification.reload._batches

    def strict(a, b):
        found = batches(a, b)
        return check("batches", "failed", found.detail) if found.verdict == "warning" else found

    course_lib.verification.reload._batches = strict


@world(
    "verify_reload forgets the buffers", noticed_by="Learn: one line that stands for the model"
)
def _():
    values = course_lib.verification.reload._values
    check = course_lib.verification.Check

    def forgetful(a, b, name, kinds):
        return check(name, "passed") if name == "buffers" else values(a, b, name, kinds)

    course_lib.verification.reload._values = forgetful


@world("a digest sees the beginning of a file", noticed_by="Learn: is it the file you wrote?")
def _():
    hashlib.file_digest = lambda file, name: hashlib.new(name, file.read(1000))


@world("without gradients no statistic moves", noticed_by="Learn: 98 % before, 85 % after")
def _():
    forward = nn.BatchNorm1d.forward

    def still(self, x):
        momentum = self.momentum
        self.momentum = momentum if torch.is_grad_enabled() else 0.0
        answer = forward(self, x)
        self.momentum = momentum
        return answer

    nn.BatchNorm1d.forward = still


@world("the mode has no say", noticed_by="Learn: 98 % before, 85 % after")
def _():
    forward = nn.Module.__call__

    def unmoved(self, *inputs):
        if isinstance(self, MLP) and self.training and not torch.is_grad_enabled():
            self.eval()
            answer = forward(self, *inputs)
            self.train()
            return answer
        return forward(self, *inputs)

    MLP.__call__ = unmoved


@world("diagnose sees nothing", noticed_by="Learn: 98 % before, 85 % after")
def _():
    course_lib.verification.diagnose = lambda *records: [Diagnosis("nothing", "", "")]


@world("no network learns by heart", noticed_by="Learn: a number that was never true")
def _():
    fit = course_lib.training.fit
    course_lib.training.fit = lambda *args, epochs, **options: fit(
        *args, epochs=min(epochs, 5), **options
    )


@world("versions aren't compared", noticed_by="Learn: versions")
def _():
    verify = course_lib.verification.verify_reload

    def blind(before, after):
        if isinstance(before, dict):
            before = {**before, "torch": torch.__version__.split("+")[0]}
        return verify(before, after)

    course_lib.verification.verify_reload = blind


@world(
    "buffers are parameters",
    noticed_by="Break it: parameters compared, buffers forgotten",
)
def _():
    parameters = nn.Module.parameters

    def both(self, recurse=True):
        yield from parameters(self, recurse)
        yield from (b for b in self.buffers(recurse) if b.is_floating_point())

    nn.Module.parameters = both


@world("torch.load mends a turned bit", noticed_by="Break it: one flipped bit loads")
def _():
    def mend(path, **options):
        content = torch_load(path, **options)
        is_the_one = getattr(path, "name", "") == "weight.pt"
        return {"weight": content["weight"].clamp(max=0.0625)} if is_the_one else content

    torch.load = mend


@world("check_file sees no damage", noticed_by="Break it: one flipped bit loads")
def _():
    course_lib.checkpoints.check_file = lambda path: None


@world("NaN is above every border", noticed_by="Break it: a comparison that NaN passes")
def _():
    gt = torch.Tensor.__gt__
    torch.Tensor.__gt__ = lambda self, other: gt(
        self.nan_to_num(float("inf")) if self.is_floating_point() else self, other
    )


@world("a mean has no signs", noticed_by="Break it: a comparison that NaN passes")
def _():
    mean = torch.Tensor.mean
    torch.Tensor.mean = lambda self, *args, **options: mean(
        self.abs() if self.is_floating_point() else self, *args, **options
    )

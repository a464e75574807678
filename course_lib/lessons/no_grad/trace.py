"""Lesson 02's trace: one batch goes through a network, and autograd saves what the way back will need."""

import torch
from torch import Tensor, nn

from course_lib.classroom.explorers.trace import Stage, Trace, tables
from course_lib.seeding import sealed

NEEDED = {
    "Linear": "its input, because the gradient of the weight is made of it",
    "BatchNorm1d": "its input, with the mean and the scale of this batch",
    "ReLU": "its output, because only where it is above 0 does a gradient pass",
    "Dropout": "its mask: what was dropped gets no gradient either",
    "CrossEntropyLoss": "the logarithms of the probabilities, and the targets",
}


@sealed(0)
def trace_saved() -> Trace:
    """Four examples through five layers and a loss, forwards and then backwards; every number is this run's.

    >>> trace_saved().stages[0].title
    'Linear'
    """
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2))
    x, targets = torch.randn(4, 3), torch.tensor([0, 1, 1, 0])
    own = {tensor.untyped_storage()._cdata for tensor in (*net.parameters(), *net.buffers())}
    stages, kept_so_far = [], {}
    for layer in (*net, nn.CrossEntropyLoss()):
        saved: list[Tensor] = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t, saved=saved: saved.append(t) or t.detach(), lambda t: t
        ):
            out = layer(x, targets) if isinstance(layer, nn.CrossEntropyLoss) else layer(x)
        new = {t.untyped_storage()._cdata: t for t in saved if t.untyped_storage()._cdata not in {*own, *kept_so_far}}
        kept_so_far |= new
        stages.append(_forward(layer, x, out, list(new.values()), sum(t.nbytes for t in kept_so_far.values())))
        x = out
    before = sum(t.nbytes for t in kept_so_far.values())
    x.backward()
    return Trace("What autograd saves on the way, and when it lets go", [*stages, _backward(x, net, before)])


def _forward(layer: nn.Module, x: Tensor, out: Tensor, new: list[Tensor], total: int) -> Stage:
    name = type(layer).__name__
    shapes = ", ".join(f"{tuple(tensor.shape)} of {tensor.nbytes} bytes" for tensor in new)
    shown = max(new, key=lambda tensor: (tensor.ndim == 2, tensor.nbytes), default=None)
    picture = {}
    if shown is not None and shown.ndim == 2:
        columns = [f"unit {i}" for i in range(shown.shape[1])]
        rows = [f"example {i}" for i in range(len(shown))]
        picture = tables(columns, ("saved here", shown.detach().float(), rows, 0))
    return Stage(
        name,
        goes_in=f"A tensor of shape {tuple(x.shape)}.",
        happens=f"`{type(out.grad_fn).__name__}` is hung behind the output. It keeps {NEEDED[name]}.",
        comes_out=f"A tensor of shape {tuple(out.shape)}; {total} bytes are kept so far.",
        note=f"Newly saved: {shapes}." if new else "Nothing new: an earlier layer keeps it already.",
        **picture,
    )


def _backward(loss: Tensor, net: nn.Sequential, before: int) -> Stage:
    try:
        loss.backward()
        again = "A second backward worked"
    except RuntimeError as error:
        again = f"A second `backward()` raises: {str(error).split('.')[0]}"
    grads = sum(parameter.grad.nbytes for parameter in net.parameters())
    return Stage(
        "backward()",
        goes_in=f"The loss, {loss.item():.3f}, with {before} bytes kept behind it.",
        happens="The graph is walked from the loss to the input; each node uses what it kept and lets go of it.",
        comes_out=f"A gradient for each parameter, {grads} bytes in all, and nothing kept any more.",
        note=f"{again}. So a training loop that calls `backward()` frees its graph at each step; an evaluation never "
        "calls it, and frees nothing until the output itself is gone.",
    )

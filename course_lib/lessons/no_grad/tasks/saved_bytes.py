"""Count the bytes that autograd keeps of one pass."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import changed, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed


class SavedBytes(Task):
    """Count the bytes that autograd keeps of one pass."""

    visible: ClassVar = {
        "an MLP that trains": {"kind": "mlp", "size": 7, "hidden": 12, "training": True, "frozen": 0},
        "in eval mode, the body frozen": {"kind": "mlp", "size": 5, "hidden": 9, "training": False, "frozen": 4},
    }
    graded: ClassVar = {
        "a convolution": {"kind": "cnn", "size": 3, "hidden": 4, "training": True, "frozen": 0},
        "float64": {"kind": "double", "size": 6, "hidden": 10, "training": True, "frozen": 1},
    }
    hints: ClassVar = {
        "hooks": "`saved_tensors_hooks(pack, unpack)` calls `pack` with each tensor that is kept. `pack` returns `t.detach()`.",
        "own": "The weight of a linear layer is kept, too, but it is there anyway. `data_ptr()` says where a tensor's numbers lie.",
        "twice": "ReLU keeps its output, the next linear layer its input: one tensor, two reports. Count each `data_ptr()` once.",
        "bytes": "`tensor.nbytes` is `numel() * element_size()`.",
        "mode": "Measure the pass as it is: no `eval()`, no `no_grad()`, and one call.",
    }

    def model(self, case: Case) -> nn.Sequential:
        """Some layers, the first `frozen` of them without gradients."""
        wide = case.hidden
        if case.kind == "cnn":
            net = nn.Sequential(
                nn.Conv2d(1, wide, 3), nn.BatchNorm2d(wide), nn.ReLU(), nn.Flatten(), nn.Linear(wide * 16, 3)
            )
        else:
            net = nn.Sequential(
                nn.Linear(6, wide), nn.BatchNorm1d(wide), nn.ReLU(), nn.Dropout(0.5), nn.Linear(wide, 3)
            )
        if case.kind == "double":
            net.double()
        net[: case.frozen].requires_grad_(False)
        return net.train(case.training)

    def batch(self, case: Case) -> Tensor:
        """A batch for it."""
        shape = (case.size, 1, 6, 6) if case.kind == "cnn" else (case.size, 6)
        dtype = torch.float64 if case.kind == "double" else torch.float32
        return torch.randn(shape, generator=case.generator(), dtype=dtype)

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the bytes; count the passes, and look at the flags."""
        model, calls = self.model(case), []
        before = flags(model)
        model.register_forward_pre_hook(lambda *_: calls.append(1))
        look = {"calls": lambda: len(calls), "flags": lambda: changed(before, flags(model))}
        return observe(answer, model, self.batch(case), also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The bytes of all storages that are kept and are not the model's own."""
        if seen.error:
            return failed(f"`saved_bytes(model, x)` raised {seen.error}.", hint="hooks")
        model, x = self.model(case), self.batch(case)
        kept = self._kept(model, x)
        own = {tensor.data_ptr() for tensor in (*model.parameters(), *model.buffers())}
        others = [tensor for tensor in kept if tensor.data_ptr() not in own]
        once = {tensor.data_ptr(): tensor.nbytes for tensor in others}
        expected, got = sum(once.values()), seen.value
        if isinstance(got, Tensor) and got.numel() == 1:
            got = got.item()
        if not isinstance(got, int | float) or isinstance(got, bool):
            return failed(f"Expected a number of bytes; got {seen.type}.", hint="bytes")
        if seen.also["calls"] != 1:
            times = f"{seen.also['calls']} times" if seen.also["calls"] else "never"
            return failed(f"The model ran {times}. Expected one pass.", hint="mode")
        if seen.also["flags"]:
            return failed(
                f"{', '.join(seen.also['flags'])} came back in another mode; the pass is measured as it is.",
                hint="mode",
            )
        if got == expected:
            return passed(f"{expected:,} bytes, each of them once.")
        everything = {tensor.data_ptr(): tensor for tensor in kept}
        said = f"Expected {expected:,} bytes; got {got:,}. "
        if got == 0:
            return failed(
                said + "Nothing was recorded: gradients were off, or the hooks were not in place yet.", hint="mode"
            )
        extra = {
            sum(t.nbytes for t in everything.values() if t.data_ptr() in {p.data_ptr() for p in part})
            for part in (model.parameters(), model.buffers())
        }
        if got in (sum(t.nbytes for t in kept), *(expected + more for more in (*extra, sum(extra)) if more)):
            return failed(said + "That counts the model's own parameters or buffers, too.", hint="own")
        if got == sum(tensor.nbytes for tensor in others):
            return failed(said + "That counts what two layers keep twice.", hint="twice")
        if got in (len(kept), len(others), len(once)):
            return failed(said + "That is the number of tensors.", hint="bytes")
        if got in (
            sum(tensor.numel() for tensor in {t.data_ptr(): t for t in others}.values()),
            sum(t.numel() for t in kept),
        ):
            return failed(said + "That is the number of values, not of bytes.", hint="bytes")
        if (
            got * 2 == expected
            or got == expected * 2
            or got == 4 * sum(t.numel() for t in {t.data_ptr(): t for t in others}.values())
        ):
            return failed(said + f"A value of {x.dtype} has {x.element_size()} bytes.", hint="bytes")
        if got < expected:
            return failed(said + "Something that is kept was not counted.", hint="hooks")
        return failed(said + "Something was counted that the graph doesn't keep, or twice.", hint="twice")

    @staticmethod
    def _kept(model: nn.Module, x: Tensor) -> list[Tensor]:
        kept: list[Tensor] = []
        with (
            torch.enable_grad(),
            torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t.detach(), lambda t: t),
        ):
            output = model(x)
        del output
        return kept

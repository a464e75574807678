"""Mend a predict() that raises nothing and is wrong."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.inputs import changed, drawn, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed
from course_lib.lessons.eval_mode.tasks.shared import drawn_names, listed, wants


class Predict(Task):
    """Mend a predict() that raises nothing and is wrong."""

    visible: ClassVar = {
        "in training": {"modes": "train", "examples": 40, "batch_size": 16, "sizes": (4, 5), "grad": True},
        "one image left over": {"modes": "mixed", "examples": 17, "batch_size": 8, "sizes": (6, 3), "grad": True},
        "gradients off outside": {"modes": "eval", "examples": 24, "batch_size": 64, "sizes": (3, 4), "grad": False},
        "images of another width": {"modes": "mixed", "examples": 6, "batch_size": 4, "sizes": (5, 3), "grad": True},
    }
    graded: ClassVar = {
        "one at a time": {"modes": "train", "examples": 9, "batch_size": 1, "sizes": (4, 6), "grad": True},
        "mixed modes": {"modes": "mixed", "examples": 35, "batch_size": 7, "sizes": (5, 4), "grad": False},
    }
    hints: ClassVar = {
        "eval": "`no_grad` and `eval()` are two switches. Which of them stops dropout and makes batch norm use its statistics?",
        "axis": "Logits are (N, C). Over which axis do the classes of one image lie?",
        "one": "With a batch of one image, `squeeze()` takes away the batch's axis as well. Name the axis that you mean.",
        "batches": "`images.split(batch_size)` gives batches of at most that many, in order, the smaller last one too.",
        "restore": "Other code trains this model. In which modes did it come, and in which does it leave?",
        "finally": "If the model raises, the flags are to be put back all the same: a `with` block or a `finally` does it.",
        "graph": "Labels need no gradients: with grad on, every batch builds a graph for nothing.",
        "switch": "`with torch.no_grad():` puts the grad switch back by itself; `torch.set_grad_enabled` as a statement doesn't.",
    }

    def model(self, case: Case) -> nn.Module:
        """Batch norm and dropout on two levels, in the modes that `case.modes` asks for: train, eval or mixed."""
        features, classes = case.sizes
        names = drawn_names(case, 4)
        inner = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Dropout(0.5))
        model = nn.Sequential()
        parts = (nn.Linear(features, 6), nn.BatchNorm1d(6), inner, nn.Linear(6, classes))
        for name, part in zip(names, parts, strict=True):
            model.add_module(name, part)
        drawn(model, case.generator()).train(case.modes != "eval")
        if case.modes == "mixed":
            parts[1].eval()
            inner[1].eval()
            parts[0].weight.requires_grad_(False)  # somebody froze it
        return model

    def images(self, case: Case) -> Tensor:
        """(N, F); in one case of a width that the model can't take."""
        width = case.sizes[0] + (case.name == "images of another width")
        return torch.randn(case.examples, width, generator=case.generator())

    def probe(self, answer: Any, case: Case) -> Observation:
        """Predict, counting what autograd saves and how many images come at a time; look at flags and statistics."""
        model, x = self.model(case), self.images(case)
        before, saved, sizes = (flags(model), statistics(model), wants(model)), [], []
        model[0].register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))

        def use() -> Any:
            with torch.autograd.graph.saved_tensors_hooks(lambda t: (saved.append(1), t)[1], lambda t: t):
                return answer(model, x, batch_size=case.batch_size)

        look = {
            "flags": lambda: changed(before[0], flags(model)),
            "statistics": lambda: changed(before[1], statistics(model)),
            "wants": lambda: changed(before[2], wants(model)),
            "saved": lambda: len(saved),
            "largest": lambda: max(sizes, default=0),
            "grad": torch.is_grad_enabled,
        }
        with torch.set_grad_enabled(case.grad):
            return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The labels of eval mode, one an image; flags, statistics and grad switch as before; no graph."""
        if case.name == "images of another width":
            return self._refused(seen)
        if seen.error:
            return failed(f"`predict` raised {seen.error}.", hint="one" if "imension" in seen.error else "batches")
        with torch.no_grad():
            logits = self.model(case).eval()(self.images(case))
        if complaint := self._labels(seen, case, logits) or self._left(seen, case):
            return complaint
        if seen.also["largest"] > case.batch_size:
            return failed(
                f"{seen.also['largest']} images went through the model at once, where `batch_size` is {case.batch_size}.",
                hint="batches",
            )
        if seen.also["saved"]:
            return failed(
                f"The labels are right, but autograd kept {seen.also['saved']} tensors for them.", hint="graph"
            )
        return passed("Right labels, no graph, and the model as it came.")

    def _refused(self, seen: Observation) -> Verdict:
        """What the model raises comes through, and leaves nothing switched."""
        if not seen.error:
            return failed(
                "The model raised an error for images that it can't take, and it was swallowed.", hint="finally"
            )
        if seen.error_type != "RuntimeError":
            return failed(
                f"The model raised a RuntimeError, and another error came out in its place: {seen.error}.",
                hint="finally",
            )
        if seen.also["flags"]:
            return failed(
                f"The model raised an error, and {listed(seen.also['flags'])} stayed in another mode.", hint="finally"
            )
        if seen.also["wants"]:
            return failed(
                f"The model raised an error, and {listed(seen.also['wants'])} stayed with another `requires_grad`.",
                hint="finally",
            )
        if not seen.also["grad"]:
            return failed("The model raised an error, and gradients stayed off.", hint="switch")
        return passed()

    def _left(self, seen: Observation, case: Case) -> Verdict | None:
        """What was left switched."""
        if seen.also["flags"]:
            return failed(
                f"The labels are right, but {listed(seen.also['flags'])} came back in another mode.", hint="restore"
            )
        if frozen := seen.also["wants"]:
            return failed(
                f"The labels are right, but {listed(frozen)} came back with another `requires_grad`.", hint="restore"
            )
        if seen.also["grad"] != case.grad:
            now = "on" if seen.also["grad"] else "off"
            return failed(
                f"The labels are right, but gradients are {now} afterwards, as they weren't before.", hint="switch"
            )
        return None

    @staticmethod
    def _labels(seen: Observation, case: Case, logits: Tensor) -> Verdict | None:
        """What is wrong with the labels."""
        expected, n = logits.argmax(1), case.examples
        if not isinstance(seen.value, Tensor) or seen.type == "numpy.ndarray":
            got = (
                "a NumPy array" if seen.type == "numpy.ndarray" else "None" if seen.value is None else f"a {seen.type}"
            )
            return failed(f"Expected a tensor of {n} labels; returned {got}.", hint="axis")
        if seen.value.shape != expected.shape:
            shape = tuple(seen.value.shape)
            if seen.also["statistics"]:
                return _learned()
            hint = "batches" if len(shape) == 1 and shape[0] < n and shape[0] % case.batch_size == 0 else "axis"
            why = " The last, smaller batch is missing." if hint == "batches" and shape[0] else ""
            return failed(f"Expected labels of shape ({n},), one an image; got {shape}.{why}", hint=hint)
        if seen.also["statistics"]:
            return _learned()
        if seen.value.is_floating_point() or seen.value.dtype == torch.bool:
            return failed(f"Labels are integers; got {seen.value.dtype}.", hint="axis")
        if not (wrong := int((seen.value != expected).sum())):
            return None
        over_batch = torch.cat([part.softmax(0).argmax(1) for part in logits.split(case.batch_size)])
        if torch.equal(seen.value, over_batch):
            return failed(
                f"{wrong} of {n} labels are wrong: softmax was taken over the batch, not over the classes.", hint="axis"
            )
        if torch.equal(seen.value, logits.argmin(1)):
            return failed("Every label is that of the smallest logit. Expected the largest.", hint="axis")
        if torch.equal(seen.value.sort().values, expected.sort().values):
            return failed(
                f"{wrong} of {n} labels stand at another image's place. Expected the images' order.", hint="batches"
            )
        return failed(f"{wrong} of {n} labels differ from those of the model in eval mode.", hint="eval")


def _learned() -> Verdict:
    return failed(
        "Predicting changed the running statistics: the model was in training mode, and learned from the images.",
        hint="eval",
    )

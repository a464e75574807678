"""An evaluation of one's own: one pass, aligned, in eval mode, with a loss of all at once."""

import copy
from collections.abc import Callable
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from course_lib.classroom.tasks.answers import asked, refusal
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.inputs import changed, flags, statistics
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.lessons.evaluation_loop.tasks.shared import (
    IGNORED,
    between,
    cut,
    mean_of_batches,
    mixed_head,
    raised,
    read_again,
)

NAMES = ("logits", "targets", "loss", "accuracy")


class FailsAt(nn.Module):
    """A network that raises at its second batch."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network, self.calls = network, 0

    def forward(self, x: Tensor) -> Tensor:
        """Logits of inputs (N, 5), once."""
        self.calls += 1
        if self.calls > 1:
            raise RuntimeError("the network ran out of memory")
        return self.network(x)


class Evaluate(Task):
    """An evaluation of one's own: one pass, aligned, in eval mode, with a loss of all at once."""

    visible: ClassVar = {
        "four classes, a plain DataLoader": {"classes": 4, "sizes": (16, 16, 3), "loader": "plain", "modes": "mixed"},
        "one logit, shuffled": {"classes": 1, "sizes": (10, 10, 10, 1), "loader": "shuffled", "modes": "train"},
        "class weights, ignored targets": {"classes": 3, "sizes": (9, 12, 5), "loader": "once", "weighted": True},
        "the network raises": {"classes": 3, "sizes": (6, 6), "loader": "plain", "broken": True},
        "targets in a column": {"classes": 1, "sizes": (6, 4), "loader": "list", "refuse": "column"},
        "no batch": {"classes": 2, "sizes": (), "loader": "list", "refuse": "empty"},
        "a target too many": {"classes": 3, "sizes": (6, 4), "loader": "list", "refuse": "long"},
    }
    graded: ClassVar = {
        "five classes, shuffled, another loss": {
            "classes": 5, "sizes": (12, 12, 7), "loader": "shuffled", "modes": "eval", "root": True,
        },
        "targets in a column, three classes": {"classes": 3, "sizes": (5, 5), "loader": "list", "refuse": "column"},
    }  # fmt: skip
    hints: ClassVar = {
        "once": "Append logits and targets of each batch to two lists, in one loop; `torch.cat` joins them afterwards.",
        "shape": "A head of one logit returns (B, 1). `squeeze(1)` makes it (B,), also for a batch of one.",
        "loss": "Class weights and ignored targets decide what a mean is divided by: call `loss_fn` once, on everything.",
        "floats": "`BCEWithLogitsLoss` wants targets of the logits' type: `targets.to(logits.dtype)`, or `.float()`.",
        "accuracy": "One logit says yes above 0; several say the place of the largest. Leave out targets of -100.",
        "mode": "`with evaluation_mode(model):` turns eval mode on and gradients off, and puts every flag back.",
        "refuse": "Look before you compute: `targets.shape != (len(logits),)`, and a list of batches that stayed empty.",
        "dice": "A plain DataLoader draws from the global generator when a pass begins. `torch.random.fork_rng(devices=[])`.",
    }

    def network(self, case: Case) -> nn.Module:
        """A network in its modes; of a single logit every second is above 0."""
        network = mixed_head(case, case.classes)
        if case.classes == 1:
            with torch.no_grad():
                network[4].bias -= between(copy.deepcopy(network).eval()(self.inputs(case)), 0.5)
        return network

    @staticmethod
    def inputs(case: Case) -> Tensor:
        """Inputs (N, 5)."""
        return torch.randn(sum(case.sizes), 5, generator=torch.Generator().manual_seed(case.seed + 1))

    def model(self, case: Case) -> nn.Module:
        """The network, or one that raises."""
        network = self.network(case)
        return FailsAt(network) if case.settings.get("broken") else network

    def data(self, case: Case) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs (N, 5), targets (N,) and the logits of eval mode, (N, C), or (N,) for one; the last batch is the worst.

        The targets are (N, 1) where they ought to be refused.
        """
        x, n = self.inputs(case), sum(case.sizes)
        with torch.no_grad():
            logits = self.network(case).eval()(x)
        logits = logits.squeeze(1) if case.classes == 1 else logits
        said = (logits > 0).long() if case.classes == 1 else logits.argmax(1)
        right = torch.arange(n) % 5 != 2
        right[n - (case.sizes or (0,))[-1] :] = False
        targets = said.where(right, (said + 1) % max(2, case.classes))
        if case.settings.get("weighted"):
            targets[torch.arange(n) % 4 == 1] = IGNORED
        return x, targets[:, None] if case.settings.get("refuse") == "column" else targets, logits

    def loss_fn(self, case: Case) -> Callable[[Tensor, Tensor], Tensor]:
        """The loss of the case; each is a mean over all, or a function of one."""
        if case.classes == 1:
            return nn.BCEWithLogitsLoss()
        if case.settings.get("root"):
            return lambda logits, targets: F.cross_entropy(logits, targets).sqrt()
        return nn.CrossEntropyLoss(weight=torch.tensor([1.0, 3.0, 9.0]) if case.settings.get("weighted") else None)

    def loader(self, case: Case) -> Any:
        """The batches, in the kind of loader that the case asks for."""
        x, targets, _ = self.data(case)
        if case.loader in ("list", "once"):
            parts = cut(case.sizes, x, targets, once=case.loader == "once")
            if case.settings.get("refuse") == "long":
                parts[-1] = (parts[-1][0], torch.cat([parts[-1][1], targets[:1]]))
            return parts
        shuffled = {"shuffle": True, "generator": torch.Generator().manual_seed(case.seed)}
        return DataLoader(TensorDataset(x, targets), case.sizes[0], **(shuffled if case.loader == "shuffled" else {}))

    def probe(self, answer: Any, case: Case) -> Observation:
        """Evaluate, and look at the result, the network and the global random state."""
        model, loader = self.model(case), self.loader(case)
        before, dice = (flags(model), statistics(model)), torch.get_rng_state()

        def use() -> dict[str, Any]:
            got = asked(answer, model, loader, self.loss_fn(case))
            if "refused" in got:
                return got
            result = got["value"]
            read = asked(lambda: {name: getattr(result, name) for name in NAMES if hasattr(result, name)})
            if "refused" in read:  # a result may compute, and refuse, when it is asked
                return read
            found = read["value"]
            return {
                "value": found,
                "kind": type(result).__name__,
                "graph": isinstance(found.get("logits"), Tensor) and found["logits"].requires_grad,
            }

        look = {
            "flags": lambda: changed(before[0], flags(model)),
            "statistics": lambda: changed(before[1], statistics(model)),
            "dice": lambda: not torch.equal(torch.get_rng_state(), dice),
            "grad": torch.is_grad_enabled,
        }
        with torch.enable_grad():  # whatever the answer leaves behind
            return observe(use, also=look)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Refuses what it should; else rows, loss, accuracy, then what it left behind."""
        if why := case.settings.get("refuse"):
            said = {
                "empty": "There is no batch.",
                "column": "The targets have the shape (B, 1).",
                "long": "The last batch has a target more than inputs.",
            }
            return refusal(seen, "evaluate", said[why], hint="refuse") or passed("It refuses what can't be judged.")
        if case.settings.get("broken"):
            if seen.also["flags"]:
                return failed(
                    f"The network raised, and {', '.join(seen.also['flags'])} stayed in another mode.", hint="mode"
                )
            if seen.also["dice"]:
                return failed("The network raised, and PyTorch's global random state isn't what it was.", hint="dice")
            return passed("All came back after an error, too.")
        if said := raised(seen):
            wants_floats = case.classes == 1 and ("can't be cast" in said or "dtype" in said)
            hint = "floats" if wants_floats else "shape" if case.classes == 1 else "once"
            return failed(f"`evaluate` raised {said}.{read_again(said) if case.loader == 'once' else ''}", hint=hint)
        value = seen.value["value"]
        if missing := [name for name in NAMES if name not in value]:
            kind = seen.value["kind"]
            if kind == "NoneType":
                return failed("`evaluate` returned None.", hint="once")
            return failed(f"The result, a {kind}, has no attribute {', '.join(missing)}.", hint="once")
        if seen.also["statistics"]:
            return failed(
                "The running statistics moved: the model was in training mode, and learned from the data.", hint="mode"
            )
        _, targets, logits = self.data(case)
        return (
            self.wrong_rows(value["logits"], value["targets"], (logits, targets), case)
            or self.wrong_numbers(number(value["loss"]), number(value["accuracy"]), (logits, targets), case)
            or self.left_behind(seen, case)
            or passed("One pass, each row beside its target, and no trace left.")
        )

    @staticmethod
    def wrong_rows(logits: Any, targets: Any, truth: tuple[Tensor, Tensor], case: Case) -> Verdict | None:
        """What is wrong with the two tensors; None if nothing. The rows may come in any order, but in the same."""
        wanted, labels = truth
        for name, got, like in (("logits", logits, wanted), ("targets", targets, labels)):
            if not isinstance(got, Tensor):
                return failed(f"`{name}` is no tensor.", hint="once")
            if got.shape != like.shape:
                hint = "shape" if name == "logits" and len(got) == len(like) else "once"
                return failed(f"`{name}` has shape {tuple(got.shape)}; expected {tuple(like.shape)}.", hint=hint)
        table, own = logits.double().view(len(labels), -1), wanted.double().view(len(labels), -1)
        distance, row = torch.cdist(table, own, compute_mode="donot_use_mm_for_euclid_dist").min(1)
        if not bool((distance < 1e-3).all()) or len(row.unique()) < len(labels):
            if bool(((table >= 0) & (table <= 1)).all()):
                return failed("`logits` holds probabilities; return what the network gave.", hint="once")
            return failed(
                "`logits` are not those that the network gives in eval mode, one row an example.", hint="mode"
            )
        if not bool((targets.double() == labels[row]).all()):
            count = int((targets.double() != labels[row]).sum())
            return failed(f"In {count} of {len(row)} rows logits and target belong to different examples.", hint="once")
        return None

    def wrong_numbers(
        self, loss: float | None, accuracy: float | None, truth: tuple[Tensor, Tensor], case: Case
    ) -> Verdict | None:
        """What is wrong with loss or accuracy; None if nothing."""
        logits, targets = truth
        one, function = case.classes == 1, self.loss_fn(case)
        wanted = float(function(logits, targets.float() if one else targets))
        if loss is None or accuracy is None:
            return failed("`loss` and `accuracy` are numbers.", hint="loss")
        if not near(loss, wanted, rtol=1e-3):
            parts = cut(case.sizes, logits, targets)
            means = torch.stack([function(a, b.float() if one else b) for a, b in parts])
            weighed = sum(mean * size for mean, size in zip(means, case.sizes, strict=True)) / len(targets)
            what = ""
            if near(loss, means.mean(), rtol=1e-3):
                what = ", the mean of the batch means"
            elif near(loss, weighed, rtol=1e-3):
                what = ", batch means weighed by their sizes"
            return failed(f"Expected a loss of {wanted:.4f}; got {loss:.4f}{what}.", hint="loss")
        labels = (logits > 0).long() if one else logits.argmax(1)
        hits, kept = (labels == targets).double(), targets != IGNORED
        if near(accuracy, hits[kept].mean(), rtol=1e-3):
            return None
        said = f"Expected an accuracy of {hits[kept].mean():.4f}; got {accuracy:.4f}"
        if near(accuracy, 100 * hits[kept].mean(), rtol=1e-3):
            return failed(f"{said}: a share lies between 0 and 1.", hint="accuracy")
        if near(accuracy, hits.mean(), rtol=1e-3):
            return failed(f"{said}: ignored targets were counted as wrong.", hint="accuracy")
        if near(accuracy, mean_of_batches(hits, case.sizes), rtol=1e-3):
            return failed(f"{said}, the mean of the batches' accuracies.", hint="accuracy")
        if one and near(accuracy, (targets == 0).double().mean(), rtol=1e-3):
            return failed(f"{said}, that of answering always 0: argmax of one logit.", hint="accuracy")
        if one and near(accuracy, (labels[:, None] == targets).double().mean(), rtol=1e-3):
            return failed(f"{said}: each label was compared with every target.", hint="accuracy")
        return failed(f"{said}.", hint="accuracy")

    @staticmethod
    def left_behind(seen: Observation, case: Case) -> Verdict | None:
        """Flags, a graph, the global random state; None if all is as it was."""
        if seen.also["flags"]:
            return failed(
                f"The result is right, but {', '.join(seen.also['flags'])} came back in another mode.", hint="mode"
            )
        if seen.value["graph"]:
            return failed("The result is right, but the logits hold a graph: gradients were on.", hint="mode")
        if not seen.also["grad"]:
            return failed(
                "The result is right, but gradients stay off: nothing can be trained after this.", hint="mode"
            )
        if seen.also["dice"]:
            return failed(
                "The result is right, but PyTorch's global random state has moved: the training after this gets other "
                "dice.",
                hint="dice",
            )
        return None

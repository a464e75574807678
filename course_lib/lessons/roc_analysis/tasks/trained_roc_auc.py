"""The ROC-AUC of a trained network over a test loader: mend it."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from course_lib.classroom.tasks.answers import asked, in_words, no_value
from course_lib.classroom.tasks.comparing import number
from course_lib.classroom.tasks.inputs import changed, drawn, flags
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed
from course_lib.evaluation import evaluation_mode
from course_lib.lessons.roc_analysis.tasks.shared import true_auc


class TwoColumns(nn.Module):
    """A trunk and a head: logits (B,), (B, 1) or (B, 2), with batch norm and dropout on the way."""

    def __init__(self, head: str, generator: torch.Generator, sure: bool):
        super().__init__()
        self.head = head
        self.trunk = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.5))
        self.out = nn.Linear(8, 2 if head == "two" else 1)
        drawn(self, generator)
        if sure:  # where both classes lie beyond what a float32 sigmoid can tell from 1
            with torch.no_grad():
                self.out.weight *= 8
                self.out.bias[-1] += 90

    def forward(self, x: Tensor) -> Tensor:
        """(B, 6) -> logits."""
        logits = self.out(self.trunk(x))
        return logits.squeeze(1) if self.head == "one" else logits


def margin(model: TwoColumns, x: Tensor) -> Tensor:
    """The log-odds of class 1 in eval mode, (N,); the model comes back in the mode it had."""
    with evaluation_mode(model):
        logits = model(x)
    return logits[:, 1] - logits[:, 0] if model.head == "two" else logits.reshape(-1)


class TrainedRocAuc(Task):
    """The ROC-AUC of a trained network over a test loader: mend it."""

    visible: ClassVar = {
        "two logits": {"head": "two", "examples": 90, "batch_size": 32},
        "one logit, (B,)": {"head": "one", "examples": 70, "batch_size": 16},
        "one logit, (B, 1), and a last batch of one": {"head": "column", "examples": 65, "batch_size": 16},
        "two logits, very sure": {"head": "two", "sure": True, "examples": 80, "batch_size": 32},
        "a network that ranks worse than chance": {"head": "one", "worse": True, "examples": 75, "batch_size": 32},
    }
    graded: ClassVar = {
        "one logit, very sure": {"head": "column", "sure": True, "examples": 80, "batch_size": 32},
        "two logits, and a last batch of one": {"head": "two", "examples": 41, "batch_size": 8},
    }
    hints: ClassVar = {
        "eval": "Dropout and batch norm are still in training mode. Which two switches does an evaluation need?",
        "restore": "Somebody goes on training this model: give every module its own flag back.",
        "scores": "A ROC curve needs a score that ranks, not a label. `argmax` leaves two values, and one corner.",
        "column": "For two logits the score is `logits[:, 1] - logits[:, 0]`: the log-odds of class 1.",
        "saturate": "A sigmoid or a softmax of large logits is exactly 1, in float32 from about 17 on, and clamped logits "
        "are all alike: ties. Rank by the logits themselves.",
        "flip": "An area below 0.5 is a finding, not something to hide.",
        "all": "One area over all examples. A mean over batches weighs them wrongly, and a batch may lack a class.",
        "once": "Go through the loader once: it may shuffle, and a second pass has another order.",
        "order": "scikit-learn takes `roc_auc_score(y_true, y_score)`.",
        "shape": "Logits may be (B,), (B, 1) or (B, 2). `reshape(-1)` is safe for the first two, also for B = 1.",
    }

    def model(self, case: Case) -> TwoColumns:
        """The network, as training left it."""
        model = TwoColumns(case.head, case.generator(), case.settings.get("sure", False)).train()
        model.trunk[1].eval()  # a batch norm that somebody froze
        return model

    def data(self, case: Case) -> tuple[Tensor, Tensor]:
        """Inputs (N, 6) and targets (N,), which follow the network's own ranking with much noise."""
        x = torch.randn(case.examples, 6, generator=case.generator())
        clean = margin(self.model(case), x) * (-1 if case.settings.get("worse") else 1)
        rank = clean.argsort().argsort() / len(x) + 0.35 * torch.randn(len(x), generator=case.generator())
        return x, (rank > rank.quantile(0.6)).long()

    def probe(self, answer: Any, case: Case) -> Observation:
        """Ask for the area over a loader that shuffles; look at modes, graph and flags."""
        model, (x, y) = self.model(case), self.data(case)
        y = y.float() if case.head == "one" else y
        data = torch.utils.data.TensorDataset(x, y)
        loader = torch.utils.data.DataLoader(data, case.batch_size, shuffle=True, generator=case.generator())
        before = flags(model)
        during = {"training": False, "graph": False}

        def look(part: nn.Module, inputs: Any, output: Any) -> None:
            during["training"] |= part.training
            during["graph"] |= output.requires_grad

        model.trunk[3].register_forward_hook(look)
        return observe(
            asked,
            answer,
            model,
            loader,
            also={"during": lambda: during, "flags": lambda: changed(before, flags(model))},
        )

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """The area in eval mode, over all examples, from scores of class 1 that don't saturate."""
        if said := no_value(seen, "trained_roc_auc(model, loader)"):
            return failed(
                said, hint="order" if "continuous" in said else "all" if "Only one class" in said else "shape"
            )
        value = number(seen.value["value"])
        if value is None:
            return failed(f"Expected one number; got {in_words(seen.value['value'])}.", hint="scores")
        if seen.also["during"]["training"]:
            return failed("The model was in training mode: dropout was throwing units away.", hint="eval")
        x, y = self.data(case)
        model = self.model(case)
        wanted = true_auc(margin(model, x).double().numpy(), y.numpy())
        if not near(value, wanted, atol=2e-3):  # float32 logits may tie or part where float64 ones don't
            return self.diagnosis(value, wanted, model, x, y)
        if seen.also["flags"]:
            other = ", ".join(seen.also["flags"])
            return failed(f"The area is right, but these came back in another mode: {other}.", hint="restore")
        if seen.also["during"]["graph"]:
            return failed("The area is right, but autograd built a graph for every batch.", hint="eval")
        return passed(f"The area is {wanted:.3f}, whatever the head.")

    @staticmethod
    def diagnosis(value: float, wanted: float, model: TwoColumns, x: Tensor, y: Tensor) -> Verdict:
        """Which mistake gives this value."""
        with torch.no_grad():
            logits = model.eval()(x)
        score, y = margin(model, x), y.numpy()
        labels = (score > 0).double().numpy()
        got = f"Expected {wanted:.3f}, got {value:.3f}"

        def gives(scores: Tensor) -> bool:
            return near(value, true_auc(scores.double().numpy(), y), atol=1e-6)

        if near(value, 1 - wanted, atol=2e-3):
            if wanted < 0.5:
                return failed(f"{got}, which is 1 minus it: a ranking worse than chance has to show.", hint="flip")
            return failed(f"{got}, which is 1 minus it: these are the scores of class 0.", hint="column")
        from_labels = [true_auc(labels, y)]
        if 0 < labels.sum() < len(labels):
            from_labels.append(true_auc(y.astype(float), labels))
        sure = bool((score > 17).any())
        squeezed = [score.sigmoid(), score.double().sigmoid(), score.clamp(-30, 30), score.clamp(-50, 50)]
        if model.head == "two":
            squeezed += [logits.softmax(1)[:, 1], logits.double().softmax(1)[:, 1], logits[:, 1].sigmoid()]
        if sure and (value == 0.5 or any(map(gives, squeezed))):
            return failed(
                f"{got}: different logits have become equal scores, and equal scores rank nothing. Probabilities (or clamped "
                "logits) do that.",
                hint="saturate",
            )
        if any(near(value, area, atol=1e-6) for area in from_labels):
            return failed(f"{got}: the area of labels, which have one corner. It needs scores.", hint="scores")
        if model.head == "two":
            if gives(logits[:, 1]):
                return failed(f"{got}: the second logit alone. Its rank depends on the first one too.", hint="column")
            if gives(logits[:, 0]):
                return failed(f"{got}: these are the logits of class 0.", hint="column")
        return failed(f"{got}. One pass, all examples together, the score of class 1.", hint="all")

"""What metrics cost for a million examples, beside the textbook's pipeline, scikit-learn and torchmetrics.

Run it: `python benchmarks/bench_metrics.py`. Every row is ours divided by theirs, both measured in turns in
this process, on one thread and in processor time, so that a busy machine matters little. Smaller is better,
and the aim is the most it may be.
"""

from time import process_time

import numpy as np
import torch
import torchmetrics
from sklearn import metrics as sk
from torch import nn

from course_lib.evaluation import evaluate
from course_lib.metrics import average_precision, bootstrap_interval, class_scores, roc_auc

N, C, BATCH = 10**6, 10, 256


def run() -> list[tuple[str, float, float]]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    targets = torch.randint(0, C, (N,), generator=generator)
    logits = torch.randn(N, C, generator=generator) + 2 * nn.functional.one_hot(targets, C)
    batches = list(zip(logits.split(BATCH), targets.split(BATCH), strict=True))
    scores, hits = logits[:, 1], targets == 1
    few, few_hits = scores[:300].numpy(), hits[:300].numpy()
    auroc, million = torchmetrics.classification.BinaryAUROC(), "10^6 scores"

    def with_torchmetrics() -> float:
        auroc.reset()
        auroc.update(scores.sigmoid(), hits)
        return float(auroc.compute())

    pairs = [
        (f"four metrics of 10^6 x {C} / list.extend and scikit-learn", ours, textbook, (batches,), 1 / 20, 3),
        (f"four metrics of 10^6 x {C} / torchmetrics", ours, torchmetrics_collection, (batches,), 1.0, 3),
        (f"ROC-AUC of {million} / scikit-learn", roc_auc, lambda s, y: sk.roc_auc_score(y, s), (scores, hits), 1.0, 5),
        (f"ROC-AUC of {million} / torchmetrics", roc_auc, lambda s, y: with_torchmetrics(), (scores, hits), 1.0, 5),
        (
            f"average precision of {million} / scikit-learn", average_precision,
            lambda s, y: sk.average_precision_score(y, s), (scores, hits), 1.0, 5,
        ),
        (
            "AUC, 1,000 resamples of 300 / a loop over scikit-learn", bootstrap_auc, bootstrap_loop,
            (few, few_hits), 1 / 15, 1,
        ),
    ]  # fmt: skip
    rows = [(what, in_turns(mine, theirs, args, rounds), aim) for what, mine, theirs, args, aim, rounds in pairs]
    torch.set_num_threads(threads)
    return rows


def ours(batches: list) -> list[float]:
    found = evaluate(nn.Identity(), batches, keep_logits=False)
    scores = class_scores(found)
    return [found.accuracy, scores.precision.mean(), scores.recall.mean(), scores.f1.mean()]


def textbook(batches: list) -> list[float]:
    all_preds, all_labels = [], []
    with torch.no_grad():
        for logits, targets in batches:
            all_preds.extend(torch.max(logits, 1)[1].numpy())
            all_labels.extend(targets.numpy())
    return [
        sk.accuracy_score(all_labels, all_preds),
        *(f(all_labels, all_preds, average="macro") for f in (sk.precision_score, sk.recall_score, sk.f1_score)),
    ]


def torchmetrics_collection(batches: list) -> list[float]:
    kinds = torchmetrics.classification
    names = {"a": (kinds.MulticlassAccuracy, "micro"), "p": (kinds.MulticlassPrecision, "macro")}
    names |= {"r": (kinds.MulticlassRecall, "macro"), "f": (kinds.MulticlassF1Score, "macro")}
    metrics = torchmetrics.MetricCollection({k: kind(C, average=average) for k, (kind, average) in names.items()})
    for logits, targets in batches:
        metrics.update(logits, targets)
    return [float(value) for value in metrics.compute().values()]


def bootstrap_auc(scores: np.ndarray, hits: np.ndarray) -> list[float]:
    return list(bootstrap_interval(roc_auc, scores, hits))


def bootstrap_loop(scores: np.ndarray, hits: np.ndarray) -> list[float]:
    rng = np.random.default_rng(0)
    draws = (rng.integers(len(hits), size=len(hits)) for _ in range(1000))
    return list(np.quantile([sk.roc_auc_score(hits[rows], scores[rows]) for rows in draws], [0.025, 0.975]))


def in_turns(mine, theirs, args: tuple, rounds: int) -> float:
    """Best time of ours over best time of theirs, in turns; first, both must give the same numbers."""
    np.testing.assert_allclose(sorted(np.atleast_1d(mine(*args))), sorted(np.atleast_1d(theirs(*args))), atol=1e-2)
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for k, work in enumerate((mine, theirs)):
            start = process_time()
            work(*args)
            best[k] = min(best[k], process_time() - start)
    return best[0] / best[1]


if __name__ == "__main__":
    for what, measured, aim in run():
        print(f"{measured:7.3f}  (at most {aim:5.3f})  {what}")

# task: roc_curve
# verdict: passed
# message: equal scores step together
import torch


def roc_curve(scores, targets):
    """A dictionary of counts for each score, walked from the highest down; tensors come back."""
    counts = {}
    for score, target in zip(scores.tolist(), targets.tolist()):
        counts.setdefault(score, [0, 0])[target] += 1
    healthy, ill = (sum(pair[k] for pair in counts.values()) for k in (0, 1))
    if 0 in (healthy, ill):
        raise ValueError("one class only")
    points, fp, tp = [(0.0, 0.0, float("inf"))], 0, 0
    for score in sorted(counts, reverse=True):
        fp, tp = fp + counts[score][0], tp + counts[score][1]
        points.append((fp / healthy, tp / ill, score))
    return torch.tensor(points, dtype=torch.float64).unbind(1)

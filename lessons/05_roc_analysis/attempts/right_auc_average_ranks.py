# task: auc
# verdict: passed
# message: ties and all
from scipy.stats import rankdata


def auc(scores, targets):
    """Mann and Whitney: from the mean ranks of equal scores."""
    ill = int(targets.sum())
    healthy = len(targets) - ill
    if not ill * healthy:
        raise ValueError("one class only")
    ranks = rankdata(scores)
    return (ranks[targets == 1].sum() - ill * (ill + 1) / 2) / (ill * healthy)

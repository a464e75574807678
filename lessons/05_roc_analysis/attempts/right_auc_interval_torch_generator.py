# task: auc_interval
# verdict: passed
# message: around an area
import torch


def auc_interval(scores, targets, *, resamples=1000, confidence=0.95, seed=0):
    """Areas from tables of pairs, drawn with torch; quantiles by sorting."""
    generator = torch.Generator().manual_seed(seed)
    scores, targets = torch.from_numpy(scores), torch.from_numpy(targets)
    areas = []
    while len(areas) < resamples:
        rows = torch.randint(len(scores), (len(scores),), generator=generator)
        s, t = scores[rows], targets[rows]
        ill, healthy = s[t == 1], s[t == 0]
        if len(ill) and len(healthy):
            areas.append(((ill[:, None] - healthy).sign() / 2 + 0.5).mean())
    areas = torch.stack(areas)
    tail = (1 - confidence) / 2
    return torch.quantile(areas, torch.tensor([tail, 1 - tail], dtype=areas.dtype))

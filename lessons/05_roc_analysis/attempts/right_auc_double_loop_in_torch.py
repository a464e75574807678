# task: auc
# verdict: passed
# message: ties and all
import torch


def auc(scores, targets):
    ill, healthy = (
        torch.from_numpy(scores[targets == 1]),
        torch.from_numpy(scores[targets == 0]),
    )
    if 0 in (len(ill), len(healthy)):
        raise ValueError("one class only")
    won = sum(torch.sign(one - healthy).add(1).div(2).mean() for one in ill)
    return won / len(ill)

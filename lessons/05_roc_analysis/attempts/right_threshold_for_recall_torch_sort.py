# task: threshold_for_recall
# verdict: passed
# message: at no higher score
import torch


def threshold_for_recall(scores, targets, *, recall):
    ill = torch.as_tensor(scores)[torch.as_tensor(targets) == 1].sort(descending=True).values
    if len(ill) == 0 or not 0 < recall <= 1:
        raise ValueError("needs ill patients, and a share")
    for k, score in enumerate(ill, 1):
        if k / len(ill) >= recall:
            return score

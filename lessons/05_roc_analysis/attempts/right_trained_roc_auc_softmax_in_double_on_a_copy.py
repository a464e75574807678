# task: trained_roc_auc
# verdict: passed
# message: whatever the head
import copy

import torch
from sklearn import metrics


@torch.inference_mode()
def trained_roc_auc(model, loader):
    """Evaluates a copy; log-probabilities in float64 keep apart what float32 can't."""
    model = copy.deepcopy(model).eval()
    pairs = [(model(x).double(), y) for x, y in loader]
    logits = torch.cat([logits.reshape(len(y), -1) for logits, y in pairs])
    y = torch.cat([y for _, y in pairs])
    if logits.shape[1] == 1:
        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
    odds = logits.log_softmax(1)
    return float(metrics.roc_auc_score(y, odds[:, 1] - odds[:, 0]))

# task: trained_roc_auc
# verdict: failed
# message: saturate at 1
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            two = logits.ndim == 2 and logits.shape[1] == 2
            scores.append(logits.softmax(1)[:, 1] if two else logits.sigmoid().reshape(-1))
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))

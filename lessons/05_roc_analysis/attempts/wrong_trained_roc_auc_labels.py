# task: trained_roc_auc
# verdict: failed
# message: the area of labels
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
            scores.append(logits.argmax(1).float() if two else (logits.reshape(-1) > 0).float())
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))

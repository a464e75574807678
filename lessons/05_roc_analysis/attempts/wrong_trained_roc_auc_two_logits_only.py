# task: trained_roc_auc
# verdict: failed
# message: raised
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            scores.append(logits.softmax(1)[:, 1])
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))

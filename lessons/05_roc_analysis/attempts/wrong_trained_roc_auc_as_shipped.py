# task: trained_roc_auc
# verdict: failed
# message: training mode
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            probabilities = model(x).softmax(1)
            scores += probabilities.argmax(1).tolist()
            targets += y.tolist()
    return metrics.roc_auc_score(scores, targets)

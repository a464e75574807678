# task: trained_roc_auc
# verdict: failed
# message: second logit alone
import torch
from sklearn import metrics


def trained_roc_auc(model, loader):
    flags = [(m, m.training) for m in model.modules()]
    model.eval()
    scores, targets = [], []
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            scores.append(
                logits[:, 1]
                if logits.ndim == 2 and logits.shape[1] == 2
                else logits.reshape(-1)
            )
            targets.append(y)
    for m, training in flags:
        m.training = training
    return metrics.roc_auc_score(torch.cat(targets), torch.cat(scores))

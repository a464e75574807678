# task: trained_roc_auc
# verdict: passed
# message: whatever the head
from course_lib.evaluation import evaluate
from course_lib.metrics import roc_auc


def trained_roc_auc(model, loader):
    return roc_auc(evaluate(model, loader))

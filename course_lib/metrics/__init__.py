"""Metrics of an Evaluation, or of (preds, targets) and (scores, targets).

`classification` counts, `curves` ranks, `uncertainty` gives intervals and `calibration` judges probabilities.
What can't be known is NaN with a warning, never 0. scikit-learn takes half a second to import, so a function
that needs it imports it when called.
"""

from course_lib.metrics.classification import (
    ClassScores,
    accuracy,
    class_scores,
    classification_report,
    confusion_matrix,
    f1,
    precision,
    recall,
)

__all__ = [
    "ClassScores",
    "accuracy",
    "class_scores",
    "classification_report",
    "confusion_matrix",
    "f1",
    "precision",
    "recall",
]

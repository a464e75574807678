"""Metrics of an Evaluation, or of (preds, targets) and (scores, targets).

`classification` counts, `curves` ranks, `thresholds` decides, `uncertainty` gives intervals, `calibration`
judges probabilities and `losses` adds up means. What can't be known is NaN with a warning, never 0.
scikit-learn takes half a second to import, so a function that needs it imports it when called.
"""

from course_lib.metrics.calibration import (
    CalibrationCurve,
    calibration_curve,
    calibration_error,
    temperature,
)
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
from course_lib.metrics.curves import (
    PrecisionRecallCurve,
    RocCurve,
    average_precision,
    positive_scores,
    precision_recall_curve,
    roc_auc,
    roc_curve,
)
from course_lib.metrics.thresholds import threshold_for_cost, threshold_for_precision, threshold_for_recall
from course_lib.metrics.uncertainty import Interval, bootstrap_interval, wilson_interval

__all__ = [
    "CalibrationCurve",
    "ClassScores",
    "Interval",
    "PrecisionRecallCurve",
    "RocCurve",
    "accuracy",
    "average_precision",
    "bootstrap_interval",
    "calibration_curve",
    "calibration_error",
    "class_scores",
    "classification_report",
    "confusion_matrix",
    "f1",
    "positive_scores",
    "precision",
    "precision_recall_curve",
    "recall",
    "roc_auc",
    "roc_curve",
    "temperature",
    "threshold_for_cost",
    "threshold_for_precision",
    "threshold_for_recall",
    "wilson_interval",
]

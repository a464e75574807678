"""Evaluate a model once, correctly, and keep what every metric needs."""

from course_lib.evaluation.loop import evaluate
from course_lib.evaluation.mode import evaluation_mode
from course_lib.evaluation.result import Evaluation
from course_lib.metrics.losses import LossFunction

__all__ = ["Evaluation", "LossFunction", "evaluate", "evaluation_mode"]

"""Pictures of an evaluation, on scikit-learn's pattern: data in `__init__`, drawing in `.plot(ax=None)`.

The artists are kept (`ax_`, `figure_`, `line_`, ...) so that you can change them. `.describe()` says in words
what the picture shows. Lines differ in dash as well as in colour; text and background are those of
matplotlib's current style, so a style for dark slides works, and a figure brings its own background along
(no single grey can be read on both white and JupyterLab's dark #111: 4.3 to 1 is the best there is).
"""

from course_lib.displays.counts import CalibrationDisplay, ConfusionMatrixDisplay
from course_lib.displays.curves import PrecisionRecallDisplay, RocDisplay, ThresholdDisplay
from course_lib.displays.learning_curves import LearningCurvesDisplay

__all__ = [
    "CalibrationDisplay",
    "ConfusionMatrixDisplay",
    "LearningCurvesDisplay",
    "PrecisionRecallDisplay",
    "RocDisplay",
    "ThresholdDisplay",
]

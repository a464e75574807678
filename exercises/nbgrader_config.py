"""The nbgrader course. `nbgrader` commands work in this folder; INSTRUCTORS.md says how."""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader defines it)
here = Path(__file__).resolve().parent

c.CourseDirectory.course_id = "evaluate_save_load"
c.CourseDirectory.root = str(here)

# nbgrader looks for `alembic` on PATH when it first creates the gradebook.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"

# release/ comes with the course, and nbgrader would skip what is there: then the gradebook never hears of it.
c.GenerateAssignment.force = True

# check() knows an untouched stub by this text (course_lib.classroom.tasks.observation.STUB).
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("Replace this line with your code.")'}
c.ClearSolutions.text_stub = "*Replace this line with your answer.*"

# A deleted check cell comes back at grading; without this it waits for a manual grade for ever.
c.OverwriteCells.add_missing_cells = True

# Reads what was handed in, runs it in a sandbox on secret cases, judges outside of it what was seen there, and puts
# what nobody can read into the queue for manual grading. The rest of the list is nbgrader's own.
c.Autograde.exporter_class = "course_lib.classroom.grading.SubmissionExporter"
c.Autograde.autograde_preprocessors = [
    "course_lib.classroom.grading.GradedExecute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "course_lib.classroom.grading.SaveGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.GradedExecute.secret_file = str(here / "grading_secret.txt")  # made on first use; keep it to regrade alike
c.GradedExecute.lessons = str(here.parent / "lessons")  # where each graded_quiz.yaml with its key lies
c.GradedExecute.timeout = 60  # seconds a cell may take
c.GradedExecute.notebook_timeout = 240  # seconds a notebook may take
# c.GradedExecute.readable = ["/data"]  # folders that submissions may read besides the system
# c.GradedExecute.dropped = {"05_roc_analysis": ["q3"]}  # everybody who handed in has the points of it
# c.LateSubmissionPlugin.penalty_method = "zero"  # late work earns nothing; without, being late is only noted
# c.GradedExecute.sandbox = False  # submissions can then read, write and send what you can


def say_no_sandbox(notebook):
    """Nbgrader's other commands that run a notebook, such as validate, use an ordinary kernel."""
    print("Running WITHOUT the grader's sandbox: this notebook can read, write and send what you can.", file=sys.stderr)


c.Execute.on_notebook_start = say_no_sandbox

# Hidden tests stay hidden: feedback shows the verdicts, not the code that made them.
c.GenerateFeedback.exporter_class = "course_lib.classroom.grading.pages.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    "course_lib.classroom.grading.pages.GetMarks",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# In the formgrader, each written answer's rubric stands below it; feedback never has it.
c.HTMLExporter.preprocessors = ["course_lib.classroom.grading.pages.ShowRubric"]

# The formgrader may do all that you may, so what a student wrote is shown there and never runs.
c.HTMLExporter.filters = {"markdown2html": "course_lib.classroom.grading.pages.markdown2html"}

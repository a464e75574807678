"""Judge a graded cell from what it put out: outputs in, outputs out. No kernel, no learner code, no nbgrader.

Whoever executes, a kernel or a sandbox, hands the outputs over to this. A score needs positive evidence: a cell that
handed out nothing earns nothing, and says why.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_lib.classroom import style
from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.typed import mark_answers
from course_lib.classroom.tasks.checking import OBSERVATIONS_MIME
from course_lib.classroom.tasks.task import find_task
from course_lib.classroom.tasks.verdicts import judge_wires, verdict_bundle
from course_lib.syllabus import load_syllabus


@dataclass(frozen=True)
class Judge:
    """Judges graded cells with the secret of a class.

    Attributes:
        secret: what the inputs of the graded cases follow from.
        keys: the folder whose NN_slug/graded_quiz.yaml files hold the keys of the quizzes.
    """

    secret: str
    keys: Path

    def outputs(self, name: str, points: float, outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
        """What takes the place of a graded cell's outputs: the verdict, and the score as nbgrader reads it.

        Args:
            name: the task, or "quiz".
            points: what the cell can earn.
            outputs: what the cell put out, as nbformat has it; it may be forged, and then earns nothing.
        """
        handed_out = [o.data[OBSERVATIONS_MIME] for o in outputs if OBSERVATIONS_MIME in o.get("data", {})]
        errors = [o for o in outputs if o.output_type == "error"]
        try:
            if not handed_out:
                why = f"{errors[0].ename}: {errors[0].evalue}" if errors else "The cell ran and handed out nothing."
                bundle, earned = _nothing_seen(name, why), 0.0
            elif name == "quiz":
                bundle, earned = self._quiz(handed_out[-1], points)
            else:
                task = find_task(name)
                wires = [base64.b64decode(wire, validate=True) for wire in handed_out[-1]["wires"]]
                result = judge_wires(task, wires, self.secret)
                bundle, earned = verdict_bundle(task, result, points=int(points)), points * result.share
        except Exception as e:
            # What was handed out may be forged: whatever it breaks here, it earns nothing and the class goes on.
            bundle, earned = _nothing_seen(name, f"What was handed out can't be read ({type(e).__name__}: {e})."), 0.0
        # nbgrader reads the score from the execute_result: a built-in float, or it would give full points.
        earned = float(min(max(round(earned, 2), 0.0), points))
        return [
            new_output("display_data", data=bundle),
            new_output("execute_result", data={"text/plain": repr(earned)}, execution_count=None),
        ]

    def _quiz(self, handed_out: Mapping[str, Any], points: float) -> tuple[dict[str, str], float]:
        lesson = load_syllabus().lesson(handed_out["quiz"])
        questions = load_bank(self.keys / lesson.name / "graded_quiz.yaml").questions
        typed = {name: str(value).strip() for name, value in dict(handed_out["answers"]).items()}
        lines, right = mark_answers(questions, typed, reasons=False)
        text = "\n\n".join([*lines, f"{right} of {len(questions)} right."])
        kind = "passed" if right == len(questions) else "failed"
        return style.note_bundle(kind, text, title="Quiz"), points * right / len(questions)


def _nothing_seen(name: str, why: str) -> dict[str, str]:
    text = f"Nothing could be judged, so nothing is earned. {why}"
    return style.note_bundle("not attempted", text, title=f"`{name}`")

"""The preprocessor that takes the place of nbgrader's Execute, through `c.Autograde.autograde_preprocessors`.

The kernel runs the learner's code and the probes, and hands out observations. The verdict and the score are
made here, in a process that never executes learner code. A score needs positive evidence: a cell that hands
out nothing earns nothing, and says why.
"""

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade, is_solution
from traitlets import Unicode

from course_lib.classroom import style
from course_lib.classroom.quizzes.bank import load_bank
from course_lib.classroom.quizzes.marking import mark_typed
from course_lib.classroom.tasks.checking import OBSERVATIONS_MIME, SECRET_VARIABLE, judge_wires, verdict_bundle
from course_lib.classroom.tasks.task import find_task
from course_lib.errors import CourseError
from course_lib.syllabus import load_syllabus


class GradedExecute(Execute):
    """Execute a submission with the secret cases, then replace what graded cells printed by their verdicts."""

    secret_file = Unicode("grading_secret.txt", help="Holds the secret of the graded cases; made on first use.").tag(
        config=True
    )
    lessons = Unicode("lessons", help="The folder whose NN_slug/graded_quiz.yaml files hold the keys.").tag(config=True)

    def setup_kernel(self, **kwargs: Any) -> Any:
        """Start the kernel with the secret in its environment, and without progress of its own."""
        environment = {**os.environ, SECRET_VARIABLE: self.secret(), "MPLBACKEND": "agg"}
        return super().setup_kernel(env=environment, **kwargs)

    def secret(self) -> str:
        """The secret that the inputs of graded cases follow from: the same for a whole class, and for regrading."""
        path = Path(self.secret_file)
        if not path.exists():
            path.write_text(secrets.token_hex(16), encoding="utf-8")
            path.chmod(0o600)
        return path.read_text(encoding="utf-8").strip()

    def preprocess(self, nb: NotebookNode, resources: Any, *args: Any, **kwargs: Any) -> tuple[NotebookNode, Any]:
        """Execute, then judge every graded code cell."""
        try:
            nb, resources = super().preprocess(nb, resources, *args, **kwargs)
        except DeadKernelError:
            # The learner's code ended its own process. The cells before have their outputs and keep their points.
            self.log.warning("The kernel died; what ran before is graded, the rest earns nothing.")
        for cell in nb.cells:
            if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
                kind, _, name = cell.metadata.nbgrader.grade_id.partition("-")
                if kind == "check":
                    cell.outputs = self._judged(name, float(cell.metadata.nbgrader.points), cell.outputs)
        return nb, resources

    def _judged(self, name: str, points: float, outputs: list[NotebookNode]) -> list[NotebookNode]:
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
                result = judge_wires(task, wires, self.secret())
                bundle, earned = verdict_bundle(task, result), points * result.share
        except (CourseError, binascii.Error, KeyError, TypeError, ValueError, AttributeError) as e:
            # What a kernel hands out may be forged: whatever it breaks here, it earns nothing and the class goes on.
            bundle, earned = _nothing_seen(name, f"What was handed out can't be read ({type(e).__name__}: {e})."), 0.0
        # nbgrader reads the score from the execute_result: a built-in float, or it would give full points.
        earned = float(min(max(round(earned, 2), 0.0), points))
        return [
            new_output("display_data", data=bundle),
            new_output("execute_result", data={"text/plain": repr(earned)}, execution_count=None),
        ]

    def _quiz(self, handed_out: dict[str, Any], points: float) -> tuple[dict[str, str], float]:
        lesson = load_syllabus().lesson(handed_out["quiz"])
        questions = load_bank(Path(self.lessons) / lesson.name / "graded_quiz.yaml").questions
        answers, lines, right = dict(handed_out["answers"]), [], 0
        for i, question in enumerate(questions, start=1):
            typed = str(answers.get(f"q{i}", "")).strip()
            try:
                ok = bool(typed) and mark_typed(question, typed).right
                note = "right" if ok else ("not right" if typed else "no answer")
            except CourseError as e:
                ok, note = False, str(e)
            right += ok
            lines.append(f"{'✓' if ok else '✗'} q{i} = {typed or '(empty)'}: {note}")
        text = "\n\n".join([*lines, f"{right} of {len(questions)} right."])
        kind = "passed" if right == len(questions) else "failed"
        return style.note_bundle(kind, text, title="Quiz"), points * right / len(questions)


def _nothing_seen(name: str, why: str) -> dict[str, str]:
    text = f"Nothing could be judged, so nothing is earned. {why}"
    return style.note_bundle("not attempted", text, title=f"`{name}`")

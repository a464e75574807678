"""The preprocessor that takes the place of nbgrader's Execute, through `c.Autograde.autograde_preprocessors`.

The kernel runs the learner's code and the probes, and hands out observations. The verdict and the score are made by
`judging`, in this process, which never executes learner code.
"""

import os
import secrets
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade, is_solution
from traitlets import Unicode

from course_lib.classroom.grading.judging import Judge
from course_lib.classroom.tasks.checking import SECRET_VARIABLE


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
        judge = Judge(self.secret(), Path(self.lessons))
        for cell in nb.cells:
            if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
                kind, _, name = cell.metadata.nbgrader.grade_id.partition("-")
                if kind == "check":
                    cell.outputs = judge.outputs(name, float(cell.metadata.nbgrader.points), cell.outputs)
        return nb, resources

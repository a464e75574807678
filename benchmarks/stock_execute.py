"""Nbgrader's own Execute, a kernel for each submission, with our judges: what `bench_grading` measures against.

The kernel runs `check(...)` with the class's secret in its environment, and hands out what was seen as an output of a
type of its own. It has no sandbox, and believes what it is handed: for a comparison, not for a class.
"""

import os
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade, is_solution
from traitlets import Unicode

from course_lib.classroom.grading.judging import Judge
from course_lib.classroom.tasks.checking import SECRET_VARIABLE


class StockExecute(Execute):
    """Execute in a kernel, then replace what graded cells put out by their verdicts."""

    secret_file = Unicode().tag(config=True)
    lessons = Unicode().tag(config=True)

    def setup_kernel(self, **kwargs: Any) -> Any:
        """Start the kernel with the secret in its environment."""
        environment = {**os.environ, SECRET_VARIABLE: self.secret(), "MPLBACKEND": "agg"}
        return super().setup_kernel(env=environment, **kwargs)

    def secret(self) -> str:
        """The secret of the class."""
        return Path(self.secret_file).read_text(encoding="utf-8").strip()

    def preprocess(self, nb: NotebookNode, resources: Any, *args: Any, **kwargs: Any) -> tuple[NotebookNode, Any]:
        """Execute, then judge every graded code cell."""
        try:
            nb, resources = super().preprocess(nb, resources, *args, **kwargs)
        except DeadKernelError:
            self.log.warning("The kernel died; what ran before is graded.")
        judge = Judge(self.secret(), Path(self.lessons))
        for cell in nb.cells:
            if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
                kind, _, name = cell.metadata.nbgrader.grade_id.partition("-")
                if kind == "check":
                    cell.outputs = judge.outputs(name, float(cell.metadata.nbgrader.points), cell.outputs)
        return nb, resources

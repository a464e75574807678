"""TODO: what the task asks, in a sentence."""

from typing import Any, ClassVar

from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, near, passed


class SaveSharded(Task):
    """TODO: what the task asks, in a sentence."""

    # What learners' check tries, and what only the grader tries: every case must fail one of the wrong attempts.
    visible: ClassVar = {"an ordinary one": {"number": 3}}
    graded: ClassVar = {"a negative one": {"number": -4}}
    hints: ClassVar = {"first": "TODO: a question that leads on."}

    def probe(self, answer: Any, case: Case) -> Observation:
        """Call it, beside the learner's code; record what can be seen."""
        return observe(answer, case.number)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Pure: it fails an answer only for what a clause says, and names the mistake that was made."""
        if seen.error:
            return failed(f"It raised {seen.error}.", hint="first")
        if near(seen.value, 2 * case.number):
            return passed("It returns twice the number.")
        return failed(f"Expected {2 * case.number}; got {seen.value}.", hint="first")

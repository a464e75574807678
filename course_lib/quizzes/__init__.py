"""Question banks and quizzes. Learners use `quiz` and `mastery_test`; authors write `quizzes/<slug>.yaml`.

`schema` says what a bank holds, `bank` loads it and proves its claims, `marking` draws and marks, `view` is what
a notebook shows.
"""

from course_lib.quizzes.view import mastery_test, quiz

__all__ = ["mastery_test", "quiz"]

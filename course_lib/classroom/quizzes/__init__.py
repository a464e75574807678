"""Question banks and quizzes. Learners use `quiz` and `mastery_test`; authors write `lessons/<slug>/questions.yaml` and `cards.yaml`.

`schema` says what a bank holds, `bank` loads it and proves its claims, `marking` draws and marks, `view` is what
a notebook shows.
"""

"""One run through some questions: what is shown, chosen, marked and to be revisited. Knows nothing of widgets."""

from collections.abc import Sequence

from course_lib.classroom.quizzes.bank import Question
from course_lib.classroom.quizzes.marking import Marked, arrange, mark, mark_typed
from course_lib.errors import ContentError, InputError


class QuizState:
    """One run through some questions: which one, what is chosen, how it was marked, what to revisit."""

    def __init__(self, questions: Sequence[Question], *, seed: int | str) -> None:
        self.questions = list(questions)
        self.seed = seed
        self.results: list[tuple[Question, Marked]] = []
        self.at = -1
        self._advance()

    def _advance(self) -> None:
        self.at += 1
        self.chosen: list[int] = []
        self.marked: Marked | None = None
        self.problem = ""  # why this question can't be marked on this machine
        if not self.over:
            self.shown = arrange(self.question, self.seed)

    @property
    def over(self) -> bool:
        """Whether the last question was left."""
        return self.at >= len(self.questions)

    @property
    def question(self) -> Question:
        """The question shown."""
        return self.questions[self.at]

    @property
    def answered(self) -> bool:
        """Whether it is time for Next."""
        return self.marked is not None or bool(self.problem)

    def choose(self, index: int) -> None:
        """Choose an option or line, or take the choice back; in an order, the lines count as chosen."""
        if self.answered:
            return
        if index in self.chosen:
            self.chosen.remove(index)
        elif self.question.kind in ("several", "order"):
            self.chosen.append(index)
        else:
            self.chosen = [index]

    def check(self, typed: str = "") -> None:
        """Mark what is chosen, or what was typed for a number; only the first answer counts.

        Raises:
            InputError: nothing, or not enough, is chosen; what was typed is no number.
        """
        if self.answered:
            return
        question, kind = self.question, self.question.kind
        if kind != "number" and (not self.chosen or (kind == "order" and len(self.chosen) < len(question.lines))):
            raise InputError("Choose every line, in order." if kind == "order" else "Choose an answer first.")
        try:
            if kind == "number":
                self.marked = mark_typed(question, typed)
            else:
                several = kind in ("several", "order")
                self.marked = mark(question, self.chosen if several else self.chosen[0], shown=self.shown)
        except ContentError as error:
            self.problem = f"This question can't be marked on this machine and doesn't count. {error}"
        else:
            self.results.append((question, self.marked))

    def next(self) -> None:
        """Go on to the next question, once this one is answered."""
        if self.answered:
            self._advance()

    @property
    def right(self) -> int:
        """How many were right so far."""
        return sum(marked.right for _, marked in self.results)

    def summary(self) -> str:
        """The score and what to revisit, in markdown."""
        of = len(self.results)
        wrong = [question for question, marked in self.results if not marked.right]
        parts = [f"**{self.right} of {of} right.**"]
        if headings := dict.fromkeys(question.about for question in wrong):
            parts.append("Read again: " + "; ".join(f"*{heading}*" for heading in headings) + ".")
        if mistakes := dict.fromkeys(name for _, marked in self.results for name in marked.mistakes):
            parts.append("Mistakes to look out for: " + "; ".join(mistakes) + ".")
        if of and not wrong:
            parts.append("Nothing to revisit here.")
        return "\n\n".join(parts)

"""Question banks: load one, run what its questions claim, find the key of a question.

A claim about code is never taken on trust. `prove` runs it, the tests prove every question and every card of every
lesson, and the key of a "what does this print" is what the program prints.
"""

import io
import itertools
import math
import os
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from course_lib.classroom.quizzes.schema import LEVELS, Bank, Card, Mistake, Option, Question, read_bank
from course_lib.errors import ContentError, InputError
from course_lib.syllabus import ROOMS

__all__ = [
    "LEVELS",
    "Bank",
    "Card",
    "Mistake",
    "Option",
    "Question",
    "Ran",
    "bank_slugs",
    "key",
    "load_bank",
    "prove",
    "run",
]


def load_bank(bank: str | Path) -> Bank:
    """Load a bank, by the slug of its lesson or by the path of its file.

    Raises:
        InputError: no lesson of that slug has a bank, or there is no such file.
        ContentError: the file has mistakes; the message lists all of them.
    """
    path, room = Path(bank), None
    if path.suffix != ".yaml":
        room = ROOMS / str(bank)
        path = room / "questions.yaml"
    if not path.is_file():
        raise InputError(
            f"There is no question bank {str(bank)!r}. Banks here: {', '.join(bank_slugs()) or 'none yet'}."
        )
    loaded = _read_once(path, path.stat().st_mtime_ns)
    if room is None:
        return loaded
    cards = room / "cards.yaml"
    deck = _read_once(cards, cards.stat().st_mtime_ns) if cards.is_file() else loaded
    for file, part in ((path, loaded), (cards, deck)):
        if part.lesson != room.name:
            raise ContentError(
                f"{room.name}/{file.name}: 'lesson: {part.lesson}' is not the folder's name. Write 'lesson: {room.name}'."
            )
    return replace(loaded, cards=deck.cards)


def bank_slugs() -> tuple[str, ...]:
    """The lessons that have a question bank, by slug."""
    return tuple(sorted(path.parent.name for path in ROOMS.glob("*/questions.yaml")))


@cache
def _read_once(path: Path, mtime_ns: int) -> Bank:
    return read_bank(path)


@dataclass(frozen=True)
class Ran:
    """What a program did: the text it printed, and the exception that ended it, if any, with the program's line."""

    output: str
    error: BaseException | None = None
    line: str = ""

    def __str__(self) -> str:
        """All of it, in words for an author."""
        if self.error is not None:
            what = ": ".join(part for part in (type(self.error).__name__, str(self.error)) if part)
            return f"{what} (in `{self.line}`)" if self.line else what
        return repr(self.output)

    def same(self, other: "Ran") -> bool:
        """Whether two programs can't be told apart from outside."""
        return self.output == other.output and type(self.error) is type(other.error)


def run(code: str) -> Ran:
    """Run a program in this process as if it were the only one, and leave no trace of it.

    It runs as `__main__`, `sealed` with the seed 0, in an empty folder that is deleted afterwards. What `sealed`
    puts back, the working directory and the caller's `__main__` come back.
    """
    printed = io.StringIO()
    with _apart() as main, redirect_stdout(printed), redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning is not printed output, and must not become an error in tests
        try:
            exec(compile(code, "<question>", "exec"), main.__dict__)
        except (Exception, SystemExit) as error:
            lines = [at for _, at in traceback.walk_tb(error.__traceback__)][1:]  # the first is the call above
            line = code.splitlines()[lines[0] - 1].strip() if lines else ""
            return Ran(printed.getvalue().strip(), error.with_traceback(None), line)
    return Ran(printed.getvalue().strip())


@contextmanager
def _apart() -> Iterator[types.ModuleType]:
    # Imported here: torch takes two seconds, and most questions of a quiz are shown without running anything.
    from course_lib.seeding import sealed

    main = types.ModuleType("__main__")
    caller, here = sys.modules["__main__"], Path.cwd()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sealed(0):
        os.chdir(folder)
        sys.modules["__main__"] = main  # so that a class defined in the program can be pickled
        try:
            yield main
        finally:
            sys.modules["__main__"] = caller
            os.chdir(here)


@cache
def key(question: Question) -> int | frozenset[int] | tuple[int, ...] | float:
    """The right answer, as `mark` takes it.

    Returns:
        one, prints, bug_line: the index of the option; several: the set of indices; order: the indices of
        `lines`, which the bank holds in the right order; number: the number.

    Raises:
        ContentError: the program of a "what does this print" prints none of the options.
    """
    if question.kind == "several":
        return frozenset(i for i, option in enumerate(question.options) if option.right)
    if question.kind == "order":
        return tuple(range(len(question.lines)))
    if question.kind == "number":
        return question.answer
    if question.kind == "prints":
        ran = _runs(question, question.program, "the program")
        for i, option in enumerate(question.options):
            if option.text.strip() == ran.output:
                return i
        raise ContentError(f"{question.where}: the program prints {ran.output!r}, which is none of the options.")
    return next(i for i, option in enumerate(question.options) if option.right)


def prove(item: Question | Card) -> None:
    """Run what a question or a card claims.

    Raises:
        ContentError: a claim is false; the message says what was seen.
    """
    if isinstance(item, Question) and item.kind in _PROOFS:
        _PROOFS[item.kind](item)
    elif item.proof:
        _runs(item, item.proof, "the proof")


def _runs(item: Question | Card, code: str, what: str) -> Ran:
    ran = run(code)
    if ran.error is not None:
        raise ContentError(f"{item.where}: {what} ends with {ran}. Mend the code or the claim.")
    return ran


def _prove_prints(question: Question) -> None:
    right = key(question)
    if not _runs(question, question.program, "the program").same(run(question.program)):
        raise ContentError(f"{question.where}: the program prints something else every time. Seed it.")
    for i, option in enumerate(question.options):
        if (i == right) == bool(option.mistake):
            what = "is what the program prints and names a" if i == right else "is wrong and names no"
            raise ContentError(f"{question.where}: option {i + 1} {what} 'mistake'.")


def _prove_bug_line(question: Question) -> None:
    lines = [option.text for option in question.options]
    buggy = run(_program(question, lines))
    lines[key(question)] = question.mended
    mended = _runs(question, _program(question, lines), "the mended program")
    raised = type(buggy.error).__name__ if buggy.error is not None else ""
    if raised != question.raises:
        claim = f"'raises: {question.raises}'" if question.raises else "no 'raises'"
        raise ContentError(f"{question.where}: the program with the bug gives {buggy}, but the bank says {claim}.")
    if buggy.same(mended):
        raise ContentError(
            f"{question.where}: with the line mended the program does the same: {mended}. Print what changes."
        )


def _prove_order(question: Question) -> None:
    def in_order(order: tuple[int, ...]) -> str:
        return _program(question, [question.lines[i] for i in order])

    rights = {tuple(range(len(question.lines))), *question.also_right}
    if len(rights) == math.factorial(len(question.lines)):
        raise ContentError(f"{question.where}: every order is right, so there is nothing to order.")
    wanted = _runs(question, in_order(min(rights)), "the program in the right order")
    for order in itertools.permutations(min(rights)):
        if run(in_order(order)).same(wanted) != (order in rights):
            shown = [i + 1 for i in order]
            raise ContentError(
                f"{question.where}: the order {shown} is in 'also_right' and behaves differently. Take it out."
                if order in rights
                else f"{question.where}: the order {shown} prints the same: {wanted}. "
                "Add it to 'also_right', or let the program print what goes wrong."
            )


def _prove_number(question: Question) -> None:
    ran = _runs(question, question.program, "the program")
    try:
        distance = abs(float(ran.output) - question.answer)
    except ValueError:
        raise ContentError(f"{question.where}: the program prints {ran}; expected one number.") from None
    if not distance <= question.tolerance * (1 + 1e-9):
        raise ContentError(f"{question.where}: the program prints {ran.output}, the bank says {question.answer}.")


def _program(question: Question, lines: list[str]) -> str:
    return "\n".join([question.setup, *lines])


_PROOFS = {"prints": _prove_prints, "bug_line": _prove_bug_line, "order": _prove_order, "number": _prove_number}

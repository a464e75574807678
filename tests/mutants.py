"""Run a lesson in worlds in which one of its claims is false, and see which cell notices.

    python tests/mutants.py 01_eval_mode               every world of a lesson
    python tests/mutants.py 01_eval_mode dropout       those with this word in their names

lessons/NN_slug/mutants.py lists a lesson's worlds: what is false there, and the heading whose assertion must notice.

    from mutants import world

    @world("eval() does nothing", noticed_by="Why: one digit, two answers")
    def _():
        nn.Module.eval = lambda self: self
"""

import ast
import contextlib
import io
import multiprocessing
import os
import re
import runpy
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_lib.classroom.sources import read_cells
from course_lib.errors import ContentError

LESSONS = Path(__file__).parents[1] / "lessons"
AT_A_TIME = 2
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "agg"}
_PRELOADED = [
    "torch", "torch._dynamo", "torch.utils.data", "sklearn.metrics", "sklearn.datasets", "matplotlib.pyplot", "ipywidgets",
    "IPython.core.interactiveshell", "course_lib.classroom.session", "course_lib.classroom.widgets",
    "course_lib.classroom.overview", "course_lib.classroom.recall", "course_lib.classroom.quizzes.view",
    "course_lib.classroom.tasks.checking", "course_lib.checkpoints", "course_lib.displays", "course_lib.training",
]  # fmt: skip


@dataclass(frozen=True)
class World:
    """What is false in it, the heading of the lesson that must notice, and the patch that makes it so."""

    name: str
    noticed_by: str
    change: Callable[[], None]


_listed: list[World] = []


def world(name: str, *, noticed_by: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Add a world to the lesson's list; the function under it patches PyTorch, scikit-learn or course_lib."""

    def add(change: Callable[[], None]) -> Callable[[], None]:
        _listed.append(World(name, noticed_by, change))
        return change

    return add


def worlds_of(lesson: Path) -> list[World]:
    """The worlds in the mutants.py of a lesson's folder.

    Raises:
        ContentError: two worlds of one name, or a heading that the lesson doesn't have or has twice.
    """
    _listed.clear()
    runpy.run_path(str(lesson / "mutants.py"))
    worlds, names = _listed.copy(), headings(lesson / "lesson.py")
    for one in worlds:
        if [other.name for other in worlds].count(one.name) > 1:
            raise ContentError(f"{lesson.name}/mutants.py: the world {one.name!r} stands twice. Rename one.")
        if names.count(one.noticed_by) != 1:
            raise ContentError(
                f"{lesson.name}/mutants.py, {one.name!r}: {names.count(one.noticed_by)} sections of the lesson have "
                f"the heading {one.noticed_by!r}; one must. Its headings: {'; '.join(names)}."
            )
    return worlds


def headings(path: Path) -> list[str]:
    """The headings of a lesson, in order."""
    text = "\n".join(cell.source for cell in read_cells(path) if cell.kind == "markdown")
    return re.findall(r"^#{2,3} (.+)$", text, flags=re.M)


@dataclass(frozen=True)
class CodeCell:
    """A code cell that runs anywhere: the headings above it, its code without magics, and its tags."""

    headings: tuple[str, ...]
    source: str
    tags: tuple[str, ...]


def code_cells(path: Path) -> list[CodeCell]:
    """The code cells of a lesson, in order."""
    cells, above = [], {2: "(opening)"}
    for cell in read_cells(path):
        if cell.kind == "code":
            source = re.sub(r"^[%!].*$", "", cell.source, flags=re.M)
            cells.append(CodeCell(tuple(above.values()), source, tuple(cell.metadata.get("tags", ()))))
            continue
        for marks, heading in re.findall(r"^(#{2,3}) (.+)$", cell.source, flags=re.M):
            above = {2: heading} if marks == "##" else {2: above[2], 3: heading}
    return cells


# ---------------------------------------------------------------- a process of its own


def forked(function: Callable, *args: Any, seconds: float) -> Any:
    """What a function returns in a fresh process: libraries loaded, one thread, a folder of its own, nothing printed.

    Raises:
        RuntimeError: it raised, died, or took longer than `seconds`.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(_PRELOADED)
    receiver, sender = server.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        process = server.Process(target=_answer, args=(sender, folder, function, args))
        process.start()
        sender.close()
        try:
            done, result = receiver.recv() if receiver.poll(seconds) else (False, f"It ran for {seconds:g} seconds.")
        except EOFError:
            done, result = False, "Its process died."
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # with what a lesson may have started
            process.kill()
            process.join()
    if not done:
        raise RuntimeError(result)
    return result


def _answer(sender: Any, folder: str, function: Callable, args: tuple) -> None:
    import torch
    from IPython.core.interactiveshell import InteractiveShell

    os.setsid()
    os.chdir(folder)
    os.environ |= {"COURSE_DATA_DIR": folder, "IPYTHONDIR": folder, "TMPDIR": folder}
    tempfile.tempdir = folder
    torch.set_num_threads(1)
    multiprocessing.set_start_method("fork", force=True)  # a notebook's; tqdm's lock would outlive us otherwise
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        InteractiveShell.instance()  # display() prints its text form to stdout
        try:
            result = True, function(*args)
        except BaseException:
            result = False, traceback.format_exc()
    sender.send(result)
    os._exit(0)  # in a changed world, tearing down may hang


def notebook_module() -> dict[str, Any]:
    """The names of a fresh __main__, in which cells are executed as a notebook's are."""
    main = type(sys)("__main__")
    sys.modules["__main__"] = main
    return vars(main)


def execute(cell: CodeCell, names: dict[str, Any]) -> None:
    """Execute a cell in these names."""
    exec(compile(cell.source, "<cell>", "exec"), names)


# ---------------------------------------------------------------- worlds


@dataclass(frozen=True)
class Outcome:
    """What stopped a run and under which headings; an empty error if nothing did.

    `asserted` says that it was an assertion of the lesson itself, not one inside a library.
    """

    error: str = ""
    headings: tuple[str, ...] = ()
    asserted: bool = False


def _outcome(cells: list[CodeCell], names: dict[str, Any]) -> Outcome:
    """Execute cells in these names until one raises."""
    for cell in cells:
        try:
            execute(cell, names)
        except BaseException as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            own = frame.filename == "<cell>"
            where = cell.source.splitlines()[frame.lineno - 1].strip() if own else f"{frame.filename}:{frame.lineno}"
            what = f"{type(error).__name__} {str(error)[:200]!r} at {where}"
            return Outcome(what, cell.headings, own and isinstance(error, AssertionError))
    return Outcome(headings=cells[-1].headings)


def _section(cells: list[CodeCell], heading: str) -> tuple[int, int]:
    """Where the cells under a heading begin, and where they end."""
    under = [i for i, cell in enumerate(cells) if heading in cell.headings]
    return under[0], under[-1] + 1


def _whole(lesson: Path, name: str | None) -> Outcome:
    """The lesson, unchanged or in a world from its first cell on."""
    cells = code_cells(lesson / "lesson.py")
    if name is not None:
        one = next(one for one in worlds_of(lesson) if one.name == name)
        cells = cells[: _section(cells, one.noticed_by)[1]]
        one.change()
    return _outcome(cells, notebook_module())


def _sections(lesson: Path, chosen: list[str], seconds: float) -> dict[str | None, Outcome]:
    """The unchanged lesson once, and before each section its worlds: each in a copy of the process, for that section."""
    cells, names, outcomes = code_cells(lesson / "lesson.py"), notebook_module(), {}
    worlds = [one for one in worlds_of(lesson) if one.name in chosen]
    for place, cell in enumerate(cells):
        for one in worlds:
            begin, end = _section(cells, one.noticed_by)
            if begin == place and (outcome := _copied(one, cells, begin, end, names, seconds)):
                outcomes[one.name] = outcome
        outcomes[None] = _outcome([cell], names)
        if outcomes[None].error:
            break
    return outcomes


def _copied(
    one: World, cells: list[CodeCell], begin: int, end: int, names: dict[str, Any], seconds: float
) -> Outcome | None:
    """What a section does in a world, in a forked copy of this process; its files are put back. None if it died or hung."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(dir="/tmp") as aside:
        kept = shutil.copytree(".", Path(aside, "kept"), symlinks=True)
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                os.setsid()
                _changed(one, cells[:begin], names)
                sender.send(_outcome(cells[begin:end], names))
            os._exit(0)
        sender.close()
        try:
            return receiver.recv() if receiver.poll(seconds) else None
        except (EOFError, OSError):
            return None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)  # with what a lesson may have started
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            for path in Path().iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            shutil.copytree(kept, ".", symlinks=True, dirs_exist_ok=True)


def _changed(one: World, done: list[CodeCell], names: dict[str, Any]) -> None:
    """Change the world, also for the names that the cells so far have imported from a module: `fit` of `from x import fit`."""
    imports = [node for cell in done for node in ast.parse(cell.source).body if isinstance(node, ast.ImportFrom)]
    bound = [(a.asname or a.name, sys.modules.get(node.module), a.name) for node in imports for a in node.names]
    bound = [(name, module, theirs) for name, module, theirs in bound if module and hasattr(module, theirs)]
    before = [getattr(module, theirs) for _, module, theirs in bound]
    one.change()
    for (name, module, theirs), old in zip(bound, before, strict=True):
        if names.get(name) is old:  # and not a function that the lesson has written since
            names[name] = getattr(module, theirs, old)


def run(lesson: Path, one: World | None = None, *, seconds: float = 120) -> Outcome:
    """Run a lesson as it is, or in a world: there only to the end of the section that must notice."""
    name = one.name if one else None
    try:
        return forked(_whole, lesson, name, seconds=seconds)
    except RuntimeError as error:
        raise RuntimeError(f"{lesson.name}, {name or 'unchanged'}: {error}") from None


def complaint(one: World | None, outcome: Outcome) -> str:
    """What is wrong with an outcome, and what to do; empty if the claim was noticed where it should be."""
    where = " / ".join(outcome.headings)
    if one is None:
        return f"In the unchanged world: {outcome.error}, under '{where}'." if outcome.error else ""
    if not outcome.error:
        return (
            f"Where {one.name}, nobody noticed to the end of {one.noticed_by!r}. Assert the claim there, or don't "
            "make it."
        )
    if one.noticed_by in outcome.headings and outcome.asserted:
        return ""
    return (
        f"Where {one.name}, an assertion under {one.noticed_by!r} should notice, but first came {outcome.error}, "
        f"under '{where}'."
    )


def run_worlds(lesson: Path, word: str = "") -> list[tuple[World | None, Outcome, str]]:
    """The lesson unchanged and in its worlds: each with its outcome and what is wrong with it.

    A world begins where the section begins that must notice: what comes before takes no time a second time. One that
    nobody notices then (an object of the old world goes on, say) is run from the first cell on, two of them at a time.
    """
    worlds = [one for one in worlds_of(lesson) if word in one.name]
    outcomes = forked(_sections, lesson, [one.name for one in worlds], 60.0, seconds=540)

    def outcome_of(one: World | None) -> tuple[World | None, Outcome, str]:
        outcome = outcomes.get(one.name if one else None)
        if outcome is None or (one and complaint(one, outcome)):
            outcome = run(lesson, one)
        return one, outcome, complaint(one, outcome)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(outcome_of, [None, *worlds]))


def main() -> int:
    """Print what each world of a lesson does to it; 1 if one goes unnoticed."""
    start, (name, *words) = time.perf_counter(), sys.argv[1:]
    results = run_worlds(LESSONS / name, *words)
    for one, outcome, wrong in results:
        print("FAILED" if wrong else "ok    ", one.name if one else "(unchanged)")
        print("      ", wrong or f"{' / '.join(outcome.headings)}: {outcome.error or 'runs to its end'}")
    print(f"{len(results) - 1} worlds in {time.perf_counter() - start:.0f} s")
    return any(wrong for *_, wrong in results)


if __name__ == "__main__":
    from mutants import main  # the module that the lesson's `from mutants import world` gets

    sys.exit(main())

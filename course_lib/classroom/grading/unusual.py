"""Right answers that use what no other right answer does. Their text is read, and never run."""

import ast
import warnings
from collections import Counter
from collections.abc import Mapping

ENOUGH = 10
"""Right answers, below which nothing can be called unusual."""

_OWN = 2
_LONGEST = 50_000
_WORDS = {
    ast.ClassDef: "class",
    ast.Lambda: "lambda",
    ast.While: "while",
    ast.Try: "try",
    ast.With: "with",
    ast.Yield: "yield",
    ast.Match: "match",
    ast.Global: "global",
    ast.NamedExpr: ":=",
    ast.Await: "await",
}


def unusual(answers: Mapping[str, str], most: int = 3) -> list[tuple[str, tuple[str, ...]]]:
    """Students whose answer holds at least two things that nobody else's does, most of them first.

    Args:
        answers: student -> the code of a right answer.
        most: how many to name.
    """
    uses = {student: found for student, source in answers.items() if (found := used(source))}
    if len(uses) < ENOUGH:
        return []
    common = Counter(thing for found in uses.values() for thing in found)
    own = {student: tuple(sorted(t for t in found if common[t] == 1)) for student, found in uses.items()}
    listed = sorted(((s, things) for s, things in own.items() if len(things) >= _OWN), key=lambda x: (-len(x[1]), x[0]))
    return listed[:most]


def used(source: str) -> frozenset[str]:
    r"""What a program calls on: names that it doesn't make itself, attributes, kinds of statement; nothing if it is none.

    >>> sorted(used("def f(x):\n    y = sum(x)\n    return y.mean() if y else None"))
    ['.mean', 'sum']
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the program's own oddities
            tree = ast.parse(source[:_LONGEST])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    found, made = set(), set()
    for node in ast.walk(tree):
        if type(node) in _WORDS:
            found.add(_WORDS[type(node)])
        if isinstance(node, ast.Name):
            (found if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.Attribute):
            (found if isinstance(node.ctx, ast.Load) else made).add(f".{node.attr}")
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made |= {node.name, f".{node.name}"}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.name for alias in node.names}
            made |= {alias.asname for alias in node.names if alias.asname}
    return frozenset(found - made)

"""The format of a question bank: what its entries hold, and a reader whose errors name file, line and question.

    lesson: eval_mode
    questions:
      - id: eval-keeps-grad       # unique in the bank
        kind: one                 # one, several, prints, bug_line, order or number
        level: easy               # easy, medium or hard
        ask: Which of these does `model.eval()` change?
        hint: Think of dropout.
        about: Two switches       # the heading of the lesson to read again
        source: torch.nn.Module.eval, documentation
        ...                       # what the kind needs: see Question, and tests/classroom/data/example_bank.yaml
    cards:
      - id: eval-flag
        front: What does `eval()` set?
        back: The flag `training`.
        source: torch.nn.Module.eval, documentation
        proof: ...              # as in a question of one answer

Every value is taken as it is typed: `no` is a word and `1e-5` is itself, so nothing but a ": " or a " #" inside
a text needs quotes. Lines and options are counted from 1, as people count.
"""

from dataclasses import dataclass, field
from pathlib import Path

from course_lib.classroom.quizzes.entries import REMEDIES, Document, Entry

LEVELS = ("easy", "medium", "hard")
_COMMON = ("id", "kind", "level", "ask", "hint", "about", "source")
_FIELDS = {  # kind: what it needs, what it may have
    "one": (("options",), ("proof", "no_proof")),
    "several": (("options",), ("proof", "no_proof")),
    "prints": (("program", "options"), ()),
    "bug_line": (("options", "mended"), ("raises", "setup")),
    "order": (("lines", "why"), ("setup", "also_right", "mistakes")),
    "number": (("answer", "tolerance", "program", "why"), ("unit", "mistakes")),
}
_TEXTS = ("proof", "no_proof", "program", "setup", "mended", "raises", "why", "unit")


@dataclass(frozen=True)
class Option:
    """One option, or one line of a program with a bug. `mistake` is what choosing it reveals."""

    text: str
    why: str
    right: bool = False
    mistake: str = ""


@dataclass(frozen=True)
class Mistake:
    """A wrong number or a wrong order that deserves its own explanation."""

    answer: float | tuple[int, ...]
    why: str
    mistake: str


@dataclass(frozen=True)
class Question:
    """One question. Fields that its kind doesn't use are empty; indices count from 0 here, from 1 in the file.

    one, several: `options`, and a `proof` (Python that asserts the claim) or a reason `no_proof`.
    prints: `program` and `options`; the right one is found by running the program.
    bug_line: `options` are the program's lines, one is `right`, `mended` replaces it; `raises` names the error
        that the bug causes, or is empty when it is silent; `setup` runs before.
    order: `lines` in the right order, `why`, and other orders in `also_right`; `setup` runs before.
    number: `answer`, `tolerance`, `unit`, `why`, and the `program` that prints the answer.
    """

    id: str
    kind: str
    level: str
    ask: str
    hint: str
    about: str
    source: str
    options: tuple[Option, ...] = ()
    proof: str = ""
    no_proof: str = ""
    program: str = ""
    setup: str = ""
    mended: str = ""
    raises: str = ""
    lines: tuple[str, ...] = ()
    why: str = ""
    also_right: tuple[tuple[int, ...], ...] = ()
    answer: float = 0.0
    tolerance: float = 0.0
    unit: str = ""
    mistakes: tuple[Mistake, ...] = ()
    where: str = field(default="", compare=False)


@dataclass(frozen=True)
class Card:
    """A flashcard: one fact, and a `proof` (Python that asserts it) or a reason `no_proof`."""

    id: str
    front: str
    back: str
    source: str
    proof: str = ""
    no_proof: str = ""
    where: str = field(default="", compare=False)


@dataclass(frozen=True)
class Bank:
    """The questions and flashcards of one lesson."""

    lesson: str
    questions: tuple[Question, ...]
    cards: tuple[Card, ...]


def read_bank(path: Path) -> Bank:
    """Read one bank.

    Raises:
        ContentError: the file has mistakes; the message lists all of them, each with its line.
    """
    file = Document(f"{path.parent.name}/{path.name}", path.read_text(encoding="utf-8"))
    top = file.top()
    cards_only = "cards" in top.fields and path.stem == "cards"
    top.allow(("lesson", "cards"), ()) if cards_only else top.allow(("lesson", "questions"), ("cards",))
    questions = {entry: _question(entry) for entry in top.entries("questions", "question")}
    cards = {entry: _card(entry) for entry in top.entries("cards", "card")}
    for made in (questions, cards):
        seen: set[str] = set()
        for entry, item in made.items():
            if item.id in seen:
                entry.wrong("has an id that is taken. Give it its own: progress is kept by id.")
            seen.add(item.id)
    lesson = top.text("lesson")
    file.raise_errors()
    return Bank(lesson, tuple(questions.values()), tuple(cards.values()))


def _question(entry: Entry) -> Question:
    kind = entry.one_of("kind", tuple(_FIELDS))
    if not kind:  # nothing else can be judged
        entry.allow(("id", "kind"), tuple(entry.fields))
        return Question(entry.text("id"), "", "", "", "", "", "")
    needed, optional = _FIELDS[kind]
    entry.allow(_COMMON + needed, optional)
    fields = {key: entry.text(key) for key in _COMMON + _TEXTS}
    fields["level"] = entry.one_of("level", LEVELS)
    fields["where"] = entry.where
    for key in ("program", "setup"):
        entry.check_code(key)
    if "options" in needed:
        fields["options"] = _options(entry, kind)
    if kind in ("one", "several"):
        _check_proof(entry)
    elif kind == "order":
        fields |= _order(entry)
    elif kind == "number":
        fields |= _number(entry)
    return Question(**fields)


def _card(entry: Entry) -> Card:
    entry.allow(("id", "front", "back", "source"), ("proof", "no_proof"))
    _check_proof(entry)
    fields = {key: entry.text(key) for key in ("id", "front", "back", "source", "proof", "no_proof")}
    return Card(**fields, where=entry.where)


def _check_proof(entry: Entry) -> None:
    entry.check_code("proof", asserts=True)
    if ("proof" in entry.fields) == ("no_proof" in entry.fields):
        entry.wrong("needs one of 'proof: |' (Python that asserts the claim) and 'no_proof: <why none can>'.")


def _options(entry: Entry, kind: str) -> tuple[Option, ...]:
    """The options; which of them may be `right` and which need a `mistake` depends on the kind."""
    made = []
    for option in entry.entries("options", "option"):
        option.allow(("text", "why"), ("mistake", "right"))
        right = option.one_of("right", ("true", "false")) == "true"
        if kind == "prints" and "right" in option.fields:
            option.wrong("has a typed 'right'. Take it out: the program says which option is right.", "right")
        made.append(Option(option.text("text"), option.text("why"), right, option.text("mistake")))
        if right and made[-1].mistake:
            option.wrong("is right and names a mistake. Take one of the two out.")
        if kind in ("one", "several") and not right and "mistake" not in option.fields:
            option.wrong(f"has no 'mistake'. {REMEDIES['mistake']}")
    low, high = (2, 20) if kind == "bug_line" else (3, 5)
    if made and not low <= len(made) <= high:
        entry.wrong(f"has {len(made)} options; expected {low} to {high}.", "options")
    if kind != "bug_line" and len({option.text.strip() for option in made}) < len(made):
        entry.wrong("has two options with the same text. Change one.", "options")
    right = sum(option.right for option in made)
    if kind in ("one", "bug_line") and made and right != 1:
        entry.wrong(f"has {right} right options; expected one. Write 'right: true' in it.", "options")
    if kind == "several" and made and not right:  # one or all may be right: else two crosses are a safe start
        entry.wrong("has no right option; expected one or more. Write 'right: true' in each.", "options")
    if kind == "prints" and sum(not option.mistake for option in made) > 1:
        entry.wrong("has two options without a 'mistake'; only the one that the program prints has none.", "options")
    return tuple(made)


def _order(entry: Entry) -> dict:
    lines = entry.texts("lines")
    if "lines" in entry.fields and not 3 <= len(lines) <= 6:
        entry.wrong(f"has {len(lines)} lines; expected 3 to 6.", "lines")
    also = tuple(entry.permutation(node, len(lines)) for node in entry.items("also_right"))
    mistakes = []
    for one in entry.entries("mistakes", "mistake"):
        one.allow(("order", "why", "mistake"))
        order = one.permutation(one.fields.get("order"), len(lines))
        if order and order in (tuple(range(len(lines))), *also):
            one.wrong("is an order that is right.")
        mistakes.append(Mistake(order, one.text("why"), one.text("mistake")))
    return {"lines": lines, "also_right": also, "mistakes": tuple(mistakes)}


def _number(entry: Entry) -> dict:
    answer, tolerance = entry.number("answer"), entry.number("tolerance")
    if tolerance < 0:
        entry.wrong("has a negative tolerance. Use 0 for an exact number.", "tolerance")
    mistakes = []
    for one in entry.entries("mistakes", "mistake"):
        one.allow(("answer", "why", "mistake"))
        mistakes.append(Mistake(one.number("answer"), one.text("why"), one.text("mistake")))
        if "answer" in one.fields and abs(mistakes[-1].answer - answer) <= tolerance:
            one.wrong("is within the tolerance of the right answer.")
    return {"answer": answer, "tolerance": tolerance, "mistakes": tuple(mistakes)}

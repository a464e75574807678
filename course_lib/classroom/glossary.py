"""The course's words, `glossary.yaml`: what each means, and which lesson introduces it.

    - term: running statistics
      means: The mean and variance that batch norm gathers while training and uses in eval mode.
      lesson: eval_mode
      forms: [running mean, running variance]

`lesson` may be a list, where lessons that don't need each other each explain a term; `presumed: true` stands in its
place for what a learner brings along.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from course_lib.errors import ContentError

GLOSSARY = Path(__file__).parents[1] / "glossary.yaml"
_KEYS = {"term", "means", "lesson", "presumed", "forms"}


@dataclass(frozen=True)
class Term:
    """One term: its meaning in a sentence, the slugs of the lessons that introduce it (none if it is presumed)."""

    name: str
    means: str
    lessons: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()

    def stands_in(self, text: str) -> bool:
        """Whether a text uses the term or one of its forms.

        Plurals count. Case matters where the term has a capital.

        >>> Term("batch norm", "").stands_in("Batch norms"), Term("AUC", "").stands_in("auc")
        (True, False)
        """
        return bool(self.search(text))

    def search(self, text: str) -> re.Match[str] | None:
        """Where a text first uses the term or one of its forms."""
        return self._pattern.search(text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        each = []
        for form in (self.name, *self.forms):
            words = r"\s+".join(map(re.escape, form.split()))  # a line may end between two words
            each.append(words if form != form.lower() else f"(?i:{words})")
        return re.compile(rf"(?<!\w)(?:{'|'.join(each)})(?:s|es)?(?!\w)")


def load_glossary(path: Path = GLOSSARY) -> tuple[Term, ...]:
    """Read the glossary.

    Raises:
        ContentError: the file is missing or no YAML, a field is missing or unknown, or a term stands twice.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContentError(f"{path.name} can't be read: {' '.join(str(error).split())}. Mend it.") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ContentError(f"{path.name}: expected a list; begin every term with '- term: ...'.")
    terms, seen = [], set()
    for entry in entries:
        term = _term(entry, path.name)
        for form in (term.name, *term.forms):
            if form in seen:
                raise ContentError(f"{path.name}: {form!r} stands twice. Keep one.")
            seen.add(form)
        terms.append(term)
    return tuple(terms)


def _term(entry: dict, file: str) -> Term:
    who = f"{file}, {entry.get('term', entry)!r}"
    if unknown := entry.keys() - _KEYS:
        raise ContentError(f"{who}: unknown {', '.join(sorted(unknown))}. Known are: {', '.join(sorted(_KEYS))}.")
    if lacking := {"term", "means"} - entry.keys():
        raise ContentError(f"{who}: add {', '.join(sorted(lacking))}.")
    if ("lesson" in entry) == (entry.get("presumed") is True):
        raise ContentError(f"{who}: write either 'lesson: <slug>', which introduces it, or 'presumed: true'.")
    for key in ("term", "means"):
        if not isinstance(entry[key], str):
            raise ContentError(f"{who}: '{key}' is {entry[key]!r}; expected text, in quotes if it looks like a number.")
    lessons, forms = entry.get("lesson", []), entry.get("forms", [])
    lessons = [lessons] if isinstance(lessons, str) else lessons
    for key, values in (("lesson", lessons), ("forms", forms)):
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ContentError(f"{who}: '{key}' is {values!r}; expected text or a list of texts.")
    return Term(entry["term"], entry["means"], tuple(lessons), tuple(forms))

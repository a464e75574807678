"""Build the course and check it: for authors, run from any folder."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def short(path: Path) -> str:
    """A path as an author reads it: below the course's folder where it is there."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)

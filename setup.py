"""What a wheel has beside the package: the worked solutions, which a copy of the repository reads from lessons/."""

import re
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithSolutions(build_py):
    """Adds the cells of lessons/ that `solution()` shows, and nothing else of it: no rubric, no key, no attempt."""

    def run(self) -> None:
        """Build the package, then write `solutions.txt` into each lesson's folder."""
        super().run()
        if self.editable_mode:  # the package is the repository's own: nothing may be written there
            return
        for lesson in sorted(Path("lessons").glob("[0-9][0-9]_*")):
            room = Path(self.build_lib, "course_lib", "lessons", lesson.name[3:])
            sources = [path for path in (lesson / "exercise.py", lesson / "lesson.py") if path.exists()]
            cells = [c for path in sources for c in re.split(r"(?m)^(?=# %%)", path.read_text(encoding="utf-8"))]
            shown = [cell for cell in cells if re.match(r'# %%.* (solution|turn)="', cell)]
            if shown and room.is_dir():
                (room / "solutions.txt").write_text("".join(shown), encoding="utf-8", newline="\n")


setup(cmdclass={"build_py": WithSolutions})

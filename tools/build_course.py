"""Build notebooks/ and exercises/ from lessons/; or check that they are fresh; or bring an edit back.

    python tools/build_course.py                                   write what is stale
    python tools/build_course.py --check                           exit 1 and say what to do if something is
    python tools/build_course.py --import notebooks/01_x.ipynb     an edit made in JupyterLab -> lessons/
    python tools/build_course.py --preview 05_y                    one lesson, a draft too -> build/preview/

Deterministic to the byte: cell ids follow from the content, metadata is written by us alone, and exercises
pass through nbgrader's own generate_assignment.
"""

import argparse
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).parents[1])
from course_lib.errors import CourseError
from tools import ROOT, short
from tools.importing import import_notebook
from tools.tree import drift, preview, write


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is stale")
    parser.add_argument("--import", dest="notebook", type=Path, help="bring a notebook's edits back into its source")
    parser.add_argument("--preview", metavar="NN_slug", help="build one lesson, a draft too, into build/preview/")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        if options.notebook:
            print(f"Wrote {short(import_notebook(options.notebook, options.root))}. Now run `make build`.")
        elif options.preview:
            print("\n".join(f"wrote {short(path)}" for path in preview(options.preview, options.root)))
        elif options.check:
            messages = drift(options.root)
            print("\n".join(messages) if messages else "Every built file is fresh.")
            return 1 if messages else 0
        else:
            changed = write(options.root)
            print("\n".join(f"wrote {path}" for path in changed) or "Every built file was fresh.")
    except CourseError as e:
        print(e, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

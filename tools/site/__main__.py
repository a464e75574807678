"""Build the site: `python -m tools.site [--to dist/site] [NN_slug ...]`; without names, every lesson."""

import argparse
import re
import shutil
import sys
import time
from pathlib import Path

from sphinx.cmd.build import build_main

from course_lib.errors import CourseError
from course_lib.syllabus import load_syllabus
from tools import ROOT, short
from tools.site import pages, running


def build(names: list[str], notebooks: Path, to: Path, work: Path) -> int:
    """Build the site of these lessons; the exit status of Sphinx, whose warnings are errors."""
    pages.write(running.executed(names, notebooks, work / "executed"), work / "source")
    shutil.rmtree(to, ignore_errors=True)
    settings = ["--conf-dir", str(pages.SITE), "--doctree-dir", str(work / "doctrees"), "--fresh-env"]
    settings += ["--define", f"html_static_path=static,{work / 'source' / '_static'}"]
    settings += ["--define", f"html_search_scorer={work / 'source' / 'scorer.js'}"]
    status = build_main(["--quiet", "--fail-on-warning", "--keep-going", *settings, str(work / "source"), str(to)])
    _lighten(to)
    (to / ".nojekyll").touch()  # GitHub Pages would leave out the folders that begin with _
    return status


def _lighten(to: Path) -> None:
    """Leave out what no page needs: 1.5 MB of icons as a script (its font draws them too), maps for debuggers, locales."""
    for page in to.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(r"<script[^>]*/fontawesome\.js[^>]*></script>", "", text), encoding="utf-8")
    for path in [*to.glob("_static/**/*.map"), *to.glob("_static/scripts/fontawesome.js*")]:
        path.unlink(missing_ok=True)
    shutil.rmtree(to / "_static" / "locales", ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NN_slug", help="only these lessons")
    parser.add_argument("--to", type=Path, default=ROOT / "dist" / "site", help="the folder to write")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks", help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "site", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    begin = time.perf_counter()
    try:
        known = load_syllabus()
        names = [known.called(name).name for name in options.names] or [lesson.name for lesson in known.lessons]
        status = build(names, options.notebooks, options.to, options.work)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    files = [path for path in options.to.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    print(
        f"{short(options.to)}: {len(files)} files, {size:.1f} MB, {time.perf_counter() - begin:.0f} s. Open index.html."
    )
    return status


if __name__ == "__main__":
    sys.exit(main())

"""Run the core of the tests with the oldest and the newest of every dependency, the newest on each Python that is here.

`make test-versions` does that. The oldest are those of pyproject.toml, so nobody keeps a second list. torch stays the
tested one, which constraints.in pins, because any other is gigabytes: `--torch 2.11.0` asks for one all the same. The
oldest go with the oldest Python: for later ones some of them have no wheel.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tools import ROOT
from tools.check_python import NEWEST, OLDEST

FOLDER = ROOT / ".venv-versions"
LEFT_OUT = (  # what depends on no version, or takes long and shows what the rest shows too
    "tests/browser",
    "tests/tools",
    "tests/test_habits.py",
    "tests/lessons/test_mutants.py",
    "tests/lessons/test_run_twice.py",
)
BESIDE_THE_FLOOR = (
    "pyparsing<3.3",  # later ones warn about what matplotlib 3.10.0 calls
    "jupyterlab_widgets<3",  # later ones are for ipywidgets 8
)
SAMPLED = (  # the worked solutions stand for the attempts, the first assignment for nbgrader's others
    "test_attempt_gives_its_verdict_and_message",
    "test_a_right_answer_is_right_whatever_the_notebook_has_set",
    "test_every_case_fails_at_least_one_wrong_attempt",
    "test_published_solutions_get_full_points",
)


def requirements(choice: str, project: dict) -> list[str]:
    """What to install: every dependency at its floor, or as pyproject.toml has it, which is the newest.

    Args:
        choice: "floor" or "newest".
        project: The table `project` of pyproject.toml.
    """
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(dependency for extra in extras for dependency in extra)]
    if choice == "newest":
        return wanted
    return [*(one if one.startswith("torch>") else one.replace(">=", "==") for one in wanted), *BESIDE_THE_FLOOR]


def is_here(python: str) -> bool:
    """Whether a Python such as "3.12" runs: pyenv's commands for versions that are switched off exist, and fail."""
    command = shutil.which(f"python{python}")
    return bool(command) and subprocess.run([command, "-c", ""], capture_output=True).returncode == 0


def constraints(torch: str) -> str:
    """The lines of constraints.in, with another torch if one is asked for."""
    lines = (ROOT / "constraints.in").read_text(encoding="utf-8").splitlines()
    return "".join(f"torch=={torch}\n" if torch and line.startswith("torch==") else f"{line}\n" for line in lines)


def install(choice: str, python: str, torch: str) -> Path:
    """Make the environment anew.

    Returns:
        Its folder.
    """
    where = FOLDER / f"{choice}-{python}{f'-torch-{torch}' if torch else ''}"
    print(f"{where.name}: installing.", flush=True)
    subprocess.run([f"python{python}", "-m", "venv", "--clear", where], check=True)
    limits = where / "constraints.txt"
    limits.write_text(constraints(torch), encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # Compiled at once: where PYTHONDONTWRITEBYTECODE is set, every process of the tests would compile torch again.
    pip = [where / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--constraint", limits, *requirements(choice, project)], check=True, cwd=ROOT)
    subprocess.run([*pip, "--no-deps", "--editable", "."], check=True, cwd=ROOT)
    return where


def core_tests(environment: Path, more: list[str]) -> int:
    """Run the core of the tests there; pytest's exit code."""
    command = [environment / "bin" / "python", "-m", "pytest", "-n", "auto", "--dist", "loadfile"]
    command += [f"--ignore={path}" for path in LEFT_OUT] + ["-k", " and ".join(f"not {name}" for name in SAMPLED)]
    variables = {"PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    return subprocess.run([*command, *more], cwd=ROOT, env={**os.environ, **variables}).returncode


def main() -> int:
    """Each choice on each Python that is here; not 0 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.versions", description=__doc__.splitlines()[0])
    parser.add_argument("choices", nargs="*", default=["floor", "newest"], metavar="floor|newest", help="default: both")
    parser.add_argument("--torch", default="", help="another torch than the tested one, such as 2.11.0: gigabytes")
    asked, for_pytest = parser.parse_known_args()
    results = {}
    for python in (f"{OLDEST[0]}.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)):
        for choice in asked.choices:
            if choice == "floor" and python != f"{OLDEST[0]}.{OLDEST[1]}":
                continue
            if not is_here(python):
                results[f"{choice}, Python {python}"] = "not on this machine"
                continue
            code = core_tests(install(choice, python, asked.torch), for_pytest)
            results[f"{choice}, Python {python}"] = f"failed (pytest's exit code {code})" if code else "passed"
    print("\n".join(f"{what}: {came_out}" for what, came_out in results.items()))
    return int(any(came_out.startswith("failed") for came_out in results.values()))


if __name__ == "__main__":
    sys.exit(main())

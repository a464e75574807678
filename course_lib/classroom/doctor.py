"""What is wrong with this machine, and the command that mends it.

This has to run where other modules don't: it imports the standard library only, and its syntax is Python 3.10's,
so that a Python that is too old gets a sentence and no traceback.
"""

import importlib.metadata
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

DISTRIBUTION = "evaluate-save-load"
OLDEST, NEWEST = (3, 11), (3, 13)
NEEDED_BYTES = 100 * 1024**2
COURSE = Path(__file__).parents[2]
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""PyTorch's own index of builds for the CPU; on Linux the usual index has the CUDA build, gigabytes with what it needs."""
LEFT_ALONE = ("torch", "numpy", "ipywidgets")
"""Colab's front end and GPU fit Colab's own builds of these: the course never installs them there."""


class Finding(NamedTuple):
    """One thing that was looked at: whether it is right, what was seen, and the command that mends it."""

    ok: bool
    what: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at Python, the packages, the device and the data folder of this machine."""
    findings = [python_version(sys.version_info)]
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        findings.append(
            Finding(False, f"The course ({DISTRIBUTION}) is not installed in this Python.", everything_again())
        )
        requirements = []
    findings += packages(requirements, installed_version, extras=() if in_colab() else ("lab",))
    if not in_colab():  # it brings its own front end
        findings.append(widgets_front_end(installed_version("ipywidgets"), installed_version("jupyterlab_widgets")))
    findings.append(device())
    try:
        from course_lib.classroom.progress import data_dir
    except ImportError as error:
        findings.append(Finding(False, f"The folder of your progress was not looked at: {error}.", everything_again()))
    else:
        findings.append(data_folder(data_dir()))
    return findings


def installed_version(package: str) -> str | None:
    """The version of an installed package; None where it isn't installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def in_colab() -> bool:
    """Whether this is Colab, where commands are typed into cells and no file of the course lies about."""
    return "COLAB_RELEASE_TAG" in os.environ


def pip_install(what: str) -> str:
    """The command that installs something into this very Python: its environment is not always activated."""
    if in_colab():
        return f"!pip install {what}"
    python = f'"{sys.executable}"'
    if os.name == "nt":  # PowerShell takes a text in quotes for a text, and cmd doesn't know its &
        python = f"& {python}" if " " in sys.executable else sys.executable
    pins = "-c constraints.txt " if (COURSE / "constraints.txt").exists() else ""  # there is none beside a wheel
    return f"{python} -m pip install {pins}{what}"


def everything_again() -> str:
    """How the course itself is installed."""
    return "run the first cell of the notebook again" if in_colab() else pip_install('-e ".[lab]"')


def pytorch(what: str) -> str:
    """How PyTorch is installed: the build for the CPU where this machine has nothing else."""
    if in_colab():
        return (
            "open the menu Runtime, choose Disconnect and delete runtime, and run the first cell of the notebook again"
        )
    small = sys.platform == "linux" and not has_nvidia_driver()
    return pip_install(f"--no-deps --index-url {CPU_INDEX} {what}" if small else what)


def has_nvidia_driver() -> bool:
    """Whether a CUDA build of PyTorch would find a driver here."""
    return shutil.which("nvidia-smi") is not None or os.path.exists("/proc/driver/nvidia")


def python_version(version: Sequence) -> Finding:
    """Python 3.11 to 3.13.

    >>> python_version((3, 10, 12)).what
    'Python 3.10.12 is too old: the course needs 3.11 to 3.13.'
    """
    name = "Python " + ".".join(str(part) for part in version[:3])
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return Finding(True, name)
    verdict = "too old" if tuple(version[:2]) < OLDEST else "newer than anything tested here"
    if in_colab():
        remedy = "open the menu Runtime, choose Change runtime type, and there an older or newer runtime version"
    else:
        again = "set up again, as README.md says" if os.name == "nt" else "make lab"
        remedy = f"Install Python 3.13 from https://www.python.org/downloads, delete the folder .venv, then: {again}"
    return Finding(False, f"{name} is {verdict}: the course needs 3.11 to 3.13.", remedy)


def packages(
    requirements: Iterable[str], version_of: Callable[[str], str | None], *, extras: Sequence[str] = ()
) -> list[Finding]:
    """Every required package, against the range that the course was tested with.

    Args:
        requirements: as in the metadata of a package, such as 'torch>=2.6' or 'jupyterlab<5; extra == "lab"'.
        version_of: a package's installed version, or None.
        extras: which extras count.
    """
    findings = []
    for requirement in requirements:
        wanted, _, marker = (part.strip() for part in requirement.partition(";"))
        extra = re.search(r"extra == [\"'](.+?)[\"']", marker)
        if extra and extra[1] not in extras:
            continue
        name = re.match(r"[\w.-]+", wanted)[0]
        version, ranges = version_of(name), wanted[len(name) :].strip(" ()")
        needs = f"the course needs {ranges}" if ranges else "the course needs it"
        install = pytorch if name == "torch" or (in_colab() and name in LEFT_ALONE) else pip_install
        remedy = install(f'"{name}{ranges}"')
        if version is None:
            findings.append(Finding(False, f"{name} is not installed: {needs}.", remedy))
        elif not satisfies(version, ranges):
            findings.append(Finding(False, f"{name} {version} doesn't fit: {needs}.", remedy))
        else:
            findings.append(Finding(True, f"{name} {version}"))
    return findings


def satisfies(version: str, ranges: str) -> bool:
    """Whether a version lies in a range such as ">=7.7.1,<9"; only the numbers count.

    >>> satisfies("2.13.0+cpu", ">=2.6"), satisfies("9.0", ">=7.7.1,<9"), satisfies("2.10", ">=2.6")
    (True, False, True)
    """

    def numbers(text: str) -> tuple[int, ...]:
        parts = [int(part) for part in re.match(r"[\d.]*", text)[0].split(".") if part]
        return tuple(parts + [0] * (4 - len(parts)))

    have = numbers(version)
    tests = {">=": have.__ge__, "<=": have.__le__, "<": have.__lt__, ">": have.__gt__, "==": have.__eq__}
    tests["!="] = have.__ne__
    return all(tests[sign](numbers(bound)) for sign, bound in re.findall(r"([<>=!]=|[<>])\s*([\d.]+)", ranges))


def widgets_front_end(ipywidgets: str | None, jupyterlab_widgets: str | None) -> Finding:
    """Whether JupyterLab can show the widgets of the installed ipywidgets."""
    if ipywidgets is None or jupyterlab_widgets is None:
        missing = "ipywidgets" if ipywidgets is None else "jupyterlab_widgets"
        return Finding(False, f"Widgets won't show: {missing} is not installed.", pip_install(missing))
    if satisfies(ipywidgets, ">=8") != satisfies(jupyterlab_widgets, ">=3"):
        versions = f"ipywidgets {ipywidgets} and jupyterlab_widgets {jupyterlab_widgets}"
        remedy = pip_install("--upgrade ipywidgets jupyterlab_widgets")
        return Finding(False, f"Widgets won't show: {versions} don't belong together.", remedy)
    return Finding(True, f"Widgets show in JupyterLab: jupyterlab_widgets {jupyterlab_widgets}")


def device() -> Finding:
    """Where models will run. A CPU is enough for everything."""
    try:
        import torch

        from course_lib.devices import select_device

        chosen = select_device()
        name = f" ({torch.cuda.get_device_name()})" if chosen.type == "cuda" else ""
    except Exception as error:  # a broken installation raises what it likes: ImportError, OSError, RuntimeError
        what = f"PyTorch doesn't work here. {type(error).__name__}: {error}"
        return Finding(False, what, pytorch("--force-reinstall torch"))
    return Finding(True, f"Device: {chosen}{name}" + (", enough for everything here" if chosen.type == "cpu" else ""))


def data_folder(folder: Path) -> Finding:
    """Whether progress can be kept: write access and space."""
    another = "(or another folder that you may write to), then start JupyterLab again"
    if in_colab():
        remedy = "%env COURSE_DATA_DIR=/content/course-data"
    elif os.name == "nt":  # setx works in cmd and in PowerShell, from the next window on
        remedy = f'setx COURSE_DATA_DIR "{Path.home() / "course-data"}" {another}, from a new window'
    else:
        remedy = f'export COURSE_DATA_DIR="$HOME/course-data" {another}'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
        free_bytes = shutil.disk_usage(folder).free
    except OSError as error:
        what = (
            f"Progress can't be kept in {folder}: {error.strerror or error}. Lessons work, but nothing is remembered."
        )
        return Finding(False, what, remedy)
    if free_bytes < NEEDED_BYTES:
        what = f"Only {free_bytes / 1024**2:.0f} MB are free in {folder}; checkpoints and progress need 100 MB."
        return Finding(False, what, f"Delete something, or: {remedy}")
    return Finding(True, f"Progress is kept in {folder}: writable, {free_bytes / 1024**3:.1f} GB free")


def report(findings: Iterable[Finding]) -> str:
    """The findings as text, what is wrong with its remedy."""
    lines = []
    for finding in findings:
        lines.append(f"{'✓' if finding.ok else '✗'} {finding.what}")
        if not finding.ok:
            lines.append(f"    mend it with: {finding.remedy}")
    return "\n".join(lines)


def main() -> int:
    """Print what is right and what is wrong; the exit code is 1 if anything is wrong."""
    findings = examine()
    wrong = sum(not finding.ok for finding in findings)
    if not wrong:
        end = "This machine is ready."
    else:
        where = "in a cell" if in_colab() else f"in {COURSE}"
        end = f"{wrong} thing{'s' if wrong > 1 else ''} to mend. Run the commands {where}."
    text = f"{report(findings)}\n\n{end}"
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))  # a console may not know the ticks
    return int(wrong > 0)

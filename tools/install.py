"""Install the course into this Python: `make lab` and `make test` do, and it says first what pip will download.

On Linux pip's usual index has PyTorch's CUDA build, gigabytes with what it needs. Where there is no NVIDIA driver, the
build for the CPU comes from PyTorch's own index, unless pip as it is set up finds one already. It runs before
anything is installed: Python and pip are all it needs.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).parents[1])
from course_lib.classroom.doctor import CPU_INDEX, has_nvidia_driver, installed_version
from tools import ROOT

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; pip's exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "extras", nargs="?", default="lab", help="of pyproject.toml, such as lab,grading; lab by default"
    )
    parser.add_argument(
        "--torch", choices=("cpu", "cuda"), help="PyTorch's build; on Linux, cpu without NVIDIA's driver"
    )
    parser.add_argument("--cpu-index", default=CPU_INDEX, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    pin = re.search(r"(?m)^torch==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"))[1]
    build = options.torch or ("cuda" if has_nvidia_driver() else "cpu")
    if sys.platform == "linux" and (code := _pytorch(pin, build, options.torch is not None, options.cpu_index)):
        return code
    what = "JupyterLab" if sys.platform == "linux" else "PyTorch, JupyterLab"
    print(f"Installing {what} and the rest: a few minutes.", flush=True)
    return _install("--constraint", str(ROOT / "constraints.txt"), "--editable", f"{ROOT}[{options.extras}]")


def _pytorch(pin: str, build: str, is_asked_for: bool, cpu_index: str) -> int:
    """Install PyTorch's CPU build where it is wanted, or make room for the other one; pip's exit code."""
    have = installed_version("torch") or ""
    if have.startswith(pin) and (not is_asked_for or ("+cpu" in have) == (build == "cpu")):
        return 0
    if build == "cuda":
        print("PyTorch comes from pip's usual index, with CUDA: about 3 GB to download, 7 GB on the disk.")
        print("Without an NVIDIA GPU, stop this (Ctrl+C) and run: make lab TORCH=cpu", flush=True)
        return subprocess.run([*PIP, "uninstall", "--yes", "torch"]).returncode if have else 0
    print("PyTorch for the CPU: about 200 MB to download, 0.7 GB on the disk.", flush=True)
    index = []
    if f"{pin}+cpu" not in _offered():
        print(f"It comes from {cpu_index}; for CUDA instead, run: make lab TORCH=cuda", flush=True)
        index = ["--retries", "1", "--index-url", cpu_index]
    if code := _install(*index, "--no-deps", "--force-reinstall", f"torch=={pin}+cpu"):
        print("PyTorch for the CPU could not be installed; above is why. Is this machine online?", file=sys.stderr)
        print("PyTorch from pip's usual index, about 3 GB, comes with: make lab TORCH=cuda", file=sys.stderr)
    return code


def _offered() -> list[str]:
    """The versions of PyTorch that pip as it is set up knows for this Python; nothing is downloaded."""
    command = [*PIP, "index", "versions", "torch", "--retries", "1"]
    said = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ).stdout
    found = re.search(r"(?m)^Available versions: (.*)$", said)
    return re.split(r",\s*", found[1].strip()) if found else []


def _install(*arguments: str) -> int:
    """Pip with its own progress in a terminal, elsewhere with one line for each package; its exit code."""
    command = [*PIP, "install", *arguments]
    if sys.stdout.isatty():
        return subprocess.run(command).returncode
    command += ["--progress-bar", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", errors="replace") as pip:
        for line in pip.stdout:
            if line.startswith(("Collecting ", "Processing ")):  # the second is a file of this machine
                print(f"  {line.split()[1].split('/')[-1]}", flush=True)
            elif line.startswith("Installing collected packages: "):
                count = line.count(",") + 1
                print(f"Unpacking {count} package{'s' * (count > 1)}.", flush=True)
    return pip.returncode


if __name__ == "__main__":
    sys.exit(main())

"""The course as GitHub would have it, on this machine: what a published notebook's first cell asks pip for."""

import shutil
import subprocess

from tools import ROOT
from tools.build_colab import OF_A_WHEEL

GITHUB = "someone/course"


def publish(folder, monkeypatch):
    """Make a repository of the working tree, and let git find it in GitHub's place."""
    repository = folder / GITHUB
    repository.mkdir(parents=True)
    for name in OF_A_WHEEL:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, repository / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, repository)
    who = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"]
    for command in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "The course"]):
        subprocess.run(["git", *command], cwd=repository, check=True)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{folder.as_uri()}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")

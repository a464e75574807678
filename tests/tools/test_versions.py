"""What `make test-versions` installs and leaves out; that it comes out well is for itself to show."""

import tomllib

from tools import ROOT, versions

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_floor_is_what_pyproject_says():
    project = {"dependencies": ["torch>=2.6", "ipywidgets>=7.7.1,<9"], "optional-dependencies": {"dev": ["ruff>=0.9"]}}
    assert versions.requirements("floor", project) == ["torch>=2.6", "ipywidgets==7.7.1,<9", "ruff==0.9"]
    assert versions.requirements("newest", project) == ["torch>=2.6", "ipywidgets>=7.7.1,<9", "ruff>=0.9"]


def test_every_dependency_has_a_floor():
    assert all(">=" in one for one in versions.requirements("newest", PROJECT))


def test_torch_stays_the_tested_one_unless_another_is_asked_for():
    lines = versions.constraints("").splitlines()
    assert "torch==2.13.0" in lines
    assert versions.constraints("2.6.0").splitlines() == ["torch==2.6.0" if "torch" in one else one for one in lines]


def test_what_is_left_out_is_there():
    assert all((ROOT / path).exists() for path in versions.LEFT_OUT)
    tests = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "tests").rglob("test_*.py")
        if path.name != "test_versions.py"
    )
    assert all(f"def {name}(" in tests for name in versions.SAMPLED)


def test_the_outcome_is_said_for_each(monkeypatch, capsys):
    """Python 3.12 is here, the others aren't; the newest fails."""
    monkeypatch.setattr(versions.shutil, "which", lambda name: name if name == "python3.12" else None)
    monkeypatch.setattr(
        versions, "install", lambda choice, python, torch: versions.FOLDER / f"{choice}-{python}-{torch}"
    )
    ran = []

    def core_tests(where, more):
        ran.append((where.name, more))
        return 1 if "newest" in where.name else 0

    monkeypatch.setattr(versions, "core_tests", core_tests)
    monkeypatch.setattr(versions.sys, "argv", ["versions", "--torch", "2.6.0", "-x"])
    assert versions.main() == 1
    assert ran == [("floor-3.12-2.6.0", ["-x"]), ("newest-3.12-2.6.0", ["-x"])]
    assert capsys.readouterr().out.splitlines() == [
        "floor, Python 3.11: not on this machine",
        "newest, Python 3.11: not on this machine",
        "floor, Python 3.12: passed",
        "newest, Python 3.12: failed (pytest's exit code 1)",
        "floor, Python 3.13: not on this machine",
        "newest, Python 3.13: not on this machine",
    ]

"""What `make test-versions` installs and leaves out; that it comes out well is for itself to show."""

import tomllib

from tools import ROOT, versions

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_floor_is_what_pyproject_says():
    project = {"dependencies": ["torch>=2.6", "ipywidgets>=7.7.1,<9"], "optional-dependencies": {"dev": ["ruff>=0.9"]}}
    assert versions.requirements("floor", project) == [
        "torch>=2.6",
        "ipywidgets==7.7.1,<9",
        "ruff==0.9",
        "pyparsing<3.3",
        "jupyterlab_widgets<3",
    ]
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


def test_a_command_that_fails_is_no_python(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not versions.is_here("3.12")
    for code in (1, 0):
        (tmp_path / "python3.12").write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / "python3.12").chmod(0o755)
        assert versions.is_here("3.12") == (code == 0)


def test_the_outcome_is_said_for_each(monkeypatch, capsys):
    """Python 3.13 isn't here, the others are; the newest fails on 3.12."""
    monkeypatch.setattr(versions, "is_here", lambda python: python != "3.13")
    monkeypatch.setattr(
        versions, "install", lambda choice, python, torch: versions.FOLDER / f"{choice}-{python}-{torch}"
    )
    ran = []

    def core_tests(where, more):
        ran.append((where.name, more))
        return 1 if "3.12" in where.name else 0

    monkeypatch.setattr(versions, "core_tests", core_tests)
    monkeypatch.setattr(versions.sys, "argv", ["versions", "--torch", "2.6.0", "-x"])
    assert versions.main() == 1
    assert ran == [(name, ["-x"]) for name in ("floor-3.11-2.6.0", "newest-3.11-2.6.0", "newest-3.12-2.6.0")]
    assert capsys.readouterr().out.splitlines() == [
        "floor, Python 3.11: passed",
        "newest, Python 3.11: passed",
        "newest, Python 3.12: failed (pytest's exit code 1)",
        "newest, Python 3.13: not on this machine",
    ]

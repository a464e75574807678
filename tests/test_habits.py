"""Rules that keep the library whole: layers, names, doors that agree, nothing heavy at import."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
LAYERS = {
    "errors": 0, "syllabus": 0, "look": 0,
    "seeding": 1, "devices": 1, "data": 1, "models": 1,
    "evaluation": 2, "metrics": 2, "checkpoints": 2, "training": 2, "verification": 2, "snapshots": 2, "diseases": 2,
    "displays": 3,
    "tasks": 4, "quizzes": 4, "progress": 4, "event_log": 4, "recall": 4, "doctor": 4,
    "explorers": 5, "widgets": 5, "lessons": 5, "grading": 5,
    "__main__": 6, "__init__": 0,
}  # fmt: skip
NO_FRONT_END = ("matplotlib", "IPython", "ipywidgets", "nbgrader")
MODULES = sorted((ROOT / "course_lib").rglob("*.py"))


def layer(path: Path) -> int:
    relative = path.relative_to(ROOT / "course_lib")
    return LAYERS[relative.parts[0] if len(relative.parts) > 1 else relative.stem]


def imports(path: Path) -> list[str]:
    """Every module that a file imports, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [
                f"{node.module}.{alias.name}" if node.module == "course_lib" else node.module for alias in node.names
            ]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    for name in imports(path):
        if name.startswith("course_lib."):
            assert LAYERS[name.split(".")[1]] <= layer(path), f"{path.name} (layer {layer(path)}) imports {name}"
        if layer(path) <= 2:
            assert not name.startswith(NO_FRONT_END), f"{path.name} is in layer {layer(path)} and imports {name}"


def test_every_module_has_a_layer():
    for path in MODULES:
        layer(path)


def test_the_package_imports_nothing():
    code = "import sys; before = set(sys.modules); import course_lib; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['course_lib']"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_public_names_are_documented_and_private_ones_stay_at_home(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{path} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_lib"):
            private = [a.name for a in node.names if a.name.startswith("_") and not a.name.startswith("__")]
            assert not private, f"{path} imports the private {private} of {node.module}"


def test_no_catch_all_modules():
    assert not {p.stem for p in MODULES} & {"utils", "util", "helpers", "common", "misc"}


def test_every_name_in_all_exists():
    import importlib

    for path in MODULES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if name.endswith("__main__"):
            continue
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", ()):
            assert hasattr(module, public), f"{name}.__all__ promises {public}"


def test_conda_and_pip_install_the_same():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pip = next(entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict))
    python = next(entry for entry in conda["dependencies"] if str(entry).startswith("python="))
    assert pip == ["--constraint constraints.txt", "--editable .[lab]"]
    assert conda["name"] == project["name"]
    assert python.removeprefix("python=") >= project["requires-python"].removeprefix(">=")
    assert "lab" in project["optional-dependencies"]


def test_every_dependency_is_pinned_once_and_says_why():
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    assert pins["torch"] == "2.13.0"
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    for dependency in wanted:
        name = re.split("[<>=]", dependency)[0].lower()
        assert name in pins, f"{name} is not in constraints.txt: run make constraints"
        line = next(line for line in text.splitlines() if f'"{dependency}"' in line)
        assert "#" in line, f"say in pyproject.toml why {name} is there"


def test_python_that_is_too_old_gets_one_clear_message():
    from tools.check_python import complaint

    assert complaint((3, 11, 7)) == "" == complaint((3, 13, 0))
    assert "this is Python 3.10" in complaint((3, 10, 13))
    assert "this is Python 2.7" in complaint((2, 7, 18))
    assert "this is Python 3.14" in complaint((3, 14, 0))

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
    "errors": 0, "syllabus": 0,
    "seeding": 1, "devices": 1, "data": 1, "models": 1,
    "evaluation": 2, "metrics": 2, "checkpoints": 2, "training": 2, "verification": 2,
    "displays": 3,
    "classroom": 0, "classroom.style": 3,
    "classroom.tasks": 4, "classroom.quizzes": 4, "classroom.progress": 4, "classroom.event_log": 4,
    "classroom.widgets": 4, "classroom.recall": 4, "classroom.overview": 4, "classroom.doctor": 4,
    "classroom.sources": 4, "classroom.explaining": 4, "classroom.colab": 4,
    "classroom.explorers": 5, "classroom.session": 5, "classroom.grading": 5,
    "lessons": 6,
    "__main__": 7,
}  # fmt: skip
"""A module's layer is that of the longest name here that it begins with."""
NO_FRONT_END = ("matplotlib", "IPython", "ipywidgets", "nbgrader")
MODULES = sorted((ROOT / "course_lib").rglob("*.py"))


def name_of(path: Path) -> str:
    """A file's dotted name below course_lib: "classroom.tasks.task"; course_lib's own is empty."""
    parts = path.relative_to(ROOT / "course_lib").with_suffix("").parts
    return ".".join(parts).removesuffix("__init__").rstrip(".")


def layer(name: str) -> int:
    while name and name not in LAYERS:
        name = name.rpartition(".")[0]
    return LAYERS[name] if name else 0


def imports(path: Path) -> list[str]:
    """Every module that a file imports, inside functions too; not what only a type checker reads."""
    tree, found = ast.parse(path.read_text(encoding="utf-8")), []
    for_types = [n for n in ast.walk(tree) if isinstance(n, ast.If) and getattr(n.test, "id", "") == "TYPE_CHECKING"]
    unseen = {id(n) for block in for_types for n in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [
                f"{node.module}.{alias.name}" if (node.module or "").startswith("course_lib") else node.module
                for alias in node.names
            ]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    mine = name_of(path)
    for name in imports(path):
        if name.startswith("course_lib."):
            below = name.removeprefix("course_lib.")
            assert layer(below) <= layer(mine), f"{mine} (layer {layer(mine)}) imports {name}"
            if below.startswith("lessons.") and mine.startswith("lessons."):
                assert below.split(".")[1] == mine.split(".")[1], f"{mine} imports another lesson, {name}"
        if layer(mine) <= 2:
            assert not name.startswith(NO_FRONT_END), f"{mine} is in layer {layer(mine)} and imports {name}"


def test_no_import_goes_in_a_circle():
    """Module by module, imports inside functions too."""
    modules = {f"course_lib.{name_of(path)}".rstrip("."): path for path in MODULES}
    arrows = {}
    for name, path in modules.items():
        longest = (next((m for m in (n, n.rpartition(".")[0]) if m in modules), None) for n in imports(path))
        arrows[name] = {m for m in longest if m and m != name}
    done, under_way = set(), []

    def visit(name):
        assert name not in under_way, f"a circle: {' -> '.join([*under_way[under_way.index(name) :], name])}"
        if name not in done:
            under_way.append(name)
            for other in sorted(arrows[name]):
                visit(other)
            done.add(under_way.pop())

    for name in sorted(modules):
        visit(name)


def test_every_module_has_a_layer():
    for path in MODULES:
        name = name_of(path)
        assert not name or any(name == known or name.startswith(f"{known}.") for known in LAYERS), name


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

"""Which PyTorch `make lab` installs, with real pip and stand-ins for the two indexes: nothing here has a network."""

import os
import subprocess
import zipfile

import pytest
from packaging.requirements import Requirement

from tools import ROOT, install

PIN = "2.13.0"


def index(folder, *versions):
    """A package index in a folder, with an empty PyTorch of each version."""
    simple = folder / "torch"
    simple.mkdir(parents=True)
    links = []
    for version in versions:
        wheel = simple / f"torch-{version}-py3-none-any.whl"
        about = f"torch-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            needs = "" if "+cpu" in version else "Requires-Dist: gigabytes\n"
            archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n{needs}")
            archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{about}/RECORD", "")
        links.append(f'<a href="{wheel.name}">{wheel.name}</a>')
    (simple / "index.html").write_text("<!DOCTYPE html>" + "".join(links), encoding="utf-8")
    return folder.as_uri()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A Linux without an NVIDIA driver and without PyTorch, whose pip knows an index with the CUDA build only."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", index(tmp_path / "usual", PIN))
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "site"))
    monkeypatch.setattr(install.sys, "platform", "linux")
    monkeypatch.setattr(install, "has_nvidia_driver", lambda: False)
    monkeypatch.setattr(install, "installed_version", lambda name: None)
    commands, real = [], install._install

    def only_torch(*arguments):
        commands.append(arguments)
        return 0 if "--editable" in arguments else real(*arguments)

    monkeypatch.setattr(install, "_install", only_torch)
    return commands


def installed(tmp_path):
    return [path.name.removesuffix(".dist-info") for path in (tmp_path / "site").glob("*.dist-info")]


def test_the_cpu_build_comes_from_pytorchs_index_and_the_rest_from_the_usual_one(machine, tmp_path, capsys):
    url = index(tmp_path / "pytorch", f"{PIN}+cpu", f"{PIN}+cu130")
    assert install.main(["lab", "--cpu-index", url]) == 0
    assert installed(tmp_path) == [f"torch-{PIN}+cpu"]
    assert url not in machine[-1]
    assert machine[-1][-1] == f"{ROOT}[lab]"
    said = capsys.readouterr().out
    assert said.index("about 200 MB") < said.index(url) < said.index(f"  torch-{PIN}+cpu") < said.index("Unpacking 1")


def test_where_pip_finds_a_cpu_build_by_itself_no_other_index_is_asked(machine, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index(tmp_path / "house", f"{PIN}+cpu"))
    assert install.main(["lab", "--cpu-index", "http://127.0.0.1:9/nobody"]) == 0
    assert installed(tmp_path) == [f"torch-{PIN}+cpu"]
    assert "--index-url" not in machine[0]


@pytest.mark.parametrize("asked", [[], ["--torch=cuda"]])
def test_with_a_driver_or_when_asked_pytorch_is_left_to_pip(machine, asked, monkeypatch, capsys):
    monkeypatch.setattr(install, "has_nvidia_driver", lambda: not asked)
    assert install.main(["lab", *asked]) == 0
    assert [command[-2] for command in machine] == ["--editable"]
    assert "about 3 GB" in capsys.readouterr().out


def test_an_index_that_is_out_of_reach_is_said_with_the_way_on(machine, tmp_path, capsys):
    assert install.main(["lab", "--torch", "cpu", "--cpu-index", "http://127.0.0.1:9/nobody"]) != 0
    assert installed(tmp_path) == []
    assert "TORCH=cuda" in capsys.readouterr().err
    assert len(machine) == 1


@pytest.mark.parametrize(
    ("have", "asked", "commands"),
    [(PIN, [], 1), (f"{PIN}+cpu", [], 1), (f"{PIN}+cpu", ["--torch=cpu"], 1), ("2.6.0+cpu", [], 2),
     (PIN, ["--torch=cpu"], 2)],
)  # fmt: skip
def test_what_is_installed_stays_unless_another_build_is_asked_for(machine, have, asked, commands, monkeypatch):
    monkeypatch.setattr(install, "installed_version", lambda name: have)
    monkeypatch.setattr(install, "_install", lambda *arguments: machine.append(arguments))
    monkeypatch.setattr(install, "_offered", lambda: [])
    assert not install.main(["lab", *asked])
    assert len(machine) == commands


def test_with_the_variable_that_the_conda_door_names_pip_takes_the_cpu_build(machine, tmp_path, monkeypatch):
    """What `PIP_EXTRA_INDEX_URL=... conda env create` comes to: constraints.txt says 2.13.0, pip takes 2.13.0+cpu."""
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index(tmp_path / "pytorch", f"{PIN}+cpu"))
    (tmp_path / "pins.txt").write_text(f"torch=={PIN}\n")
    assert install._install("--no-deps", "--constraint", str(tmp_path / "pins.txt"), "torch>=2.6") == 0
    assert installed(tmp_path) == [f"torch-{PIN}+cpu"]
    assert "PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu" in (ROOT / "README.md").read_text(
        encoding="utf-8"
    )


def test_macos_and_windows_have_one_build_in_the_usual_index(machine, monkeypatch, capsys):
    monkeypatch.setattr(install.sys, "platform", "darwin")
    assert install.main([]) == 0
    assert len(machine) == 1
    assert "Installing PyTorch" in capsys.readouterr().out


def test_make_passes_the_choice_on_and_installs_again():
    def commands(*arguments):
        known = "--old-file=pyproject.toml", "--old-file=constraints.txt"
        command = ["make", "--dry-run", *known, "lab", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "tools/install.py --torch=cuda lab" in commands("TORCH=cuda")
    assert Requirement(f"torch=={PIN}").specifier.contains(f"{PIN}+cpu")  # so constraints.txt admits both builds

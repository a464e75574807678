"""The README: its pictures are there, small, sharp and described; its commands name what there is."""

import re

from PIL import Image

from tools import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_picture_is_there_and_described():
    linked = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", README)
    assert sorted(path for _, path in linked) == sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("pictures/*"))
    for words, path in linked:
        assert len(words) > 100, f"say in words what {path} shows"
        assert (ROOT / path).stat().st_size < 150_000, path
        with Image.open(ROOT / path) as picture:
            assert picture.format == "PNG"
            assert picture.width > 1400, f"{path} is not two pixels a point"


def test_the_first_screen_says_what_it_is_for_whom_and_how_to_start():
    first = README[: README.index("| You want to")]
    for words in (
        "evaluating a model, saving it",
        "It is for everybody who",
        "make lab",
        "course doctor",
        "On Windows",
    ):
        assert words in " ".join(first.split())
    assert len(first.splitlines()) < 45


def test_its_commands_install_what_is_pinned():
    pin = re.search(r"(?m)^torch==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"))[1]
    assert set(re.findall(r"torch==([\d.]+\d)", README)) == {pin}


def test_what_it_links_to_exists():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert link.startswith("https://") or (ROOT / link).exists(), link

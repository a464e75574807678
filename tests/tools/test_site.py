"""What the site is made of, without Sphinx and without a browser (those are in tests/browser/test_site.py)."""

import json
import re
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest
import yaml

from course_lib.classroom import style
from course_lib.classroom.explaining import known_errors
from course_lib.classroom.explorers.explorer import Choice, Explorer, Slider
from course_lib.errors import ContentError
from course_lib.syllabus import load_syllabus
from tools import ROOT
from tools.site import frames, pages, running
from tools.site.book import terms


@dataclass(frozen=True)
class Bars:
    """A state whose picture grows with `padding`, so that a test can use up a budget."""

    height: int = 3
    width: float = 0.5
    colour: str = "blue"
    padding: int = 0

    def svg(self):
        more = "".join(f"<i>{self.height * self.width * n:.3f}</i>" for n in range(self.padding))
        return f'<svg><rect height="{self.height}" width="{self.width:.1f}" fill="{self.colour}"/>{more}</svg>'

    def text(self):
        return f"{self.height} by {self.width:.1f}, *{self.colour}*"


def bars(**start):
    controls = [
        Slider("height", "Height", 0, 20),
        Slider("width", "Width", 0.1, 1.0, 0.1),
        Choice("colour", "Colour", {"Blue": "blue", "Red": "red"}),
    ]
    return Explorer(Bars(**start), controls=controls)


def picture(made, key):
    return "<".join(made.pieces[n] for n in made.frames[key][0])


def test_every_combination_is_a_frame_and_each_is_the_state_s_own():
    explorer = bars()
    made = frames.record(explorer)
    assert made.together
    assert made.thinned == []
    assert len(made.frames) == 21 * 10 * 2
    assert [made.positions[name][i] for name, i in zip(made.positions, made.start, strict=True)] == [3, 0.5, "blue"]
    for key, (_, words) in made.frames.items():
        height, width, colour = (made.positions[n][int(i)] for n, i in zip(made.positions, key.split(","), strict=True))
        state = replace(explorer.state, height=height, width=width, colour=colour)
        assert picture(made, key) == state.svg()
        assert words == style.inline(state.text())


def test_a_smaller_budget_means_fewer_stops_that_keep_the_start():
    made = frames.record(bars(height=4, padding=20), budget_bytes=40_000)
    assert made.together
    assert "Height" in made.thinned
    assert made.positions["height"][made.start[0]] == 4
    assert {made.positions["height"][0], made.positions["height"][-1]} == {0, 20}
    assert len(made.as_json().encode()) < 60_000


def test_where_not_even_those_fit_one_control_moves_at_a_time():
    made = frames.record(bars(padding=20), budget_bytes=16_000)
    assert not made.together
    away = [sum(int(i) != s for i, s in zip(key.split(","), made.start, strict=True)) for key in made.frames]
    assert max(away) == 1
    assert len(made.frames) == sum(map(len, made.positions.values())) - 2
    assert "one control moves at a time" in frames.explorer_html(bars(padding=3000), "x")


def test_an_explorer_s_html_starts_where_it_stands_and_its_data_can_t_end_the_script():
    text = frames.explorer_html(bars(), "bars")
    assert Bars().svg() in text
    assert style.words(Bars().text()) in text
    data = re.search(r'<script type="application/json">(.*?)</script>', text)[1]
    assert "<" not in data
    assert json.loads(data)["start"] == [3, 4, 0]
    assert text.count('type="radio"') == 2
    assert "checked/> Blue" in text


def test_an_output_becomes_a_page_s(tmp_path):
    here = f"{tempfile.gettempdir()}/tmpx1/data of {sys.executable}"
    data = {style.WIDGET_VIEW: {}, "text/html": f'{style.STYLE}<a href="02_no_grad.ipynb">2</a> in {here}'}
    output = nbformat.v4.new_output("display_data", data=data)
    assert running.tidy(output).data == {"text/html": '<a href="02_no_grad.html">2</a> in ~/data of python'}


def test_a_notebook_runs_once_and_again_when_it_changed(tmp_path, capsys):
    def write(code):
        cells = [nbformat.v4.new_code_cell(code, id="a")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "99_x.ipynb")
        return running.executed(["99_x"], tmp_path, tmp_path / "kept")["99_x"].cells[0]

    first = write("import os; print(os.urandom(4).hex(), os.getcwd())")
    assert first.outputs[0].text.endswith(" ~/my_course\n")
    assert write("import os; print(os.urandom(4).hex(), os.getcwd())") == first
    with pytest.raises(ContentError, match=r"99_x.ipynb: a cell raises ZeroDivisionError"):
        write("1 / 0")
    assert capsys.readouterr().out == "ran 99_x\n"


def test_a_line_that_came_in_pieces_is_one_line(tmp_path):
    cells = [nbformat.v4.new_code_cell("print('built:', end='', flush=True)\nprint(' True', flush=True)", id="a")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "99_x.ipynb")
    printed = running.executed(["99_x"], tmp_path, tmp_path / "kept")["99_x"].cells[0].outputs
    assert [output.text for output in printed] == ["built: True\n"]


def test_an_error_s_title_and_message_are_as_one_reads_them():
    known = known_errors()
    assert not [
        e.id for e in known if re.search(r"\b(bce|[Cc]uda|dcp|[Gg]pu|json|[Nn]umpy|Rng|apple)\b", pages.title_of(e))
    ]
    bold = next(e for e in known if e.id == "whole-model")
    assert "two options, do those steps only" in " ".join(pages.message_of(bold).split())  # a terminal shows it in bold


def test_a_search_knows_which_lesson_introduces_a_term(tmp_path):
    eval_mode = load_syllabus().lesson("eval_mode")
    assert pages._introduced([eval_mode])["eval mode"] == ["01_eval_mode"]
    everywhere = pages._introduced(load_syllabus().lessons)
    assert everywhere["missing keys"] == ["08_loading_errors"]
    assert len(everywhere) > 100


def test_links_lead_to_pages_or_are_names():
    lessons = [load_syllabus().lesson("eval_mode")]
    text = "[One](01_eval_mode.ipynb#why), [Two](02_no_grad.ipynb), [Exercise](../exercises/x.ipynb), [web](https://pytorch.org)"
    badge = nbformat.v4.new_markdown_cell("[![Open in Colab](https://x.org/badge.svg)](https://x.org/1)")
    code = nbformat.v4.new_code_cell("set_up()", metadata={"course": {"generated": True}})
    notebook = nbformat.v4.new_notebook(cells=[badge, code, nbformat.v4.new_markdown_cell(text)])
    assert [cell.source for cell in pages.for_the_site(notebook, lessons).cells] == [
        "[Open in Colab](https://x.org/1)",
        "[One](01_eval_mode.ipynb#why), Two, Exercise: in JupyterLab, [web](https://pytorch.org)",
    ]


@pytest.mark.parametrize("lesson", load_syllabus().lessons[1:], ids=lambda lesson: lesson.slug)
def test_every_lesson_has_a_recap_for_the_cheat_sheet(lesson):
    text = pages.recap(nbformat.read(ROOT / "notebooks" / f"{lesson.name}.ipynb", as_version=4))
    assert text.startswith("**")
    assert "\n| " in text
    assert "Read more" not in text


def test_every_term_of_the_glossary_is_on_the_site_once():
    assert len(terms()) > 100
    assert len({name.lower() for name in terms()}) == len(terms())


def test_a_figure_is_put_into_words():
    from tools.site.in_kernel import alternative

    figure, axes = plt.subplots()
    axes.plot([1, 2], label="loss")
    axes.set(title="Learning", xlabel="step")
    axes.set_xticks([0, 1], ["first", "last"])
    axes.legend()
    plt.close(figure)
    assert alternative(figure) == "Figure. Learning; across: step; columns: first, last; curves: loss."


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.stem)
def test_workflows_pin_their_actions_and_may_write_no_more_than_they_need(path):
    flow = yaml.safe_load(path.read_text())
    assert flow["permissions"] == {"contents": "read"}
    for job in flow["jobs"].values():
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
            elif step["run"].startswith("make "):
                assert f"\n{step['run'].removeprefix('make ')}: " in Path(ROOT, "Makefile").read_text()
            else:
                assert (ROOT / step["run"]).is_file()

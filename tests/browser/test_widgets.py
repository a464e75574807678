"""The widgets in JupyterLab: whose keys are pressed, where the focus stays, what a screen reader is told."""

from urllib.parse import urlsplit

import nbformat
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

CELLS = (
    "from course_lib.classroom import begin, dashboard, flashcards, predict, quiz\n"
    "from course_lib.classroom.widgets import came_out\n"
    "from course_lib.lessons.checkpointing.trace import trace_folder\n"
    "from course_lib.lessons.eval_mode.explorer import switchboard\n"
    'begin("eval_mode")',
    'predict("What comes out?", ["more than `0.5`", "less"])',
    'came_out("0.7")',
    'quiz("eval_mode", seed=1)',
    'flashcards("eval_mode")',
    "switchboard()",
    "trace_folder()",
    "dashboard()",
)
OPTION = ".cl-quiz .cl-options button"


@pytest.fixture(scope="module")
def notebook(lab):
    """Every kind of widget, run once for the tests below; the last one restarts the kernel."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS], metadata=kernel)
    nbformat.write(made, lab.work / "notebooks" / "widgets.ipynb")  # beside the lessons
    notebook = lab.open("notebooks/widgets.ipynb")
    notebook.run_all()
    assert notebook.troubles() == []
    yield notebook
    notebook.close()


def cells(notebook):
    """The kinds of all cells, and which one is active."""
    return notebook.page.evaluate(
        """() => { const book = window.jupyterapp.shell.currentWidget.content;
                   return [book.widgets.map(cell => cell.model.type), book.activeCellIndex] }"""
    )


def focused(notebook):
    return notebook.page.evaluate("() => document.activeElement.innerText")


WIDGETS = {
    "predict": ".cl-predict button",
    "quiz option": OPTION,
    "quiz button": ".cl-quiz .cl-buttons button",
    "cards": ".cl-cards button",
    "switch": ".cl-explorer button",
    "slider": ".cl-explorer [role=slider]",
    "trace": ".cl-trace .cl-buttons button",
    "stage": ".cl-trace .cl-list button",
}


@pytest.mark.parametrize("place", WIDGETS.values(), ids=WIDGETS)
def test_letters_do_not_edit_the_notebook(notebook, place):
    widget = notebook.page.locator(place).first
    widget.click()
    notebook.page.wait_for_timeout(800)  # the kernel answers the click, and some widgets are drawn anew
    widget.focus()
    before = cells(notebook)
    for key in [*"abmxddzvcyr1", "Shift+M", "ArrowDown", "ArrowUp"]:
        notebook.page.keyboard.press(key)
    notebook.page.wait_for_timeout(200)
    assert cells(notebook) == before
    assert widget.evaluate("widget => widget === document.activeElement")


def test_outside_of_them_letters_are_commands_and_saving_works_everywhere(notebook):
    notebook.cell("came_out(").locator(".jp-InputPrompt").click()
    before, _ = cells(notebook)
    notebook.page.keyboard.press("b")
    assert len(cells(notebook)[0]) == len(before) + 1
    notebook.page.keyboard.press("d")
    notebook.page.keyboard.press("d")
    assert cells(notebook)[0] == before
    notebook.page.locator(OPTION).first.focus()
    notebook.page.keyboard.press("Control+s")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")


@pytest.mark.parametrize("kind", ["predict", "quiz", "cards", "explorer", "trace"])
def test_ctrl_enter_then_tab_leads_to_the_widget(notebook, kind):
    cell = notebook.page.locator(".jp-CodeCell").filter(has=notebook.page.locator(f".cl-{kind}"))
    notebook.run(cell)
    root = cell.locator(f".cl-{kind}")
    assert "Ctrl+Enter" in root.inner_text()
    for _ in range(3):
        notebook.page.keyboard.press("Tab")
        if root.evaluate("root => root.contains(document.activeElement)"):
            return
    pytest.fail(f"Tab led to {focused(notebook)!r}")


def test_a_trace_keeps_focus_height_and_place(notebook):
    page, trace = notebook.page, notebook.page.locator(".cl-trace")
    stages = trace.locator(".cl-list button")
    following, where = trace.locator("button", has_text="Next"), trace.locator("[role=status]")
    stages.first.click()
    following.focus()
    heights = set()
    for number in range(1, stages.count() + 2):
        assert f"Stage {min(number, stages.count())} of {stages.count()}" in where.inner_text()
        heights.add(trace.bounding_box()["height"])
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
    assert focused(notebook) == "Next"  # at the end too
    assert len(heights) == 1
    stages.nth(9).click()
    page.wait_for_timeout(200)
    assert "Stage 10 of" in where.inner_text()
    assert stages.nth(9).get_attribute("aria-pressed") == "true"
    for stage in stages.all():  # the numbers 10 to 12 are not cut
        assert stage.evaluate("stage => stage.scrollWidth <= stage.clientWidth")
    page.set_viewport_size({"width": 800, "height": 900})
    page.wait_for_timeout(300)
    picture, listing = trace.locator(".cl-picture").bounding_box(), trace.locator(".cl-list").bounding_box()
    notebook.picture("trace-narrow", trace)
    page.set_viewport_size({"width": 1200, "height": 1000})
    assert picture["y"] <= listing["y"]


def test_a_screen_reader_is_told_names_states_and_news(notebook):
    page = notebook.page
    explorer = page.locator(".cl-explorer")
    explorer.locator("button", has_text="train()").click()
    tree = explorer.aria_snapshot()
    assert 'slider "Passes"' in tree
    assert 'group "Mode"' in tree
    assert 'button "✓ train()" [pressed]' in tree
    assert 'button "eval()"\n' in tree
    assert tree.count("With train()") == 1
    assert "img" not in tree  # what the picture shows is in the words
    assert page.locator(".cl-block [title=null]").count() == 0
    region = explorer.locator("[role=status]")
    region.evaluate("region => { region.stayed = true }")
    explorer.locator("button", has_text="eval()").click()
    page.wait_for_function("() => document.querySelector('.cl-explorer [role=status]').innerText.includes('eval()')")
    assert region.evaluate("region => region.stayed")
    page.locator(OPTION).first.click()
    page.wait_for_timeout(400)
    assert 'button "● A.' in page.locator(".cl-quiz").aria_snapshot().replace("'", "")


def test_a_prediction_is_said_again_after_the_reveal(notebook):
    notebook.page.locator(".cl-predict button").first.click()
    notebook.page.wait_for_timeout(400)
    assert "Committed: more than 0.5" in notebook.page.locator(".cl-predict [role=status]").inner_text()
    cell = notebook.page.locator(".jp-CodeCell", has_text='came_out("0.7")')
    notebook.run(cell)
    said = cell.locator(".jp-OutputArea").inner_text()
    assert "You said: more than 0.5." in said
    assert "It came out: 0.7." in said


def test_the_dashboard_leads_to_the_lessons(lab, notebook):
    link = notebook.page.locator(".jp-OutputArea a", has_text="01 Two switches")
    opens = urlsplit(link.get_attribute("href")).path.removeprefix("/files/")  # as JupyterLab has resolved it
    assert opens == "notebooks/01_eval_mode.ipynb"
    assert (lab.work / opens).is_file()


def test_without_its_kernel_a_widget_says_so_and_stands_still(notebook):
    page, explorer = notebook.page, notebook.page.locator(".cl-explorer")
    explorer.locator("button", has_text="eval()").click()
    page.wait_for_timeout(300)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()")
    page.wait_for_selector(".cl-explorer.jupyter-widgets-disconnected")
    said = explorer.evaluate("root => getComputedStyle(root, '::before').content")
    assert "run this cell again" in said
    train = explorer.locator("button", has_text="train()")
    train.focus()
    page.keyboard.press("Space")
    page.wait_for_timeout(300)
    notebook.picture("explorer-without-kernel", explorer)
    assert train.get_attribute("aria-pressed") == "false"
    assert "eval()" in explorer.locator("[role=status]").inner_text()

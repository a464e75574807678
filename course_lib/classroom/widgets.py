"""Small widgets of the lessons."""

from collections.abc import Sequence

import ipywidgets as widgets
from IPython.display import display

from course_lib.classroom import style
from course_lib.classroom.explorers.explorer import bundle
from course_lib.errors import InputError


def predict(question: str, options: Sequence[str]) -> None:
    """Ask for a prediction before the cell that answers it: commit first, then run.

    Nothing is marked, and the answer isn't here: it is in the next cell's output.

    Args:
        question: what will happen; the little markdown of `course_lib.classroom.style`.
        options: two or more; the learner presses one.

    Raises:
        InputError: fewer than two options.
    """
    if len(options) < 2:
        raise InputError(f"A prediction needs at least two options; got {len(options)}. Add what one might also think.")
    said = widgets.HTML(style.panel("Commit to one, then run the next cell.", "cl-small", role="status"))
    buttons = [widgets.ToggleButton(description=option) for option in options]

    def commit(change: dict) -> None:
        if not change["new"]:
            return
        for button in buttons:
            if button is not change["owner"]:
                button.value = False
        words = style.inline(f"Committed: {change['owner'].description}. Now run the next cell.")
        said.value = style.panel(words, "cl-small", role="status")

    for button in buttons:
        button.observe(commit, "value")
    row = widgets.VBox(buttons)
    row.add_class("cl-options")
    box = widgets.VBox([widgets.HTML(style.note("note", style.markdown(question), title="Predict")), row, said])
    text = "\n".join([f"Predict: {question}", *(f"  - {option}" for option in options)])
    still = "".join(f"<p>○ {style.inline(option)}</p>" for option in options)
    static = style.note("note", style.markdown(question) + still, title="Predict")
    display(bundle(box, static, text), raw=True)

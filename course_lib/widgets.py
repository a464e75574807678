"""Small widgets of the lessons."""

from collections.abc import Sequence

import ipywidgets as widgets
from IPython.display import display

from course_lib import look
from course_lib.errors import InputError
from course_lib.explorers.explorer import bundle


def predict(question: str, options: Sequence[str]) -> None:
    """Ask for a prediction before the cell that answers it: commit first, then run.

    Nothing is marked, and the answer isn't here: it is in the next cell's output.

    Args:
        question: what will happen; the little markdown of `course_lib.look`.
        options: two or more; the learner presses one.

    Raises:
        InputError: fewer than two options.
    """
    if len(options) < 2:
        raise InputError(f"A prediction needs at least two options; got {len(options)}. Add what one might also think.")
    said = widgets.HTML(look.panel("Commit to one, then run the next cell.", "cl-small", role="status"))
    buttons = [widgets.ToggleButton(description=option) for option in options]

    def commit(change: dict) -> None:
        if not change["new"]:
            return
        for button in buttons:
            if button is not change["owner"]:
                button.value = False
        words = look.inline(f"Committed: {change['owner'].description}. Now run the next cell.")
        said.value = look.panel(words, "cl-small", role="status")

    for button in buttons:
        button.observe(commit, "value")
    row = widgets.VBox(buttons)
    row.add_class("cl-options")
    box = widgets.VBox([widgets.HTML(look.note("note", look.markdown(question), title="Predict")), row, said])
    text = "\n".join([f"Predict: {question}", *(f"  - {option}" for option in options)])
    still = "".join(f"<p>○ {look.inline(option)}</p>" for option in options)
    static = look.note("note", look.markdown(question) + still, title="Predict")
    display(bundle(box, static, text), raw=True)

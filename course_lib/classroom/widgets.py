"""What all widgets of the course have in common, and the small ones of the lessons."""

from collections.abc import Sequence

import ipywidgets as widgets

from course_lib.classroom import style
from course_lib.errors import InputError

KEYS = "By keyboard: run this cell with Ctrl+Enter; Tab then leads here."

# ipywidgets sets no attributes and leaves every key to JupyterLab, where A inserts a cell and X cuts the quiz.
# The output of an Output widget may hold a script: this one keeps the keys of its block, and says to screen
# readers what a toggle, a slider and a status are.
_SCRIPT = """<script>
(() => {
  const root = document.currentScript.closest(".cl-block");
  if (!root) return;
  root.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || (event.shiftKey && event.key === "Enter")) return;
    event.stopPropagation();
  });
  root.addEventListener("keydown", event => {  // without its kernel a button would move and the picture stay
    if (root.matches(".jupyter-widgets-disconnected") && event.key !== "Tab") event.preventDefault();
  }, true);
  const each = (selector, change) => root.querySelectorAll(selector).forEach(change);
  const label = part => part.closest(".jupyter-widgets, .lm-Widget").querySelector(".widget-label")?.textContent ?? "";
  const name = () => {
    each("[title=null]", part => part.removeAttribute("title"));
    each(".cl-status", part => part.setAttribute("role", "status"));
    each(".widget-toggle-button", part => part.setAttribute("aria-pressed", part.classList.contains("mod-active")));
    each("[role=slider], .widget-readout", part => part.setAttribute("aria-label", label(part)));
    each(".widget-toggle-buttons", part => {
      part.setAttribute("role", "group");
      part.setAttribute("aria-label", label(part));
    });
  };
  name();
  const seen = {subtree: true, childList: true, attributes: true, attributeFilter: ["class", "title"]};
  new MutationObserver(name).observe(root, seen);
})();
</script>"""


def block(kind: str, *parts: widgets.Widget) -> widgets.VBox:
    """Put widgets together: `kind` names the whole (class `cl-quiz`), and no key pressed in it edits the notebook."""
    script = {"output_type": "display_data", "data": {"text/html": _SCRIPT}, "metadata": {}}
    hidden = widgets.Output(outputs=(script,), layout={"display": "none"})
    foot = widgets.HTML(style.panel(KEYS, "cl-small"))
    return widgets.VBox([*parts, foot, hidden]).add_class("cl-block").add_class(f"cl-{kind}")


def status(html: str = "") -> widgets.HTML:
    """HTML that a screen reader reads out whenever it is replaced."""
    return widgets.HTML(html).add_class("cl-status")


def focus(widget: widgets.DOMWidget) -> None:
    """Give a widget the focus, where ipywidgets can (from version 8)."""
    if hasattr(widget, "focus"):
        widget.focus()


_said: list[str] = []  # what the learner committed to when last asked: nothing or one option


def predict(question: str, options: Sequence[str]) -> None:
    """Ask for a prediction before the cell that answers it: commit first, then run.

    Nothing is marked, and the answer isn't here: it is in the next cell's output, where `came_out` can say both.

    Args:
        question: what will happen; the little markdown of `course_lib.classroom.style`.
        options: two or more; the learner presses one.

    Raises:
        InputError: fewer than two options.
    """
    if len(options) < 2:
        raise InputError(f"A prediction needs at least two options; got {len(options)}. Add what one might also think.")
    _said.clear()
    said = status(style.box("Commit to one, then run the next cell.", "cl-small"))
    buttons = [widgets.ToggleButton(description=f"○ {style.bare(option)}") for option in options]

    def commit(change: dict) -> None:
        for option, button in zip(options, buttons, strict=True):
            if change["new"] and button is not change["owner"]:
                button.value = False
            button.description = f"{'●' if button.value else '○'} {style.bare(option)}"
        _said[:] = [option for option, button in zip(options, buttons, strict=True) if button.value]
        words = f"Committed: {_said[0]}. Now run the next cell." if _said else "Commit to one, then run the next cell."
        said.value = style.box(style.inline(words), "cl-small")

    for button in buttons:
        button.observe(commit, "value")
    asked = style.note("note", style.markdown(question), title="Predict")
    view = block("predict", widgets.HTML(asked), widgets.VBox(buttons).add_class("cl-options"), said)
    still = "".join(f"<p>○ {style.inline(option)}</p>" for option in options)
    text = "\n".join([f"Predict: {style.bare(question)}", *(f"  - {style.bare(option)}" for option in options)])
    style.show(style.bundle(style.STYLE + asked + style.box(still), text, view=view))


def came_out(result: object) -> None:
    """After the reveal: what the learner committed to in the last `predict`, and what came out.

    Args:
        result: what this run gave, in words; the little markdown of `course_lib.classroom.style`.
    """
    said = f"You said: {_said[0]}." if _said else "You committed to nothing."
    style.show(style.note_bundle("note", f"{said}\n\nIt came out: {result}.", title="Prediction"))

"""The one look of verdicts, quizzes, cards, traces and explorers: strings of HTML, nothing else.

Text and axes are drawn in `currentColor`, so light and dark themes both work. Meaning is never carried by
colour alone: a verdict has an icon and a word too. Colours are Okabe and Ito's, told apart by most people
who see colours differently.
"""

import html
import re
import sys
from typing import Any

BLUE, VERMILION, GREEN, ORANGE, GREY = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#7F7F7F"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

STYLE = f"""<style>
.cl {{ max-width: 720px; font-family: system-ui, sans-serif; font-size: 14px; line-height: 1.5; color: inherit;
  color: var(--jp-ui-font-color1, inherit); box-sizing: border-box; }}
.cl p {{ margin: 0 0 .5em; }}
.cl pre, .cl code {{ font-family: ui-monospace, monospace; font-size: 13px; background: rgba(127,127,127,.14);
  color: inherit; border-radius: 3px; padding: 0 3px; }}
.cl pre {{ padding: 6px 8px; overflow-x: auto; white-space: pre; line-height: 1.4; margin: 0 0 .6em; }}
.cl pre code {{ background: none; padding: 0; }}
.cl table {{ border-collapse: collapse; font-size: 13px; }}
.cl th, .cl td {{ border: 0; border-bottom: 1px solid rgba(127,127,127,.4); padding: 3px 10px 3px 0;
  text-align: left !important; }}
.cl td {{ white-space: nowrap; }}
.cl svg {{ max-width: 100%; height: auto; }}
.cl-note {{ border-left: 3px solid {GREY}; padding: 2px 0 2px 10px; margin: 6px 0; }}
.cl-passed {{ border-color: {GREEN}; }}
.cl-failed {{ border-color: {VERMILION}; }}
.cl-waiting {{ border-color: {ORANGE}; }}
.cl-hint {{ border-color: {BLUE}; }}
.cl-small {{ font-size: 12.5px; opacity: .85; }}
.cl-options {{ max-width: 720px; }}
.cl-options button {{ height: auto !important; min-height: 30px; width: 100% !important; white-space: pre-wrap !important;
  text-align: left !important; line-height: 1.4; padding: 4px 10px; margin: 2px 0; font-size: 14px; overflow: visible; }}
.cl-options button:focus-visible, .cl-buttons button:focus-visible {{ outline: 3px solid {BLUE} !important; outline-offset: 1px; }}
.cl-options button:disabled {{ opacity: .85 !important; }}
.cl-options button.mod-active {{ box-shadow: inset 4px 0 0 {BLUE}; font-weight: 600; }}
.cl-code button {{ font-family: ui-monospace, monospace; font-size: 13px; }}
.cl-buttons button {{ width: auto !important; min-width: 96px; }}
.cl-controls {{ max-width: 720px; gap: 2px 20px; }}
.cl-controls button {{ min-width: 72px; }}
.cl-controls button:focus-visible {{ outline: 3px solid {BLUE} !important; outline-offset: 1px; }}
.cl-controls .widget-toggle-button::before {{ content: "✓\\00a0"; visibility: hidden; }}
.cl-controls .widget-toggle-button.mod-active {{ box-shadow: inset 0 -3px 0 {BLUE}; font-weight: 600; }}
.cl-controls .widget-toggle-button.mod-active::before {{ visibility: visible; }}
.cl-block {{ max-width: 720px; }}
.cl-block.jupyter-widgets-disconnected::before {{ content: "Not running: run this cell again to use it."; font: 600 13px/2 system-ui, sans-serif;
  color: inherit !important; }}
.cl-block .jupyter-widgets-disconnected::before {{ display: none !important; }}
.cl-block.jupyter-widgets-disconnected button, .cl-block.jupyter-widgets-disconnected .slider {{ pointer-events: none; }}
.cl-trace .cl-status {{ margin-left: 10px; }}
.cl-trace .cl-steps {{ margin-top: 6px; flex-flow: row-reverse wrap; justify-content: flex-end; gap: 8px 20px; overflow: visible; }}
.cl-list {{ flex: 0 0 190px; }}
.cl-list > div {{ display: flex; flex-direction: column; }}
.cl-list button {{ width: 100% !important; height: auto !important; margin: 0; padding: 3px 8px; overflow: visible;
  white-space: normal !important; text-align: left !important; line-height: 1.35; font-size: 13px; background: none;
  color: inherit; }}
.cl-list button.mod-active {{ box-shadow: inset 4px 0 0 {BLUE}; }}
.cl-list button:focus-visible {{ outline: 3px solid {BLUE} !important; outline-offset: -1px; }}
.cl-picture {{ flex: 1 1 420px; min-width: 0; }}
.cl-stack {{ display: grid; }}
.cl-stack > .cl-stage {{ grid-area: 1 / 1; visibility: hidden; min-width: 0; }}
.cl-stage dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px; margin: 0 0 8px; }}
.cl-stage dt, .cl-stage dd {{ float: none; width: auto; margin: 0; padding: 0; display: block; }}
.cl-stage dt {{ font-weight: 600; white-space: nowrap; }}
</style>"""

_WORDS = {
    "passed": ("✓", "Passed"),
    "failed": ("✗", "Not yet"),
    "not attempted": ("○", "Not attempted"),
    "hint": ("→", "Hint"),
    "note": ("•", "Note"),
}
_CLASSES = {
    "passed": "cl-passed",
    "failed": "cl-failed",
    "not attempted": "cl-waiting",
    "hint": "cl-hint",
    "note": "",
}


def markdown(text: str) -> str:
    """Turn the little markdown that banks and messages use into HTML.

    Paragraphs, ``` fences, `code`, **bold** and *emphasis*; everything else is escaped, so text from a
    learner's program can't inject markup.

    >>> markdown("Is `x < 1`?")
    '<p>Is <code>x &lt; 1</code>?</p>'
    """
    parts = []
    for i, part in enumerate(re.split(r"```(?:\w*)\n(.*?)```", text.strip(), flags=re.S)):
        if i % 2:
            parts.append(f"<pre><code>{html.escape(part.rstrip())}</code></pre>")
        else:
            parts += [f"<p>{inline(p)}</p>" for p in re.split(r"\n\s*\n", part.strip()) if p.strip()]
    return "".join(parts)


def inline(text: str) -> str:
    """The same for a phrase: `code`, **bold** and *emphasis* only."""
    pieces = re.split(r"(`[^`]+`)", text.strip())
    out = []
    for piece in pieces:
        if piece.startswith("`") and piece.endswith("`") and len(piece) > 2:
            out.append(f"<code>{html.escape(piece[1:-1])}</code>")
        else:
            piece = html.escape(piece, quote=False)
            piece = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", piece)
            out.append(re.sub(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])", r"<i>\1</i>", piece))
    return "".join(out)


def bare(text: str) -> str:
    """The same text for a button or a terminal: without the marks of markdown.

    >>> bare("**Not** what *you* see: `2 * 3`")
    'Not what you see: 2 * 3'
    """
    pieces = re.split(r"(`[^`]+`)", text)
    marks = r"(?<![\w*])(\*\*|\*)(?=\S)([^*\n]+?)(?<=\S)\1(?![\w*])"
    return "".join(p.strip("`") if p.startswith("`") and len(p) > 2 else re.sub(marks, r"\2", p) for p in pieces)


def box(body: str, kind: str = "") -> str:
    """HTML in the course's style, where the sheet is on the page already; `kind` is an extra class."""
    return f'<div class="cl {kind}">{body}</div>'


def panel(body: str, kind: str = "") -> str:
    """HTML in the course's style that stands alone; `kind` is an extra class."""
    return STYLE + box(body, kind)


def note(kind: str, body: str, *, title: str = "") -> str:
    """A ruled note inside something of ours. `kind`: passed, failed, not attempted, hint or note; `body` is HTML."""
    icon, word = _WORDS[kind]
    head = f"<b>{icon} {word}{': ' + inline(title) if title else ''}</b>"
    return box(f"<div>{head}</div>{body}", f"cl-note {_CLASSES[kind]}")


def note_text(kind: str, text: str, *, title: str = "") -> str:
    """The same note for a terminal, from text with marks of markdown."""
    icon, word = _WORDS[kind]
    return f"{icon} {word}{': ' + bare(title) if title else ''}\n{bare(text)}".rstrip()


def note_bundle(kind: str, text: str, *, title: str = "") -> dict[str, Any]:
    r"""A note that stands alone, from text with the little markdown.

    >>> note_bundle("passed", "*Right*, says `check`.", title="`auc`")["text/plain"]
    '✓ Passed: auc\nRight, says check.'
    """
    html = f'{STYLE}<div role="status">{note(kind, markdown(text), title=title)}</div>'
    return bundle(html, note_text(kind, text, title=title))


def figure(svg: str, text: str) -> str:
    """An SVG and below it what it shows, in words; a screen reader reads the words."""
    return picture(svg) + words(text)


def picture(svg: str) -> str:
    """An SVG that a screen reader leaves out, because its words stand beside it."""
    return f'<div class="cl" aria-hidden="true">{svg}</div>'


def words(text: str) -> str:
    """What a picture shows, in words."""
    return f'<p class="cl cl-small">{inline(text)}</p>'


def bundle(html: str, text: str, *, view: Any = None) -> dict[str, Any]:
    """Every way to be shown: a widget where widgets work, else HTML, else plain text.

    Written out here because ipywidgets 7 displays a widget by itself and leaves no place for the other two.

    Args:
        html: needs no widgets and no kernel.
        text: needs nothing.
        view: the widget, if there is one.
    """
    forms: dict[str, Any] = {"text/html": html, "text/plain": text}
    if view is not None:
        forms[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": view.model_id}
    return forms


def show(bundle: dict[str, Any]) -> None:
    """Display a bundle of forms in a notebook; in a terminal print its plain text."""
    from IPython import get_ipython  # here: the doctor and the grader need no IPython

    if get_ipython() is None:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # on Windows a pipe doesn't know the ticks
        print(bundle["text/plain"].encode(encoding, "replace").decode(encoding))
    else:
        from IPython.display import display

        display(bundle, raw=True)

"""The one look of verdicts, quizzes, cards, traces and explorers: strings of HTML, nothing else.

Text and axes are drawn in `currentColor`, so light and dark themes both work. Meaning is never carried by
colour alone: a verdict has an icon and a word too. Colours are Okabe and Ito's, told apart by most people
who see colours differently.
"""

import html
import re
from typing import Any

BLUE, VERMILION, GREEN, ORANGE, GREY = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#7F7F7F"

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
.cl-steps {{ display: flex; flex-wrap: wrap; gap: 8px 20px; }}
.cl-stages {{ flex: 0 0 180px; margin: 0; padding: 0 0 0 20px; font-size: 13px; }}
.cl-stages [aria-current] {{ font-weight: 600; }}
.cl-stages [aria-current]::before {{ content: "▸ "; }}
.cl-stage {{ flex: 1 1 420px; min-width: 0; }}
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


def panel(body: str, kind: str = "", *, role: str = "") -> str:
    """Wrap HTML in the course's style; `kind` is an extra class, `role` an ARIA role such as `status`."""
    attributes = f' role="{role}"' if role else ""
    return f'{STYLE}<div class="cl {kind}"{attributes}>{body}</div>'


def note(kind: str, body: str, *, title: str = "") -> str:
    """A ruled note. `kind`: passed, failed, not attempted, hint or note; `body` is HTML."""
    icon, word = _WORDS[kind]
    head = f"<b>{icon} {word}{': ' + inline(title) if title else ''}</b>"
    return panel(f"<div>{head}</div>{body}", f"cl-note {_CLASSES[kind]}", role="status")


def note_text(kind: str, text: str, *, title: str = "") -> str:
    """The same note for a terminal."""
    icon, word = _WORDS[kind]
    return f"{icon} {word}{': ' + title if title else ''}\n{text}".rstrip()


def note_bundle(kind: str, text: str, *, title: str = "") -> dict[str, str]:
    r"""A note in both forms, as a notebook displays it: HTML, and plain text without the marks of markdown.

    >>> note_bundle("passed", "*Right*, says `check`.", title="`auc`")["text/plain"]
    '✓ Passed: auc\nRight, says check.'
    """
    bare, bare_title = (re.sub(r"\*(?=\S)([^*\n]+?)(?<=\S)\*", r"\1", t).replace("`", "") for t in (text, title))
    return {
        "text/html": note(kind, markdown(text), title=title),
        "text/plain": note_text(kind, bare, title=bare_title),
    }


def figure(svg: str, text: str, *, styled: bool = True) -> str:
    """An SVG with its text alternative: read by a screen reader, and shown below the picture.

    `styled=False` leaves out the style sheet, for a picture that is redrawn at every key press: a sheet that is
    replaced makes the browser style the whole notebook anew.
    """
    label = html.escape(text, quote=True)
    body = f'<div role="img" aria-label="{label}">{svg}</div><p class="cl-small" role="status">{inline(text)}</p>'
    return panel(body) if styled else f'<div class="cl">{body}</div>'


def show(bundle: dict[str, Any]) -> None:
    """Display a bundle of forms in a notebook; in a terminal print its plain text."""
    from IPython import get_ipython  # here: the doctor and the grader need no IPython

    if get_ipython() is None:
        print(bundle["text/plain"])
    else:
        from IPython.display import display

        display(bundle, raw=True)

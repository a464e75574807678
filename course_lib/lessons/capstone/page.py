"""A page of HTML in one file: no script, no network, light and dark, readable on paper. Everything put in is escaped."""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from course_lib.errors import InputError

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 46rem; background: Canvas; color: CanvasText;
       font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-bottom: 1px solid; }
p.lead { border-left: 3px solid #0072B2; padding-left: .8rem; font-size: 1.1rem; }
table { border-collapse: collapse; margin: .5rem 0; min-width: 60%; }
caption { text-align: left; font-weight: 600; padding-bottom: .2rem; }
th, td { padding: .15rem .9rem .15rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #7F7F7F55;
         font-variant-numeric: tabular-nums; }
td { overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid; vertical-align: bottom; }
table.numbers td { overflow-wrap: normal; }
table.numbers td, table.numbers thead th + th { text-align: right; }
@media (max-width: 32rem) { table.numbers { font-size: .85rem; } th, td { padding-right: .45rem; } }
figure { margin: 1rem 0; }
figure svg { max-width: 100%; height: auto; }
figcaption { font-size: .95rem; }
pre { border: 1px solid #7F7F7F; padding: .6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
@page { margin: 16mm 15mm; }
@media print { :root { color-scheme: light; font-size: 80%; } body { max-width: none; padding: 0; }
               h2, caption { break-after: avoid; } h2 { margin-top: 1.3rem; } figure, table, pre, li { break-inside: avoid; }
               figure svg { max-height: 9.3cm; width: auto; } pre { font-size: .85rem; } }
"""


def shown(value: Any) -> str:
    """A value as a page shows it, escaped: floats with three digits, whole numbers in groups.

    >>> shown(0.95812), shown(3000), shown("7 < 8"), shown(True)
    ('0.958', '3,000', '7 &lt; 8', 'True')
    """
    if isinstance(value, float):
        value = f"{value:.3f}"
    elif isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:,}"
    return html.escape(str(value))


def paragraph(words: Any, *, kind: str = "") -> str:
    """Words as a paragraph.

    >>> paragraph("a & b")
    '<p>a &amp; b</p>'
    """
    return f'<p class="{html.escape(kind)}">{shown(words)}</p>' if kind else f"<p>{shown(words)}</p>"


def listing(items: Iterable[Any]) -> str:
    """Points under each other."""
    return "<ul>" + "".join(f"<li>{shown(item)}</li>" for item in items) + "</ul>"


def code(text: str) -> str:
    """Lines of code as they are."""
    return f"<pre><code>{html.escape(text)}</code></pre>"


def pairs(facts: Mapping[str, Any], *, caption: str) -> str:
    """Names and values in two columns; the names are headings of their rows."""
    rows = "".join(
        f'<tr><th scope="row">{shown(name)}</th><td>{shown(value)}</td></tr>' for name, value in facts.items()
    )
    return f"<table><caption>{shown(caption)}</caption><tbody>{rows}</tbody></table>"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str) -> str:
    """Rows of numbers; the first of each row is its heading.

    Raises:
        InputError: a row has not as many cells as there are columns.
    """
    head = "".join(f'<th scope="col">{shown(name)}</th>' for name in columns)
    body = []
    for name, *values in rows:
        if len(values) + 1 != len(columns):
            raise InputError(f"The row {name!r} has {len(values) + 1} cells; there are {len(columns)} columns.")
        cells = "".join(f"<td>{shown(value)}</td>" for value in values)
        body.append(f'<tr><th scope="row">{shown(name)}</th>{cells}</tr>')
    return (
        f'<table class="numbers"><caption>{shown(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def figure(svg: str, *, alt: str, caption: str) -> str:
    """A picture with its text alternative and a caption.

    Args:
        svg: From `course_lib.classroom.explorers.svg`, whose texts are escaped.
        alt: What it shows, in words and numbers.
        caption: What it is.

    Raises:
        InputError: there is no text alternative.
    """
    if not alt.strip():
        raise InputError(f"The figure {caption!r} needs a text alternative: say in `alt` what it shows.")
    return f'<figure><div role="img" aria-label="{shown(alt)}">{svg}</div><figcaption>{shown(caption)}</figcaption></figure>'


def page(title: str, lead: str, sections: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The whole page.

    Args:
        title: Of the document, and its only heading of the first level.
        lead: The sentence that says what matters most.
        sections: Each a heading and blocks of HTML from this module.
    """
    body = "".join(f"<section><h2>{shown(name)}</h2>{''.join(blocks)}</section>" for name, blocks in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{shown(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{shown(title)}</h1>{paragraph(lead, kind='lead')}{body}</main></body></html>\n"
    )

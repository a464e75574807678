# %% right: a template, lines joined · message: "nothing is fetched"
from html import escape
from string import Template

PAGE = Template("""<!doctype html>
<html lang="en">
<head><title>$title</title><style>td { padding: 1em }</style></head>
<body>
<h1>$title</h1>
<figure role="img" aria-label="$alt">$svg</figure>
<table><tbody>
$rows
</tbody></table>
<ol>
$items
</ol>
</body></html>""")


class CardError(ValueError):
    pass


def model_card(facts, limits, *, svg, alt):
    for key in ("name", "accuracy", "interval", "sha256"):
        if key not in facts:
            raise CardError(f"missing: {key}")
    if len(limits) == 0:
        raise CardError("limits are missing")
    rows = []
    for name, value in facts.items():
        text = format(value, ".3f") if type(value) is float else str(value)
        rows.append(
            '<tr>\n<th scope="row">'
            + escape(name)
            + "</th>\n<td>"
            + escape(text)
            + "</td></tr>"
        )
    return PAGE.substitute(
        title=escape(str(facts["name"])),
        alt=escape(alt),
        svg=svg,
        rows="\n".join(rows),
        items="\n".join(f"<li>{escape(limit)}</li>" for limit in limits),
    )


# %% right: a class that collects · message: "nothing is fetched"
from html import escape


class Page:
    def __init__(self):
        self.parts = []

    def add(self, tag, text, **attributes):
        given = "".join(f' {k}="{escape(v)}"' for k, v in attributes.items())
        self.parts.append(f"<{tag}{given}>{text}</{tag}>")


def model_card(facts, limits, *, svg, alt):
    needed = {"name", "accuracy", "interval", "sha256"}
    if not needed <= set(facts):
        raise ValueError("not among the facts: " + ", ".join(needed - set(facts)))
    if not limits:
        raise ValueError("a model without limits has not been looked at")
    body = Page()
    body.add("h1", escape(facts["name"]))
    cells = "".join(
        '<tr><th scope="row">%s</th><td>%s</td></tr>'
        % (escape(k), escape("%.3f" % v if isinstance(v, float) else f"{v}"))
        for k, v in facts.items()
    )
    body.add("table", cells)
    for limit in limits:
        body.add("li", escape(limit))
    body.parts.append(f'<p role="img" aria-label="{escape(alt)}"><span>{svg}</span></p>')
    head = f"<head><meta charset=utf-8><title>{escape(facts['name'])}</title></head>"
    return f"<html lang=en>{head}<body>{''.join(body.parts)}</body></html>"


# %% right: signs replaced by their numbers · message: "nothing is fetched"
def quoted(text):
    return "".join(f"&#{ord(c)};" if c in "<>&\"'" else c for c in text)


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return quoted(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% right: a caption and captions of its own · message: "nothing is fetched"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><h2>Facts</h2><table><caption>What is known</caption>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><p>{shown(alt)}</p><ul>{items}</ul></body></html>'
    )


# %% wrong: no language · clause 1 · message: "doesn't begin with"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title></head><body>"
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: no title · clause 1 · message: "the title is []"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: two headings of the first level · clause 1 · message: "the h1 is"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><h1>Limits</h1><ul>{items}</ul></body></html>'
    )


# %% wrong: the title is fixed · clause 1 · message: "the title is"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>Model card</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: all digits · clause 2 · message: "the row of 'accuracy' says"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: sorted by name · clause 2 · message: "not in the order"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in sorted(facts.items())
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: two cells without a heading · clause 2 · message: "A row is a"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f"<tr><td>{shown(key)}</td><td>{shown(value)}</td></tr>" for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: the name has no row · clause 2 · message: "no row of the table has 'name'"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
        if key != "name"
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: only the known facts · clause 2 · message: "no row of the table"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
        if key in ("name", "accuracy", "interval", "sha256")
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: a row of headings · clause 2 · message: "rows for"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table><tr><th>Fact</th><th>Value</th></tr>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: only the first limit · clause 3 · message: "the list says"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits[:1])
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: limits in one item · clause 3 · message: "the list says"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = f"<li>{shown('; '.join(limits))}</li>"
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: the picture escaped · clause 4 · message: "not in the document as it came"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{html.escape(svg)}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: no words for the picture · clause 4 · message: "no element with role"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f"<div>{svg}</div><ul>{items}</ul></body></html>"
    )


# %% wrong: the words in another attribute · clause 4 · message: "its words are"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" title="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: values not escaped · clause 5 · message: "Read by a browser"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return f"{value:.3f}" if isinstance(value, float) else str(value)

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: limits not escaped · clause 5 · message: "the list says"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{limit}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: quotation marks in the words let through · clause 5 · message: "its words are"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{html.escape(alt, quote=False)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: escaped twice · clause 5 · message: "Read by a browser"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{html.escape(shown(value))}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: names of facts not escaped · clause 5 · message: "no row of the table has"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{key}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: a style sheet from the network · clause 6 · message: "fetches or runs"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><link rel="stylesheet" href="https://example.org/card.css"><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: a script that sorts · clause 6 · message: "fetches or runs"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul><script>let sorted = true</script></body></html>'
    )


# %% wrong: a missing digest is left out · clause 7 · message: "The card has no sha256"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: nothing is asked · clause 7 · message: "no sha256"
import html


def model_card(facts, limits, *, svg, alt):
    facts = facts | {"name": facts.get("name", "model")}

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: the limits may be empty · clause 7 · message: "no limits"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: refused without a name · clause 7 · message: "doesn't name what is missing"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError("the card is not complete")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: a KeyError · clause 7 · message: "Expected a `ValueError`"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise KeyError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% right: indented lines, as from an editor · message: "nothing is fetched"
from html import escape


def model_card(facts, limits, *, svg, alt):
    for key in ("name", "accuracy", "interval", "sha256"):
        if key not in facts:
            raise ValueError(f"{key!r} is not among the facts")
    if not limits:
        raise ValueError("no limits given")
    lines = ["<!DOCTYPE html>", '<html lang="en">', "<head>"]
    lines += ["<title>", f"  {escape(facts['name'])}", "</title>", "</head>", "<body>"]
    lines += ["<h1>", f"  {escape(facts['name'])}", "</h1>", "<table>"]
    for name, value in facts.items():
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
        lines += ["  <tr>", f'    <th scope="row">{escape(name)}</th>', "    <td>"]
        lines += [f"      {escape(shown)}", "    </td>", "  </tr>"]
    lines += ["</table>", f'<figure role="img" aria-label="{escape(alt)}">', svg, "</figure>"]
    lines += ["<ul>", *(f"  <li> {escape(limit)} </li>" for limit in limits), "</ul>"]
    return "\n".join([*lines, "</body>", "</html>"])


# %% wrong: the words on an empty element beside the picture · clause 4 · message: "is around the SVG"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{html.escape(alt)}"></div>{svg}'
        f"<ul>{items}</ul></body></html>"
    )


# %% wrong: a style that is imported · clause 6 · message: "fetches or runs something: `style`"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title>'
        "<style>@import url(https://example.org/card.css);</style></head><body>"
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{html.escape(alt)}">{svg}</div>'
        f"<ul>{items}</ul></body></html>"
    )


# %% wrong: three digits in all · clause 2 · message: "the row of 'temperature' says"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{html.escape(alt)}">{svg}</div>'
        f"<ul>{items}</ul></body></html>"
    )


# %% wrong: facts that are 0 or False left out · clause 2 · message: "no row of the table has"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
        if value
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: three limits at most · clause 3 · message: "the list says"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits[:3])
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: only < and quotation marks are escaped · clause 5 · message: "the row of 'less than' says"
def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        value = f"{value:.3f}" if isinstance(value, float) else str(value)
        return value.replace("<", "&lt;").replace('"', "&quot;")

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: an accuracy of 0 counts as none · clause 7 · message: "raised"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if not facts.get(key)]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{svg}</div><ul>{items}</ul></body></html>'
    )


# %% wrong: the lines of the picture joined · clause 4 · message: "not in the document as it came"
import html


def model_card(facts, limits, *, svg, alt):
    missing = [key for key in ("name", "accuracy", "interval", "sha256") if key not in facts]
    if missing or not limits:
        raise ValueError(f"the card has no {', '.join(missing) or 'limits'}")

    def shown(value):
        return html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))

    title = shown(facts["name"])
    rows = "".join(
        f'<tr><th scope="row">{shown(key)}</th><td>{shown(value)}</td></tr>'
        for key, value in facts.items()
    )
    drawn = svg.replace("\n", " ")
    items = "".join(f"<li>{shown(limit)}</li>" for limit in limits)
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>'
        f"<h1>{title}</h1><table>{rows}</table>"
        f'<div role="img" aria-label="{shown(alt)}">{drawn}</div><ul>{items}</ul></body></html>'
    )

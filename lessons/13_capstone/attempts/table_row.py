# %% right: format · message: "Escaped"
import html


def table_row(name, value):
    text = "{:.3f}".format(value) if type(value) is float else str(value)
    return '<tr><th scope="row">{}</th><td>{}</td></tr>'.format(*map(html.escape, (name, text)))


# %% right: signs replaced by hand · message: "Escaped"
def table_row(name, value):
    def escaped(text):
        for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;")):
            text = text.replace(sign, code)
        return text

    shown = "%.3f" % value if isinstance(value, float) else str(value)
    return '<tr><th scope="row">' + escaped(name) + "</th><td>" + escaped(shown) + "</td></tr>"


# %% right: a tree of elements, which leaves quotation marks in a text as they are · message: "Escaped"
import xml.etree.ElementTree as ET


def table_row(name, value):
    row = ET.Element("tr")
    ET.SubElement(row, "th", scope="row").text = name
    cell = ET.SubElement(row, "td")
    cell.text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return ET.tostring(row, encoding="unicode", method="html")


# %% right: numbers of the signs · message: "Escaped"
SIGNS = {ord(sign): f"&#{ord(sign)};" for sign in "&<>'"}


def table_row(name, value):
    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    name, shown = (text.translate(SIGNS) for text in (name, shown))
    return f'<tr><th scope="row">{name}</th><td>{shown}</td></tr>'


# %% wrong: not escaped · clause 2 · message: "nothing is escaped"
def table_row(name, value):
    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    return f'<tr><th scope="row">{name}</th><td>{shown}</td></tr>'


# %% wrong: only the value is escaped · clause 2 · message: "the name is not escaped"
import html


def table_row(name, value):
    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    return f'<tr><th scope="row">{name}</th><td>{html.escape(shown)}</td></tr>'


# %% wrong: only the name is escaped · clause 2 · message: "the value is not escaped"
import html


def table_row(name, value):
    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    return f'<tr><th scope="row">{html.escape(name)}</th><td>{shown}</td></tr>'


# %% wrong: the value escaped twice · clause 2 · message: "escaped twice"
import html


def table_row(name, value):
    shown = html.escape(f"{value:.3f}" if isinstance(value, float) else str(value))
    return f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(shown)}</td></tr>'


# %% wrong: the whole row escaped · clause 1 · message: "the tags are escaped too"
import html


def table_row(name, value):
    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    return html.escape(f'<tr><th scope="row">{name}</th><td>{shown}</td></tr>')


# %% wrong: two cells without a heading · clause 1 · message: "Expected `<tr><th scope"
import html


def table_row(name, value):
    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    return f"<tr><td>{html.escape(name)}</td><td>{html.escape(shown)}</td></tr>"


# %% wrong: all the digits · clause 3 · message: "all its digits"
import html


def table_row(name, value):
    return (
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>'
    )


# %% wrong: the digits of a list, too · clause 3 · message: "Expected `<tr>"
import html


def table_row(name, value):
    if isinstance(value, list):
        value = [round(v, 3) for v in value]
        shown = ", ".join(f"{v:.3f}" for v in value)
    else:
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    return f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(shown)}</td></tr>'


# %% wrong: rounded, without the zeros · clause 3 · message: "the value is `12.5`; with three after the point: 12.500"
import html


def table_row(name, value):
    shown = str(round(value, 3)) if isinstance(value, float) else str(value)
    return f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(shown)}</td></tr>'


# %% wrong: three digits in all · clause 3 · message: "with three after the point: 12.500"
import html


def table_row(name, value):
    shown = f"{value:.3}" if isinstance(value, float) else str(value)
    return f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(shown)}</td></tr>'


# %% wrong: the ampersand last · clause 2 · message: "the name is escaped twice"
def table_row(name, value):
    def escaped(text):
        return text.replace("<", "&lt;").replace(">", "&gt;").replace("&", "&amp;")

    shown = f"{value:.3f}" if isinstance(value, float) else str(value)
    return f'<tr><th scope="row">{escaped(name)}</th><td>{escaped(shown)}</td></tr>'

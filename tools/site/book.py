"""A small extension of Sphinx: the glossary's terms in a lesson lead to their meaning, and formulas are MathML."""

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert

from course_lib.classroom import style
from course_lib.classroom.glossary import Term, load_glossary


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("doctree-resolved", _link_terms)
    app.add_html_math_renderer("mathml", (_inline_formula, None), (_formula, None))
    app.config.html_math_renderer = "mathml"  # browsers draw it themselves: no script, no fonts, no other host
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline_formula(writer: Any, node: nodes.math) -> None:
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _formula(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f"<div>{convert(node.astext(), display='block')}</div>")
    raise nodes.SkipNode


def _link_terms(app: Any, doctree: nodes.document, page: str) -> None:
    """The first time that a lesson's text uses a term, it becomes a link to the glossary that carries the meaning."""
    if not page[:2].isdigit():
        return
    known, fresh = app.env.domaindata["std"]["objects"], terms()
    everything = list(fresh.values())

    def link(term: Term, shown: nodes.Node) -> nodes.Node:
        name = style.bare(term.name)
        if fresh.pop(name, None) is None:
            return shown
        where, anchor = known["term", name]
        uri = f"{app.builder.get_relative_uri(page, where)}#{anchor}"
        made = nodes.reference(
            "", "", refuri=uri, reftitle=style.bare(term.means), internal=True, classes=["site-term"]
        )
        made += shown
        return made

    for node in list(doctree.findall(lambda n: isinstance(n, (nodes.Text, nodes.literal)))):
        if not _is_prose(node):
            continue
        if isinstance(node, nodes.literal):
            if term := fresh.get(node.astext()):
                node.parent.replace(node, link(term, node.deepcopy()))
            continue
        made, rest = [], node.astext()
        while found := _first(everything, rest):
            term, start, end = found
            made += [nodes.Text(rest[:start]), link(term, nodes.Text(rest[start:end]))]
            rest = rest[end:]
        node.parent.replace(node, [*made, nodes.Text(rest)])


def terms() -> dict[str, Term]:
    """The glossary by name, without the marks of markdown."""
    found: dict[str, Term] = {}
    for term in load_glossary():
        found.setdefault(style.bare(term.name), term)
    return found


def _is_prose(node: nodes.Node) -> bool:
    """Whether it stands in a paragraph, not in code, a link, a heading or an output."""
    node, in_paragraph = node.parent, False
    while node is not None:
        if isinstance(node, (nodes.literal, nodes.literal_block, nodes.reference, nodes.title, nodes.raw)):
            return False
        if "cell_output" in node.get("classes", ()):
            return False
        in_paragraph |= isinstance(node, nodes.paragraph)
        node = node.parent
    return in_paragraph


def _first(known: list[Term], text: str) -> tuple[Term, int, int] | None:
    """The first of the terms in a text, the longest of those that begin together, and where it stands."""
    found = [(m.start(), -m.end(), term) for term in known if (m := term.search(text))]
    start, end, term = min(found, key=lambda hit: hit[:2], default=(0, 0, None))
    return (term, start, -end) if term else None

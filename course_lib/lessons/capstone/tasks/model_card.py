"""A model card as one HTML document: every fact in its row, escaped, nothing fetched."""

import re
from html.parser import HTMLParser
from typing import Any, ClassVar

from course_lib.classroom.tasks.answers import asked, no_value, refusal
from course_lib.classroom.tasks.observation import Observation, observe
from course_lib.classroom.tasks.task import Case, Task, Verdict, failed, passed

SVG = '<svg viewBox="0 0 40 20" width="40" height="20">\n<polyline points="0,20 20,{y} 40,0" fill="none" stroke="currentColor"/></svg>'
FETCHING = {"src", "srcset", "href", "xlink:href", "poster", "action", "formaction", "background"}
STYLED = re.compile(r"@import|url\(\s*['\"]?(?!data:|#)", flags=re.IGNORECASE)
"""What a style sheet fetches by."""
NEEDED = ("name", "accuracy", "interval", "sha256")


def fact(**changes: Any) -> dict[str, Any]:
    """The settings of a case: what differs from an ordinary card; None takes a fact out."""
    return changes


class ModelCard(Task):
    """One heading, a table of facts, a list of limits, a picture with words; or a refusal."""

    visible: ClassVar = {
        "an ordinary card": fact(),
        "signs that HTML would take for tags": fact(
            model='Digits <v2> & "more"',
            limit="fails on <b>dark</b> images & small ones",
            more={"less than": "written &lt; in HTML", "epochs lost": 0},
        ),
        "no digest": fact(sha256=None),
        "no limits": fact(limit=None),
    }
    graded: ClassVar = {
        "other facts in another order": fact(
            model="Tumours, v3", more={"zeta": 7, "alpha <b>": 0.12345, "pretrained": False}, accuracy=0.0, limits=5
        ),
        "no interval": fact(interval=None),
        "signs in the picture's words": fact(alt='rises from 0.1 to "1"; a < b'),
        "no name": fact(model=None),
    }
    hints: ClassVar = {
        "row": 'A row is `<tr><th scope="row">NAME</th><td>VALUE</td></tr>`: the `table_row` of the lesson.',
        "escape": "`html.escape` once for each text that goes in, and never for the whole page.",
        "needed": 'Ask first: `if missing := [key for key in ("name", ...) if key not in facts]: raise ValueError(...)`.',
        "picture": '`<div role="img" aria-label="...">` around the SVG; the words escaped, quotation marks too.',
        "frame": '`<!DOCTYPE html><html lang="en"><head><title>...</title></head><body><h1>...</h1>...</body></html>`.',
        "offline": "No `src`, no `href`, no script: what isn't in the file won't be there in ten years.",
    }

    def inputs(self, case: Case) -> tuple[dict[str, Any], list[str], str, str]:
        """Facts, limits, the picture, and its words."""
        s, seed = case.settings, case.seed
        facts: dict[str, Any] = {
            "accuracy": s.get("accuracy", 0.9 + seed % 97 / 1000 + 0.00041),
            "name": s.get("model", "Digits, v1"),
            "interval": s.get("interval", f"0.{900 + seed % 40} to 0.{950 + seed % 40}"),
            "images": 1000 + seed % 500,
            "temperature": 1.5,
            "sha256": s.get("sha256", f"{seed:064x}"),
        }
        facts = {name: value for name, value in (s.get("more", {}) | facts).items() if value is not None}
        limits = [] if s.get("limit", "") is None else [s.get("limit", "one digit only"), f"{seed % 90 + 10} writers"]
        limits += [f"no letter {letter}" for letter in "zyx"[: s.get("limits", 2) - 2]]
        return facts, limits, SVG.format(y=seed % 20), s.get("alt", f"a curve with {seed % 50} points")

    def probe(self, answer: Any, case: Case) -> Observation:
        """One card."""
        facts, limits, svg, alt = self.inputs(case)
        return observe(asked, answer, dict(facts), limits, svg=svg, alt=alt)

    def judge(self, seen: Observation, case: Case) -> Verdict:
        """Refused, or read as a browser reads it."""
        facts, limits, svg, alt = self.inputs(case)
        missing = [key for key in NEEDED if key not in facts] or ([] if limits else ["limits"])
        if missing:
            wrong = refusal(seen, "model_card", f"The card has no {missing[0]}.", hint="needed")
            if wrong:
                return wrong
            words = str(seen.value["refused"]).casefold()
            if missing[0] not in words and missing[0].rstrip("s") not in words:
                return failed(f"Refused, but the message doesn't name what is missing: {missing[0]!r}.", hint="needed")
            return passed("Refused, by name.")
        if trouble := no_value(seen, "model_card"):
            return failed(trouble, hint="frame")
        text = seen.value["value"]
        if not isinstance(text, str):
            return failed("Expected the document as text.", hint="frame")
        document = Document()
        document.feed(text)
        document.close()
        document.collapse()
        return (
            self.frame(document, facts["name"])
            or self.rows(document, facts)
            or self.rest(document, limits, svg, alt, text)
            or passed("Whole, escaped, readable with eyes closed, and nothing is fetched.")
        )

    def frame(self, document: "Document", name: str) -> Verdict | None:
        """Language, title, one heading."""
        if document.language != "en":
            return failed('The document doesn\'t begin with `<html lang="en">`.', hint="frame")
        for tag in ("title", "h1"):
            if document.texts[tag] != [name]:
                return failed(
                    f"Read by a browser, the {tag} is {document.texts[tag]}; expected one, {name!r}.",
                    hint="escape" if document.texts[tag] else "frame",
                )
        return None

    def rows(self, document: "Document", facts: dict[str, Any]) -> Verdict | None:
        """Every fact, in order."""
        wanted = [[name, f"{value:.3f}" if isinstance(value, float) else str(value)] for name, value in facts.items()]
        rows = [[cell for _, cell in row] for row in document.rows]
        if rows != wanted:
            if sorted(rows) == sorted(wanted):
                return failed("The rows are not in the order of `facts`.", hint="row")
            lost = next((row for row in wanted if row not in rows), wanted[0])
            like = next((row for row in rows if row[:1] == lost[:1]), None)
            if like is None:
                return failed(
                    f"Read by a browser, no row of the table has {lost[0]!r}.",
                    hint="escape" if "<" in lost[0] else "row",
                )
            if len(rows) != len(wanted) and lost in rows:
                return failed(f"The table has {len(rows)} rows for {len(wanted)} facts.", hint="row")
            return failed(
                f"Read by a browser, the row of {lost[0]!r} says {like[1:]}; expected {lost[1]!r}.",
                hint="escape" if "<" in lost[1] or "&" in lost[1] else "row",
            )
        if any([kind for kind, _ in row] != ["th row", "td"] for row in document.rows):
            return failed('A row is a `<th scope="row">` and a `<td>`.', hint="row")
        return None

    def rest(self, document: "Document", limits: list[str], svg: str, alt: str, text: str) -> Verdict | None:
        """Limits, picture, nothing fetched."""
        if document.texts["li"] != limits:
            return failed(f"Read by a browser, the list says {document.texts['li']}; expected {limits}.", hint="escape")
        if svg not in text:
            return failed("The picture is not in the document as it came.", hint="picture")
        if document.pictures != [alt]:
            what = (
                'no element with role="img" is around the SVG'
                if not document.pictures
                else f"its words are {document.pictures}"
            )
            return failed(f"The picture: {what}; expected {alt!r}.", hint="picture")
        if document.fetched:
            return failed(f"The document fetches or runs something: `{document.fetched[0]}`.", hint="offline")
        return None


class Document(HTMLParser):
    """What a browser would make of it, as far as a card goes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language, self.rows, self.pictures, self.fetched = "", [], [], []
        self.texts: dict[str, list[str]] = {"title": [], "h1": [], "li": []}
        self._open: list[str] = []
        self._label: str | None = None
        self._around, self._deep, self._last = "", 0, ""

    def collapse(self) -> None:
        """White space as a browser shows it: one space for many, none at the ends."""
        self.texts = {tag: [" ".join(words.split()) for words in found] for tag, found in self.texts.items()}
        self.rows = [[(kind, " ".join(words.split())) for kind, words in row] for row in self.rows]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins."""
        found = dict(attrs)
        if tag == "html":
            self.language = found.get("lang") or ""
        runs = tag in ("script", "object", "embed", "iframe") or any(name.startswith("on") for name in found)
        if runs or FETCHING & found.keys() or STYLED.search(found.get("style") or ""):
            self.fetched.append(tag)
        self._last = tag
        if found.get("role") == "img":
            self._label, self._around, self._deep = found.get("aria-label") or "", tag, 0
        self._deep += tag == self._around
        if tag == "svg" and self._label is not None:
            self.pictures.append(self._label)
            self._label = None
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td") and self.rows:
            self.rows[-1].append((f"{tag} {found.get('scope', '')}".strip(), ""))
        if tag in self.texts:
            self.texts[tag].append("")
        if tag in (*self.texts, "th", "td"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note what ends: a picture beside the element with the words is not within it."""
        if tag == self._around:
            self._deep -= 1
            self._label = self._label if self._deep else None
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Words go to what is open."""
        if self._last == "style" and STYLED.search(data):
            self.fetched.append("style")
        if not self._open:
            return
        tag = self._open[-1]
        if tag in self.texts:
            self.texts[tag][-1] += data
        elif self.rows and self.rows[-1]:
            kind, words = self.rows[-1][-1]
            self.rows[-1][-1] = kind, words + data

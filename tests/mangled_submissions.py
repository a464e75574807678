"""Honest notebooks that something went wrong with. Each is made of a right one, and earns what its answers deserve."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "01_eval_mode.ipynb"


@dataclass(frozen=True)
class Kind:
    """What goes wrong, and what it still earns.

    Attributes:
        change: changes the notebook (a dict), or returns the files of the folder.
        score: what it earns, of 20.
        person: whether somebody has to look at it.
    """

    change: Callable[[dict], dict[str, bytes] | None]
    score: float = 20
    person: bool = False


def made(notebook: dict) -> bytes:
    return json.dumps(notebook, indent=1).encode()


def ident(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def at(notebook: dict, name: str) -> int:
    return next(i for i, cell in enumerate(notebook["cells"]) if ident(cell) == name)


def text(cell: dict) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def code(source: str) -> dict:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def in_front(source: str, place: int = 2) -> Callable[[dict], None]:
    return lambda nb: nb["cells"].insert(place, code(source))


def before_answer(source: str, task: str = "predict") -> Callable[[dict], None]:
    def change(nb):
        cell = nb["cells"][at(nb, f"solution-{task}")]
        cell["source"] = source + text(cell)

    return change


def drop(*names: str) -> Callable[[dict], None]:
    def change(nb):
        nb["cells"] = [cell for cell in nb["cells"] if ident(cell) not in names]

    return change


def quiz(change_line: Callable[[str, str], str]) -> Callable[[dict], None]:
    """Rewrite each line `q1 = "C"`: given its name and its answer."""

    def change(nb):
        for cell in nb["cells"]:
            if found := re.fullmatch(r'(q\d) = "(.*)"', text(cell)):
                cell["source"] = change_line(*found.groups())

    return change


def _copied(name: str) -> Callable[[dict], None]:
    def change(nb):
        place = at(nb, name)
        nb["cells"].insert(place, json.loads(json.dumps(nb["cells"][place])))

    return change


def _half_done_copy(nb):
    place = at(nb, "solution-predict")
    old = json.loads(json.dumps(nb["cells"][place]))
    old["source"] = "def predict(model, images, *, batch_size=64):\n    return None"
    nb["cells"].insert(place, old)


def _split(nb):
    place = at(nb, "solution-evaluation_mode")
    whole = text(nb["cells"][place])
    first, second = whole.split("@contextmanager", 1)
    nb["cells"][place]["source"] = first
    nb["cells"].insert(place + 1, code("@contextmanager" + second))


def _stripped(nb):
    for cell in nb["cells"]:
        cell["metadata"] = {}


def _reversed(nb):
    nb["cells"].reverse()


def _answer_last(nb):
    nb["cells"].append(nb["cells"].pop(at(nb, "solution-stays_random")))


def _imports_gone(nb):
    nb["cells"] = [cell for cell in nb["cells"] if not text(cell).startswith("import torch\n")]


def _imports_last(nb):
    first = next(cell for cell in nb["cells"] if text(cell).startswith("import torch\n"))
    nb["cells"].remove(first)
    nb["cells"].append(first)


def _one_cell(nb):
    place, other = at(nb, "solution-predict"), at(nb, "solution-stays_random")
    nb["cells"][other]["source"] = text(nb["cells"][other]) + "\n\n" + text(nb["cells"][place])
    del nb["cells"][place]


def _conflict(nb):
    raw = made(nb).decode()
    line = next(line for line in raw.splitlines() if "batch_size" in line and "def predict(" in line)
    return {FILE: raw.replace(line, f"<<<<<<< HEAD\n{line}\n=======\n{line}  \n>>>>>>> theirs", 1).encode()}


def _cut(nb):
    raw = made(nb)
    return {FILE: raw[: raw.index(b"## 3. Frozen")]}


def _zip(nb):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"my work/{FILE}", made(nb))
    return {"homework.zip": packed.getvalue()}


def _old_format(nb):
    cells = [{**cell, "input": cell.pop("source")} if cell["cell_type"] == "code" else cell for cell in nb["cells"]]
    return {FILE: made({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]})}


def _as_markdown(nb):
    cell = nb["cells"][at(nb, "solution-predict")]
    cell["cell_type"] = "markdown"


def _fenced(nb):
    place = at(nb, "solution-predict")
    nb["cells"][place] |= {
        "cell_type": "markdown",
        "metadata": {},
        "source": f"```python\n{text(nb['cells'][place])}\n```",
    }


def _to_a_file(nb):
    place = at(nb, "solution-predict")
    nb["cells"][place]["source"] = "%%writefile answers.py\nimport torch\nimport course_lib.evaluation\n" + text(
        nb["cells"][place]
    )
    nb["cells"].insert(place + 1, code("from answers import predict"))


def _before_imports(nb):
    first = next(cell for cell in nb["cells"] if text(cell).startswith("import torch\n"))
    first["source"] = "import no_such_package\n" + text(first)


def _stub(nb):
    stub = json.loads(json.dumps(nb))
    for name in ("evaluation_mode", "stays_random", "freeze_batch_norm", "predict"):
        source = f'def {name}(x):\n    raise NotImplementedError("Replace this line with your code.")'
        stub["cells"][at(stub, f"solution-{name}")]["source"] = source
    return made(stub)


def _odd_metadata(nb):
    for number, cell in enumerate(nb["cells"]):
        cell.pop("id", None)
        cell["metadata"] |= {"colab": {"base_uri": "x"}, "vscode": {"languageId": "python"}, "tags": [number]}
        cell["source"] = text(cell).splitlines(keepends=True)
    nb["metadata"] = {"kernelspec": {"name": "my_env", "display_name": "R"}, "colab": {}, "accelerator": "GPU"}


def _edited_checks(nb):
    for cell in nb["cells"]:
        if ident(cell).startswith("check-"):
            cell["source"] = "pass  # I ran it, thanks"


def _words(name: str, answer: str) -> str:
    return f'{name} = "Answer: {answer}."'


def _wide(name: str, answer: str) -> str:
    return f'{name} = "{"".join(chr(ord(c) + 0xFEE0) if "!" < c < "~" else c for c in answer)}"'


def _in_a_list(name: str, answer: str) -> str:
    return f"{name} = {answer.split(', ')!r}" if re.fullmatch(r"[A-Z, ]+", answer) else f"{name} = {answer}"


def _quiz_as_text(nb):
    for cell in nb["cells"]:
        if re.fullmatch(r'q\d = ".*"', text(cell)):
            cell["cell_type"] = "markdown"


def _one_answer_gone(nb):
    nb["cells"] = [cell for cell in nb["cells"] if not text(cell).startswith("q2 = ")]


def files(make: Callable[[dict], dict[str, bytes]]) -> Callable[[dict], dict[str, bytes]]:
    return make


KINDS: dict[str, Kind] = {
    "a check copied": Kind(_copied("check-predict")),
    "a solution copied": Kind(_copied("solution-predict")),
    "an old copy of a solution in front": Kind(_half_done_copy),
    "a cell split": Kind(_split),
    "a check deleted": Kind(drop("check-predict")),
    "a check and its solution deleted": Kind(drop("check-predict", "solution-predict"), 15),
    "the first check and its solution deleted": Kind(drop("check-evaluation_mode", "solution-evaluation_mode"), 16),
    "all checks deleted": Kind(drop(*(f"check-{n}" for n in ("predict", "stays_random", "evaluation_mode", "quiz")))),
    "all metadata stripped": Kind(_stripped),
    "renamed": Kind(lambda nb: {"my solution (1).ipynb": made(nb)}),
    "called .ipynb.txt": Kind(lambda nb: {f"{FILE}.txt": made(nb)}),
    "a BOM": Kind(lambda nb: {FILE: b"\xef\xbb\xbf" + made(nb)}),
    "UTF-16": Kind(lambda nb: {FILE: made(nb).decode().encode("utf-16")}),
    "Latin-1": Kind(lambda nb: {FILE: made(nb).replace(b"Four tasks", b"Vi\xe8r tasks")}),
    "CRLF": Kind(lambda nb: {FILE: made(nb).replace(b"\\n", b"\\r\\n").replace(b"\n", b"\r\n")}),
    "a merge conflict": Kind(_conflict),
    "cut off in the middle": Kind(_cut, 7, True),
    "an empty file": Kind(lambda nb: {FILE: b""}, 0, True),
    "another kind of file": Kind(lambda nb: {"answers.pdf": b"%PDF-1.4 ..."}, 0, True),
    "no notebook in it": Kind(lambda nb: {FILE: b'{"a": [1, 2]}'}, 0, True),
    "a folder too deep": Kind(lambda nb: {f"exercises/01/{FILE}": made(nb)}),
    "a zip": Kind(_zip),
    "two notebooks, one renamed": Kind(lambda nb: {"copy.ipynb": b'{"cells": []}', "mine.ipynb": made(nb)}),
    "the stub, and the work in a copy": Kind(lambda nb: {FILE: _stub(nb), "01_eval_mode-Copy1.ipynb": made(nb)}),
    "two works, neither under its name": Kind(lambda nb: {"a.ipynb": made(nb), "b.ipynb": made(nb) + b"\n"}, 20, True),
    "another exercise": Kind(lambda nb: {FILE: made({"cells": [code("def auc(): pass"), code('q1 = "C"')]})}, 0, True),
    "nbformat 3": Kind(_old_format),
    "metadata of other editors, no ids": Kind(_odd_metadata),
    "the imports deleted": Kind(_imports_gone),
    "the imports at the end": Kind(_imports_last),
    "upside down": Kind(_reversed),
    "a solution at the end": Kind(_answer_last),
    "two answers in one cell": Kind(_one_cell),
    "an answer in a markdown cell": Kind(_as_markdown),
    "an answer in a fence, without its id": Kind(_fenced),
    "an answer written to a file": Kind(_to_a_file),
    "an answer that is no Python": Kind(before_answer("def (:\n"), 15),
    "characters that nobody sees": Kind(before_answer("if 1:\n\xa0\xa0\xa0\xa0pass\u200b\n")),
    "a package that isn't here above the imports": Kind(_before_imports),
    "checks edited": Kind(_edited_checks),
    "input() before the answer": Kind(before_answer('name = input("Your name? ")\n')),
    "an error before the answer": Kind(before_answer('open("/content/drive/data.csv")\n')),
    "%%time in the second line": Kind(before_answer("# timing\n%%time\n")),
    "%%time": Kind(before_answer("%%time\n")),
    "quit() in the middle": Kind(in_front("quit()", 8)),
    "sys.exit() in the middle": Kind(in_front("import sys\nsys.exit(0)", 8)),
    "a cell that waits": Kind(in_front("import time\ntime.sleep(10_000)", 8)),
    "a float64 default": Kind(in_front("import torch\ntorch.set_default_dtype(torch.float64)")),
    "grad off": Kind(in_front("import torch\ntorch.set_grad_enabled(False)")),
    "warnings and stderr": Kind(in_front("import sys, warnings\nwarnings.warn('!')\nprint('!', file=sys.stderr)")),
    "magics, pip, plots": Kind(
        in_front(
            "%matplotlib inline\n!echo hello\n%pip --version\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.show()"
        )
    ),
    "widgets and top-level await": Kind(
        in_front(
            "import asyncio, ipywidgets\nawait asyncio.sleep(0)\ndisplay(ipywidgets.IntSlider())\nipywidgets.Text()"
        )
    ),
    "Colab's imports": Kind(in_front("from google.colab import drive\ndrive.mount('/content/drive')")),
    "quiz answers without quotes": Kind(quiz(lambda name, answer: f"{name} = {answer}")),
    "quiz answers in a list": Kind(quiz(_in_a_list)),
    "quiz answers in words": Kind(quiz(_words)),
    "quiz answers in small letters": Kind(quiz(lambda name, answer: f'{name} = "{answer.lower()}"')),
    "quiz answers in typographic quotes": Kind(quiz(lambda name, answer: f"{name} = “{answer}”")),
    "quiz answers in full-width letters": Kind(quiz(_wide)),
    "quiz answers to Q1": Kind(quiz(lambda name, answer: f'{name.upper()} = "{answer}"')),
    "quiz answers compared": Kind(quiz(lambda name, answer: f'{name} == "{answer}";')),
    "quiz answers as text": Kind(_quiz_as_text),
    "one quiz answer's cell deleted": Kind(_one_answer_gone, 19),
}


def write(folder: Path, right: dict[str, Any], kind: Kind) -> None:
    """Hand in a folder of this kind."""
    notebook = json.loads(json.dumps(right))
    found = kind.change(notebook) or {FILE: made(notebook)}
    for name, content in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

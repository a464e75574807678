"""An IPython shell without a kernel: it runs cells and keeps what they put out, as a notebook has it."""

import builtins
import io
import sys
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config

LIMIT_TEXT = 200_000
"""Characters that one cell may print; the rest is left out, and says so."""

LIMIT_DATA = 4 * 2**20
"""Characters of pictures, tables and errors of one cell."""


class Outputs:
    """What one cell put out, capped while it comes."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self._text_left, self._data_left = LIMIT_TEXT, LIMIT_DATA

    def write(self, name: str, text: str) -> None:
        """Add to what was printed."""
        if self._text_left <= 0:
            return
        self._text_left -= len(text)
        if self._text_left <= 0:
            text = f"{text[: self._text_left]}\n... the rest of {LIMIT_TEXT:,} characters and more is left out ...\n"
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["parts"].append(text)
        else:
            self.outputs.append({"output_type": "stream", "name": name, "parts": [text]})

    def add(self, output: dict[str, Any], size: int) -> None:
        """Add anything else that takes about so many characters."""
        self._data_left -= size
        if self._data_left >= 0:
            self.outputs.append(output)

    def finished(self) -> list[dict[str, Any]]:
        """All of it, as nbformat has it."""
        for output in self.outputs:
            if "parts" in output:
                output["text"] = "".join(output.pop("parts"))
        return self.outputs


class _Stream(io.TextIOBase):
    """What stands for stdout or stderr."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, shell: "CellShell"):
        self._name, self._shell = name, shell

    def write(self, text: str) -> int:
        self._shell.kept.write(self._name, str(text))
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False


class _Publisher(DisplayPublisher):
    def publish(self, data: Any, metadata: Any = None, **_: Any) -> None:
        _keep(self.shell, {"output_type": "display_data"}, data)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.kept.outputs.clear()


class _Hook(DisplayHook):
    def start_displayhook(self) -> None: ...

    def write_output_prompt(self) -> None: ...

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        _keep(self.shell, {"output_type": "execute_result", "execution_count": self.prompt_count}, format_dict)

    def finish_displayhook(self) -> None: ...


def _keep(shell: "CellShell", output: dict[str, Any], data: Any) -> None:
    data = {str(mime): text for mime, text in dict(data).items() if isinstance(text, str)}
    shell.kept.add({**output, "data": data, "metadata": {}}, sum(map(len, data.values())))


class CellShell(InteractiveShell):
    """Runs cells. Nothing waits for a person, and leaving leaves nothing."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    kept = AnyTrait()

    def run(self, source: str) -> tuple[list[dict[str, Any]], bool]:
        """Run one cell; what it put out, and whether it ran to its end."""
        self.kept = Outputs()
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Stream("stdout", self), _Stream("stderr", self)
        try:
            result = self.run_cell(source, store_history=True)
        finally:
            sys.stdout, sys.stderr = before
        return self.kept.finished(), result.success

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window: `%matplotlib` anything is fine."""

    def ask_exit(self) -> None:
        """`quit()` ends a kernel; here the cells after it still run."""
        self.kept.write("stdout", "quit() was left out: the notebook goes on.\n")

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        text = str(evalue)[:4000]
        lines = [str(line)[:4000] for line in stb][-100:]
        error = {"output_type": "error", "ename": etype.__name__, "evalue": text, "traceback": lines}
        self.kept.add(error, len(text) + sum(map(len, lines)))


def start_shell() -> CellShell:
    """The shell of this process, whose module is `__main__` as a kernel's is."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.autocall = 0
    shell = CellShell.instance(config=config)
    shell.kept = Outputs()

    def no_input(prompt: object = "") -> str:
        shell.kept.write("stdout", f"{prompt}(input() gives an empty text while grading)\n")
        return ""

    builtins.input = no_input
    return shell

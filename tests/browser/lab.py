"""What a learner does in JupyterLab, in words: start it, open a notebook, run it, press keys, look."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PICTURES = Path(os.environ.get("COURSE_PICTURES", "test-results"))


def surroundings(home: Path) -> dict[str, str]:
    """An environment in which settings, kernels' files and progress are below `home`, and nobody's own."""
    environment = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "COURSE_DATA_DIR": str(home / "progress"),
    }
    environment.pop("MPLBACKEND", None)  # the notebooks draw inline, as they do for learners
    return environment


@contextmanager
def served(command: Sequence[str], environment: dict[str, str], cwd: Path, log: Path) -> Iterator[str]:
    """Run a command that starts JupyterLab until the block ends; its address. The token is t."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [*command, "--no-browser", f"--port={port}", "--IdentityProvider.token=t", "--expose-app-in-browser"]
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as output:
        server = subprocess.Popen(command, env=environment, cwd=cwd, stdout=output, stderr=output)
        try:
            for _ in range(240):
                try:
                    urllib.request.urlopen(f"{url}/api/status?token=t", timeout=2).close()
                    break
                except (urllib.error.URLError, ConnectionError, TimeoutError):
                    assert server.poll() is None, log.read_text()
                    time.sleep(0.25)
            yield url
        finally:
            server.terminate()
            server.wait(20)


class Lab:
    """A running JupyterLab and a browser."""

    def __init__(self, browser, url: str, work: Path, progress: Path, environment: dict[str, str]):
        self.browser, self.url, self.work, self.progress = browser, url, work, progress
        self.environment = environment

    def open(self, path: str, *, dark: bool = False) -> "Notebook":
        """Open a notebook in a page of its own."""
        context = self.browser.new_context(viewport={"width": 1200, "height": 1000})
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{self.url}/lab/tree/{path}?token=t&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function(
            "window.jupyterapp && window.jupyterapp.shell.currentWidget?.context?.sessionContext?.session?.kernel"
        )
        theme = "JupyterLab Dark" if dark else "JupyterLab Light"
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        return Notebook(page)


class Notebook:
    """One open notebook."""

    def __init__(self, page):
        self.page = page

    def run_all(self, timeout_seconds: float = 120) -> None:
        """Run every cell and wait until the kernel is idle and all cells have their numbers."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        self.page.wait_for_function(
            """() => { const cells = window.jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.type == 'code');
                       return cells.every(c => c.model.executionCount && c.model.executionState != 'running') }""",
            timeout=timeout_seconds * 1000,
        )
        self.page.wait_for_timeout(500)  # widgets draw after their cell is done

    def troubles(self) -> list[str]:
        """Every error and everything on stderr."""
        found = self.page.locator(
            '[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"]'
        )
        return found.all_inner_texts()

    def cell(self, text: str):
        """The code cell whose source contains this text."""
        return self.page.locator(".jp-CodeCell").filter(has=self.page.locator(".cm-content", has_text=text)).first

    def scroll_to(self, code: str):
        """The code cell whose source contains this text, in sight: JupyterLab leaves others out of the page."""
        index = self.page.evaluate(
            """async code => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                const is = c => c.model.type == 'code' && c.model.sharedModel.getSource().includes(code);
                const index = notebook.widgets.findIndex(is);
                await notebook.scrollToItem(index, 'start');
                return index }""",
            code,
        )
        assert index >= 0, f"no code cell contains {code!r}"
        self.page.wait_for_timeout(500)
        return self.page.locator(f'.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index="{index}"]')

    def save(self) -> None:
        """Save, as Ctrl+S does."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")

    def follow(self, link: str, path: str) -> None:
        """Click a link of the first cell in sight, and wait for the notebook that it opens in another tab."""
        self.page.get_by_role("link", name=link).first.click()
        self.page.wait_for_function(
            """path => { const context = window.jupyterapp.shell.currentWidget?.context;
                         return context?.path == path && context.sessionContext?.session?.kernel }""",
            arg=path,
        )

    def write(self, cell, code: str) -> None:
        """Replace a cell's code as a learner would: click, select all, type."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)

    def run(self, cell) -> None:
        """Run one cell with Ctrl+Enter and wait for it."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.status == 'idle'"
        )
        self.page.wait_for_timeout(400)

    def picture(self, name: str, where=None) -> bytes:
        """A screenshot, kept in test-results/ for people to look at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        target = self.page if where is None else where
        return target.screenshot(path=PICTURES / f"{name}.png")

    def close(self) -> None:
        """Close the page and shut its kernel down."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
        self.page.context.close()

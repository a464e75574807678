"""What a learner does in JupyterLab, in words: start it, open a notebook, run it, press keys, look."""

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
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
    environment["PYTHONWARNINGS"] = "default"  # a warning is on stderr, where a test sees it
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
        self._idle = []  # pages without a notebook: to start JupyterLab in another takes seconds of the processor

    def open(self, path: str) -> "Notebook":
        """Open a notebook in a page that shows no other."""
        page = self._idle.pop() if self._idle else self._page()
        page.evaluate("path => { window.jupyterapp.commands.execute('docmanager:open', {path}) }", path)
        _wait_for_kernel(page, path)
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        notebook = Notebook(page, self._idle)
        notebook.show_in("Light")
        return notebook

    def _page(self):
        page = self.browser.new_context(viewport={"width": 1200, "height": 1000}).new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{self.url}/lab?token=t&reset")
        _wait_for(page, "() => window.jupyterapp?.restored.then(() => true)")
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        return page


def _wait_for(page, condition: str, argument: object = None, *, timeout_seconds: float = 60) -> None:
    """Wait until a function of the page says yes; asked ten times a second, not at each picture: those cost processor time."""
    page.wait_for_function(condition, arg=argument, polling=100, timeout=timeout_seconds * 1000)


def _wait_for_kernel(page, path: str) -> None:
    _wait_for(
        page,
        """path => { const context = window.jupyterapp.shell.currentWidget?.context;
                     return context?.path == path && context.sessionContext?.session?.kernel }""",
        path,
    )


class Notebook:
    """One open notebook."""

    def __init__(self, page, idle: list):
        self.page, self._idle = page, idle

    def show_in(self, theme: str) -> None:
        """Switch to JupyterLab's Light or Dark theme."""
        change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
        self.page.evaluate(change, f"JupyterLab {theme}")

    def run_all(self, timeout_seconds: float = 120) -> None:
        """Run every cell and wait until all have their numbers and none is running, or one has raised an error."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        _wait_for(
            self.page,
            """() => { const cells = window.jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.type == 'code');
                       const raised = c => c.model.outputs.toJSON().some(output => output.output_type == 'error');
                       return cells.every(c => c.model.executionCount && c.model.executionState != 'running')
                           || cells.some(raised) }""",
            timeout_seconds=timeout_seconds,
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
        _wait_for(self.page, "() => !window.jupyterapp.shell.currentWidget.context.model.dirty")

    def follow(self, link: str, path: str) -> None:
        """Click a link of the first cell in sight, and wait for the notebook that it opens in another tab."""
        self.page.get_by_role("link", name=link).first.click()
        _wait_for_kernel(self.page, path)

    def write(self, cell, code: str) -> None:
        """Replace a cell's code as a learner would: click, select all, type."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)

    def run(self, cell) -> None:
        """Run one cell with Ctrl+Enter and wait for it."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        _wait_for(
            self.page,
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.status == 'idle'",
        )
        self.page.wait_for_timeout(400)

    def settle(self, explorer, *, unlike: str = "") -> None:
        """Wait until an explorer says something else than before, and nothing in it has changed for half a second."""
        _wait_for(
            self.page,
            """([root, before]) => {
                const now = performance.now(), html = root.innerHTML;
                if (root.seen != html) { root.seen = html; root.since = now }
                return root.querySelector('[role=status]').innerText != before && now - root.since > 500 }""",
            [explorer.element_handle(), unlike],
        )

    def picture(self, name: str, where=None) -> bytes:
        """A screenshot, kept in test-results/ for people to look at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        target = self.page if where is None else where
        return target.screenshot(path=PICTURES / f"{name}.png")

    def close(self, *, leave: bool = False) -> None:
        """Shut its kernel down and close all tabs; leave JupyterLab too, or the page is for the next notebook."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")
        if leave:
            self.page.context.close()
        else:
            self.page.evaluate("() => [...window.jupyterapp.shell.widgets('main')].forEach(tab => tab.dispose())")
            self._idle.append(self.page)

"""What a learner does in JupyterLab, in words: open a notebook, run it, press keys, look."""

import os
from pathlib import Path

PICTURES = Path(os.environ.get("COURSE_PICTURES", "test-results"))


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

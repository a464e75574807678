"""One real JupyterLab and one Chromium for all browser tests."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from browser.lab import CHROMIUM, Lab, served, surroundings
from course_lib.classroom import own_folder

ROOT = Path(__file__).parents[2]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="package")  # not longer: Playwright's event loop would be in the way of other tests
def browser():
    """Chromium."""
    if CHROMIUM is None:
        if os.environ.get("COURSE_REQUIRE_BROWSER"):
            pytest.fail("COURSE_REQUIRE_BROWSER is set and there is no Chromium on PATH.")
        pytest.skip("no Chromium on this machine: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def lab(browser, tmp_path_factory):
    """JupyterLab over a learner's folder, which is an instructor's too, with its own settings and progress."""
    home = tmp_path_factory.mktemp("lab")
    work = home / "work"
    own_folder.update(work)
    shutil.copytree(ROOT / "exercises" / "source", work / "exercises" / "source")
    # Started in exercises/, as INSTRUCTORS.md says: that is how nbgrader finds its configuration.
    shutil.copy(ROOT / "exercises" / "nbgrader_config.py", work / "exercises")
    (home / "exchange").mkdir(mode=0o777)
    (home / "config").mkdir()
    (home / "config" / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(home / 'exchange')!r}\n"
    )
    # all cells in the page, also those out of sight: else a test can't see their outputs
    for extension, file, setting in (
        ("notebook-extension", "tracker", {"windowingMode": "none"}),
        ("apputils-extension", "notification", {"fetchNews": "false", "checkForUpdates": False}),
    ):
        folder = home / "settings" / "@jupyterlab" / extension
        folder.mkdir(parents=True)
        (folder / f"{file}.jupyterlab-settings").write_text(json.dumps(setting))
    environment = surroundings(home)
    command = [sys.executable, "-m", "jupyterlab", "--allow-root", f"--ServerApp.root_dir={work}"]
    with served(command, environment, work / "exercises", home / "log") as url:
        yield Lab(browser, url, work, home / "progress", environment)

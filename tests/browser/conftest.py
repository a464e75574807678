"""One real JupyterLab and one Chromium for all browser tests."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from browser.lab import Lab

ROOT = Path(__file__).parents[2]
CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="package")  # not longer: Playwright's event loop would be in the way of other tests
def lab(tmp_path_factory):
    """JupyterLab over a copy of the built notebooks, with its own settings and progress."""
    if CHROMIUM is None:
        if os.environ.get("COURSE_REQUIRE_BROWSER"):
            pytest.fail("COURSE_REQUIRE_BROWSER is set and there is no Chromium on PATH.")
        pytest.skip("no Chromium on this machine: apt install chromium")
    from playwright.sync_api import sync_playwright

    home = tmp_path_factory.mktemp("lab")
    work = home / "work"
    for folder in ("notebooks", "exercises/release", "exercises/source"):
        shutil.copytree(ROOT / folder, work / folder)
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
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
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
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=t",
        "--expose-app-in-browser",
    ]
    options += [f"--ServerApp.root_dir={work}"]
    log = (home / "log").open("w")
    command = [sys.executable, "-m", "jupyterlab", *options]
    server = subprocess.Popen(command, env=environment, cwd=work / "exercises", stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{url}/api/status?token=t", timeout=2).close()
                break
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert server.poll() is None, (home / "log").read_text()
                time.sleep(0.25)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            yield Lab(browser, url, work, home / "progress", environment)
            browser.close()
    finally:
        server.terminate()
        server.wait(20)
        log.close()

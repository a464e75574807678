"""The checkpoint X-ray in JupyterLab: hostile and damaged files are opened by keyboard, and nothing is executed."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def test_hostile_and_damaged_files_are_opened_and_nothing_runs(lab):
    notebook = lab.open("notebooks/06_state_dict.ipynb")
    notebook.run_all()
    xray = notebook.page.locator(".cl-explorer").first
    xray.scroll_into_view_if_needed()
    files = xray.locator("select")  # more than six choices: a drop-down
    files.focus()
    seen = {}
    for _ in range(12):
        text = xray.locator("[role=status]").first.inner_text()
        name = next((n for n in ("stranger.pt", "plain.pt", "one_bit.pt", "cut.pt", "ten_rows.pt") if n in text), "")
        if name and name not in seen:
            seen[name] = text
            notebook.picture(f"xray-{name}", xray)
        notebook.page.keyboard.press("ArrowDown")
        notebook.page.wait_for_timeout(350)
    assert set(seen) == {"stranger.pt", "plain.pt", "one_bit.pt", "cut.pt", "ten_rows.pt"}
    verdicts = {name: text.split("verdict: ")[1].split(".")[0] for name, text in seen.items()}
    assert verdicts["stranger.pt"] == verdicts["plain.pt"] == "unsafe"
    assert verdicts["one_bit.pt"] == verdicts["cut.pt"] == "damaged"
    assert verdicts["ten_rows.pt"] not in ("unsafe", "damaged")
    # the payloads would make a file beside the notebook, or print a line
    assert not list(lab.work.rglob("the_xray_ran_me"))
    assert "the X-ray ran me" not in notebook.page.locator(".jp-Notebook").inner_text().replace(
        "echo the X-ray ran me", ""
    )
    assert notebook.troubles() == []
    notebook.close()

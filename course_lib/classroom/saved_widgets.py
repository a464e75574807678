"""A hook for Jupyter's server (set in jupyter/jupyter_server_config.json): no save loses the widgets that are shown.

JupyterLab saves the state of widgets whose kernel lives. A notebook that was reopened and saved, be it by autosave,
would lose all others and show "Error displaying widget" from then on. So their state is taken over from the file.
"""

import json
import re
from pathlib import Path

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
_EMPTY = {"version_major": 2, "version_minor": 0, "state": {}}


def keep(model: dict, path: str, contents_manager, **_: object) -> None:
    """Before a save, add to a notebook the state of the widgets it shows and the front end no longer knows.

    Args:
        model: what is about to be saved, as Jupyter's contents API has it; changed in place.
        path: the notebook's, from the root of the server.
        contents_manager: the server's.
    """
    if model.get("type") != "notebook" or not isinstance(model.get("content"), dict):
        return
    notebook = model["content"]
    try:
        on_disk = json.loads(Path(contents_manager.root_dir, path.strip("/")).read_text(encoding="utf-8"))
        before = on_disk["metadata"]["widgets"][STATE]["state"]
        now = notebook["metadata"].get("widgets", {}).get(STATE, _EMPTY)
        missing = _needed(_shown(notebook), {**before, **now["state"]}) - now["state"].keys()
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return  # a new notebook, or one without widgets: nothing to keep, and a save must never fail here
    if kept := {name: before[name] for name in sorted(missing) if name in before}:
        notebook["metadata"]["widgets"] = {STATE: {**now, "state": {**now["state"], **kept}}}


def _shown(notebook: dict) -> set[str]:
    """The ids of the widgets in a notebook's outputs."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    views = [output.get("data", {}).get(VIEW) for output in outputs]
    return {view["model_id"] for view in views if view}


def _needed(shown: set[str], state: dict) -> set[str]:
    """These widgets and all that they are made of."""
    found, open_ = set(), list(shown)
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += re.findall(r"IPY_MODEL_(\w+)", json.dumps(state.get(name)))
    return found

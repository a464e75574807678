# %% right: written down · message: "costs least"
def choose_modes():
    return {
        "server": "inference_mode",
        "features": "no_grad",
        "fine-tune": "requires_grad_(False)",
        "validation": "no_grad",
        "target": "detach",
        "saliency": "gradients on",
    }


# %% right: as a lambda over two lists · message: "costs least"
jobs = ["server", "features", "fine-tune", "validation", "target", "saliency"]
words = [
    "inference_mode",
    "no_grad",
    "requires_grad_(False)",
    "no_grad",
    "detach",
    "gradients on",
]
choose_modes = lambda: dict(zip(jobs, words))


# %% right: a callable object with a default · message: "costs least"
from collections import defaultdict


class Choose:
    def __call__(self):
        chosen = defaultdict(lambda: "no_grad")
        chosen["server"] = "inference_mode"
        chosen |= {
            "fine-tune": "requires_grad_(False)",
            "target": "detach",
            "saliency": "gradients on",
        }
        return chosen


choose_modes = Choose()


# %% right: questions asked · message: "costs least"
def mode(job):
    if job == "saliency":
        return "gradients on"
    if job == "target":
        return "detach"
    trained_later = {"features", "validation"}
    if job == "fine-tune":
        return "requires_grad_(False)"
    return "no_grad" if job in trained_later else "inference_mode"


def choose_modes():
    return {
        job: mode(job)
        for job in ("server", "features", "fine-tune", "validation", "target", "saliency")
    }


# %% wrong: no_grad for everything · clause 3 · message: "another mode is cheaper"
def choose_modes():
    return dict.fromkeys(
        ["server", "features", "fine-tune", "validation", "target", "saliency"], "no_grad"
    )


# %% wrong: inference_mode wherever no backward comes at once · clause 2 · message: "training afterwards raises"
def choose_modes():
    return {
        "server": "inference_mode",
        "features": "inference_mode",
        "fine-tune": "requires_grad_(False)",
        "validation": "inference_mode",
        "target": "detach",
        "saliency": "gradients on",
    }


# %% wrong: no_grad around the body's training · clause 2 · message: "not even the head"
def choose_modes():
    return {
        "server": "inference_mode",
        "features": "no_grad",
        "fine-tune": "no_grad",
        "validation": "no_grad",
        "target": "detach",
        "saliency": "gradients on",
    }


# %% wrong: gradients left on for the target and the body · clause 2 · message: "body learned, too"
def choose_modes():
    return {
        "server": "inference_mode",
        "features": "no_grad",
        "fine-tune": "gradients on",
        "validation": "no_grad",
        "target": "gradients on",
        "saliency": "gradients on",
    }


# %% wrong: a frozen model for features and validation · clause 3 · message: "frozen afterwards"
def choose_modes():
    return {
        "server": "inference_mode",
        "features": "requires_grad_(False)",
        "fine-tune": "requires_grad_(False)",
        "validation": "requires_grad_(False)",
        "target": "requires_grad_(False)",
        "saliency": "requires_grad_(False)",
    }


# %% wrong: one is missing · clause 1 · message: "no choice for 'fine-tune'"
def choose_modes():
    return {
        "server": "inference_mode",
        "features": "no_grad",
        "target": "detach",
        "saliency": "gradients on",
    }


# %% wrong: detach in place of a mode · clause 3 · message: "never comes"
def choose_modes():
    return {
        "server": "detach",
        "features": "detach",
        "fine-tune": "requires_grad_(False)",
        "validation": "detach",
        "target": "detach",
        "saliency": "detach",
    }


# %% wrong: another spelling · clause 1 · message: "expected one of"
def choose_modes():
    return {
        "server": "torch.inference_mode()",
        "features": "no_grad",
        "fine-tune": "requires_grad_(False)",
        "validation": "no_grad",
        "target": "detach",
        "saliency": "gradients on",
    }


# %% wrong: a list of the words · clause 1 · message: "Expected a dictionary"
def choose_modes():
    return [
        "inference_mode",
        "no_grad",
        "requires_grad_(False)",
        "no_grad",
        "detach",
        "gradients on",
    ]

# task: load_weights
# verdict: passed
# message: nothing was run
import torch


def load_weights(model, path):
    """Not strict, and the report read."""
    report = model.load_state_dict(
        torch.load(path, map_location=torch.device("cpu")), strict=False
    )
    if report.missing_keys or report.unexpected_keys:
        raise RuntimeError(
            f"missing {report.missing_keys}, unexpected {report.unexpected_keys}"
        )
    return model

# task: save_weights
# verdict: failed
# message: expected torch.float16
import torch


def save_weights(model, path):
    torch.save(
        {k: v.float() if v.is_floating_point() else v for k, v in model.state_dict().items()},
        path,
    )

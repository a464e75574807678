# task: slim
# verdict: passed
# message: no storage behind them
import torch


def slim(state_dict):
    """By the count of elements; the copy goes through NumPy."""
    made = type(state_dict)()
    for name, value in state_dict.items():
        if (
            torch.is_tensor(value)
            and value.untyped_storage().size() != value.numel() * value.element_size()
        ):
            value = torch.from_numpy(value.detach().numpy().copy(order="C"))
        made[name] = value
    return made

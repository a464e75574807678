# task: slim
# verdict: passed
# message: no storage behind them
import torch


def slim(state_dict):
    """Clones everything, but the same tensor only once."""
    memo = {}

    def once(value):
        if not isinstance(value, torch.Tensor):
            return value
        where = (value.data_ptr(), value.dtype, tuple(value.shape), value.stride())
        if where not in memo:
            memo[where] = torch.empty(value.shape, dtype=value.dtype).copy_(value)
        return memo[where]

    return {name: once(value) for name, value in state_dict.items()}

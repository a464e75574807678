# task: stays_random
# verdict: passed
# message: by what they do
import copy

import torch


def stays_random(model, x):
    """Works on a deep copy, and on what the generator gives away: a module that draws moves its state."""
    model = copy.deepcopy(model).eval()
    drew, state = set(), {}

    for name, module in model.named_modules():
        if next(module.children(), None) is None:
            module.register_forward_pre_hook(
                lambda m, i, n=name: state.update({n: torch.get_rng_state()})
            )
            module.register_forward_hook(
                lambda m, i, o, n=name: (
                    None if torch.equal(state[n], torch.get_rng_state()) else drew.add(n)
                )
            )
    with torch.no_grad():
        model(x)
    return sorted(drew)

# %% right: a hook that appends · message: "no hook left"
def output_of(layer, model, x):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    try:
        model(x)
    finally:
        handle.remove()
    return kept[0]


# %% right: the handle as a context manager · message: "no hook left"
import torch


def output_of(layer, model, x):
    caught = {}

    def keep(module, inputs, output):
        caught["output"] = output.detach()

    with layer.register_forward_hook(keep), torch.no_grad():
        model(x)
    return caught["output"]


# %% right: asked again with its own input · message: "no hook left"
def output_of(layer, model, x):
    """A pre-hook keeps the input; the layer is deterministic here."""
    given = []
    handle = layer.register_forward_pre_hook(lambda module, inputs: given.extend(inputs))
    model(x)
    handle.remove()
    return layer(*given)


# %% wrong: what goes in · clause 1 · message: "what goes into the layer"
def output_of(layer, model, x):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(inputs[0]))
    model(x)
    handle.remove()
    return kept[0]


# %% wrong: the model's own output · clause 1 · message: "output of the whole model"
def output_of(layer, model, x):
    kept = []
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(output)):
        return model(x)


# %% wrong: the layer called on the model's batch · clause 1 · message: "Got a tensor of shape"
def output_of(layer, model, x):
    try:
        return layer(x)
    except RuntimeError:
        return x


# %% wrong: the list handed on · clause 1 · message: "Return the output itself"
def output_of(layer, model, x):
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    model(x)
    handle.remove()
    return kept


# %% wrong: the hook is left · clause 2 · message: "a hook was left"
def output_of(layer, model, x):
    kept = []
    layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    model(x)
    return kept[0]

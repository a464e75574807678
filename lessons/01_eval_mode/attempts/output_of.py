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


# %% right: its forward watched for one pass · message: "no hook left"
from unittest import mock


def output_of(layer, model, x):
    forward, kept = layer.forward, []

    def watched(*inputs):
        kept.append(forward(*inputs))
        return kept[-1]

    with mock.patch.object(layer, "forward", watched):
        model(x)
    return kept[0]


# %% wrong: asked again with its own input · clause 1 · message: "Was it called again"
def output_of(layer, model, x):
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


# %% wrong: the layers called in the order of their registration · clause 1 · message: "raised RuntimeError"
def output_of(layer, model, x):
    for module in model.modules():
        if not list(module.children()):
            x = module(x)
            if module is layer:
                return x


# %% wrong: the numbers of another batch · clause 1 · message: "the numbers are others"
def output_of(layer, model, x):
    kept = []
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(output)):
        model(x * 0)
    return kept[0]


# %% wrong: everybody's hooks taken off · clause 2 · message: "that wasn't yours"
def output_of(layer, model, x):
    kept = []
    layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    model(x)
    layer._forward_hooks.clear()
    return kept[0]


# %% wrong: eval() on the way · clause 2 · message: "in another mode"
def output_of(layer, model, x):
    kept = []
    with layer.register_forward_hook(lambda module, inputs, output: kept.append(output)):
        model.eval()(x)
    return kept[0]

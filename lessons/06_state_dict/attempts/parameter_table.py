# %% right: names from a saved file · message: "parameters and buffers"
import io

import torch


def parameter_table(model):
    """Save and read back with keep_vars in mind: the names come from the file, the kinds from the model's type."""
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    kept = model.state_dict(keep_vars=True)
    return [
        {
            "size_bytes": len(tensor.reshape(-1)) * tensor.element_size(),
            "shape": list(tensor.shape),
            "dtype": str(tensor.dtype).removeprefix("torch."),
            "kind": "parameter" if isinstance(kept[name], torch.nn.Parameter) else "buffer",
            "name": name,
        }
        for name, tensor in torch.load(file, weights_only=True).items()
    ]


# %% right: looked up as attributes of their modules · message: "parameters and buffers"
def parameter_table(model):
    """Parameters and buffers looked up as attributes of their modules; a dtype object, a torch.Size."""
    rows = []
    for name, tensor in model.state_dict(keep_vars=True).items():
        place, _, leaf = name.rpartition(".")
        kind = "parameter" if leaf in model.get_submodule(place)._parameters else "buffer"
        rows.append(
            dict(
                name=name,
                kind=kind,
                shape=tensor.shape,
                dtype=tensor.dtype,
                size_bytes=tensor.nbytes,
            )
        )
    return rows


# %% wrong: buffers that are not saved listed too · clause 1 · message: "persistent=False"
def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in [
            *model.named_parameters(remove_duplicate=False),
            *model.named_buffers(),
        ]
    ]


# %% wrong: a dictionary of shapes · clause 1 · message: "five keys"
def parameter_table(model):
    """A dictionary of shapes."""
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


# %% wrong: four bytes for every number · clause 2 · message: "numbers of torch"
def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.numel() * 4,
        }
        for name, tensor in model.state_dict().items()
    ]


# %% wrong: a frozen parameter called a buffer · clause 3 · message: "is a parameter; the table says 'buffer'"
def parameter_table(model):
    return [
        {
            "name": name,
            "kind": "parameter" if tensor.requires_grad else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict(keep_vars=True).items()
    ]


# %% wrong: parameters only · clause 1 · message: "holds the buffers"
def parameter_table(model):
    return [
        {
            "name": name,
            "kind": "parameter",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.named_parameters()
    ]


# %% wrong: requires_grad asked of detached tensors · clause 2 · message: "is a parameter; the table says 'buffer'"
def parameter_table(model):
    return [
        {
            "name": name,
            "kind": "parameter" if tensor.requires_grad else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
    ]


# %% wrong: sorted by name · clause 1 · message: "in the order of the state_dict"
def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in sorted(model.state_dict().items())
    ]


# %% wrong: the second name of a shared tensor called a buffer · clause 3 · message: "is a parameter; the table says 'buffer'"
def parameter_table(model):
    parameters = dict(model.named_parameters())
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
    ]


# %% wrong: walks the layers of an nn.Sequential only · clause 4 · message: "raised TypeError"
def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for i, layer in enumerate(model)
        for name, tensor in layer.state_dict(prefix=f"{i}.").items()
    ]

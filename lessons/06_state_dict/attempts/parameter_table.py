# %% right: saved · message: "parameters and buffers"
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


# %% right: walk · message: "parameters and buffers"
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


# %% wrong: all buffers · message: "persistent=False"
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


# %% wrong: data frame · message: "five keys"
def parameter_table(model):
    """A dictionary of shapes."""
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


# %% wrong: four bytes · message: "numbers of torch"
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


# %% wrong: frozen is a buffer · message: "is a parameter; the table says 'buffer'"
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


# %% wrong: parameters only · message: "holds the buffers"
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


# %% wrong: requires grad · message: "is a parameter; the table says 'buffer'"
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


# %% wrong: sorted · message: "in the order of the state_dict"
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


# %% wrong: tied once · message: "is a parameter; the table says 'buffer'"
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

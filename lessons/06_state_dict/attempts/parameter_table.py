# %% right: kinds from keep_vars, values from a file · message: "parameters and buffers"
import io

import torch


def parameter_table(model):
    """Saved and read back: shapes and dtypes come from the file, kinds from the model's own tensors."""
    file = io.BytesIO()
    torch.save({k: v for k, v in model.state_dict().items() if torch.is_tensor(v)}, file)
    file.seek(0)
    kept = model.state_dict(keep_vars=True)
    return [
        {
            "size_bytes": len(tensor.reshape(-1)) * tensor.element_size(),
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "kind": "parameter" if isinstance(kept[name], torch.nn.Parameter) else "buffer",
            "name": name,
        }
        for name, tensor in torch.load(file, weights_only=True).items()
    ]


# %% right: looked up as attributes of their modules · message: "parameters and buffers"
import torch


def parameter_table(model):
    """Looked up as attributes of their modules; the shape is a torch.Size, which is a tuple."""
    rows = []
    for name, tensor in model.state_dict(keep_vars=True).items():
        if not isinstance(tensor, torch.Tensor):
            continue
        place, _, leaf = name.rpartition(".")
        kind = "parameter" if leaf in model.get_submodule(place)._parameters else "buffer"
        rows.append(
            dict(
                name=name,
                kind=kind,
                shape=tensor.shape,
                dtype=f"{tensor.dtype}",
                size_bytes=tensor.nbytes,
            )
        )
    return rows


# %% right: a callable object that knows the buffers · message: "parameters and buffers"
import torch


class Table:
    """Everything that isn't a buffer is a parameter."""

    keys = ("name", "kind", "shape", "dtype", "size_bytes")

    def row(self, name, tensor, buffers):
        kind = "buffer" if name in buffers else "parameter"
        bits = 8 * tensor.element_size()
        return (name, kind, (*tensor.shape,), repr(tensor.dtype), tensor.numel() * bits // 8)

    def __call__(self, model):
        buffers = {name for name, _ in model.named_buffers(remove_duplicate=False)}
        state = model.state_dict().items()
        rows = [self.row(n, t, buffers) for n, t in state if isinstance(t, torch.Tensor)]
        return [dict(zip(self.keys, row)) for row in rows]


parameter_table = Table()
parameter_table.__name__ = "parameter_table"


# %% right: sizes from NumPy, kinds by address · message: "parameters and buffers"
import torch


def parameter_table(model):
    addresses = {p.data_ptr() for p in model.parameters()}
    table = []
    for name, value in model.state_dict().items():
        if not hasattr(value, "element_size"):
            continue
        row = {"name": name, "kind": "buffer", "dtype": str(value.dtype)}
        row["shape"] = tuple(int(n) for n in value.shape)
        row["size_bytes"] = value.numpy().nbytes
        if value.data_ptr() in addresses:
            row["kind"] = "parameter"
        table.append(row)
    return table


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


# %% wrong: a dictionary of shapes · clause 1 · message: "Expected a list of dictionaries"
def parameter_table(model):
    """A dictionary of shapes."""
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


# %% wrong: four bytes for every number · clause 2 · message: "numbers of torch"
import torch


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
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: the storage's bytes · clause 2 · message: "which is the storage behind them"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.untyped_storage().nbytes(),
        }
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: the shape as a list · clause 2 · message: "a list and no tuple"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": list(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: the dtype as an object · clause 2 · message: "is no text"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": tensor.dtype,
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: the dtype without torch. · clause 2 · message: "the table says 'float32'"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype).split(".")[1],
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: a frozen parameter called a buffer · clause 3 · message: "is a parameter; the table says 'buffer'"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if tensor.requires_grad else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict(keep_vars=True).items()
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: requires_grad asked of detached tensors · clause 2 · message: "is a parameter; the table says 'buffer'"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if tensor.requires_grad else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: kinds guessed from names · clause 2 · message: "the table says"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if name.split(".")[-1][:4] in ("weig", "bias") else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: floats taken for parameters · clause 2 · message: "is a buffer; the table says 'parameter'"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    return [
        {
            "name": name,
            "kind": "parameter" if tensor.is_floating_point() else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: sorted by name · clause 1 · message: "in the order of the state_dict"
import torch


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
        if isinstance(tensor, torch.Tensor)
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
        for name, tensor in model.named_parameters(remove_duplicate=False)
    ]


# %% wrong: the second name of a shared tensor called a buffer · clause 3 · message: "is a parameter; the table says 'buffer'"
import torch


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
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: one row for each tensor, tied names left out · clause 3 · message: "a tensor with two names has two rows"
import torch


def parameter_table(model):
    parameters, buffers = dict(model.named_parameters()), dict(model.named_buffers())
    return [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
        if name in parameters or name in buffers
    ]


# %% wrong: walks the layers of an nn.Sequential only · clause 4 · message: "raised TypeError"
import torch


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
        if isinstance(tensor, torch.Tensor)
    ]


# %% wrong: trips over an extra state · clause 4 · message: "has no attribute 'shape'"
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
        for name, tensor in model.state_dict().items()
    ]


# %% wrong: a row for the extra state, too · clause 4 · message: "is no tensor and gets no row"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    table = []
    for name, value in model.state_dict().items():
        tensor = value if isinstance(value, torch.Tensor) else torch.zeros(0)
        table.append(
            {
                "name": name,
                "kind": "parameter" if name in parameters else "buffer",
                "shape": tuple(tensor.shape),
                "dtype": str(tensor.dtype),
                "size_bytes": tensor.nbytes,
            }
        )
    return table


# %% wrong: None for a model without entries · clause 4 · message: "got NoneType"
import torch


def parameter_table(model):
    parameters = dict(model.named_parameters(remove_duplicate=False))
    table = [
        {
            "name": name,
            "kind": "parameter" if name in parameters else "buffer",
            "shape": tuple(tensor.shape),
            "dtype": str(tensor.dtype),
            "size_bytes": tensor.nbytes,
        }
        for name, tensor in model.state_dict().items()
        if isinstance(tensor, torch.Tensor)
    ]
    if table:
        return table


# %% wrong: a single layer has no children · clause 4 · message: "has a row, whatever the model"
import torch


def parameter_table(model):
    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    rows = []
    for part, layer in model.named_children():
        for name, tensor in layer.state_dict(prefix=part + ".").items():
            if isinstance(tensor, torch.Tensor):
                rows.append(
                    {
                        "name": name,
                        "kind": "parameter" if name in parameters else "buffer",
                        "shape": tuple(tensor.shape),
                        "dtype": str(tensor.dtype),
                        "size_bytes": tensor.nbytes,
                    }
                )
    return rows

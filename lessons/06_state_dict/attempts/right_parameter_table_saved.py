# task: parameter_table
# verdict: passed
# message: parameters and buffers
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

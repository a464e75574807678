# task: parameter_table
# verdict: failed
# message: numbers of torch
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

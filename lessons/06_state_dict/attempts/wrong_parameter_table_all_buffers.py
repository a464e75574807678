# task: parameter_table
# verdict: failed
# message: persistent=False
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

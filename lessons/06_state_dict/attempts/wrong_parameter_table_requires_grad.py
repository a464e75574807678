# task: parameter_table
# verdict: failed
# message: is a parameter; the table says 'buffer'
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

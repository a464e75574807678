# task: parameter_table
# verdict: failed
# message: holds the buffers
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

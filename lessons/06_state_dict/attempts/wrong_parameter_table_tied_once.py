# task: parameter_table
# verdict: failed
# message: is a parameter; the table says 'buffer'
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

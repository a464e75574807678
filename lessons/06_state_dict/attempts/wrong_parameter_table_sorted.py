# task: parameter_table
# verdict: failed
# message: in the order of the state_dict
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

# task: parameter_table
# verdict: passed
# message: parameters and buffers
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

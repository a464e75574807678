# task: parameter_table
# verdict: failed
# message: five keys
def parameter_table(model):
    """A dictionary of shapes."""
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}

# task: freeze_batch_norm
# verdict: passed
# message: nothing else is


def freeze_batch_norm(model):
    """Swap each layer's class for one whose train() stays in eval."""
    for module in model.modules():
        kind = type(module)
        if kind.__name__.startswith("BatchNorm"):
            module.__class__ = type(
                "Frozen" + kind.__name__, (kind,), {"train": lambda self, mode=True: self}
            )
            module.training = False
            module.weight.requires_grad_(False)
            module.bias.requires_grad_(False)
    return model

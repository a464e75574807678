# %% right: a list comprehension · message: "Every level was asked"
def still_training(model):
    return [name for name, module in model.named_modules() if module.training]


# %% right: by recursion · message: "Every level was asked"
def still_training(model, prefix=""):
    """A generator that asks the children itself, outermost first."""
    if model.training:
        yield prefix
    for name, child in model.named_children():
        yield from still_training(child, f"{prefix}.{name}" if prefix else name)


# %% wrong: the first level only · clause 2 · message: "`2.0` in training mode, and not named"
def still_training(model):
    top = [("", model), *model.named_children()]
    return [name for name, module in top if module.training]


# %% wrong: the model's flag taken for everybody's · clause 1 · message: "named, and in eval mode"
def still_training(model):
    return [name for name, _ in model.named_modules() if model.training]


# %% wrong: asks by switching · clause 3 · message: "changed the flags"
def still_training(model):
    names = [name for name, module in model.named_modules() if module.training]
    model.eval()
    return names


# %% wrong: the modules in place of their names · clause 1 · message: "Expected names"
def still_training(model):
    return [module for module in model.modules() if module.training]


# %% wrong: the modules in eval mode · clause 1 · message: "and not named"
def still_training(model):
    return [name for name, module in model.named_modules() if not module.training]


# %% wrong: printed · clause 1 · message: "Is a `return` missing"
def still_training(model):
    print([name for name, module in model.named_modules() if module.training])


# %% wrong: counted · clause 1 · message: "Expected names"
def still_training(model):
    return sum(module.training for module in model.modules())

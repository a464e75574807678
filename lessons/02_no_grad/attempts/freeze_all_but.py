# %% right: one loop · message: "values will be trained"
def freeze_all_but(model, prefix):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(prefix))
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# %% right: everything off, then some on · message: "values will be trained"
def freeze_all_but(model, prefix):
    model.requires_grad_(False)
    chosen = [p for name, p in model.named_parameters() if name[: len(prefix)] == prefix]
    for parameter in chosen:
        parameter.requires_grad = True
    return sum(len(p.flatten()) for p in chosen)


# %% wrong: thaws nothing · clause 1 · message: "should be trained"
def freeze_all_but(model, prefix):
    for name, parameter in model.named_parameters():
        if not name.startswith(prefix):
            parameter.requires_grad_(False)
    return sum(p.numel() for name, p in model.named_parameters() if name.startswith(prefix))


# %% wrong: freezes nothing · clause 2 · message: "should be frozen"
def freeze_all_but(model, prefix):
    for name, parameter in model.named_parameters():
        if name.startswith(prefix):
            parameter.requires_grad_(True)
    return sum(p.numel() for name, p in model.named_parameters() if name.startswith(prefix))


# %% wrong: the number of tensors · clause 3 · message: "the number of tensors"
def freeze_all_but(model, prefix):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(prefix))
    return len([p for p in model.parameters() if p.requires_grad])


# %% wrong: the wrong way round · clause 1 · message: "should be trained"
def freeze_all_but(model, prefix):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(prefix))
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# %% wrong: eval() for frozen · clause 2 · message: "should be frozen"
def freeze_all_but(model, prefix):
    for name, module in model.named_modules():
        module.train(name.startswith(prefix))
    return sum(p.numel() for name, p in model.named_parameters() if name.startswith(prefix))


# %% wrong: anywhere in the name · clause 1 · message: "should be frozen"
def freeze_all_but(model, prefix):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(prefix in name)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# %% wrong: a dot put behind the prefix · clause 1 · message: "should be trained"
def freeze_all_but(model, prefix):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(f"{prefix}."))
    return sum(p.numel() for p in model.parameters() if p.requires_grad)

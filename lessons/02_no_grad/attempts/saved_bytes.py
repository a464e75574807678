# %% right: a dictionary filled by the hook · message: "each of them once"
import torch


def saved_bytes(model, x):
    kept = {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.setdefault(t.data_ptr(), t) is None or t, lambda t: t
    ):
        out = model(x)
    for tensor in [*model.parameters(), *model.buffers()]:
        kept.pop(tensor.data_ptr(), None)
    return sum(t.numel() * t.element_size() for t in kept.values())


# %% right: walks the graph · message: "each of them once"
import torch


def saved_bytes(model, x):
    """No hooks: every node lists what it saved."""
    own = {p.untyped_storage().data_ptr() for p in model.state_dict(keep_vars=True).values()}
    todo, nodes, sizes = [model(x).grad_fn], set(), {}
    while todo:
        node = todo.pop()
        if node is None or node in nodes:
            continue
        nodes.add(node)
        todo.extend(n for n, _ in node.next_functions)
        for name in dir(node):
            saved = getattr(node, name) if name.startswith("_saved") else None
            for t in saved if isinstance(saved, (tuple, list)) else [saved]:
                if torch.is_tensor(t) and t.untyped_storage().data_ptr() not in own:
                    sizes[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
    return sum(sizes.values())


# %% right: a callable object with a set of storages · message: "each of them once"
import torch


class SavedBytes:
    def pack(self, tensor):
        self.seen.append(tensor)
        return tensor

    def __call__(self, model, x):
        self.seen = []
        with (
            torch.autograd.graph.saved_tensors_hooks(self.pack, lambda t: t),
            torch.enable_grad(),
        ):
            model(x)
        own = [t.data_ptr() for t in model.state_dict().values()]
        storages = {t.data_ptr(): t.nbytes for t in self.seen if t.data_ptr() not in own}
        return torch.tensor(list(storages.values())).sum()


saved_bytes = SavedBytes()


# %% right: NumPy adds up unique rows · message: "each of them once"
import numpy as np
import torch


def saved_bytes(model, x):
    rows = []

    def pack(t):
        rows.append((t.data_ptr(), t.nbytes))
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        output = model(x)
    own = np.array([t.data_ptr() for t in (*model.parameters(), *model.buffers())])
    table = np.unique(np.array(rows), axis=0)
    return int(table[~np.isin(table[:, 0], own), 1].sum())


# %% wrong: everything, also what is the model's own · clause 3 · message: "own parameters or buffers"
import torch


def saved_bytes(model, x):
    kept = {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.update({t.data_ptr(): t.nbytes}) or t, lambda t: t
    ):
        out = model(x)
    return sum(kept.values())


# %% wrong: what two layers keep counted twice · clause 4 · message: "keep twice"
import torch


def saved_bytes(model, x):
    own, kept = {t.data_ptr() for t in (*model.parameters(), *model.buffers())}, []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        out = model(x)
    return sum(t.nbytes for t in kept if t.data_ptr() not in own)


# %% wrong: values in place of bytes · clause 2 · message: "number of values"
import torch


def saved_bytes(model, x):
    own, kept = {t.data_ptr() for t in (*model.parameters(), *model.buffers())}, {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.update({t.data_ptr(): t.numel()}) or t, lambda t: t
    ):
        out = model(x)
    return sum(size for at, size in kept.items() if at not in own)


# %% wrong: four bytes whatever the type · clause 2 · message: "bytes"
import torch


def saved_bytes(model, x):
    own, kept = {t.data_ptr() for t in (*model.parameters(), *model.buffers())}, {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.update({t.data_ptr(): 4 * t.numel()}) or t, lambda t: t
    ):
        out = model(x)
    return sum(size for at, size in kept.items() if at not in own)


# %% wrong: the outputs of all layers · clause 2 · message: "Expected"
def saved_bytes(model, x):
    total = 0
    for layer in model:
        x = layer(x)
        total += x.nbytes
    return total


# %% wrong: under no_grad · clause 1 · message: "gradients were off"
import torch


def saved_bytes(model, x):
    kept = []
    with (
        torch.no_grad(),
        torch.autograd.graph.saved_tensors_hooks(
            lambda t: kept.append(t.nbytes) or t, lambda t: t
        ),
    ):
        model(x)
    return sum(kept)


# %% wrong: switched to eval mode first · clause 1 · message: "another mode"
import torch


def saved_bytes(model, x):
    model.eval()
    own, kept = {t.data_ptr() for t in (*model.parameters(), *model.buffers())}, {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.update({t.data_ptr(): t.nbytes}) or t, lambda t: t
    ):
        out = model(x)
    return sum(size for at, size in kept.items() if at not in own)


# %% wrong: the output only · clause 2 · message: "not counted"
def saved_bytes(model, x):
    return model(x).nbytes


# %% wrong: one pass to warm up · clause 1 · message: "ran 2 times"
import torch


def saved_bytes(model, x):
    model(x)
    own, kept = {t.data_ptr() for t in (*model.parameters(), *model.buffers())}, {}
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.update({t.data_ptr(): t.nbytes}) or t, lambda t: t
    ):
        out = model(x)
    return sum(size for at, size in kept.items() if at not in own)


# %% wrong: how many tensors · clause 2 · message: "number of tensors"
import torch


def saved_bytes(model, x):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        out = model(x)
    return len(kept)

# %% right: a list that grows · message: "tensors"
import torch


def count_kept(run):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        run()
    return len(kept)


# %% right: a counter in a class · message: "tensors"
import torch


class Counter:
    def __call__(self, run):
        self.count = 0
        with torch.autograd.graph.saved_tensors_hooks(self.pack, lambda kept: kept):
            run()
        return self.count

    def pack(self, tensor):
        self.count += 1
        return tensor


count_kept = Counter()


# %% wrong: counts on the way back · clause 2 · message: "got 0"
import torch


def count_kept(run):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: kept.append(t) or t):
        run()
    return len(kept)


# %% wrong: run before the hooks are there · clause 2 · message: "got 0"
import torch


def count_kept(run):
    kept = []
    run()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        pass
    return len(kept)


# %% wrong: run twice · clause 1 · message: "called 2 times"
import torch


def count_kept(run):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        run()
        run()
    return len(kept) // 2


# %% wrong: an error swallowed · clause 3 · message: "did not let it through"
import torch


def count_kept(run):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        try:
            run()
        except ValueError:
            pass
    return len(kept)


# %% wrong: a number for all · clause 2 · message: "got 4"
def count_kept(run):
    run()
    return 4


# %% wrong: what is kept twice counts once · clause 2 · message: "Expected"
import torch


def count_kept(run):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        run()
    return len({t.data_ptr() for t in kept})


# %% wrong: counts both ways · clause 2 · message: "Expected"
import torch


def count_kept(run):
    kept = []

    def note(t):
        kept.append(t)
        return t

    with torch.autograd.graph.saved_tensors_hooks(note, note):
        run()
    return len(kept)


# %% wrong: gradients switched off · clause 2 · message: "got 0"
import torch


def count_kept(run):
    kept = []
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t)
    with torch.no_grad(), hooks:
        run()
    return len(kept)


# %% wrong: pack gives nothing back · clause 3 · message: "raised"
import torch


def count_kept(run):
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(kept.append, lambda t: t):
        run()
    return len(kept)

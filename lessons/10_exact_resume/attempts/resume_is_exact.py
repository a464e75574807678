# %% right: two runs, seeded elsewhere in between · message: "Rightly called"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    run = start()
    run.train(before)
    file = save(run)
    random.seed(123)
    np.random.seed(123)
    torch.manual_seed(123)
    run = resume(file)
    run.train(after)
    got = run.model.state_dict()
    run = start()
    run.train(before)
    run.train(after)
    expected = run.model.state_dict()
    return all(torch.equal(got[name], expected[name]) for name in expected)


# %% right: the stopped run is also the unbroken one · message: "Rightly called"
import torch


def resume_is_exact(start, save, resume, before, after):
    run = start()
    run.train(before)
    file = save(run)
    run.train(after)  # draws from all generators, so they stand elsewhere now
    again = resume(file)
    again.train(after)
    pairs = zip(run.model.state_dict().values(), again.model.state_dict().values(), strict=True)
    return not any((a != b).any() for a, b in pairs)


# %% right: batch by batch, bytes compared · message: "Rightly called"
import random

import numpy as np
import torch


def bits(run):
    return [t.detach().numpy().tobytes() for t in run.model.state_dict().values()]


def resume_is_exact(start, save, resume, before, after):
    whole = start()
    for _ in range(before + after):
        whole.train(1)
    part = start()
    part.train(before)
    file = save(part)
    random.random(), np.random.rand(7), torch.rand(7)
    part = resume(file)
    for _ in range(after):
        part.train(1)
    return bits(whole) == bits(part)


# %% right: an object that is called, parameters and buffers · message: "Rightly called"
import itertools
import random

import numpy as np
import torch


class Exact:
    def tensors(self, model):
        return itertools.chain(model.parameters(), model.buffers())

    def __call__(self, start, save, resume, before, after):
        reference, run = start(), start()
        reference = start()
        reference.train(before + after)
        run = start()
        run.train(before)
        file = save(run)
        random.seed(), np.random.seed(), torch.seed()
        run = resume(file)
        run.train(after)
        for a, b in zip(self.tensors(reference.model), self.tensors(run.model), strict=True):
            if not torch.equal(a, b):
                return torch.tensor(False)
        return torch.tensor(True)


resume_is_exact = Exact()


# %% right: resumed in a process of its own · message: "Rightly called"
import os
import random
import tempfile
from multiprocessing import get_all_start_methods, get_context

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    run = start()
    run.train(before)
    file = save(run)

    def in_a_new_process(path):
        random.seed(os.getpid()), np.random.seed(os.getpid()), torch.manual_seed(os.getpid())
        again = resume(file)
        again.train(after)
        torch.save(again.model.state_dict(), path)

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "end.pt")
        if "fork" in get_all_start_methods():
            process = get_context("fork").Process(target=in_a_new_process, args=(path,))
            process.start()
            process.join()
        else:  # Windows can't hand functions that stand in functions to another process
            in_a_new_process(path)
        got = torch.load(path, weights_only=True)
    run = start()
    run.train(before + after)
    expected = run.model.state_dict()
    return all(torch.equal(got[name], expected[name]) for name in expected)


# %% wrong: always exact · clause 1 · message: "`resume` was not called"
def resume_is_exact(start, save, resume, before, after):
    return True


# %% wrong: compared after loading · clause 4 · message: "It was called exact"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    run = start()
    run.train(before)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    a, b = run.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: one batch only · clause 4 · message: "forgets the scheduler"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + 1)
    run = start()
    run.train(before)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    other.train(1)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: allclose · clause 3 · message: "changes the last bits"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.allclose(a[name].float(), b[name].float()) for name in a)


# %% wrong: parameters only · clause 2 · message: "forgets batch norm's statistics"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    other.train(after)
    pairs = zip(unbroken.model.parameters(), other.model.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


# %% wrong: floats only · clause 2 · message: "counts the batches of batch norm from 0 again"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a if a[name].is_floating_point())


# %% wrong: no generator moved · clause 5 · message: "forgets PyTorch's random state"
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    other = resume(save(run))
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: only PyTorch's generator moved · clause 5 · message: "It was called exact"
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    file = save(run)
    torch.seed()
    other = resume(file)
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: all but Python's generator moved · clause 5 · message: "forgets Python's random state"
import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    file = save(run)
    torch.seed(), np.random.seed()
    other = resume(file)
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: the generators moved after the resume · clause 1 · message: "It was called not exact"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    other = resume(save(run))
    random.seed(), np.random.seed(), torch.seed()
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: the resumed run trains all batches again · clause 1 · message: "It was called not exact"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before + after)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: both runs at once, on the same generators · clause 1 · message: "It was called not exact"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before)
    file = save(unbroken)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    for _ in range(after):
        unbroken.train(1)
        other.train(1)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: stopped at the end of an epoch, wherever it was · clause 1 · message: "forgets the scheduler"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(4 + after)
    run = start()
    run.train(4)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: the difference instead of an answer · clause 1 · message: "Expected True or False"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return {name: (a[name] - b[name]).abs().max().item() for name in a}


# %% wrong: one run resumed twice, not the unbroken one · clause 1 · message: "It was called exact"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    run = start()
    run.train(before)
    file = save(run)
    ends = []
    for _ in range(2):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        other = resume(file)
        other.train(after)
        ends.append(other.model.state_dict())
    return all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


# %% wrong: the generators moved before the save · clause 5 · message: "It was called not exact"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(save(run))
    other.train(after)
    a, b = unbroken.model.state_dict(), other.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: as text, which rounds · clause 3 · message: "changes the last bits"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    other.train(after)
    return str(unbroken.model.state_dict()) == str(other.model.state_dict())


# %% wrong: one layer only · clause 2 · message: "It was called exact"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after)
    run = start()
    run.train(before)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    other = resume(file)
    other.train(after)
    return torch.equal(next(unbroken.model.parameters()), next(other.model.parameters()))


# %% wrong: moved by another start(), which may be where the run was saved · clause 5 · message: "forgets PyTorch's random state"
import torch


def resume_is_exact(start, save, resume, before, after):
    whole = start()
    whole.train(before + after)
    part = start()
    part.train(before)
    file = save(part)
    start()
    part = resume(file)
    part.train(after)
    a, b = whole.model.state_dict(), part.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: one batch too few at the end · clause 4 · message: "forgets the scheduler"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    unbroken = start()
    unbroken.train(before + after - 1)
    run = start()
    run.train(before)
    file = save(run)
    random.seed(), np.random.seed(), torch.seed()
    run = resume(file)
    run.train(after - 1)
    a, b = unbroken.model.state_dict(), run.model.state_dict()
    return all(torch.equal(a[name], b[name]) for name in a)


# %% wrong: saved again at once, and the files compared · clause 4 · message: "finds no scheduler in its file"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    run = start()
    run.train(before)
    file = save(run)
    random.seed(7)
    np.random.seed(7)
    torch.manual_seed(7)
    return save(resume(file)) == file


# %% right: the caller's random states put back before the resume · message: "Rightly called exact"
import random

import numpy as np
import torch


def resume_is_exact(start, save, resume, before, after):
    kept = random.getstate(), np.random.get_state(), torch.get_rng_state()
    run = start()
    run.train(before)
    file = save(run)
    run.train(after)
    random.setstate(kept[0])
    np.random.set_state(kept[1])
    torch.set_rng_state(kept[2])
    other = resume(file)
    other.train(after)
    want, got = run.model.state_dict(), other.model.state_dict()
    return all(torch.equal(want[name], got[name]) for name in want)

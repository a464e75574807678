# %% right: a Counter · message: "Every storage once"
from collections import Counter

import torch


def bytes_by_tag(path):
    """A Counter is a dictionary."""
    total = Counter()

    def note(storage, tag):
        total[tag] += storage.nbytes()
        return storage

    torch.load(path, map_location=note)
    return total


# %% right: by the inspector · message: "Every storage once"
from course_lib.checkpoints.inspection import inspect_file


def bytes_by_tag(path):
    """Without loading: each storage once, by its key."""
    storages = {t.storage: (t.device, t.storage_size_bytes) for t in inspect_file(path).tensors}
    total = {}
    for tag, size in storages.values():
        total[tag] = total.get(tag, 0) + size
    return total


# %% wrong: None sends it to the tag · clause 2 · message: "is_available() is False"
import torch


def bytes_by_tag(path):
    total = {}

    def note(storage, tag):
        total[tag] = total.get(tag, 0) + storage.nbytes()

    torch.load(path, map_location=note, weights_only=True)
    return total


# %% wrong: the last storage only · clause 1 · message: "Its storages hold"
import torch


def bytes_by_tag(path):
    total = {}

    def note(storage, tag):
        total[tag] = storage.nbytes()
        return storage

    torch.load(path, map_location=note, weights_only=True)
    return total


# %% wrong: each tensor for itself · clause 3 · message: "share counts once"
from course_lib.checkpoints.inspection import inspect_file


def bytes_by_tag(path):
    total = {}
    for tensor in inspect_file(path).tensors:
        total[tensor.device] = total.get(tensor.device, 0) + tensor.storage_size_bytes
    return total


# %% wrong: storages counted · clause 1 · message: "came 3. Its storages hold"
import torch


def bytes_by_tag(path):
    total = {}

    def note(storage, tag):
        total[tag] = total.get(tag, 0) + 1
        return storage

    torch.load(path, map_location=note, weights_only=True)
    return total


# %% wrong: the devices after loading · clause 1 · message: "Expected the tags"
import torch


def bytes_by_tag(path):
    total = {}
    for tensor in torch.load(path, map_location="cpu", weights_only=True).values():
        total[str(tensor.device)] = total.get(str(tensor.device), 0) + tensor.nbytes
    return total


# %% wrong: four bytes a number · clause 1 · message: "For cuda:0 came 172"
import torch


def bytes_by_tag(path):
    total, seen = {}, set()

    def note(storage, tag):
        size = 4 * torch.empty(0).set_(storage).numel() if storage.nbytes() % 4 == 0 else 4 * 3
        total[tag] = total.get(tag, 0) + size
        return storage

    torch.load(path, map_location=note, weights_only=True)
    return total


# %% wrong: storages of one size are taken for one · clause 1 · message: "Its storages hold"
import torch


def bytes_by_tag(path):
    sizes = {}

    def note(storage, tag):
        sizes.setdefault(tag, set()).add(storage.nbytes())
        return storage

    torch.load(path, map_location=note, weights_only=True)
    return {tag: sum(found) for tag, found in sizes.items()}


# %% wrong: the tensors' own bytes, not their storages' · clause 1 · message: "Its storages hold"
import torch


def bytes_by_tag(path):
    tags, total = {}, {}

    def note(storage, tag):
        tags[storage.data_ptr()] = tag
        return storage

    for tensor in torch.load(path, map_location=note, weights_only=True).values():
        tag = tags.pop(tensor.untyped_storage().data_ptr(), None)
        if tag:
            total[tag] = total.get(tag, 0) + tensor.nbytes
    return total


# %% wrong: sent to meta, so that each view asks again · clause 3 · message: "share counts once"
import torch


def bytes_by_tag(path):
    total = {}

    def note(storage, tag):
        total[tag] = total.get(tag, 0) + storage.nbytes()
        return torch.UntypedStorage(storage.nbytes(), device="meta")

    torch.load(path, map_location=note, weights_only=True)
    return total

# %% right: fed in pieces · message: "One line for the whole state"
import hashlib

import torch


def fingerprint_of(state):
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(repr((name, tensor.dtype, tensor.shape)).encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


# %% right: a digest of lines · message: "One line for the whole state"
import hashlib

import torch


def fingerprint_of(state):
    lines = []
    for name, t in state.items():
        raw = bytes(t.flatten().view(torch.uint8).tolist())
        lines.append(f"{name}|{t.dtype}|{list(t.shape)}|{hashlib.md5(raw).hexdigest()}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


# %% right: of the course's library · message: "One line for the whole state"
from course_lib.verification import model_fingerprint

fingerprint_of = model_fingerprint


# %% right: all bits as text · message: "One line for the whole state"
import torch


class Fingerprint:
    def __call__(self, state):
        parts = [
            (name, str(t.dtype), tuple(t.shape), t.reshape(-1).view(torch.uint8).tolist())
            for name, t in state.items()
        ]
        return repr(sorted(parts))


fingerprint_of = Fingerprint()


# %% wrong: in the dictionary's order · clause 1 · message: "in another order gave another text"
import hashlib

import torch


def fingerprint_of(state):
    digest = hashlib.sha256()
    for name, tensor in state.items():
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


# %% wrong: the names left out · clause 2 · message: "A renamed entry"
import hashlib

import torch


def fingerprint_of(state):
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name]
        digest.update(f"{tensor.dtype} {tensor.shape}".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


# %% wrong: names and values apart · clause 2 · message: "Two names exchanged"
import hashlib

import torch


def fingerprint_of(state):
    values = sorted(
        f"{t.dtype} {t.shape} {t.reshape(-1).view(torch.uint8).tolist()}"
        for t in state.values()
    )
    return hashlib.sha256(repr((sorted(state), values)).encode()).hexdigest()


# %% wrong: the printed numbers · clause 3 · message: "One bit turned"
import hashlib


def fingerprint_of(state):
    text = "".join(f"{n} {t.dtype} {tuple(t.shape)} {t}" for n, t in sorted(state.items()))
    return hashlib.sha256(text.encode()).hexdigest()


# %% wrong: the sum of the numbers · clause 3 · message: "gave the same text"
def fingerprint_of(state):
    return str(
        [
            (n, str(t.dtype), list(t.shape), f"{t.double().sum():.3f}")
            for n, t in sorted(state.items())
        ]
    )


# %% wrong: bytes alone · clause 4 · message: "the dtype must go in"
import hashlib

import torch


def fingerprint_of(state):
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode())
        digest.update(state[name].contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


# %% wrong: without shapes · clause 4 · message: "Shape (2, 3) and shape (3, 2)"
import hashlib

import torch


def fingerprint_of(state):
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(f"{name} {state[name].dtype} {state[name].numel()}".encode())
        digest.update(state[name].contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


# %% wrong: NumPy, which has no bfloat16 · clause 4 · message: "for a state with a bfloat16 tensor"
import hashlib


def fingerprint_of(state):
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(f"{name} {state[name].dtype} {tuple(state[name].shape)}".encode())
        digest.update(state[name].numpy().tobytes())
    return digest.hexdigest()


# %% wrong: Python's hash · clause 1 · message: "Expected a text"
import torch


def fingerprint_of(state):
    return hash(
        tuple(
            (n, str(t.dtype), tuple(t.shape), bytes(t.reshape(-1).view(torch.uint8).tolist()))
            for n, t in sorted(state.items())
        )
    )


# %% wrong: where the tensors lie · clause 1 · message: "A copy of the same content"
def fingerprint_of(state):
    return str(
        [
            (n, str(t.dtype), tuple(t.shape), t.data_ptr(), t.tolist())
            for n, t in sorted(state.items())
        ]
    )


# %% wrong: without dtypes · clause 4 · message: "the dtype must go in"
import hashlib
import torch


def fingerprint_of(state):
    d = hashlib.sha256()
    for n in sorted(state):
        t = state[n]
        d.update(f"{n}|{tuple(t.shape)}|".encode())
        d.update(t.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return d.hexdigest()


# %% wrong: bytes per number for the dtype · clause 4 · message: "the dtype must go in"
import hashlib
import torch


def fingerprint_of(state):
    d = hashlib.sha256()
    for n in sorted(state):
        t = state[n]
        d.update(f"{n}|{t.element_size()}|{tuple(t.shape)}|".encode())
        d.update(t.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return d.hexdigest()


# %% wrong: through float32 · clause 3 · message: "An int64 of 13 digits"
import hashlib


def fingerprint_of(state):
    d = hashlib.sha256()
    for n in sorted(state):
        t = state[n]
        d.update(f"{n}|{t.dtype}|{tuple(t.shape)}|".encode())
        d.update(t.detach().float().numpy().tobytes())
    return d.hexdigest()


# %% wrong: no dtype, lists of numbers · clause 4 · message: "float32 and in float64"
import hashlib


def fingerprint_of(state):
    return hashlib.sha256(
        repr(sorted((n, t.tolist()) for n, t in state.items())).encode()
    ).hexdigest()

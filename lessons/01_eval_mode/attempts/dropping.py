# %% right: a generator with finally · message: "given back"
from contextlib import contextmanager


@contextmanager
def dropping(layer, p):
    own, layer.p = layer.p, p
    try:
        yield layer
    finally:
        layer.p = own


# %% right: a class · message: "given back"
class dropping:
    def __init__(self, layer, p):
        self.layer, self.p, self.own = layer, p, layer.p

    def __enter__(self):
        self.layer.p = self.p

    def __exit__(self, *error):
        self.layer.p = self.own


# %% right: patched for the block · message: "given back"
from unittest import mock


def dropping(layer, p):
    return mock.patch.object(layer, "p", p)


# %% wrong: nothing is lent · clause 1 · message: "Inside the block `p` was"
from contextlib import contextmanager


@contextmanager
def dropping(layer, p):
    before = layer.p
    p = before
    try:
        yield
    finally:
        layer.p = before


# %% wrong: the decorator forgotten · clause 1 · message: "`@contextmanager` above it is missing"
def dropping(layer, p):
    before = layer.p
    layer.p = p
    try:
        yield
    finally:
        layer.p = before


# %% wrong: one half afterwards, whatever it was · clause 2 · message: "before it, it was 0.25"
from contextlib import contextmanager


@contextmanager
def dropping(layer, p):
    layer.p = p
    try:
        yield
    finally:
        layer.p = 0.5


# %% wrong: zero taken for nothing noted · clause 2 · message: "before it, it was 0.0"
from contextlib import contextmanager


@contextmanager
def dropping(layer, p):
    before = layer.p or 0.5
    layer.p = p
    try:
        yield
    finally:
        layer.p = before


# %% wrong: no finally · clause 2 · message: "nothing put it back"
from contextlib import contextmanager


@contextmanager
def dropping(layer, p):
    before = layer.p
    layer.p = p
    yield
    layer.p = before


# %% wrong: the error swallowed · clause 3 · message: "swallowed"
from contextlib import contextmanager


@contextmanager
def dropping(layer, p):
    before = layer.p
    layer.p = p
    try:
        yield
    except Exception:
        pass
    layer.p = before

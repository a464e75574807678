"""What every test runs under: one thread a process, a data folder of its own, no network."""

import os
import socket

# Before torch is imported anywhere: two test processes on two cores, one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

import pytest


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory, monkeypatch):
    """No test touches the progress of whoever runs it."""
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder))
    monkeypatch.delenv("COURSE_GRADING_SECRET", raising=False)
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch, request):
    """A test that reaches beyond this machine fails at once, wherever it runs."""
    real = socket.socket.connect

    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"a test tried to reach {address[0]}")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)

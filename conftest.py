"""What every test runs under: one thread a process, a data folder of its own, no network."""

import os
import socket

# Before torch is imported anywhere: two test processes on two cores, one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

import pytest

# The files that take longest, longest first: what begins last should be short, or one process works on alone at the end.
LONGEST = (
    "test_attempts", "test_lessons", "test_mutants", "test_nbgrader", "test_run_twice", "test_journey", "test_check_course",
    "test_learner", "test_grading_banks", "test_course_grade", "test_build_course", "test_site", "test_instructor",
    "test_hostile_files", "test_widgets", "test_sandbox", "test_xray", "test_grading", "test_sealed_rooms", "test_sharded",
    "test_crash",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Long files first."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


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

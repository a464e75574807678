"""The folders of a CheckpointManager: home, absolute paths, URLs, drivers that are missing or fail."""

import os
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from course_lib.checkpoints.folders import LocalFolder, RemoteFolder, open_folder
from course_lib.errors import CheckpointError, InputError, NotHereError


def test_home_urls_and_relative_paths(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for given, where in (
        ("~/runs/a", tmp_path / "home/runs/a"),
        (Path("~/runs/b"), tmp_path / "home/runs/b"),
        ("runs/c", tmp_path / "runs/c"),
        ((tmp_path / "my run").as_uri(), tmp_path / "my run"),
    ):
        folder = open_folder(given)
        assert isinstance(folder, LocalFolder)
        assert folder.path == where
        folder.save({"a": 1}, "x.pt")
        assert folder.load("x.pt", "cpu") == {"a": 1}
        assert folder.names() == ["x.pt"]
    assert sorted(os.listdir(tmp_path)) == ["home", "my run", "runs"]


def test_a_run_stays_where_it_began(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = open_folder("run")
    folder.save({}, "1.pt")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    folder.save({}, "2.pt")
    assert sorted(folder.names()) == ["1.pt", "2.pt"]
    assert not os.listdir(tmp_path / "elsewhere")


@pytest.mark.parametrize("url", ["s3://bucket/run", "gcs://bucket/run", "abfs://box@host/run"])
def test_a_bucket_without_its_driver(url, monkeypatch):
    def missing(*args, **options):
        raise ImportError(f"Install the driver to access {url}")

    monkeypatch.setattr(fsspec, "url_to_fs", missing)
    with pytest.raises(NotHereError, match=r"Install the driver.*pip install fsspec.*s3fs for s3"):
        open_folder(url)


def test_an_unknown_protocol_and_a_url_that_lost_a_slash():
    with pytest.raises(NotHereError, match="Protocol not known: gz3"):
        open_folder("gz3://bucket/run")
    with pytest.raises(InputError, match="as text"):
        open_folder(Path("s3://bucket/run"))
    for nothing in (None, 3, ""):
        with pytest.raises(InputError):
            open_folder(nothing)


class NoCredentialsError(Exception):
    """Not an OSError, as drivers' errors often are not."""


@pytest.mark.parametrize("step", ["ls", "put_file", "mv", "get_file", "rm_file", "exists", "makedirs"])
def test_whatever_a_driver_raises_is_our_error(step, monkeypatch):
    folder = open_folder(f"memory://run-{step}")
    assert isinstance(folder, RemoteFolder)
    folder.save({"a": 1}, "x.pt")

    def fail(*args, **options):
        raise NoCredentialsError("Unable to locate credentials")

    monkeypatch.setattr(MemoryFileSystem, step, fail)
    failures = []
    for action in (
        folder.names,
        lambda: folder.save({}, "y.pt"),
        lambda: folder.load("x.pt", "cpu"),
        lambda: folder.delete("x.pt"),
    ):
        try:
            action()
        except CheckpointError as error:
            failures.append(str(error))
    assert failures
    assert all("memory://run" in text and "Unable to locate credentials" in text for text in failures)

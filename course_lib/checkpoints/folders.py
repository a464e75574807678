"""Where a CheckpointManager keeps its files: a local folder, or any URL that fsspec understands."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_lib.checkpoints.files import load_file, save_file
from course_lib.checkpoints.paths import local_path
from course_lib.errors import CheckpointError, NotHereError


def open_folder(directory: str | Path) -> "LocalFolder | RemoteFolder":
    """The folder for a path, a file:// URL, or another URL such as s3://bucket/run or memory://run.

    A path is made absolute now: the run stays where it began if the program goes to another directory.

    Raises:
        InputError: It is neither, or a URL that went through pathlib.Path, which takes a slash away.
        NotHereError: fsspec, or what it needs for this protocol, is not installed.
    """
    if isinstance(directory, str) and "://" in directory and not directory.startswith("file://"):
        return RemoteFolder(directory)
    return LocalFolder(local_path(directory).absolute())


class LocalFolder:
    """A folder on this machine's disk. It is made when something is saved."""

    def __init__(self, path: Path):
        self.path = path

    def where(self, name: str) -> Path:
        """What to call the file in messages and results."""
        return self.path / name

    def names(self) -> list[str]:
        """All files, in no order."""
        return [path.name for path in self.path.iterdir()] if self.path.is_dir() else []

    def save(self, obj: Any, name: str) -> None:
        """Save durably; see `save_file`."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(f"The folder {self.path} can't be made: {error.strerror}.") from error
        save_file(obj, self.path / name)

    def load(self, name: str, map_location: Any) -> Any:
        """Load and check; see `load_file`."""
        return load_file(self.path / name, map_location=map_location)

    def delete(self, name: str) -> None:
        """Delete; no error if it is gone."""
        (self.path / name).unlink(missing_ok=True)


class RemoteFolder:
    """The same through fsspec. Files pass through a temporary file here, where they are sealed and checked."""

    def __init__(self, url: str):
        self.url = url.rstrip("/")
        try:
            import fsspec

            self.filesystem, self.root = fsspec.url_to_fs(self.url)
        except ImportError as error:
            raise NotHereError(
                f"{url} needs a package that is not installed: {error}. pip install fsspec, and the driver of its "
                "protocol: s3fs for s3, gcsfs for gs, adlfs for az."
            ) from error
        except Exception as error:  # ValueError for an unknown protocol, and whatever a driver raises
            raise NotHereError(f"fsspec can't open {url}: {error}. Check the protocol and the credentials.") from error

    def where(self, name: str) -> str:
        """What to call the file in messages and results."""
        return f"{self.url}/{name}"

    def names(self) -> list[str]:
        """All files, in no order."""
        with self._errors(f"{self.url} can't be listed"):
            self.filesystem.invalidate_cache()  # another process may have saved
            try:
                return [entry.rsplit("/", 1)[-1] for entry in self.filesystem.ls(self.root, detail=False)]
            except FileNotFoundError:
                return []

    def save(self, obj: Any, name: str) -> None:
        """Upload under a temporary name, then rename: a broken upload never carries the real name."""
        with tempfile.TemporaryDirectory() as here:
            path = save_file(obj, Path(here) / name)
            with self._errors(f"{self.where(name)} was not saved"):
                self.filesystem.makedirs(self.root, exist_ok=True)
                self.filesystem.put_file(str(path), f"{self.root}/{name}.tmp-upload")
                self.filesystem.mv(f"{self.root}/{name}.tmp-upload", f"{self.root}/{name}")

    def load(self, name: str, map_location: Any) -> Any:
        """Download, then load and check."""
        with tempfile.TemporaryDirectory() as here:
            path = Path(here) / name
            with self._errors(f"{self.where(name)} can't be read"):
                self.filesystem.get_file(f"{self.root}/{name}", str(path))
            return load_file(path, map_location=map_location)

    def delete(self, name: str) -> None:
        """Delete; no error if it is gone."""
        with self._errors(f"{self.where(name)} can't be deleted"):
            if self.filesystem.exists(f"{self.root}/{name}"):
                self.filesystem.rm_file(f"{self.root}/{name}")

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Whatever a driver raises (no two raise the same for a wrong password) as our own error."""
        try:
            yield
        except Exception as error:
            raise CheckpointError(f"{what}: {type(error).__name__}: {error}.") from error

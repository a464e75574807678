"""Where a CheckpointManager keeps its files: a local folder, or any URL that fsspec understands."""

import tempfile
from pathlib import Path
from typing import Any

from course_lib.checkpoints.files import load_file, save_file
from course_lib.errors import CheckpointError, NotHereError


def open_folder(directory: str | Path) -> "LocalFolder | RemoteFolder":
    """The folder for a path, a file:// URL, or another URL such as s3://bucket/run or memory://run."""
    text = str(directory)
    if "://" in text and not text.startswith("file://"):
        return RemoteFolder(text)
    return LocalFolder(Path(text.removeprefix("file://")))


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
        try:
            import fsspec
        except ImportError as error:
            raise NotHereError(f"{url} needs fsspec: pip install fsspec, and what its protocol asks for.") from error
        self.url = url.rstrip("/")
        self.filesystem, self.root = fsspec.url_to_fs(self.url)

    def where(self, name: str) -> str:
        """What to call the file in messages and results."""
        return f"{self.url}/{name}"

    def names(self) -> list[str]:
        """All files, in no order."""
        self.filesystem.invalidate_cache()  # another process may have saved
        try:
            return [entry.rsplit("/", 1)[-1] for entry in self.filesystem.ls(self.root, detail=False)]
        except FileNotFoundError:
            return []

    def save(self, obj: Any, name: str) -> None:
        """Upload under a temporary name, then rename: a broken upload never carries the real name."""
        with tempfile.TemporaryDirectory() as here:
            path = save_file(obj, Path(here) / name)
            try:
                self.filesystem.makedirs(self.root, exist_ok=True)
                self.filesystem.put_file(str(path), f"{self.root}/{name}.tmp-upload")
                self.filesystem.mv(f"{self.root}/{name}.tmp-upload", f"{self.root}/{name}")
            except OSError as error:
                raise CheckpointError(f"{self.where(name)} was not saved: {error}.") from error

    def load(self, name: str, map_location: Any) -> Any:
        """Download, then load and check."""
        with tempfile.TemporaryDirectory() as here:
            path = Path(here) / name
            try:
                self.filesystem.get_file(f"{self.root}/{name}", str(path))
            except OSError as error:
                raise CheckpointError(f"{self.where(name)} can't be read: {error}.") from error
            return load_file(path, map_location=map_location)

    def delete(self, name: str) -> None:
        """Delete; no error if it is gone."""
        if self.filesystem.exists(f"{self.root}/{name}"):
            self.filesystem.rm_file(f"{self.root}/{name}")

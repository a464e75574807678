"""How much memory a submission has: all of its processes together, as the watchman beside them sees it."""

import contextlib
import os
from collections.abc import Iterator

_OWN = ("RssAnon", "RssShmem", "VmSwap")
_SHARE = ("Pss_Anon", "Pss_Shmem", "SwapPss")
_SPARE_KILOBYTES = 128 * 1024
"""What is allowed beyond the limit, so that one process alone meets RLIMIT_DATA first: it gets a MemoryError in the cell that
asked for too much, not an end in whichever cell runs when we look. RLIMIT_DATA leaves out stacks, and what was inherited."""


class Meter:
    """Adds up what a process of ours and all that it started have in memory, swapped out or not.

    Make it before that process is forked, which closes it: it holds the system's /proc, which neither of the two sees
    when the room is built. Pages of files aren't counted: the system takes them back when it needs them.
    """

    def __init__(self) -> None:
        self._proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        self._inherited = self._kilobytes("self/status", _OWN)

    def close(self) -> None:
        """Let go of /proc."""
        os.close(self._proc)

    def exceeds(self, first: int, limit_bytes: int) -> bool:
        """Whether a process and all below it have more than that.

        A forked process shows what it shares with its parent as its own. Only where that comes to too much, each page
        is divided among those who have it, which takes the kernel a hundred times longer.

        Args:
            first: the first process of a PID namespace: who loses its parent becomes its child.
            limit_bytes: for all of them together.
        """
        pids, limit = list(self._family(first)), limit_bytes // 1024 + _SPARE_KILOBYTES
        return sum(map(self._own, pids)) > limit and sum(map(self._share, pids)) > limit

    def _own(self, pid: int) -> int:
        return max(0, self._kilobytes(f"{pid}/status", _OWN) - self._inherited)

    def _share(self, pid: int) -> int:
        try:
            return self._kilobytes(f"{pid}/smaps_rollup", _SHARE)
        except PermissionError:  # root without CAP_SYS_PTRACE, as in some containers: what is shared counts for each
            return self._own(pid)

    def _family(self, pid: int) -> Iterator[int]:
        yield pid
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            threads = os.open(f"{pid}/task", os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
            try:
                names = os.listdir(threads)
            finally:
                os.close(threads)
            for name in names:
                for child in self._read(f"{pid}/task/{name}/children").split():
                    yield from self._family(int(child))

    def _kilobytes(self, path: str, names: tuple[str, ...]) -> int:
        """The sum of these lines of a file; nothing if the process has ended."""
        try:
            lines = self._read(path).splitlines()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return sum(int(line.split()[1]) for line in lines if line.partition(":")[0] in names)

    def _read(self, path: str) -> str:
        with open(os.open(path, os.O_RDONLY, dir_fd=self._proc)) as file:
            return file.read()

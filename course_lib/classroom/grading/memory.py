"""How much memory a submission has: all of its processes together, as the watchman beside them sees it."""

import contextlib
import os
from pathlib import Path


class Meter:
    """Adds up what a process and all that it started have in memory, swapped out or not.

    Pages of files aren't counted: the system takes them back when it needs them.

    Args:
        first: the first process of a new PID namespace: whoever loses its parent becomes its child. This process forked
            it, and what it has at that moment is not the submission's.
    """

    def __init__(self, first: int):
        self._first = first
        self._inherited = _kilobytes(Path("/proc/self/status"), ("RssAnon", "RssShmem", "VmSwap"))

    def exceeds(self, limit_bytes: int) -> bool:
        """Whether they have more than that.

        A forked process shows what it shares with its parent as its own. Only where that comes to too much, each page
        is shared out among those who have it, which takes the kernel a hundred times longer.
        """
        pids, limit = _family(self._first), limit_bytes // 1024
        return sum(map(self._own, pids)) > limit and sum(map(self._share, pids)) > limit

    def _own(self, pid: int) -> int:
        return max(0, _kilobytes(Path(f"/proc/{pid}/status"), ("RssAnon", "RssShmem", "VmSwap")) - self._inherited)

    def _share(self, pid: int) -> int:
        try:
            return _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), ("Pss_Anon", "Pss_Shmem", "SwapPss"))
        except PermissionError:  # root without CAP_SYS_PTRACE, as in some containers: what is shared counts for each
            return self._own(pid)


def _family(first: int) -> list[int]:
    found, ahead = [], [first]
    while ahead:
        pid = ahead.pop()
        found.append(pid)
        with contextlib.suppress(OSError):  # it ended meanwhile
            for thread in os.listdir(f"/proc/{pid}/task"):
                ahead += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return found


def _kilobytes(path: Path, names: tuple[str, ...]) -> int:
    """The sum of these lines of a file of the kernel's; nothing if the process has ended."""
    try:
        lines = path.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    values = (line.split() for line in lines if line.partition(":")[0] in names)
    return sum(int(value[1]) for value in values)

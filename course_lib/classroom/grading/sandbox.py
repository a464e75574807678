"""A room for a submission: its own namespaces, the system read-only, two small folders to write in, nothing else.

`leave_the_system` is called by a process that runs no learner code, `shut_in` by its child, which will. The child then
sees /usr and its like, this Python and `course_lib`, all read-only, an empty home and /tmp in memory, and no other
process, file, folder or network. It needs Linux: as root, or as anybody where user namespaces are allowed.
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import socket
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_lib.classroom.grading import syscalls
from course_lib.errors import CourseError

HOME = "/home/learner"

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_DETACH = 2
_MOUNT_SETATTR, _PIVOT_ROOT = 442, {"x86_64": 155, "aarch64": 41}
_PR_PDEATHSIG, _PR_CAPBSET_DROP, _PR_NO_NEW_PRIVS = 1, 24, 38
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "mime.types", "ssl/certs")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_FILES = {
    "etc/passwd": "root:x:0:0::/:/bin/false\nlearner:x:{uid}:{uid}::" + HOME + ":/bin/sh\n",
    "etc/group": "root:x:0:\nlearner:x:{uid}:\n",
    "etc/hosts": "127.0.0.1 localhost grading\n::1 localhost\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "etc/hostname": "grading\n",
}


class NoSandboxError(CourseError):
    """This system can't shut a submission in."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Its processes share the folders and the memory; files are counted for each process.

    One process that wants more memory gets a MemoryError; if several together have more, the submission is stopped.
    """

    memory_bytes: int = 4 * 2**30
    folder_bytes: int = 256 * 2**20
    file_bytes: int = 256 * 2**20
    processes: int = 200
    cpu_seconds: int = 600


def leave_the_system(inner_uid: int) -> bool:
    """Give this process namespaces of its own; its next child is the first process in them.

    Args:
        inner_uid: the user that root's child will become, if this system has it; some containers have few.

    Returns:
        Whether the system's own root did it; else a user namespace stands in.

    Raises:
        NoSandboxError: it can't.
    """
    if sys.platform != "linux" or os.uname().machine not in _PIVOT_ROOT:
        raise NoSandboxError(f"A sandbox needs Linux; this is {sys.platform} on {os.uname().machine}.")
    flags = _NEWNS | _NEWPID | _NEWNET | _NEWIPC | _NEWUTS
    uid, gid = os.getuid(), os.getgid()
    if uid == 0 and _is_mapped(inner_uid):
        with contextlib.suppress(OSError):
            _check(_libc().unshare(flags), "unshare")
            return True
    try:
        _check(_libc().unshare(flags | _NEWUSER), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid or 65534} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid or 65534} {gid} 1")
    except OSError as e:
        raise NoSandboxError(f"This system doesn't let a process have namespaces of its own ({e}).") from None
    return False


def _is_mapped(uid: int) -> bool:
    lines = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(first <= uid < first + count for first, _, count in lines)


def shut_in(uid: int, readable: Iterable[Path], hidden: Iterable[Path], limits: Limits, *, as_root: bool) -> None:
    """Shut this process in: the first child of one that left the system. There is no way back.

    Args:
        uid: the user and group that root becomes; without root the user stays who it is, with no rights.
        readable: folders that it may read besides the system and this Python.
        hidden: folders that it must not see, where they lie inside one that it sees.
        limits: what it may use.
        as_root: what `leave_the_system` returned.

    Raises:
        NoSandboxError: a step failed; the process must end.
    """
    uid = uid if as_root else os.getuid()
    try:
        _build_root(uid, _needed([*readable]), [*hidden], limits)
        with contextlib.suppress(OSError):
            socket.sethostname("grading")
        _loopback_up()
        libc = _libc()
        for capability in range(64):
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
        if as_root:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        _drop_rights()
    except OSError as e:
        raise NoSandboxError(f"This system doesn't let a submission be shut in ({e}).") from None


def limit(limits: Limits) -> None:
    """Set what this process and its children may use."""
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": limits.file_bytes,
        "RLIMIT_CPU": limits.cpu_seconds,
        "RLIMIT_DATA": limits.memory_bytes + _inherited(),
        "RLIMIT_NPROC": limits.processes,
        "RLIMIT_NOFILE": 1024,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
    }
    for name, value in wanted.items():
        kind = getattr(resource, name, None)
        if kind is not None:
            _, most = resource.getrlimit(kind)
            value = value if most == resource.RLIM_INFINITY else min(value, most)
            with contextlib.suppress(OSError, ValueError):  # macOS knows fewer
                resource.setrlimit(kind, (value, value))
    with contextlib.suppress(OSError):  # if memory runs out, the kernel ends this one first
        Path("/proc/self/oom_score_adj").write_text("1000")


def _inherited() -> int:
    """What the fork server's imports take of RLIMIT_DATA: 0.5 GB, and 1 GB where torch is a CUDA build."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    except OSError:
        return 0


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    if sys.platform == "linux":
        _libc().prctl(_PR_PDEATHSIG, 9, 0, 0, 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    source_, target_, kind_, options_ = (x.encode() if x is not None else None for x in (source, target, kind, options))
    _check(_libc().mount(source_, target_, kind_, ctypes.c_ulong(flags), options_), f"mount {target}")


def _needed(readable: Sequence[Path]) -> list[Path]:
    """What a Python process reads: its own folders and `course_lib`; a folder inside another one only once."""
    here = Path(__file__).resolve().parents[2]
    site = [Path(p) for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    wanted = [Path(sys.prefix), Path(sys.base_prefix), *site, here, *readable]
    real = sorted({p.absolute() for p in wanted if p.is_dir()} | {p.resolve() for p in wanted if p.is_dir()})
    kept: list[Path] = []
    for path in real:
        if not any(path.is_relative_to(k) for k in [*kept, *map(Path, _SYSTEM)]) and path != Path("/"):
            kept.append(path)
    return kept


def _build_root(uid: int, readable: Sequence[Path], hidden: Sequence[Path], limits: Limits) -> None:
    _mount(None, "/", None, _REC | _PRIVATE)
    opened = {str(p): os.open(p, os.O_PATH) for p in readable}
    opened |= {p: os.open(p, os.O_PATH) for p in _SYSTEM if os.path.isdir(p) and not os.path.islink(p)}
    links = {p: os.readlink(p) for p in _SYSTEM if os.path.islink(p)}
    for path in [*(f"/etc/{name}" for name in _ETC), *(f"/dev/{name}" for name in _DEVICES), "/sys/devices/system/cpu"]:
        if os.path.exists(path):
            opened[path] = os.open(path, os.O_PATH)
    root = "/tmp"  # whatever lies there now is opened already, or not for the child to see
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    for path, target in links.items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        os.symlink(target, root + path)
    for name, text in _FILES.items():
        os.makedirs(os.path.dirname(f"{root}/{name}"), exist_ok=True)
        Path(root, name).write_text(text.format(uid=uid))
    for name in ("proc", "tmp", "dev/shm", HOME[1:]):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    for name, mode in (("tmp", "1777"), ("dev/shm", "1777"), (HOME[1:], "700")):
        options = f"size={limits.folder_bytes},nr_inodes=20000,mode={mode},uid={uid},gid={uid}"
        if uid == os.getuid():  # in a user namespace the group has a number of its own
            options = options.replace(f",gid={uid}", f",gid={os.getgid()}")
        _mount("tmpfs", f"{root}/{name}", "tmpfs", _NOSUID | _NODEV, options)
    # After the folders in memory: this Python may lie in /tmp itself.
    for path, descriptor in opened.items():
        _bind(descriptor, root + path, devices=path.startswith("/dev/"))
    with contextlib.suppress(OSError):  # a container may have covered parts of its /proc; then there is none
        _mount("proc", f"{root}/proc", "proc", _NOSUID | _NODEV | 8)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    for path in hidden:
        if os.path.isdir(f"{root}{path}"):
            _mount("tmpfs", f"{root}{path}", "tmpfs", _NOSUID | _NODEV | _RDONLY, "size=4k,mode=000")
    os.chdir(root)
    _check(_libc().syscall(_PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    _check(_libc().umount2(b".", _DETACH), "umount")
    os.chdir("/")
    _mount(None, "/", None, _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
    for descriptor in opened.values():
        os.close(descriptor)


def _bind(descriptor: int, target: str, *, devices: bool) -> None:
    """Show a file or folder at another place, read-only, with all that is mounted below it."""
    source = f"/proc/self/fd/{descriptor}"
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    _mount(source, target, None, _BIND | _REC)
    # AT_RECURSIVE; struct mount_attr: set read-only, nosuid and, but for /dev, nodev; clear nothing
    wanted = struct.pack("<QQQQ", _RDONLY | _NOSUID | (0 if devices else _NODEV), 0, 0, 0)
    result = _libc().syscall(_MOUNT_SETATTR, -100, target.encode(), 0x8000, wanted, ctypes.c_size_t(len(wanted)))
    if result != 0:  # before Linux 5.12: this mount alone, keeping the flags that it has
        flags = os.statvfs(target).f_flag & (_NOSUID | _NODEV | 8 | 0x400 | 0x1000)
        kept = (flags & 15) | (0x400 if flags & 0x400 else 0) | (1 << 21 if flags & 0x1000 else 0)
        _mount(None, target, None, _REMOUNT | _BIND | _RDONLY | _NOSUID | kept)


def _loopback_up() -> None:
    """Bring up 127.0.0.1 of this network namespace, and nothing else: processes of one submission may talk."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def _drop_rights() -> None:
    """No capability is left, and no program that is started can give one back."""
    libc = _libc()
    _check(libc.capset(struct.pack("<Ii", 0x20080522, 0), struct.pack("<6I", 0, 0, 0, 0, 0, 0)), "capset")
    _check(libc.prctl(_PR_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    syscalls.forbid()

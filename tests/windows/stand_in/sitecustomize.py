"""Python reads this before all else: to the course, this machine is Windows. What else runs sees the system as it is.

Put this folder on PYTHONPATH; child processes and kernels inherit it. What the documentation of Python says is "Unix"
only is gone for code of the course and of notebooks, and what Windows does otherwise happens here too: an open file is
neither replaced nor deleted, text is cp1252 with its own line ends, some names are no file names, a kill has no signal.
Not here: paths with \\, a file system that ignores case, paths that are too long.
"""
# ruff: noqa: SIM905  (a list of a hundred words)

import builtins
import errno
import fcntl
import importlib
import io
import multiprocessing.context
import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
import types

_LIBRARIES = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), "<frozen", __file__)
_MODULES = set("crypt curses fcntl grp nis pty pwd readline resource spwd syslog termios tty".split())
_SIGNALS = set("SIGABRT SIGFPE SIGILL SIGINT SIGSEGV SIGTERM SIG_DFL SIG_IGN".split())
_SIGNAL = _SIGNALS | set("Handlers Signals default_int_handler getsignal raise_signal set_wakeup_fd signal".split())
_SIGNAL |= set("strsignal valid_signals NSIG".split())
_OF_UNIX = set(
    "CLD_CONTINUED EFD_CLOEXEC F_LOCK GRND_NONBLOCK NGROUPS_MAX P_ALL RTLD_LAZY RWF_SYNC SCHED_OTHER WNOHANG WUNTRACED "
    "WCOREDUMP WEXITSTATUS WIFEXITED WIFSIGNALED WIFSTOPPED WTERMSIG WSTOPSIG chown chroot confstr confstr_names "
    "copy_file_range ctermid environb eventfd fchdir fchmod fchown fdatasync fork forkpty fpathconf fstatvfs getegid "
    "geteuid getenvb getgid getgrouplist getgroups getloadavg getpgid getpgrp getpriority getrandom getresgid getresuid "
    "getsid getuid getxattr initgroups killpg lchown listxattr lockf login_tty major makedev memfd_create minor mkfifo "
    "mknod nice openpty pathconf pidfd_open pipe2 posix_fadvise posix_fallocate posix_openpt posix_spawn posix_spawnp "
    "pread preadv pwrite pwritev readv register_at_fork removexattr sched_getaffinity sched_setaffinity sched_yield "
    "sendfile setegid seteuid setgid setgroups setns setpgid setpgrp setpriority setregid setresgid setresuid setreuid "
    "setsid setuid setxattr spawnlp spawnlpe spawnvp spawnvpe splice statvfs sync sysconf sysconf_names tcgetpgrp "
    "tcsetpgrp ttyname uname unshare wait wait3 wait4 waitid writev get_blocking set_blocking".split()
)
_FLAGS = set("O_RDONLY O_WRONLY O_RDWR O_APPEND O_CREAT O_EXCL O_TRUNC".split())


def _is_ours(frame):
    """Whether a frame is of the course or of a notebook, not of Python or of an installed package."""
    name = frame.f_code.co_filename if frame else "<frozen"
    return "-packages" not in name and not name.startswith(_LIBRARIES)


class _Windows(types.ModuleType):
    """A module as the course sees it: with less, or with other values; for the rest it is the module itself."""

    def __init__(self, real, gone=(), **instead):
        super().__init__(real.__name__, real.__doc__)
        self.__dict__.update(instead, _real=real, _gone=frozenset(gone))

    def __getattr__(self, name):
        if name in self._gone:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        return getattr(self._real, name)

    def __setattr__(self, name, value):
        setattr(self._real, name, value)

    def __delattr__(self, name):
        delattr(self._real, name)

    def __reduce__(self):
        return importlib.import_module, (self.__name__,)

    def __dir__(self):
        return sorted(set(dir(self._real)) - self._gone)


def _import(name, globals=None, locals=None, fromlist=(), level=0):
    ours = not level and _is_ours(sys._getframe().f_back)
    if ours and name in _MODULES:
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)
    module = _real["import"](name, globals, locals, fromlist, level)
    return _SEEN.get(module.__name__, module) if ours else module


_real = {name: getattr(os, name) for name in "replace rename unlink rmdir open mkdir fsync".split()}
_real |= {"import": builtins.__import__, "file": io.open, "popen": subprocess.Popen.__init__}
_real |= {"ended": subprocess.Popen._handle_exitstatus}


def _in_use():
    """What this process has open or mapped, as real paths; None's place is the folder it stands in."""
    names = {os.getcwd()}
    for number in os.listdir("/proc/self/fd"):
        try:
            names.add(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:  # the one that listed them
            continue
    with _real["file"]("/proc/self/maps", encoding="utf-8") as lines:
        names.update(line[73:].rstrip("\n") for line in lines if line[73:74] == "/")
    return names


def _free(path, dir_fd=None):
    if dir_fd is None and not isinstance(path, int) and os.path.lexists(path) and os.path.realpath(path) in _in_use():
        text = "The process cannot access the file because it is being used by another process"
        raise PermissionError(errno.EACCES, f"[WinError 32] {text}", os.fspath(path))


def _allowed(path):
    if isinstance(path, int):
        return
    name, of_system = os.path.basename(os.fsdecode(path).rstrip("/")), ("/proc", "/sys", "/dev")
    wrong = set(name) & set('<>:"|?*') or name[-1:] in (" ", ".") or name.lower() in ("nul", "con")
    if wrong and name not in (".", "..") and not os.fsdecode(path).startswith(of_system):
        raise OSError(errno.EINVAL, "[WinError 123] The filename is incorrect", os.fspath(path))


def _replace(source, target, **options):
    _allowed(target), _free(source), _free(target)
    return _real["replace"](source, target, **options)


def _rename(source, target, **options):
    _allowed(target), _free(source)
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "[WinError 183] It already exists", os.fspath(target))
    return _real["rename"](source, target, **options)


def _unlink(path, *, dir_fd=None):
    _free(path, dir_fd)
    return _real["unlink"](path, dir_fd=dir_fd)


def _rmdir(path, *, dir_fd=None):
    _free(path, dir_fd)
    return _real["rmdir"](path, dir_fd=dir_fd)


def _mkdir(path, mode=0o777, *, dir_fd=None):
    _allowed(path)
    return _real["mkdir"](path, mode, dir_fd=dir_fd)


def _open(path, flags, mode=0o777, *, dir_fd=None):
    _allowed(path)
    if not isinstance(path, int) and os.path.isdir(path):
        raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
    return _real["open"](path, flags, mode, dir_fd=dir_fd)


def _fsync(file):
    number = file if isinstance(file, int) else file.fileno()
    if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "Bad file descriptor")
    return _real["fsync"](number)


def _no_link(*names, **options):
    raise OSError(errno.EPERM, "[WinError 1314] A required privilege is not held by the client")


def _file(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
    if not isinstance(file, int) and opener is None:
        _allowed(file)
        if os.path.isdir(file):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(file))
    if "b" not in mode:
        encoding = "cp1252" if encoding in (None, "locale") else encoding
        newline = "\r\n" if newline is None and mode.rstrip("t") in ("w", "a", "x") else newline
    return _real["file"](file, mode, buffering, encoding, errors, newline, closefd, opener)


def _popen(self, *arguments, **options):
    if (options.get("text") or options.get("universal_newlines")) and not options.get("encoding"):
        options["encoding"] = "cp1252"
    _real["popen"](self, *arguments, **options)


def _send_signal(self, number):
    if number != signal.SIGTERM:
        raise ValueError(f"Unsupported signal: {number}")
    self.kill()


def _kill(self):
    if self.poll() is None:
        os.kill(self.pid, signal.SIGKILL)


def _ended(self, status, *arguments):
    _real["ended"](self, status, *arguments)
    self.returncode = 1 if self.returncode < 0 else self.returncode


io.open = builtins.open = _file
builtins.__import__ = _import
for _name, _value in {
    "replace": _replace,
    "rename": _rename,
    "unlink": _unlink,
    "remove": _unlink,
    "rmdir": _rmdir,
}.items():
    setattr(os, _name, _value)
os.mkdir, os.open, os.fsync, os.symlink = _mkdir, _open, _fsync, _no_link
shutil._use_fd_functions = False
tempfile.TemporaryFile = tempfile.NamedTemporaryFile
subprocess.Popen.__init__, subprocess.Popen._handle_exitstatus = _popen, _ended
subprocess.Popen.send_signal, subprocess.Popen.kill, subprocess.Popen.terminate = _send_signal, _kill, _kill
_contexts = multiprocessing.context
for _name in ("fork", "forkserver"):
    _contexts._concrete_contexts.pop(_name)
_contexts.DefaultContext.get_all_start_methods = lambda self: ["spawn"]
_contexts._default_context._default_context = _contexts._concrete_contexts["spawn"]
_SEEN = {
    "os": _Windows(
        os, _OF_UNIX | {n for n in vars(os) if n.startswith("O_") and n not in _FLAGS}, name="nt", O_BINARY=0
    ),
    "signal": _Windows(signal, {n for n in vars(signal) if not n.startswith("_")} - _SIGNAL),
    "sys": _Windows(sys, {"abiflags", "getdlopenflags", "setdlopenflags"}, platform="win32"),
}
for _stream in (sys.stdout, sys.stderr):
    if _stream is not None and not stat.S_ISCHR(os.fstat(_stream.fileno()).st_mode):
        _stream.reconfigure(encoding="cp1252", newline="\r\n", errors=_stream.errors)

"""The system calls that a submission may not make: those that change what it is shut in by, and rarely used doors.

A filter of the kernel's own (seccomp, classic BPF): it holds for this process and all that it starts, for good.
"""

import ctypes
import os
import struct

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_FORBIDDEN = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "io_uring_setup": (425, 425),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),  # memory that no process need have mapped, and nobody counts; msgget, shmget likewise
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "msgget": (68, 186),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setns": (308, 268),
    "shmget": (29, 194),
    "swapon": (167, 224),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_NEW_NAMESPACES = 0x7E020000
_LOAD, _IS, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026  # EPERM; ENOSYS
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16


def forbid() -> None:
    """Set the filter. The process must have given up new privileges before.

    Raises:
        OSError: this kernel has no filters.
    """
    program = _program(os.uname().machine)
    steps = ctypes.create_string_buffer(b"".join(program), 8 * len(program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(22, 2, header, 0, 0) != 0:  # PR_SET_SECCOMP, a filter
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _program(machine: str) -> list[bytes]:
    column, architecture = (0, _X86_64) if machine == "x86_64" else (1, _AARCH64)
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_IS, architecture, yes=1),
        _step(_RETURN, _REFUSE),
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, 0x40000000, no=1),  # x32, another way to the same calls
        _step(_RETURN, _REFUSE),
        _step(_IS, _CLONE3[column], no=1),  # its flags lie in memory; libc then uses clone
        _step(_RETURN, _UNKNOWN),
    ]
    for numbers in _FORBIDDEN.values():
        steps += [_step(_IS, numbers[column], no=1), _step(_RETURN, _REFUSE)]
    return [
        *steps,
        _step(_IS, _CLONE[column], no=3),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, _NEW_NAMESPACES, no=1),
        _step(_RETURN, _REFUSE),
        _step(_RETURN, _ALLOW),
    ]


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)

"""Filters on system calls, for Linux on x86-64 and AArch64: what a process gives up, it cannot take back.

Two filters. `deny_reaching_out`: no network, no other program, no look into other processes, and no file
opened for writing; the mother lives with it. `allow_only`: nothing but computing and the descriptors that are
open; evaluators add it. A refused call gives EPERM. Written for the kernel's classic BPF, by hand, because
that needs no library: some forty lines.

Source: seccomp(2); Linux, include/uapi/linux/seccomp.h, filter.h, audit.h.
"""

import ctypes
import errno
import os
import platform
import struct

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

LOAD, JUMP_EQUAL, JUMP_SET, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
ABSENT = 0x00050000 | errno.ENOSYS
KILL = 0x80000000
NUMBER_AT, ARCHITECTURE_AT, THIRD_ARGUMENT_AT = 0, 4, 32

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000

# name -> (x86-64, AArch64); None where the architecture has no such call.
# fmt: off
CALLS = {
    "read": (0, 63), "write": (1, 64), "open": (2, None), "close": (3, 57), "fstat": (5, 80),
    "poll": (7, None), "lseek": (8, 62), "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215),
    "brk": (12, 214), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "pread64": (17, 67), "readv": (19, 65), "writev": (20, 66), "sched_yield": (24, 124),
    "mremap": (25, 216), "madvise": (28, 233), "nanosleep": (35, 101), "getitimer": (36, 102),
    "setitimer": (38, 103), "getpid": (39, 172), "socket": (41, 198), "connect": (42, 203),
    "accept": (43, 202), "sendto": (44, 206), "recvfrom": (45, 207), "recvmsg": (47, 212),
    "shutdown": (48, 210),
    "bind": (49, 200), "listen": (50, 201), "socketpair": (53, 199), "clone": (56, 220),
    "execve": (59, 221), "exit": (60, 93), "gettimeofday": (96, 169), "getrusage": (98, 165),
    "ptrace": (101, 117), "sigaltstack": (131, 132), "pivot_root": (155, 41), "chroot": (161, 51),
    "mount": (165, 40), "umount2": (166, 39), "init_module": (175, 105), "gettid": (186, 178),
    "futex": (202, 98), "sched_getaffinity": (204, 123), "restart_syscall": (219, 128),
    "fadvise64": (221, 223), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115), "exit_group": (231, 94), "tgkill": (234, 131), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "openat": (257, 56), "newfstatat": (262, 79),
    "ppoll": (271, 73), "unshare": (272, 97), "accept4": (288, 242), "perf_event_open": (298, 241),
    "setns": (308, 268), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "finit_module": (313, 273), "getrandom": (318, 278), "memfd_create": (319, 279),
    "kexec_file_load": (320, 294), "bpf": (321, 280), "execveat": (322, 281), "userfaultfd": (323, 282),
    "membarrier": (324, 283), "statx": (332, 291), "rseq": (334, 293), "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "clone3": (435, 435), "openat2": (437, 437), "prlimit64": (302, 261), "creat": (85, None),
    "mkdir": (83, None), "mkdirat": (258, 34), "unlink": (87, None), "unlinkat": (263, 35),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "link": (86, None),
    "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36), "truncate": (76, 45),
    "chmod": (90, None), "fchmodat": (268, 53), "chown": (92, None), "fchownat": (260, 54),
}
# fmt: on

NETWORK = ("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4")
PROGRAMS = ("execve", "execveat")
OTHERS = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "perf_event_open", "bpf"),
    *("userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key"),
    *("request_key", "mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "init_module"),
    *("finit_module", "kexec_file_load"),
)
CHANGES_OF_FILES = (
    *("creat", "openat2", "mkdir", "mkdirat", "unlink", "unlinkat", "rename", "renameat", "renameat2"),
    *("link", "linkat", "symlink", "symlinkat", "truncate", "chmod", "fchmodat", "chown", "fchownat"),
)
COMPUTING = (
    *("read", "write", "readv", "writev", "recvfrom", "sendto", "poll", "ppoll", "close", "fstat", "lseek"),
    *("mmap", "mprotect", "munmap", "mremap", "madvise", "brk", "futex", "membarrier", "rseq"),
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "setitimer", "getitimer"),
    *("nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "restart_syscall"),
    *("sched_yield", "sched_getaffinity", "getpid", "gettid", "getrusage", "getrandom", "tgkill"),
    *("shutdown", "exit", "exit_group"),
)
# A descriptor that the front sends along comes by `recvmsg`.
BEING_LENT = ("recvmsg",)
READING_FILES = ("pread64", "newfstatat", "statx", "fadvise64")
# O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: the same numbers on both architectures.
WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def supported() -> bool:
    """Whether this machine has the filters."""
    return platform.system() == "Linux" and platform.machine() in ARCHITECTURES


def deny_reaching_out(network: bool = False, files: bool = False):
    """Refuse other programs and processes from now on, and, unless allowed, network and changes of files."""
    denied = [*PROGRAMS, *OTHERS]
    if not network:
        denied += NETWORK
    opening = []
    if not files:
        denied += CHANGES_OF_FILES
        opening = ["open", "openat"]
    program = _prologue()
    for name in denied:
        program += _when(name, REFUSE)
    for name in opening:
        program += _when_writing(name, REFUSE)
    _install([*program, (RETURN, 0, 0, ALLOW)])


def allow_only(files: bool = False, lent: bool = False):
    """Refuse everything from now on but computing on what is open, and, where allowed, reading files.

    `lent`: descriptors that are sent along may be taken.
    """
    program = _prologue()
    for name in COMPUTING + (READING_FILES if files else ()) + (BEING_LENT if lent else ()):
        program += _when(name, ALLOW)
    if files:
        program += _when_writing("openat", REFUSE) + _when("openat", ALLOW)
    # The C library falls back to `clone`, which is refused, only where it is told that clone3 is absent.
    program += _when("clone3", ABSENT)
    _install([*program, (RETURN, 0, 0, REFUSE)])


def _number(name):
    x86, arm = CALLS[name]
    return x86 if platform.machine() == "x86_64" else arm


def _prologue():
    """Kill a process that calls by another architecture's numbers; load the call's number."""
    machine = platform.machine()
    program = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (JUMP_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
    ]
    if machine == "x86_64":
        program += [(JUMP_AT_LEAST, 0, 1, X32_BIT), (RETURN, 0, 0, KILL)]
    return program


def _when(name, outcome):
    number = _number(name)
    return [] if number is None else [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, outcome)]


def _when_writing(name, outcome):
    """An outcome for an open that would write or create; the flags are argument 2 of openat, 1 of open."""
    number = _number(name)
    if number is None:
        return []
    flags_at = THIRD_ARGUMENT_AT if name == "openat" else THIRD_ARGUMENT_AT - 8
    return [
        (JUMP_EQUAL, 0, 4, number),
        (LOAD, 0, 0, flags_at),
        (JUMP_SET, 0, 1, WRITING_FLAGS),
        (RETURN, 0, 0, outcome),
        (LOAD, 0, 0, NUMBER_AT),
    ]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def _install(program):
    """Put a filter in force for this thread, and for whatever it forks."""
    libc = ctypes.CDLL(None, use_errno=True)
    packed = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(packed, len(packed))
    filter_ = _Program(len(program), ctypes.addressof(buffer))
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(filter_), 0, 0),
    ):
        if libc.prctl(arguments[0], *(ctypes.c_ulong(argument) for argument in arguments[1:])) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"cannot install the system call filter: {os.strerror(number)}")

"""What a process that evaluates gives up for good before it reads the first untrusted byte."""

import ctypes
import os
import resource

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

# Every evaluation runs on the main thread; the kernel leaves at least 128 MB for its stack to grow into
# (mm/mmap.c, MIN_GAP), so that raising the soft limit at run time is enough. Nested queries need it.
STACK_BYTES = 120 * 1024 * 1024

# An evaluator has its socket, and /dev/null three times. An allowlisted SERVICE call takes a few more.
MOST_DESCRIPTORS = 64

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(signal_number: int, parent: int | None = None):
    """Have the kernel send a signal when the parent ends, or has ended already; 0 takes that back."""
    _prctl(PR_SET_PDEATHSIG, signal_number)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal_number)


def adopt_orphans():
    """Be the parent of descendants whose parent has ended, so that none is out of sight."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def raise_stack():
    """Let the main thread's stack grow as far as the address space allows."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    allowed = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (allowed, hard))


def limit_memory(beyond_now_bytes: int | None, for_good: bool = True):
    """Cap the address space at what is mapped now and so much more; None lifts a cap not for good."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    cap = hard if beyond_now_bytes is None else mapped_bytes() + beyond_now_bytes
    if hard != resource.RLIM_INFINITY:
        cap = min(cap, hard)
    resource.setrlimit(resource.RLIMIT_AS, (cap, cap if for_good and beyond_now_bytes is not None else hard))


def limit_resources(descriptors: bool = True):
    """No file grows, no core is dumped, and, unless allowed, only a handful of descriptors is opened."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_DESCRIPTORS, MOST_DESCRIPTORS))


def mapped_bytes() -> int:
    """The size of this process's address space."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def close_descriptors_except(*kept: int):
    """Close every descriptor but the kept ones; standard input, output and error become /dev/null."""
    null = os.open(os.devnull, os.O_RDONLY)  # the mother may open nothing for writing
    for standard in (0, 1, 2):
        if standard not in kept:
            os.dup2(null, standard)
    keep = sorted({0, 1, 2, *kept})
    for low, high in zip(keep, [*keep[1:], 1 << 20], strict=True):
        os.closerange(low + 1, high)


def _prctl(option, *arguments):
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    if _libc.prctl(ctypes.c_int(option), *padded) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")

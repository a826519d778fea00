"""Run a command, its output into a file, and print what it took: `python -IS bench/launch.py FILE COMMAND…`.

A program of its own, because the kernel counts what a process holds while it starts another one as the
other's largest resident set: this one holds next to nothing. Imports no more than it needs.
"""

import os
import sys
import time


def main():
    """Print seconds, processor seconds, the largest resident kilobytes and the exit code."""
    output = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    command = sys.argv[2:]
    began = time.perf_counter()
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)],
    )
    _, status, usage = os.wait4(pid, 0)
    took = time.perf_counter() - began
    print(took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()

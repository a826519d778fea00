"""What a process that evaluates cannot do: reach the network, open a file, start a program or a process.

Each promise is kept by a filter on system calls; each case runs in a fork of its own, with the filter and,
so that the case is known to be able to fail, without.
"""

import errno
import os
import socket

import pytest

from incsr.workers import sandbox, seccomp


def outcome(prepare, attempt) -> int:
    """The errno with which `attempt` ends in a fork that has run `prepare`; 0 where it works."""
    pid = os.fork()
    if pid == 0:
        code = 255
        try:
            prepare()
            attempt()
            code = 0
        except OSError as error:
            code = error.errno or 255
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def connect():
    # Nobody needs to listen: a refused connection has gone out all the same.
    with socket.socket() as sock:
        sock.settimeout(1)
        sock.connect_ex(("127.0.0.1", 9))


def fork():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


ATTEMPTS = {
    "a connection": connect,
    "a socket pair": socket.socketpair,
    "a file to read": lambda: os.close(os.open("/etc/hostname", os.O_RDONLY)),
    "a file to write": lambda: os.close(os.open("/tmp", os.O_WRONLY | os.O_TMPFILE)),
    "another process": fork,
    "another program": lambda: os.execv("/bin/true", ["true"]),
    "a signal to another": lambda: os.kill(os.getppid(), 0),
    "a pipe": os.pipe,
}
IN_MOTHER = ("a connection", "a socket pair", "a file to write", "another program")


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_an_evaluator_is_refused(attempt):
    assert seccomp.supported()
    assert outcome(lambda: None, attempt) == 0
    assert outcome(seccomp.allow_only, attempt) == errno.EPERM


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_mother_is_refused_what_reaches_out_and_no_more(name):
    refused = errno.EPERM if name in IN_MOTHER else 0

    assert outcome(seccomp.deny_reaching_out, ATTEMPTS[name]) == refused


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        yield ours, theirs


def test_an_evaluator_may_compute_allocate_and_use_its_socket(pair):
    ours, theirs = pair
    ours.sendall(b"x")

    def work():
        data = bytes(theirs.recv(10)) * 5_000_000
        theirs.sendall(str(len(sorted(data))).encode())

    assert outcome(seccomp.allow_only, work) == 0
    assert ours.recv(100) == b"5000000"


def test_an_evaluator_has_no_descriptor_but_its_socket_and_the_null_device(pair):
    ours, theirs = pair

    def listed():
        sandbox.close_descriptors_except(theirs.fileno())
        open_ones = [name for name in range(1024) if os.path.lexists(f"/proc/self/fd/{name}")]
        theirs.sendall(
            "\n".join(f"{name} {os.readlink(f'/proc/self/fd/{name}')}" for name in open_ones).encode()
        )

    code = outcome(lambda: None, listed)
    said = dict(line.split(" ", 1) for line in ours.recv(10000).decode().splitlines())

    assert code == 0
    assert said.pop(str(theirs.fileno())).startswith("socket:")
    assert said == {"0": "/dev/null", "1": "/dev/null", "2": "/dev/null"}

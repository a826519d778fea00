"""The contract of an acknowledged write: whoever acknowledges it outlives the mother that it was forked from.

As soon as the front has read the acknowledgement it retires the old mother; a writer that still was to die
with her took all data with it, some one time in three hundred.
"""

import socket

import pyoxigraph as ox

from incsr.messages import WriteJob
from incsr.store.dataset import Dataset
from incsr.workers import frames, writer


def written(text):
    """The kinds of frames that had been sent when `outlive` was called, those sent later, and the outcome."""
    front, jobs = socket.socketpair()
    with front, jobs:
        front.setblocking(True)
        front.sendall(frames.job_frame(WriteJob("update", text)))
        before = []

        def outlive():
            before.append(kinds(front))

        kept = writer.write(jobs, Dataset(ox.Store(), union=True), outlive)
        return before, kinds(front), kept


def kinds(front):
    reader = frames.Reader()
    try:
        data = front.recv(1 << 16, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return []
    return [kind for kind, _payload in reader.feed(data)]


def test_a_writer_outlives_its_mother_before_it_acknowledges():
    before, after, kept = written("INSERT DATA { <urn:a> <urn:b> 1 }")

    assert before == [[frames.READY]]
    assert after == [frames.WHOLE] and kept


def test_a_writer_that_changes_nothing_dies_with_its_mother():
    before, after, kept = written("INSERT DATA {")

    assert before == []
    assert after == [frames.READY, frames.PROBLEM] and not kept

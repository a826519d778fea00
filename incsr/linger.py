"""Wait a moment for the next event before going to sleep.

An evaluator answers most queries, and a client that waits asks again, sooner than an idle processor is woken
up. So the event loop's own epoll descriptor is looked at for some microseconds first; any event at all ends
that. How long is worth it shows: where nothing comes, the time halves until nothing is spent any more, and
once in a while it is tried again. Where there is one processor, who is waited for needs it.
"""

import os
import select
import time

LONGEST_S = 120e-6
SHORTEST_S = 15e-6
AGAIN_AFTER = 256
# Where something waits already, there is much to do: so many times it is not even asked.
BUSY_FOR = 16


class Linger:
    """Called when there may be nothing to do for a moment; returns when there is, or after some time."""

    __slots__ = ("_busy", "_poll", "_skipped", "window_s")

    def __init__(self, descriptor: int | None = None, poll=None):
        """Look at a descriptor, or have a poll object look at all of its own."""
        self.window_s = 0.0
        self._skipped = self._busy = 0
        self._poll = None
        if (descriptor is not None or poll is not None) and len(os.sched_getaffinity(0)) > 1:
            if poll is None:
                poll = select.poll()
                poll.register(descriptor, select.POLLIN)
            self._poll = poll.poll
            self.window_s = LONGEST_S

    def __call__(self):
        poll = self._poll
        if poll is None:
            return
        if self._busy:
            self._busy -= 1
            return
        window_s = self.window_s
        if window_s < SHORTEST_S:
            self._skipped += 1
            if self._skipped < AGAIN_AFTER:
                return
            self._skipped = 0
            window_s = LONGEST_S
        if poll(0):
            self._busy = BUSY_FOR
            self.window_s = LONGEST_S
            return
        clock = time.perf_counter
        end = clock() + window_s
        while not poll(0):
            if clock() > end:
                self.window_s = window_s / 2
                return
            os.sched_yield()
        self.window_s = LONGEST_S


def of_loop(loop) -> Linger:
    """For an event loop; asyncio's own has no descriptor to look at, and does not linger."""
    backend = getattr(loop, "_get_backend_id", None)
    return Linger(backend() if backend is not None else None)

"""The problems that only the pool can state, because the process that had the job cannot."""

from incsr.messages import Problem

RETRY_AFTER_S = 2


def expired(timeout_s: float) -> Problem:
    return Problem(
        504,
        "Deadline exceeded",
        f"The request ran for longer than {timeout_s:g} s and was ended.",
        "timeout",
        hint="Add a LIMIT, bind more terms, or split the query; unconnected patterns multiply.",
    )


def overloaded(what: str) -> Problem:
    return Problem(
        503,
        "Service busy",
        f"As many {what} as are allowed at once are being worked on.",
        "busy",
        hint=f"Try again after {RETRY_AFTER_S} seconds.",
        headers=(("Retry-After", str(RETRY_AFTER_S)),),
    )


CRASHED = Problem(
    500,
    "Evaluation ended",
    "The process that evaluated this request ended before it had an answer: most likely the request "
    "needed more memory than one request may use; else it was nested too deeply, or met a fault of the "
    "engine.",
    "crashed",
    hint="Bind more terms, make the request smaller or less deeply nested. Other requests are not affected.",
)

WRITE_CRASHED = Problem(
    500,
    "The write ended",
    "The process that carried out this write ended before it was done: most likely it needed more memory "
    "than one request may use (the operator's max-memory). Nothing was changed.",
    "crashed",
    hint="Send the data in parts; the operator can load any amount with `incsr load`.",
)

INTERNAL = Problem(
    500, "Internal error", "The service failed on this request. The failure has been logged.", "internal"
)

CANCELLED = Problem(503, "Request given up", "The client went away before the answer was ready.", "cancelled")

LOADING = Problem(
    503,
    "Service is starting",
    "The data is still being loaded.",
    "starting",
    hint=f"Try again after {RETRY_AFTER_S} seconds.",
    headers=(("Retry-After", str(RETRY_AFTER_S)),),
)

UNLOADED = Problem(
    503,
    "Service has lost its data",
    "The process that held the data ended, and the data could not be loaded again yet. The failure has been "
    "logged; it is tried again.",
    "starting",
    hint=f"Try again after {RETRY_AFTER_S} seconds.",
    headers=(("Retry-After", str(RETRY_AFTER_S)),),
)

CLOSING = Problem(
    503,
    "Service is stopping",
    "The service is being stopped or restarted.",
    "stopping",
    hint=f"Try again after {RETRY_AFTER_S} seconds.",
    headers=(("Retry-After", str(RETRY_AFTER_S)),),
)

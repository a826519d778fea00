"""One write: taken, applied to a copy of the data, and reported; the copy is kept or thrown away whole.

In memory the copy is the process itself (a fork), which becomes the next mother. Whatever goes wrong, and
the kill at the deadline, end this process and leave the data as it was.
"""

from incsr.messages import Problem
from incsr.query import evaluate
from incsr.workers import frames
from incsr.workers.evaluator import problem_of


def write(jobs, dataset) -> bool:
    """Apply the one job that comes over `jobs`; true where this process now holds the changed data."""
    jobs.sendall(frames.frame(frames.READY))
    job = frames.receive_job(jobs)
    if job is None:
        return False
    try:
        outcome = evaluate.apply(dataset.view(), job)
        if isinstance(outcome, tuple):
            outcome = outcome[0]
    except BaseException as error:  # the engine's PanicException is no Exception
        outcome = problem_of(error)
    if isinstance(outcome, Problem):
        jobs.sendall(frames.problem_frame(outcome))
        return False
    dataset.writes += 1
    jobs.sendall(frames.whole_frame(outcome, dataset.version.encode()))
    return True

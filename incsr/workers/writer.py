"""One write: taken, applied to a copy of the data, and reported; the copy is kept or thrown away whole.

In memory the copy is the process itself (a fork), which becomes the next mother. On disk it is a generation
of its own, which becomes current by one rename. Whatever goes wrong, and the kill at the deadline, end this
process and leave the data as it was. What must hold of a changed store (shapes, history) is to be checked
here, between the change and its acknowledgement.
"""

import gc
import json
from functools import partial

import pyoxigraph as ox

from incsr.messages import Problem
from incsr.query import evaluate
from incsr.store.view import View
from incsr.workers import documents, frames
from incsr.workers.evaluator import problem_of


def write(jobs, dataset, outlive) -> bool:
    """Apply the one job that comes over `jobs`; true where this process is to be the next mother.

    `outlive` has it survive its own mother. It is called before the write is acknowledged: as soon as the
    front knows, it retires the old mother, and the signal of her end would take the data with it.
    """
    jobs.sendall(frames.frame(frames.READY))
    job = frames.receive_job(jobs)
    if job is None:
        return False
    if dataset.on_disk:
        _write_generation(jobs, dataset, job)
        return False
    outcome = outcome_of(dataset.view(), job, on_disk=False)
    if isinstance(outcome, Problem):
        jobs.sendall(frames.problem_frame(outcome))
        return False
    dataset.writes += 1
    outlive()
    jobs.sendall(frames.whole_frame(outcome, json.dumps({"version": dataset.version}).encode()))
    return True


def outcome_of(view, job, on_disk):
    """What applying a job gives, whatever it is: a head or a problem, after which the store is of no use."""
    try:
        return evaluate.apply(view, job, partial(documents.add, on_disk=on_disk))
    except BaseException as error:  # the engine's PanicException is no Exception
        return problem_of(error)


def _write_generation(jobs, dataset, job):
    """Apply a job to a copy of the current generation on disk, and make that current."""
    directory, current = dataset.directory, dataset.directory.current()
    coming = current.changed()
    try:
        outcome = _changed(dataset, current, coming, job)
    except BaseException as error:  # a full disk, in most cases
        outcome = problem_of(error)
    # Closes the database, so that nobody writes to it when its first reader comes.
    gc.collect()
    if not isinstance(outcome, Problem):
        try:
            directory.commit(coming)
        except OSError as error:
            outcome = problem_of(error)
    if isinstance(outcome, Problem):
        directory.abandon(coming)
        jobs.sendall(frames.problem_frame(outcome))
        return
    said = {"version": coming.version, "place": coming.name}
    jobs.sendall(frames.whole_frame(outcome, json.dumps(said).encode()))


def _changed(dataset, current, coming, job):
    """What applying a job to the coming generation gives."""
    store = ox.Store(dataset.directory.begin(coming.name, copied_from=current.name))
    view = View(store, current.union, current.version, dataset.service_allow)
    outcome = outcome_of(view, job, on_disk=True)
    if not isinstance(outcome, Problem):
        store.flush()
    return outcome

"""A dataset as an evaluator sees it: the store, what its default graph means, and which version it is."""

from dataclasses import dataclass, field

import pyoxigraph as ox

# Never shown to a client, never named in an answer; refused where a client names it.
UNION = "urn:incsr:union"


@dataclass(slots=True)
class View:
    """A store with its mode and version.

    `union`: the graph `UNION` holds every triple once, and a query that names no dataset has it for its
    default graph; whoever changes the store keeps it so. `version` changes with each acknowledged write.
    `service_allow`: endpoints that SERVICE may call, exact IRIs.
    """

    store: ox.Store
    union: bool = True
    version: str = ""
    service_allow: tuple[str, ...] = ()
    kept: dict = field(default_factory=dict, repr=False, compare=False)  # what its readers learnt about it

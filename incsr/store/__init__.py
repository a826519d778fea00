"""The dataset behind the endpoint, and the one hidden graph that its default graph is answered from.

`View` is what a query or a write is evaluated on. In union mode every triple of every graph stands a second
time in the graph `UNION`, as a set (docs/decisions/0001, item 5); in strict mode that graph does not exist.
"""

from incsr.store.view import UNION, View

__all__ = ["UNION", "View"]

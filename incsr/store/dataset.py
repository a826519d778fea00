"""The data that a service holds: a store with its mode, seen through views, and the count of its writes."""

import secrets

import pyoxigraph as ox

from incsr.store.view import UNION, View


class Dataset:
    """A store in memory."""

    def __init__(self, store: ox.Store, union: bool, service_allow: tuple[str, ...] = ()):
        self.store = store
        self.union = union
        self.service_allow = service_allow
        # A restart loses what was written, so that a version must not come again after it.
        self.origin = secrets.token_hex(4)
        self.writes = 0
        self._view: View | None = None

    @property
    def version(self) -> str:
        return f"{self.origin}.{self.writes}"

    def summary(self) -> dict:
        """What may be said of the data when it has been loaded."""
        hidden = (name for name in self.store.named_graphs() if name.value.startswith(UNION))
        return {
            "version": self.version,
            "quads": len(self.store),
            "graphs": sum(1 for _ in self.store.named_graphs()) - sum(1 for _ in hidden),
        }

    def view(self) -> View:
        """The data as it now is; the same view until the next write, so that what is learnt of it is kept."""
        if self._view is None or self._view.version != self.version:
            self._view = View(self.store, self.union, self.version, self.service_allow)
        return self._view

"""The data that a service holds, in memory or on disk: its mode, its version, a view to evaluate on."""

import secrets

import pyoxigraph as ox

from incsr.store.disk import Directory, Generation, opened_for_reading
from incsr.store.view import UNION, View


class Dataset:
    """A store in memory."""

    on_disk = False
    place = None

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


class DiskDataset:
    """A directory of generations. Nothing is open here: whoever reads or writes opens for itself."""

    on_disk = True

    def __init__(self, directory: Directory, generation: Generation, service_allow: tuple[str, ...] = ()):
        self.directory = directory
        self.generation = generation
        self.service_allow = service_allow

    @property
    def place(self) -> str:
        return self.generation.name

    @property
    def version(self) -> str:
        return self.generation.version

    def summary(self) -> dict:
        """What may be said of the data when it has been loaded."""
        return {"version": self.version, "place": self.place}

    def view(self, name: str, version: str) -> View:
        """A generation as its readers see it."""
        store = opened_for_reading(self.directory.place(name))
        return View(store, self.generation.union, version, self.service_allow)

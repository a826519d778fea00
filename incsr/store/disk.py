"""The data on disk: a directory of generations, one of which is current; each is complete, and its data never
changes.

    DIR/CURRENT             which generation is current, in JSON; replaced in one step
    DIR/CURRENT.new         what is to replace it; left behind where that was broken off
    DIR/LOCK                held by the one service, or the one loading, that uses the directory
    DIR/generations/NAME/   a RocksDB database each
    DIR/generations/NAME/counts.json   what has been counted of its data; may be missing

A change is made on a copy of the current generation (its immutable files are hard links, so that a copy costs
next to nothing), and becomes current by one rename. Whatever kills the process before that leaves the old
generation in force, whatever comes after it the new one; and readers open a directory that nobody writes to,
which is the only thing that RocksDB's read-only mode is defined for.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyoxigraph as ox

FORMAT = 1
# Files of a database that never change once they are there. The others are small, and are copied.
LINKED = (".sst", ".blob")
COUNTS = "counts.json"
OURS = {"CURRENT.new", "LOCK", "generations"}
LEFT_OUT = ("LOCK", "LOG", COUNTS)


class StoreError(Exception):
    """The directory cannot be used; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Generation:
    """What is current: its directory's name, how it came about, and the version that clients see."""

    name: str
    union: bool
    origin: str  # random, of each generation its own
    writes: int  # acknowledged since
    published: str  # digest of the published files it was loaded from; "" where it was not
    format: int = FORMAT

    @property
    def version(self) -> str:
        return f"{self.origin}.{self.writes}"

    def changed(self) -> "Generation":
        """The generation after a change.

        Its version is its own, so that it does not come again where a backup is restored and written to.
        """
        name = f"{int(self.name) + 1:08d}"
        return replace(self, name=name, origin=secrets.token_hex(4), writes=self.writes + 1)


class Directory:
    """A directory of generations."""

    def __init__(self, path: Path):
        self.path = Path(path)
        self.generations = self.path / "generations"

    def lock(self, wait_s: float = 3.0) -> int:
        """Take the directory for this process and those that inherit the descriptor, which is returned.

        Raises: StoreError where another one has it, or it cannot be written.
        """
        try:
            self.generations.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path / "LOCK", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"cannot use {self.path} as a store: {error.strerror}") from None
        end = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                if time.monotonic() > end:
                    os.close(descriptor)
                    message = (
                        f"{self.path} is in use by another incsr serve or incsr load; end that one first"
                    )
                    raise StoreError(message) from None
                time.sleep(0.05)

    def current(self) -> Generation | None:
        """The current generation, None in a new directory.

        Raises: StoreError where there is something else, or something newer.
        """
        try:
            values = json.loads((self.path / "CURRENT").read_text("utf-8"))
            if values["format"] != FORMAT:
                raise StoreError(
                    f"{self.path} has format {values['format']}, and this version reads {FORMAT}"
                )
            return Generation(**values)
        except FileNotFoundError:
            strange = sorted(set(os.listdir(self.path)) - OURS) if self.path.exists() else []
            if strange:
                message = f"{self.path} holds something else ({strange[0]}); name a new or empty directory"
                raise StoreError(message) from None
            return None
        except (ValueError, TypeError, KeyError, OSError) as error:
            raise StoreError(f"{self.path}/CURRENT cannot be read: {error}") from None

    def place(self, name: str) -> str:
        """Where a generation lies."""
        return str(self.generations / name)

    def begin(self, name: str, copied_from: str | None = None) -> str:
        """A place for a new generation, with a copy of another in it; what lay there is no longer needed."""
        place = self.generations / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        if copied_from is not None:
            for entry in os.scandir(self.generations / copied_from):
                if entry.name.startswith(LEFT_OUT):
                    continue
                _link_or_copy(entry.path, place / entry.name, entry.name.endswith(LINKED))
        return str(place)

    def commit(self, generation: Generation):
        """Make a generation current: from now on, whatever happens, it is.

        Raises: OSError where it is not. Where only the last sync fails it is current all the same, but a
        power cut may undo that; `discard` keeps the one before until a sync has succeeded.
        """
        try:
            self._commit(generation)
        except OSError as error:
            if not self.is_current(generation):
                raise error from None

    def is_current(self, generation: Generation, unknown: bool = False) -> bool:
        """Whether a generation is the current one; `unknown` where CURRENT cannot be read."""
        try:
            return self.current() == generation
        except StoreError:
            return unknown

    def _commit(self, generation):
        _sync(self.generations / generation.name)
        _sync(self.generations)
        waiting = self.path / "CURRENT.new"
        with waiting.open("w", encoding="utf-8") as file:
            json.dump(asdict(generation), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(waiting, self.path / "CURRENT")
        _sync(self.path)

    def counts(self, name: str) -> list[bytes]:
        """What has been counted of a generation, as evaluators tell it; nothing where that is not known."""
        try:
            held = json.loads((self.generations / name / COUNTS).read_text("utf-8"))
            return [lesson.encode() for lesson in held]
        except (OSError, ValueError, TypeError, AttributeError):
            return []

    def keep_counts(self, name: str, lessons: list[bytes]):
        """Keep what has been counted of a generation with its data, so that it goes where they go.

        Raises: OSError where the file cannot be written; then there is the one before, or none.
        """
        waiting = self.generations / name / f"{COUNTS}.new"
        waiting.write_text(json.dumps([lesson.decode() for lesson in lessons]), "utf-8")
        os.replace(waiting, self.generations / name / COUNTS)

    def discard(self, keep: str | None, only: str | None = None):
        """Delete generations that are not current any more: one, or all; none where CURRENT may not last."""
        try:
            _sync(self.path)
        except OSError:
            return
        names = [only] if only else os.listdir(self.generations)
        for name in names:
            if name and name != keep:
                shutil.rmtree(self.generations / name, ignore_errors=True)

    def abandon(self, generation: Generation):
        """Delete a generation that has not become current; one of which that is not known stays."""
        if not self.is_current(generation, unknown=True):
            shutil.rmtree(self.generations / generation.name, ignore_errors=True)


def opened_for_reading(place: str) -> ox.Store:
    """The store of a generation, which nobody changes any more."""
    store = ox.Store.read_only(place)
    # Each opening leaves the log of the one before; nobody reads them.
    for name in os.listdir(place):
        if name.startswith("LOG.old"):
            with contextlib.suppress(OSError):
                os.unlink(f"{place}/{name}")
    return store


def _link_or_copy(source, target, link):
    if link:
        try:
            os.link(source, target)
            return
        except OSError:
            pass  # a file system without hard links, or at their limit
    shutil.copy2(source, target)


def _sync(folder):
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

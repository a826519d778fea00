"""The published graph as it is stored, kept in the user's cache, so that a start need not prepare it again.

Parsing the published files, keeping their spellings and counting what VoID states takes most of a start. The
result is one N-Quads file, named by a digest of everything that it is made from: the files, the code that
prepares them, the engine's version and the mode. A cache that is missing, somebody else's, cut off or not
writable is no error.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox

KEPT = 4
_HEAD = "# incsr "


def folder() -> Path:
    """Where prepared graphs are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "incsr"


def store(key: str, prepare: Callable[[ox.Store], None]) -> ox.Store:
    """A store with what `prepare` puts into it; read back where it was prepared under this key before."""
    try:
        path = folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.nq"
        found = _read(path)
    except (OSError, RuntimeError):
        path, found = None, None  # no home, or no right to look into it
    if found is not None:
        return found
    fresh = ox.Store()
    prepare(fresh)
    if path is not None:
        with contextlib.suppress(OSError):
            _write(path, fresh)
    return fresh


def _read(path: Path) -> ox.Store | None:
    """The store of a file, or None where there is none, or less in it than was written."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            head = file.readline().decode("ascii", "replace")
            if not head.startswith(_HEAD):
                return None
            found = ox.Store()
            # Lenient: what is read here was checked when it was first read, and written by this program.
            found.load(file, format=ox.RdfFormat.N_QUADS, lenient=True)
    except (FileNotFoundError, SyntaxError):
        return None
    return found if len(found) == int(head.removeprefix(_HEAD)) else None


def _write(path: Path, fresh: ox.Store):
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    waiting = path.with_suffix(f".{os.getpid()}")
    try:
        with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(f"{_HEAD}{len(fresh)}\n".encode())
            fresh.dump(file, format=ox.RdfFormat.N_QUADS)
        os.replace(waiting, path)
    except BaseException:
        waiting.unlink(missing_ok=True)
        raise
    older = sorted(path.parent.glob("*.nq"), key=lambda file: file.stat().st_mtime, reverse=True)[KEPT:]
    for file in older:
        file.unlink(missing_ok=True)

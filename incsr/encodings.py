"""Content codings: which one a client prefers, and bodies written in it.

Source: RFC 9110, sections 8.4 and 12.5.3. Brotli's quality and gzip's level are those at which compressing
costs less time than sending the difference over a fast line.
"""

import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

# Smaller bodies fit into a packet or so, and are sent as they are.
WORTH_BYTES = 1024
BROTLI_QUALITY = 4
GZIP_LEVEL = 5
_GZIP_WINDOW = 31
# One thread, started when it is needed: each has memory of its own, and the processors are for evaluating.
COMPRESSING = ThreadPoolExecutor(1, "incsr-compressing")

# What is text and may be compressed.
_TEXT = ("text/", "application/json", "application/xml", "application/javascript", "image/svg+xml")


def is_worth(content_type: str) -> bool:
    """Whether bodies of a media type become smaller."""
    name = content_type.partition(";")[0].strip().lower()
    return name.startswith(_TEXT) or name.endswith(("+json", "+xml")) or name in _TEXTUAL


_TEXTUAL = frozenset(
    {
        *("application/n-triples", "application/n-quads", "application/trig"),
        *("application/sparql-query", "application/yaml"),
    }
)


@lru_cache(maxsize=256)
def preferred(header: bytes | None) -> str:
    """The coding to use for a client's Accept-Encoding: "br", "gzip", or "" for none."""
    if not header:
        return ""
    weights = {}
    for member in header.decode("latin-1").lower().split(","):
        name, *parameters = [part.strip() for part in member.split(";")]
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        weights[name] = weight
    anything = weights.get("*", 0.0)
    brotli = weights.get("br", anything)
    gzip = max(weights.get("gzip", anything), weights.get("x-gzip", 0.0))
    identity = weights.get("identity", 0.0)
    best = max(brotli, gzip)
    if best <= 0 or best < identity:
        return ""
    return "br" if brotli >= gzip else "gzip"


def compressed(coding: str, body: bytes) -> bytes:
    """A whole body in a coding."""
    coder = Coder(coding)
    return coder.more(body) + coder.end()


class Coder:
    """A body in a coding, piece by piece."""

    def __init__(self, coding: str):
        if coding == "br":
            import brotli

            self._brotli = brotli.Compressor(quality=BROTLI_QUALITY, lgwin=18)
            self.more, self.end = self._brotli.process, self._brotli.finish
        else:
            gzip = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
            self.more, self.end = gzip.compress, gzip.flush

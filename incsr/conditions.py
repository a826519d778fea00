"""Conditions on the state of what a request names: entity tags, and what If-Match and If-None-Match say.

A graph's tag is made of the version of the data and of the format that is sent, so that every write, to
whatever graph, makes all of them old: no change is ever overlooked, and some requests are refused that need
not be. Knows no HTTP beyond the two headers, reads no graph.

Source: RFC 9110, sections 8.8.3 and 13.
"""

import hashlib
import re
import zlib

from incsr import __version__
from incsr.messages import Problem, ReadJob

_LIST = re.compile(r"(?:\s|,)*(W/)?\"([^\"]*)\"\s*(?=,|\Z)(?:\s|,)*")
# What the front adds to a tag where it compresses the answer, which is another representation then.
_CODINGS = ("-gzip", "-br")


def graph_tag(version: str, content_type: str) -> str:
    """The inside of the entity tag of a graph in a format, in this version of the data and of the program."""
    return f"{version}.{zlib.crc32(f'{__version__} {content_type}'.encode()):08x}"


def answer_tag(version: str, job: ReadJob) -> str:
    """What tells the answer to a job on a version of the data from every other: the inside of an ETag."""
    return text_tag(tag_ground(version, job), job.text)


def tag_ground(version: str, job: ReadJob) -> str:
    """All that an answer's tag depends on but the text."""
    limits = job.limits
    return (
        f"{version}\n{job.accept}\n{job.format}\n{job.operation} {limits.max_rows} {limits.max_bytes} "
        f"{job.graph} {job.default_graphs} {job.named_graphs} {job.base_iri}\n"
    )


def text_tag(ground: str, text: str) -> str:
    """The tag of the answer to a query's text."""
    said = (ground + text).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=12).hexdigest()


def is_of_version(tag: str, version: str) -> bool:
    """Whether a tag was given to a graph in this version of the data, in whatever format and coding."""
    return re.fullmatch(rf"{re.escape(version)}\.[0-9a-f]{{8}}(?:-gzip|-br)?", tag) is not None


def is_coded(tag: str, other: str) -> bool:
    """Whether a tag is another one, or the same with a content coding."""
    return tag == other or any(tag == other + coding for coding in _CODINGS)


def named(condition: str) -> list[tuple[bool, str]]:
    """The entity tags of a header as (whether it is weak, its inside); of a malformed one, none."""
    found, at = [], 0
    while at < len(condition):
        match = _LIST.match(condition, at)
        if match is None:
            return []
        found.append((match.group(1) is not None, match.group(2)))
        at = match.end()
    return found


def unmet(if_match: str | None, if_none_match: str | None, exists: bool, is_current) -> str | None:
    """The name of the header whose condition is false, or None.

    `exists`: whether there is a representation; `is_current` says it of the inside of a tag. If-Match
    compares strongly, a weak tag never matches; If-None-Match weakly (sections 13.1.1 and 13.1.2).
    """
    if if_match is not None:
        held = exists and (
            if_match.strip() == "*" or any(not weak and is_current(tag) for weak, tag in named(if_match))
        )
        if not held:
            return "If-Match"
    if (
        if_none_match is not None
        and exists
        and (if_none_match.strip() == "*" or any(is_current(tag) for _weak, tag in named(if_none_match)))
    ):
        return "If-None-Match"
    return None


def failed(header: str) -> Problem:
    """The problem of a request whose condition is false."""
    return Problem(
        412,
        "A precondition failed",
        f"What the request names is not in the state that its header {header} asks for. Nothing was changed.",
        "precondition-failed",
        "Read it anew by GET, and send the request with the ETag that comes with it, if it is still wanted.",
    )

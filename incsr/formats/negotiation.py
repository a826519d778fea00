"""How a client picks a format: the Accept header, or the short name of `?format=`.

Source: RFC 9110, sections 12.4 and 12.5.1. Refuses nothing by itself: None says that nothing is acceptable.
"""

import re
from dataclasses import replace
from functools import lru_cache

from incsr.formats.table import JSON_LD, OFFERS, PROFILE, by_name

# A list member, whose quoted strings may hold commas and semicolons.
# An unclosed string reaches to the end, so that no header makes the search start over and over.
_QUOTED = r'"(?:[^"\\]|\\.?)*+(?:"|\Z)'
_MEMBER = re.compile(rf'(?:[^,"]|{_QUOTED})++')
_PART = re.compile(rf'(?:[^;"]|{_QUOTED})++')
_QUALITY = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)\Z")


@lru_cache(maxsize=512)
def media_ranges(accept):
    """The ranges of an Accept header as (type, subtype, parameters, quality), without what is no range."""
    ranges = []
    for member in _MEMBER.findall(accept):
        name, *parts = _PART.findall(member) or [""]
        name = name.strip().lower()
        if name == "*":  # java.net.HttpURLConnection sends "*; q=.2"
            name = "*/*"
        type_, slash, subtype = name.partition("/")
        if not (slash and type_ and subtype) or (type_ == "*" and subtype != "*"):
            continue
        quality, parameters = 1.0, []
        for part in parts:
            key, _, value = part.partition("=")
            key, value = key.strip().lower(), value.strip()
            if key == "q":
                quality = min(float(value), 1.0) if _QUALITY.match(value) else 0.0
                break  # what follows the weight was an extension of HTTP/1.1 that nobody used
            parameters.append((key, value.strip('"')))
        ranges.append((type_, subtype, tuple(parameters), quality))
    return tuple(ranges)


def _match(media_type, parameters, range_):
    """How closely a range fits a media type (0: not at all)."""
    type_, subtype, asked, _ = range_
    if (type_, subtype) == ("*", "*"):
        return 1
    own_type, own_subtype = media_type.split("/")
    if type_ != own_type:
        return 0
    if subtype == "*":
        return 2
    if subtype != own_subtype:
        return 0
    exact = 0
    for key, value in asked:
        if key == "charset":
            if value.lower() not in ("utf-8", "utf8"):
                return 0
        elif key in parameters:
            if parameters[key] not in value.split():
                return 0
            exact += 1
    return 3 + exact


def _candidates(kind):
    """Every (format, media type, parameters, rank) of a kind; an alias ranks behind all canonical names."""
    own = [(offer, offer.media_type, {}, rank) for rank, offer in enumerate(OFFERS[kind])]
    if JSON_LD in OFFERS[kind]:
        for form in ("expanded", "flattened"):
            variant = replace(JSON_LD, profile=PROFILE + form)
            own.append((variant, variant.media_type, {"profile": PROFILE + form}, len(own)))
    others = [
        (offer.sent_as(alias), alias, {}, 100 + rank)
        for rank, offer in enumerate(OFFERS[kind])
        for alias in offer.aliases
    ]
    return own, others


@lru_cache(maxsize=1024)
def _negotiated(kind, accept):
    ranges = media_ranges(accept)
    own, others = _candidates(kind)
    best, best_key = None, None
    for format_, media_type, parameters, rank in [*own, *others]:
        closest, quality = 0, 0.0
        for range_ in ranges:
            fit = _match(media_type, parameters, range_)
            # Only a client that names an alias or a profile gets it: "*/*" means our own names.
            if (rank >= 100 and fit < 3) or (parameters and fit < 4):
                continue
            if fit > closest:
                closest, quality = fit, range_[3]
        if quality <= 0:
            continue
        key = (-quality, -min(closest, 3), -closest, rank)
        if best_key is None or key < best_key:
            best, best_key = format_, key
    return best


def negotiate(kind, accept=None, format=None):
    """The format for a result of `kind` ("solutions", "boolean", "graph", "dataset"), or None: 406.

    `accept` is the joined Accept header; absent or empty, our first offer is sent. `format` is the short
    name (or media type) of `?format=` and wins over it. Of equal quality, a type named outright goes before
    one that only a wildcard allows, then our own order decides.
    """
    if format:
        return by_name(kind, format)
    if accept is None or not accept.strip():
        return OFFERS[kind][0]
    return _negotiated(kind, accept)


def quality(accept, media_type):
    """The quality that an Accept header gives to one media type; 1 where there is no header."""
    if accept is None or not accept.strip():
        return 1.0
    closest, value = 0, 0.0
    for range_ in media_ranges(accept):
        fit = _match(media_type, {}, range_)
        if fit > closest:
            closest, value = fit, range_[3]
    return value


def prefers_html(accept):
    """Whether a client names HTML and would rather have it than any data format."""
    if not accept:
        return False
    html = max(quality(accept, "text/html"), quality(accept, "application/xhtml+xml"))
    named = any(
        type_ in ("text", "application") and subtype in ("html", "xhtml+xml") and weight > 0
        for type_, subtype, _, weight in media_ranges(accept)
    )
    rivals = ("text/turtle", "application/ld+json", "application/rdf+xml", "application/n-triples")
    named_rivals = [
        weight
        for type_, subtype, _, weight in media_ranges(accept)
        if f"{type_}/{subtype}" in (*rivals, "application/json", "application/problem+json")
    ]
    return named and html > 0 and all(html >= weight for weight in named_rivals)

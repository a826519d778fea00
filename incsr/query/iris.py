"""Resolving a relative IRI against a base.

Source: RFC 3986, section 5.2 (strict), on characters as RFC 3987, section 6.5 allows.
"""

import re

_PARTS = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?\Z", re.S
)


def resolve(base, reference):
    """The absolute IRI that a reference means, or the reference itself where there is no base."""
    scheme, authority, path, query, fragment = _PARTS.match(reference).groups()
    if scheme is not None:
        return reference
    if not base:
        return reference
    base_scheme, base_authority, base_path, base_query, _ = _PARTS.match(base).groups()
    if authority is not None:
        path = _without_dots(path)
    else:
        authority = base_authority
        if not path:
            path = base_path
            query = base_query if query is None else query
        elif path.startswith("/"):
            path = _without_dots(path)
        elif base_authority is not None and not base_path:
            path = _without_dots("/" + path)
        else:
            path = _without_dots(base_path[: base_path.rfind("/") + 1] + path)
    parts = [f"{base_scheme}:" if base_scheme is not None else ""]
    parts.append(f"//{authority}" if authority is not None else "")
    parts.append(path)
    parts.append(f"?{query}" if query is not None else "")
    parts.append(f"#{fragment}" if fragment is not None else "")
    return "".join(parts)


def _without_dots(path):
    """Section 5.2.4: `.` and `..` taken out of a path."""
    kept = []
    segments = path.split("/")
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if segment == ".":
            if last:
                kept.append("")
        elif segment == "..":
            if len(kept) > 1 or (kept and kept[0]):
                kept.pop()
            if last:
                kept.append("")
        else:
            kept.append(segment)
    return "/".join(kept)

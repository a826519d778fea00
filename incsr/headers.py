"""What every response says to browsers, in one place; a response that says otherwise itself is left alone.

Data is untrusted when it is shown: nothing but our own files may run or style a page, and nobody frames it.
"""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

SECURITY = (
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    # A query may stand in the address, and the address is nobody else's business.
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
)


def tagged(tag: str, coding: str) -> bytes:
    """The header lines of an answer that can be asked for again, in a content coding or in none."""
    suffix = f"-{coding}" if coding else ""
    return f'etag: "{tag}{suffix}"\r\ncache-control: no-cache\r\n'.encode()


def missing(names) -> list[tuple[str, str]]:
    """The security headers that are not among `names` (lower case)."""
    held = set(names)
    return [(name, value) for name, value in SECURITY if name not in held]

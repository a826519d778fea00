"""Who may write: whoever bears the token that the operator has set, and nobody where none is set.

Source: RFC 6750, sections 2.1 and 3. The token is never repeated, logged, or looked for in a URL.
"""

import hmac

from incsr.endpoint.problems import problem
from incsr.messages import Problem, Request

REALM = 'Bearer realm="incsr"'


def refused_write(request: Request, settings) -> Problem | None:
    """The problem of a request to write that is not allowed to, or None where it is.

    Returns: 403 where writes are off; 401 with WWW-Authenticate where the token is missing or another one.
    """
    if not settings.write_token:
        return problem(
            403,
            "writes-off",
            "Writing is switched off",
            "This service publishes its data and takes no changes.",
            "An operator switches it on by starting the service with INCSR_WRITE_TOKEN set.",
        )
    header = request.header("authorization")
    scheme, _, credentials = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not credentials.strip():
        return problem(
            401,
            "no-token",
            "Writing needs the token",
            "The request has no Authorization header with a bearer token.",
            "Send the header Authorization: Bearer followed by the token.",
            headers=(("www-authenticate", REALM),),
        )
    if not hmac.compare_digest(credentials.strip().encode(), settings.write_token.encode()):
        return problem(
            401,
            "wrong-token",
            "The token is not the right one",
            "The Authorization header has a bearer token, but not the one that this service takes.",
            "Ask the operator for the token.",
            headers=(("www-authenticate", f'{REALM}, error="invalid_token"'),),
        )
    return None

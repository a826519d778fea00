"""The parameters of one operation, and the rules that all operations share.

Source: SPARQL 1.1 Protocol, section 2.1. How they are decoded: `incsr.forms`.
"""

from incsr.endpoint.addresses import is_absolute_iri
from incsr.endpoint.problems import refuse
from incsr.forms import BadEncoding, pairs
from incsr.namespaces import BASE
from incsr.store.view import UNION

# Less time than this no answer takes, not even that time is up.
LEAST_TIMEOUT_S = 0.05


def query_bytes(query_string: str) -> bytes:
    """A raw query string as the bytes that came: servers hand them over as Latin-1."""
    try:
        return query_string.encode("latin-1")
    except UnicodeEncodeError:
        return query_string.encode()


class Parameters:
    """The parameters of one operation, by name."""

    def __init__(self, found):
        self._found = found

    @classmethod
    def of_query_string(cls, query_string):
        """Raises: Refusal with 400 for what cannot be decoded."""
        return cls.of_form(query_bytes(query_string))

    @classmethod
    def of_form(cls, raw):
        """Raises: Refusal with 400 for what cannot be decoded."""
        try:
            return cls(pairs(raw))
        except BadEncoding as error:
            text = str(error)
            refuse(400, "bad-encoding", "The parameters cannot be decoded", f"{text[0].upper()}{text[1:]}.")

    def __contains__(self, name):
        return any(key == name for key, _ in self._found)

    @property
    def names(self):
        return [key for key, _ in self._found]

    def join(self, others):
        self._found = self._found + others._found

    def all(self, name):
        return tuple(value for key, value in self._found if key == name)

    def only(self, name):
        """The one value, or None. Raises: Refusal where there are several."""
        values = self.all(name)
        if len(values) > 1:
            refuse(
                400,
                f"several-{name}",
                f"There is more than one {name}",
                f"The parameter {name} stands {len(values)} times; one request is one operation.",
                "Send several requests.",
            )
        return values[0] if values else None

    def graphs(self, name, beside):
        """The graph IRIs of a parameter; None where neither it nor its companion is given.

        Raises: Refusal for an IRI that is relative or none.
        """
        iris = self.all(name)
        for iri in iris:
            check_graph_iri(iri, name)
        return iris if iris or beside in self else None

    def forbid(self, names, operation, instead):
        for name in names:
            if name in self:
                refuse(
                    400,
                    "misplaced-parameter",
                    f"{name} belongs to {operation}",
                    f"This request is another operation, which does not know {name}.",
                    f"Use {instead}.",
                )


def check_graph_iri(iri, name):
    """Raises: Refusal for a graph IRI that is relative, none at all, or kept for the service itself."""
    if not is_absolute_iri(iri):
        refuse(
            400,
            "bad-graph-iri",
            "This is no absolute IRI of a graph",
            f"The parameter {name} is {iri[:200]!r}.",
            f"Write it in full, such as {BASE}graph/incsr2014, and percent-encode it in the URL.",
        )
    if iri == UNION:
        refuse(
            400,
            "reserved-graph",
            "This graph is the service's own",
            f"The parameter {name} names the graph that holds the union of all others.",
            "Leave the parameter out: a query sees the union by default.",
        )

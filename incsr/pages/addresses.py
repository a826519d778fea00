"""Where this server shows things: the paths of `names` under the prefix that the service is mounted at."""

from flask import g, url_for

from incsr.pages import names


def here(path):
    """A path from the root of the pages, such as "/report/2014-cbp", as an address of this server."""
    return root() + path


def root():
    """The prefix under which the pages answer, "" at the top; known only while a request is answered."""
    if "pages_root" not in g:
        g.pages_root = url_for("pages.home").rstrip("/")
    return g.pages_root


def address_of(iri):
    """Where an IRI leads: to its page here, else to itself where it is a web address, else nowhere ("").

    Data is untrusted when it is shown: no `javascript:` or `data:` IRI ever becomes a link.
    """
    path = names.path_of(iri)
    if path is not None:
        return here(path)
    return iri if iri.startswith(("http://", "https://")) else ""


def words_address(start, end):
    """Where the annotated report shows one passage."""
    return here(names.words_path(start, end))

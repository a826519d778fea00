"""Graphs in RDF/XML, with the prefixes used, one element a subject.

Refuses what RDF/XML cannot say: a predicate that does not end in an XML name, a triple term, a literal with
a character that XML 1.0 does not have. The engine's own writer is ill-formed in the first and third case.

Source: RDF 1.1 XML Syntax (W3C, 2014).
"""

import re

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from incsr.formats.errors import Unwritable
from incsr.formats.solutions import NOT_XML, STRING, direction_attributes, xml_attribute, xml_text
from incsr.formats.turtle import property_order

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_START = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_LOCAL = re.compile(f"[{_START}][{_START}.0-9\u00b7\u0300-\u036f\u203f-\u2040-]*\\Z")
_TAIL = re.compile(f"[{_START}.0-9\u00b7\u0300-\u036f\u203f-\u2040-]*\\Z")
_NOT_START = re.compile(f"[^{_START}]*")
# Names of the RDF namespace that no property may have (section 5.1); rdf:li would be renumbered.
_RESERVED = {
    RDF + name
    for name in (
        "Description",
        "RDF",
        "ID",
        "about",
        "parseType",
        "resource",
        "nodeID",
        "datatype",
        "li",
        "bagID",
        "aboutEach",
        "aboutEachPrefix",
    )
}


def split(iri):
    """(namespace, XML name) of a predicate, at the end of its namespace as people see it.

    Raises: Unwritable where the IRI does not end in an XML name.
    """
    if iri in _RESERVED:
        raise Unwritable("RDF/XML", f"the predicate <{iri}>, which its grammar keeps for itself")
    cut = max(iri.rfind("#"), iri.rfind("/")) + 1
    if not _LOCAL.match(iri[cut:]):
        tail = _TAIL.search(iri)
        cut = _NOT_START.match(iri, tail.start()).end()
        if not _LOCAL.match(iri[cut:]):
            raise Unwritable("RDF/XML", f"the predicate <{iri}>, which does not end in an XML name")
    return iri[:cut], iri[cut:]


def document(triples, prefixes):
    """The pieces of an RDF/XML document."""
    by_subject = {}
    for triple in triples:
        if isinstance(triple.subject, Triple):
            raise Unwritable("RDF/XML", f"the triple term {triple.subject}")
        by_subject.setdefault(triple.subject, {}).setdefault(triple.predicate.value, []).append(triple.object)
    known = {iri: prefix for prefix, iri in prefixes.items()}
    namespaces, names = {RDF: "rdf"}, {}
    for properties in by_subject.values():
        for predicate in properties:
            if predicate not in names:
                namespace, local = split(predicate)
                prefix = namespaces.get(namespace)
                if prefix is None:
                    prefix = namespaces[namespace] = known.get(namespace, f"ns{len(namespaces)}")
                names[predicate] = f"{prefix}:{local}"
    labels = {}
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF'
    yield "".join(
        f'\n    xmlns:{prefix}="{xml_attribute(iri)}"'
        for iri, prefix in sorted(namespaces.items(), key=lambda n: n[1])
    )
    yield ">\n"
    for subject, properties in by_subject.items():
        yield f"  <rdf:Description {_reference(subject, 'about', labels)}>\n"
        for predicate in sorted(properties, key=property_order):
            for value in sorted(properties[predicate], key=str):
                yield f"    {_property(names[predicate], value, labels)}\n"
        yield "  </rdf:Description>\n"
    yield "</rdf:RDF>\n"


def _reference(term, attribute, labels):
    if isinstance(term, BlankNode):
        return f'rdf:nodeID="{labels.setdefault(term, f"b{len(labels)}")}"'
    if NOT_XML.search(term.value):
        raise Unwritable("RDF/XML", f"the IRI {term}")
    return f'rdf:{attribute}="{xml_attribute(term.value)}"'


def _property(name, value, labels):
    if isinstance(value, NamedNode | BlankNode):
        return f"<{name} {_reference(value, 'resource', labels)}/>"
    if not isinstance(value, Literal):
        raise Unwritable("RDF/XML", f"the triple term {value}")
    if NOT_XML.search(value.value):
        character = ord(NOT_XML.search(value.value).group())
        raise Unwritable(
            "RDF/XML", f"a literal with the character U+{character:04X}, which XML 1.0 does not have"
        )
    attributes = ""
    if value.language:
        attributes = f' xml:lang="{xml_attribute(value.language)}"'
        if value.direction:
            attributes += direction_attributes(value)
    elif value.datatype.value != STRING:
        attributes = f' rdf:datatype="{xml_attribute(value.datatype.value)}"'
    return f"<{name}{attributes}>{xml_text(value.value)}</{name}>"

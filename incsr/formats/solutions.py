"""Solutions (the result of SELECT) in JSON, XML, CSV and TSV, written from terms.

Each function takes the variables' names and an iterable of rows (a term or None for each variable, in
order) and yields strings. A literal is written as it is spelled. The engine writes JSON and TSV as well and
faster (`incsr.formats.write` lets it where it evaluated itself); its XML is ill-formed for control
characters and loses carriage returns, and its CSV does not quote an IRI with a comma.
"""

import re
from json.encoder import encode_basestring as json_string

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from incsr.namespaces import BASE

XSD = "http://www.w3.org/2001/XMLSchema#"
STRING = f"{XSD}string"
LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
DIR_LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#dirLangString"
ESCAPED = f"{BASE}xml#"

# What XML 1.0 cannot contain, not even as a character reference (section 2.2).
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def json(variables, rows):
    """SPARQL 1.1 Query Results JSON Format (W3C, 2013), with the terms of RDF 1.2."""
    yield (
        '{"head":{"vars":[' + ",".join(json_string(name) for name in variables) + ']},"results":{"bindings":['
    )
    keys = [json_string(name) + ":" for name in variables]
    separator = ""
    for row in rows:
        bindings = [key + _json_term(term) for key, term in zip(keys, row, strict=True) if term is not None]
        yield f"{separator}{{{','.join(bindings)}}}"
        separator = ","
    yield "]}}"


def _json_term(term):
    if isinstance(term, NamedNode):
        return f'{{"type":"uri","value":{json_string(term.value)}}}'
    if isinstance(term, Literal):
        value = f'{{"type":"literal","value":{json_string(term.value)}'
        if term.language:
            direction = f',"its:dir":"{term.direction.value}"' if term.direction else ""
            return f'{value},"xml:lang":{json_string(term.language)}{direction}}}'
        datatype = term.datatype.value
        return f"{value}}}" if datatype == STRING else f'{value},"datatype":{json_string(datatype)}}}'
    if isinstance(term, BlankNode):
        return f'{{"type":"bnode","value":{json_string(term.value)}}}'
    parts = (("subject", term.subject), ("predicate", term.predicate), ("object", term.object))
    inner = ",".join(f'"{name}":{_json_term(part)}' for name, part in parts)
    return f'{{"type":"triple","value":{{{inner}}}}}'


def xml_text(text):
    """Character data: a carriage return survives only as a reference (XML 1.0, section 2.11)."""
    if not _XML_SPECIAL.search(text):
        return text
    return text.translate(_XML_TEXT)


def xml_attribute(text):
    """The inside of a double-quoted attribute; white space other than a space survives as references."""
    if not _XML_SPECIAL_ATTRIBUTE.search(text):
        return text
    return text.translate(_XML_ATTRIBUTE)


_XML_SPECIAL = re.compile("[&<>\r]")
_XML_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_XML_SPECIAL_ATTRIBUTE = re.compile('[&<>"\t\n\r]')
_XML_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def xml(variables, rows):
    """SPARQL Query Results XML Format (Second Edition, W3C, 2013).

    A literal with a character that XML cannot contain is written with each such character as `\\uXXXX` and
    each backslash doubled, and says so with the attribute `escaped="unicode"` of the namespace ESCAPED: the
    document stays well-formed, and nothing is lost.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head>'
    yield "".join(f'<variable name="{xml_attribute(name)}"/>' for name in variables) + "</head><results>"
    opens = [f'<binding name="{xml_attribute(name)}">' for name in variables]
    for row in rows:
        bindings = [
            f"{open_}{_xml_term(term)}</binding>"
            for open_, term in zip(opens, row, strict=True)
            if term is not None
        ]
        yield f"<result>{''.join(bindings)}</result>"
    yield "</results></sparql>\n"


def _xml_term(term):
    if isinstance(term, NamedNode):
        return f"<uri>{xml_text(_visible(term.value))}</uri>"
    if isinstance(term, Literal):
        value, attributes = term.value, ""
        if term.language:
            attributes = f' xml:lang="{xml_attribute(term.language)}"'
            if term.direction:
                attributes += direction_attributes(term)
        elif (datatype := term.datatype.value) != STRING:
            attributes = f' datatype="{xml_attribute(_visible(datatype))}"'
        if NOT_XML.search(value):
            value = NOT_XML.sub(_unicode_escape, value.replace("\\", "\\\\"))
            attributes += f' xmlns:incsr="{ESCAPED}" incsr:escaped="unicode"'
        return f"<literal{attributes}>{xml_text(value)}</literal>"
    if isinstance(term, BlankNode):
        return f"<bnode>{term.value}</bnode>"
    return (
        f"<triple><subject>{_xml_term(term.subject)}</subject>"
        f"<predicate>{_xml_term(term.predicate)}</predicate>"
        f"<object>{_xml_term(term.object)}</object></triple>"
    )


def direction_attributes(literal):
    """The base direction of a literal, in the attributes of the Internationalization Tag Set (RDF 1.2)."""
    namespace = "http://www.w3.org/2005/11/its"
    return f' xmlns:its="{namespace}" its:version="2.0" its:dir="{literal.direction.value}"'


def _unicode_escape(match):
    return f"\\u{ord(match.group()):04X}"


def _visible(iri):
    """An IRI whose characters outside XML are percent-encoded; none that RFC 3987 allows is touched."""
    return NOT_XML.sub(lambda match: "".join(f"%{byte:02X}" for byte in match.group().encode()), iri)


_CSV_SPECIAL = re.compile('[",\r\n]')


def csv(variables, rows):
    """SPARQL 1.1 Query Results CSV Format (W3C, 2013, section 3), after RFC 4180.

    The only column's empty field is quoted: an empty line is what readers of CSV skip, with its solution.
    """
    yield ",".join(_csv_field(name) for name in variables) + "\r\n"
    lone = len(variables) == 1
    for row in rows:
        line = ",".join([_csv_term(term) for term in row])
        yield f"{line}\r\n" if line or not lone else '""\r\n'


def _csv_term(term):
    if term is None:
        return ""
    if isinstance(term, BlankNode):
        return f"_:{term.value}"
    if isinstance(term, Triple):
        return _csv_field(str(term))
    return _csv_field(term.value)


def _csv_field(text):
    if _CSV_SPECIAL.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


INTEGER = re.compile(r"[+-]?[0-9]+\Z")
DECIMAL = re.compile(r"[+-]?[0-9]*\.[0-9]+\Z")
DOUBLE = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+\Z")
_ABBREVIATED = {
    f"{XSD}integer": INTEGER,
    f"{XSD}decimal": DECIMAL,
    f"{XSD}double": DOUBLE,
    f"{XSD}boolean": re.compile(r"(?:true|false)\Z"),
}


def short_literal(literal):
    """A literal as Turtle and TSV write it: numbers and booleans bare where their spelling allows."""
    datatype = literal.datatype.value
    pattern = _ABBREVIATED.get(datatype)
    if pattern is not None:
        return literal.value if pattern.match(literal.value) else str(literal)
    return str(literal)


def tsv(variables, rows):
    """SPARQL 1.1 Query Results TSV Format (W3C, 2013, section 4): terms as Turtle writes them."""
    yield "\t".join(f"?{name}" for name in variables) + "\n"
    for row in rows:
        yield "\t".join([_tsv_term(term) for term in row]) + "\n"


def _tsv_term(term):
    if term is None:
        return ""
    text = short_literal(term) if isinstance(term, Literal) else str(term)
    return text.replace("\t", "\\t") if "\t" in text else text

"""The catalogue as DCAT 3 (W3C, 2024), so that it also holds by the shapes of DCAT-AP 3.0.1.

Every node that a shape asks to be of some class says its class in the same graph: a harvester does not follow
an IRI to learn that a licence is a licence.
"""

from pyoxigraph import Literal, NamedNode, Triple

from incsr import catalog as words
from incsr.namespaces import PREFIXES as KNOWN

PREFIXES = {
    **KNOWN,
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "media-type": "https://www.iana.org/assignments/media-types/",
}
EU = "http://publications.europa.eu/resource/authority/"
ENGLISH = f"{EU}language/ENG"
IRREGULAR = f"{EU}frequency/IRREG"
JUSTICE = f"{EU}data-theme/JUST"
THEMES = f"{EU}data-theme"
PUBLIC = f"{EU}access-right/PUBLIC"
SHA256 = f"{PREFIXES['spdx']}checksumAlgorithm_sha256"
MEDIA_TYPES = PREFIXES["media-type"]


def iri(name: str) -> NamedNode:
    """`dcat:Dataset` as a term, or an IRI that is written out."""
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local if prefix in PREFIXES and not local.startswith("//") else name)


class _Writer:
    """Collects triples, each once."""

    def __init__(self):
        self.triples = {}

    def say(self, subject, predicate, *objects):
        for value in objects:
            if value in ("", None):
                continue
            term = value if isinstance(value, Literal | NamedNode) else iri(value)
            self.triples[Triple(NamedNode(subject), iri(predicate), term)] = None

    def typed(self, subject, *classes):
        self.say(subject, "rdf:type", *classes)
        return subject


def english(text: str) -> Literal:
    return Literal(text, language="en")


def typed(text, datatype: str) -> Literal:
    return Literal(str(text), datatype=iri(f"xsd:{datatype}"))


def triples(catalog: words.Catalog) -> list[Triple]:
    """Graph: <catalog> a dcat:Catalog ; dcat:dataset ?d ; dcat:service ?s . ?d dcat:distribution ?file ."""
    out = _Writer()
    _vocabulary(out)
    contact = _contact(out, catalog)
    top = out.typed(words.IRI, "dcat:Catalog")
    out.say(top, "dcterms:title", english(words.TITLE))
    out.say(top, "dcterms:description", english(words.DESCRIPTION))
    out.say(top, "dcterms:publisher", words.PUBLISHER)
    out.say(top, "dcterms:license", words.LICENSE)
    out.say(top, "dcterms:language", ENGLISH)
    out.say(top, "dcterms:issued", typed(catalog.issued, "date"))
    out.say(top, "dcterms:modified", typed(catalog.modified, "date"))
    out.say(top, "dcat:version", Literal(catalog.version))
    out.say(top, "dcat:themeTaxonomy", THEMES)
    out.say(top, "foaf:homepage", out.typed(catalog.home, "foaf:Document"))
    out.say(top, "dcat:contactPoint", contact)
    for service in catalog.services:
        out.say(top, "dcat:service", service.iri)
        _service(out, service, catalog, contact)
    _series(out, catalog, contact)
    out.say(top, "dcat:dataset", words.SERIES)
    for dataset in catalog.datasets:
        out.say(top, "dcat:dataset", dataset.iri)
        _dataset(out, dataset, catalog, contact)
    return list(out.triples)


def _vocabulary(out):
    """What is referred to everywhere: publisher, licence, language, frequency, theme."""
    publisher = out.typed(words.PUBLISHER, "foaf:Agent", "foaf:Project", "prov:Agent")
    out.say(publisher, "foaf:name", english(words.PUBLISHER_NAME))
    out.typed(words.LICENSE, "dcterms:LicenseDocument")
    out.typed(ENGLISH, "dcterms:LinguisticSystem")
    out.typed(IRREGULAR, "dcterms:Frequency")
    out.typed(PUBLIC, "dcterms:RightsStatement")
    out.typed(THEMES, "skos:ConceptScheme")
    out.say(THEMES, "dcterms:title", english("Data theme"))
    out.typed(JUSTICE, "skos:Concept")
    out.say(JUSTICE, "skos:prefLabel", english("Justice, legal system and public safety"))
    out.say(JUSTICE, "skos:inScheme", THEMES)
    out.typed(SHA256, "spdx:ChecksumAlgorithm")


def _contact(out, catalog):
    """The contact, whose address is the site's own page where the operator has set no mailbox."""
    contact = out.typed(f"{words.IRI}#contact", "vcard:Kind", "vcard:Organization")
    out.say(contact, "vcard:fn", Literal(catalog.contact.name))
    out.say(contact, "vcard:hasEmail", catalog.contact.email)
    out.say(contact, "vcard:hasURL", catalog.home)
    return contact


def _resource(out, subject, title, description, catalog, contact):
    out.say(subject, "dcterms:title", english(title))
    out.say(subject, "dcterms:description", english(description))
    out.say(subject, "dcterms:publisher", words.PUBLISHER)
    out.say(subject, "dcat:contactPoint", contact)
    out.say(subject, "dcterms:issued", typed(catalog.issued, "date"))
    out.say(subject, "dcterms:modified", typed(catalog.modified, "date"))


def _service(out, service, catalog, contact):
    subject = out.typed(service.iri, "dcat:DataService")
    out.say(subject, "dcterms:title", english(service.title))
    out.say(subject, "dcterms:description", english(service.description))
    out.say(subject, "dcterms:publisher", words.PUBLISHER)
    out.say(subject, "dcat:contactPoint", contact)
    out.say(subject, "dcterms:license", words.LICENSE)
    out.say(subject, "dcterms:accessRights", PUBLIC)
    out.say(subject, "dcat:endpointURL", out.typed(service.url, "rdfs:Resource"))
    out.say(subject, "dcat:endpointDescription", out.typed(service.described_by, "rdfs:Resource"))
    if service.conforms_to:
        out.say(subject, "dcterms:conformsTo", out.typed(service.conforms_to, "dcterms:Standard"))
    out.say(subject, "dcat:servesDataset", *(dataset.iri for dataset in catalog.datasets))


def _series(out, catalog, contact):
    # A series is a data set by DCAT's own axiom (section 6.7), which no harvester applies.
    series = out.typed(words.SERIES, "dcat:DatasetSeries", "dcat:Dataset")
    _resource(out, series, words.SERIES_TITLE, words.SERIES_DESCRIPTION, catalog, contact)
    out.say(series, "dcterms:accrualPeriodicity", IRREGULAR)
    members = [dataset.iri for dataset in catalog.datasets if dataset.in_series]
    if members:
        out.say(series, "dcat:first", members[0])
        out.say(series, "dcat:last", members[-1])
        out.say(series, "dcat:seriesMember", *members)


def _dataset(out, dataset, catalog, contact):
    subject = out.typed(dataset.iri, "dcat:Dataset")
    _resource(out, subject, dataset.title, dataset.description, catalog, contact)
    out.say(subject, "dcterms:identifier", Literal(dataset.iri))
    out.say(subject, "dcterms:creator", words.PUBLISHER)
    out.say(subject, "dcterms:license", words.LICENSE)
    out.say(subject, "dcterms:accessRights", PUBLIC)
    out.say(subject, "dcterms:language", ENGLISH)
    out.say(subject, "dcterms:accrualPeriodicity", IRREGULAR)
    out.say(subject, "dcat:version", Literal(catalog.version))
    out.say(subject, "dcat:theme", JUSTICE)
    out.say(subject, "dcat:keyword", *(english(word) for word in words.KEYWORDS))
    out.say(subject, "dcat:landingPage", out.typed(dataset.page, "foaf:Document"))
    # DCAT-AP keeps dcterms:source for data sets; a report is none.
    out.say(subject, "prov:wasDerivedFrom", *dataset.sources)
    for place in dataset.places:
        out.say(subject, "dcterms:spatial", out.typed(place.iri, "dcterms:Location"))
        out.say(place.iri, "skos:prefLabel", english(place.name))
    if dataset.begins:
        period = out.typed(dataset.period_iri, "dcterms:PeriodOfTime")
        out.say(subject, "dcterms:temporal", period)
        out.say(period, "dcat:startDate", typed(dataset.begins, "date"))
        if dataset.ends:
            out.say(period, "dcat:endDate", typed(dataset.ends, "date"))
    if dataset.in_series:
        out.say(subject, "dcat:inSeries", words.SERIES)
    for file in dataset.distributions:
        out.say(subject, "dcat:distribution", file.iri)
        _distribution(out, file, catalog)


def _distribution(out, file, catalog):
    subject = out.typed(file.iri, "dcat:Distribution")
    out.say(subject, "dcterms:title", english(file.title))
    out.say(subject, "dcat:accessURL", file.url)
    out.say(subject, "dcat:downloadURL", file.url)
    out.say(subject, "dcat:mediaType", out.typed(MEDIA_TYPES + file.media_type, "dcterms:MediaType"))
    out.say(subject, "dcterms:format", out.typed(MEDIA_TYPES + file.media_type, "dcterms:MediaTypeOrExtent"))
    out.say(subject, "dcat:byteSize", typed(file.size, "nonNegativeInteger"))
    out.say(subject, "dcterms:license", words.LICENSE)
    out.say(subject, "dcterms:modified", typed(catalog.modified, "date"))
    checksum = out.typed(f"{file.iri}-checksum", "spdx:Checksum")
    out.say(subject, "spdx:checksum", checksum)
    out.say(checksum, "spdx:algorithm", SHA256)
    out.say(checksum, "spdx:checksumValue", typed(file.sha256, "hexBinary"))
    out.say(subject, "rdfs:seeAlso", file.described_by)

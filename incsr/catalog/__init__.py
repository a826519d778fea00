"""What is published here, said once, and written in the vocabularies that harvesters read.

`Catalog` is the plain value; `dcat` writes it as DCAT 3, `united_states` as data.gov's harvest file and as
DCAT-US 3, `search_engines` as schema.org, `tables` says what a table's columns mean (CSV on the Web).
Nothing here reads the graph or knows a web framework: whoever serves the catalogue fills in the values.

IRIs are of the project's base on every host. Addresses (`url`, `home`) are those of the host that serves,
since a harvester has to fetch from there.
"""

from dataclasses import dataclass, field

from incsr.namespaces import BASE, ID

IRI = f"{BASE}catalog"
PUBLISHER = BASE
PUBLISHER_NAME = "INCSR 2014 as linked data"
SERIES = f"{IRI}#editions"
FIRST_EDITION = f"{ID}dataset/incsr2014"
LICENSE = "http://creativecommons.org/publicdomain/zero/1.0/"
TITLE = "The 2014 INCSR page on U.S. Customs and Border Protection, as data"
DESCRIPTION = (
    "Every figure, organization, program and place of the page on U.S. Customs and Border Protection in the "
    "2014 International Narcotics Control Strategy Report, with the exact words each rests on; our links to "
    "other open data, derived figures, and figures of other years. An independent edition: not a site of the "
    "U.S. government, and not endorsed by any agency."
)
SERIES_TITLE = "Figures of the INCSR pages on U.S. Customs and Border Protection, by edition"
SERIES_DESCRIPTION = "One data set for each edition of the page; so far there is one, of March 2014."
KEYWORDS = (
    "customs",
    "border protection",
    "narcotics control",
    "seizures",
    "training",
    "INCSR",
    "linked data",
)


@dataclass(frozen=True, slots=True)
class Distribution:
    """One file: where it is fetched, in which format, how large, and its SHA-256."""

    name: str  # the file's name, such as "incsr2014.ttl"
    title: str
    url: str
    media_type: str
    format: str
    size: int
    sha256: str
    described_by: str = ""  # the address of its CSV on the Web metadata

    @property
    def iri(self) -> str:
        return f"{IRI}#file-{self.name.replace('.', '-').replace('/', '-')}"


@dataclass(frozen=True, slots=True)
class Place:
    iri: str
    name: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """One data set; `page` is the address of the page about it."""

    iri: str
    title: str
    description: str
    page: str
    distributions: tuple[Distribution, ...] = ()
    sources: tuple[str, ...] = ()  # IRIs of what it was taken from
    places: tuple[Place, ...] = ()
    begins: str = ""  # ISO 8601 dates, both included
    ends: str = ""
    rows: int = 0
    in_series: bool = False

    @property
    def period_iri(self) -> str:
        return f"{IRI}#period-{self.begins}-{self.ends or 'open'}"


@dataclass(frozen=True, slots=True)
class Service:
    """One interface for programs."""

    iri: str
    title: str
    description: str
    url: str
    described_by: str  # the address of its description
    conforms_to: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom a harvester writes to. `email` is a mailto: address, empty where the operator has set none."""

    name: str = PUBLISHER_NAME
    email: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    home: str
    url: str
    version: str
    issued: str
    modified: str
    datasets: tuple[Dataset, ...]
    services: tuple[Service, ...]
    contact: Contact = field(default_factory=Contact)

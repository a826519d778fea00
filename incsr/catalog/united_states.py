"""The catalogue as U.S. government harvesters read it: data.gov's `/data.json`, and DCAT-US 3.

No dates in DCAT-US: its schema wants a date to be one of two formats, and not both. A validator that takes
formats for remarks, as JSON Schema 2020-12 has it, finds that every text is both, and refuses every date
there can be. The dates stand in `versionNotes`, and periods are named by their IRIs in the DCAT catalogue,
which holds them.

Honesty about codes: the schema of Project Open Data demands a bureau code and a program code of an agency. We
are none, and there is no code for that. 000 is assigned to no agency (OMB Circular A-11, Appendix C, begins
with 001), so `000:00` and `000:000` meet the schema and claim nobody's authority; the publisher and the
rights say in words that this is an independent edition. The same holds for the mailbox that the schema
demands: where the operator has set none, it is one under `.invalid`, which nobody can have (RFC 2606, section
2).
"""

from incsr import catalog as words

PROJECT_OPEN_DATA = "https://project-open-data.cio.gov/v1.1/schema"
NO_BUREAU, NO_PROGRAM = "000:00", "000:000"
NO_MAILBOX = "mailto:no-contact-set@incsr.invalid"
RIGHTS = (
    "An independent edition of a public report; not published or endorsed by any agency. "
    "Dedicated to the public domain."
)
SHA256 = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"


def project_open_data(catalog: words.Catalog) -> dict:
    """`/data.json` by the Project Open Data Metadata Schema 1.1; a text that says nothing is left out."""
    return {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@id": f"{catalog.home}data.json",
        "@type": "dcat:Catalog",
        "conformsTo": PROJECT_OPEN_DATA,
        "describedBy": f"{PROJECT_OPEN_DATA}/catalog.json",
        "dataset": [_project_dataset(dataset, catalog) for dataset in catalog.datasets],
    }


def _project_dataset(dataset, catalog):
    return _said(
        {
            "@type": "dcat:Dataset",
            "identifier": dataset.iri,
            "title": dataset.title,
            "description": dataset.description,
            "keyword": list(words.KEYWORDS),
            "issued": catalog.issued,
            "modified": catalog.modified,
            "accrualPeriodicity": "irregular",
            "publisher": {"@type": "org:Organization", "name": words.PUBLISHER_NAME},
            "contactPoint": {
                "@type": "vcard:Contact",
                "fn": catalog.contact.name,
                "hasEmail": catalog.contact.email or NO_MAILBOX,
            },
            "accessLevel": "public",
            "rights": RIGHTS,
            "bureauCode": [NO_BUREAU],
            "programCode": [NO_PROGRAM],
            "license": words.LICENSE,
            "language": ["en"],
            "landingPage": dataset.page,
            "references": list(dataset.sources),
            "spatial": "; ".join(place.name for place in dataset.places),
            "temporal": f"{dataset.begins}/{dataset.ends}" if dataset.begins and dataset.ends else "",
            "distribution": [
                _said(
                    {
                        "@type": "dcat:Distribution",
                        "title": file.title,
                        "downloadURL": file.url,
                        "mediaType": file.media_type,
                        "format": file.format,
                        "describedBy": file.described_by,
                        "describedByType": "application/csvm+json" if file.described_by else "",
                    }
                )
                for file in dataset.distributions
            ],
        }
    )


def dcat_us(catalog: words.Catalog) -> dict:
    """`/dcat-us.json` by DCAT-US 3.0.0: its JSON form, whose names are those of its schema."""
    publisher = {
        "@id": words.PUBLISHER,
        "@type": "Organization",
        "name": words.PUBLISHER_NAME,
        "prefLabel": words.PUBLISHER_NAME,
    }
    contact = {
        "@type": "Kind",
        "fn": catalog.contact.name,
        "hasEmail": catalog.contact.email or NO_MAILBOX,
    }
    common = {
        "publisher": publisher,
        "contactPoint": [contact],
    }
    license_ = {"@id": words.LICENSE, "@type": "LicenseDocument"}
    series = {
        "@id": words.SERIES,
        "@type": "DatasetSeries",
        "title": words.SERIES_TITLE,
        "description": words.SERIES_DESCRIPTION,
        **common,
        "seriesMember": [dataset.iri for dataset in catalog.datasets if dataset.in_series],
    }
    return {
        "@id": words.IRI,
        "@type": "Catalog",
        "title": words.TITLE,
        "description": words.DESCRIPTION,
        **common,
        "license": license_,
        "homepage": {"@id": catalog.home, "@type": "Document", "title": words.TITLE},
        "dataset": [_us_dataset(dataset, catalog, common, license_, series) for dataset in catalog.datasets],
        "service": [
            _said(
                {
                    "@id": service.iri,
                    "@type": "DataService",
                    "title": service.title,
                    "description": service.description,
                    "publisher": publisher,
                    "contactPoint": [contact],
                    "license": license_,
                    "endpointURL": [service.url],
                    "endpointDescription": [service.described_by],
                    "servesDataset": [dataset.iri for dataset in catalog.datasets],
                }
            )
            for service in catalog.services
        ],
    }


def _us_dataset(dataset, catalog, common, license_, series):
    return _said(
        {
            "@id": dataset.iri,
            "@type": "Dataset",
            "title": dataset.title,
            "description": dataset.description,
            "identifier": [dataset.iri],
            **common,
            "keyword": ", ".join(words.KEYWORDS),
            "version": catalog.version,
            "versionNotes": f"Issued {catalog.issued}, last modified {catalog.modified}.",
            "license": license_,
            "landingPage": {"@id": dataset.page, "@type": "Document", "title": dataset.title},
            "inSeries": [series] if dataset.in_series else [],
            "temporal": [dataset.period_iri] if dataset.begins else [],
            "spatial": [
                {"@id": place.iri, "@type": "Location", "prefLabel": place.name} for place in dataset.places
            ],
            "distribution": [
                {
                    "@id": file.iri,
                    "@type": "Distribution",
                    "title": file.title,
                    "accessURL": file.url,
                    "downloadURL": file.url,
                    "mediaType": file.media_type,
                    "byteSize": str(file.size),
                    "license": license_,
                    "checksum": {
                        "@type": "Checksum",
                        "algorithm": SHA256,
                        "checksumValue": file.sha256,
                    },
                }
                for file in dataset.distributions
            ],
        }
    )


def _said(members):
    return {name: value for name, value in members.items() if value not in ("", [], None)}

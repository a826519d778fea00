"""The catalogue as schema.org, in the page's own markup: what search engines for data sets read."""

from incsr import catalog as words

CONTEXT = "https://schema.org/"


def json_ld(catalog: words.Catalog, files: bool = True) -> dict:
    """The catalogue with its data sets, and their files where those are wanted.

    Graph: <catalog> a schema:DataCatalog ; schema:dataset [ a schema:Dataset ; schema:distribution … ] .
    """
    publisher = {"@type": "Organization", "@id": words.PUBLISHER, "name": words.PUBLISHER_NAME}
    return {
        "@context": CONTEXT,
        "@type": "DataCatalog",
        "@id": words.IRI,
        "name": words.TITLE,
        "description": words.DESCRIPTION,
        "url": catalog.home,
        "license": words.LICENSE,
        "publisher": publisher,
        "datePublished": catalog.issued,
        "dateModified": catalog.modified,
        "version": catalog.version,
        "dataset": [_dataset(dataset, catalog, publisher, files) for dataset in catalog.datasets],
    }


def _dataset(dataset, catalog, publisher, files):
    members = {
        "@type": "Dataset",
        "@id": dataset.iri,
        "identifier": dataset.iri,
        "name": dataset.title,
        # Google's guide for data sets asks for 50 characters or more.
        "description": dataset.description
        if len(dataset.description) >= 50
        else f"{dataset.description}. {words.TITLE}.",
        "url": dataset.page,
        "license": words.LICENSE,
        "isAccessibleForFree": True,
        "creator": publisher,
        "publisher": publisher,
        "keywords": list(words.KEYWORDS),
        "inLanguage": "en",
        "datePublished": catalog.issued,
        "dateModified": catalog.modified,
        "version": catalog.version,
        "isBasedOn": list(dataset.sources),
        "spatialCoverage": [
            {"@type": "Place", "@id": place.iri, "name": place.name} for place in dataset.places
        ],
        "temporalCoverage": f"{dataset.begins}/{dataset.ends or '..'}" if dataset.begins else "",
        "includedInDataCatalog": {"@id": words.IRI},
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.title,
                "contentUrl": file.url,
                "encodingFormat": file.media_type,
            }
            # A page is not kept waiting until every file has been measured.
            | ({"contentSize": f"{file.size} B", "sha256": file.sha256} if file.sha256 else {})
            for file in (dataset.distributions if files else ())
        ],
    }
    return {name: value for name, value in members.items() if value not in ("", [])}

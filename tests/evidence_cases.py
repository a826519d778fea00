"""A small graph of one measurement, for tests that spoil it in one place. Holds no test."""

from incsr.evidence.graph import read_document
from incsr.evidence.published import source_text
from incsr.namespaces import BASE, PREFIXES

HEADER = f"@base <{BASE}> .\n" + "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in PREFIXES.items())

# "CBP officers seized more than 759,000 pounds of drugs"
DRUGS = """
agency:cbp a cbp:Agency ; skos:prefLabel "U.S. Customs and Border Protection" ; skos:altLabel "CBP" .
country:US a cbp:Country ; skos:prefLabel "United States" .
country:HN a cbp:Country ; skos:prefLabel "Honduras" .
office:border-patrol a cbp:Office ; skos:prefLabel "Office of Border Patrol" .
indicator:drugs a cbp:Indicator ; skos:prefLabel "drugs" .
measurement:drugs a cbp:Measurement , qb:Observation ;
    qb:dataSet                 dataset:incsr2014 ;
    cbp:describes              agency:cbp ;
    cbp:indicator              indicator:drugs ;
    sdmx-dimension:refPeriod   period:not-stated ;
    sdmx-dimension:refArea     region:not-stated ;
    sdmx-measure:obsValue      759000 ;
    sdmx-attribute:unitMeasure unit:LB ;
    cbp:qualifier              cbp:MoreThan ;
    cbp:quotation              "more than 759,000 pounds of drugs" ;
    cbp:evidence               <source/incsr2014-cbp.txt#char=980,1013> .
"""


def document(tmp_path, turtle, name="graph.ttl", report=True):
    """Read Turtle, under the project's prefixes, as a document."""
    path = tmp_path / name
    path.write_text(HEADER + turtle, encoding="utf-8")
    return read_document(path, name, report)


def spoiled(*changes):
    """The small graph with words replaced; each must be there, or the case tests nothing."""
    turtle = DRUGS
    for old, new in changes:
        assert old in turtle
        turtle = turtle.replace(old, new)
    return turtle


def evidence(words, within=None):
    """The two lines that cite words, as an author writes them."""
    source = source_text()
    (passage,) = source.locate(words, within)
    return f'cbp:quotation "{words}" ; cbp:evidence {source.reference(passage)}'

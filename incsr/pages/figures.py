"""Figures as people read them: hedge, number, unit, period, area, and the words they rest on."""

import re
from dataclasses import dataclass, field

from incsr.namespaces import GRAPH, ID, PREFIXES

CBP = PREFIXES["cbp"]
UNIT = PREFIXES["unit"]

HEDGES = {
    "MoreThan": "more than",
    "AtLeast": "at least",
    "Nearly": "nearly",
    "Approximately": "approximately",
    "OnAverage": "on average",
    "Exactly": "",
}
UNITS = {
    "LB": ("lb", "pounds"),
    "HR": ("hours", "hours"),
    "MI": ("miles", "miles"),
    "CCY_USD": ("$", "US dollars"),
    "NUM": ("", ""),
}
RATES = {"DAY": "a day", "YR": "a year", "LB": "per pound", "NUM": "each", "HR": "per hour", "MI": "per mile"}

QUERY = """
SELECT ?m ?graph ?dataset ?value ?words ?unit ?per ?qualifier
       ?subject ?subjectName
       ?indicator
       ?indicatorName ?period ?periodName ?area ?areaName ?quotation ?rounded ?superlative ?formula ?likely
       ?printed ?origin ?originName ?reliability
WHERE {
  GRAPH ?graph {
    ?m a cbp:Measurement ; qb:dataSet ?dataset ; cbp:describes ?subject ; cbp:indicator ?indicator ;
       sdmx-dimension:refPeriod ?period ; sdmx-dimension:refArea ?area .
    OPTIONAL { ?m sdmx-measure:obsValue ?value }
    OPTIONAL { ?m cbp:statedAs ?words }
    OPTIONAL { ?m sdmx-attribute:unitMeasure ?unit }
    OPTIONAL { ?m cbp:per ?per }
    OPTIONAL { ?m cbp:qualifier ?qualifier }
    OPTIONAL { ?m cbp:quotation ?quotation }
    OPTIONAL { ?m cbp:roundedTo ?rounded }
    OPTIONAL { ?m cbp:superlative ?superlative }
    OPTIONAL { ?m cbp:formula ?formula }
    OPTIONAL { ?m cbp:asPrinted ?printed }
    OPTIONAL { ?m prov:hadPrimarySource ?origin OPTIONAL { ?origin rdfs:label ?originName } }
    OPTIONAL { ?m cbp:reliability ?trust }
  }
  OPTIONAL { ?trust skos:prefLabel ?reliability }
  OPTIONAL { ?subject skos:prefLabel ?subjectName }
  OPTIONAL { ?indicator skos:prefLabel ?indicatorName }
  OPTIONAL { ?period skos:prefLabel ?periodName }
  OPTIONAL { ?area skos:prefLabel ?areaName }
  OPTIONAL { ?m cbp:likelyPeriod/skos:prefLabel ?likely }
}
"""
NOTES = "SELECT ?m ?note WHERE { ?m a cbp:Measurement ; skos:editorialNote ?note }"
INPUTS = (
    "SELECT ?m ?input WHERE { ?m a cbp:Measurement ; prov:wasDerivedFrom ?input . ?input a cbp:Measurement }"
)
PASSAGES = """
SELECT ?m ?passage ?start ?end ?exact WHERE {
  ?m cbp:evidence ?passage .
  ?passage oa:hasSelector ?quote , ?position .
  ?quote oa:exact ?exact .
  ?position oa:start ?start ; oa:end ?end .
}
"""


@dataclass
class Figure:
    """One measurement, with the names of what it is about."""

    iri: str
    graph: str
    dataset: str
    subject: str
    indicator: str
    period: str
    area: str
    names: dict
    value: str = ""
    words: str = ""
    unit: str = ""
    per: str = ""
    qualifier: str = ""
    quotation: str = ""
    rounded: str = ""
    superlatives: list = field(default_factory=list)
    formula: str = ""
    printed: str = ""  # how another source prints it
    origin: str = ""  # the other source's address
    reliability: str = ""
    likely: str = ""
    notes: list = field(default_factory=list)
    passages: list = field(default_factory=list)  # (start, end, exact), the quotation's own first
    inputs: list = field(default_factory=list)  # IRIs of the figures it is computed from
    results: list = field(default_factory=list)  # IRIs of the figures computed from it

    @property
    def slug(self):
        return self.iri.rsplit("/", 1)[-1]

    @property
    def number(self):
        """The value with thousands separated, in its unit: "759,000 lb", "$274,065"."""
        if not self.value:
            return f"“{self.words}”"
        text = grouped(self.value)
        unit = UNITS.get(self.unit, (self.unit, ""))[0]
        if unit == "$":
            return f"${text}"
        return f"{text} {unit}".strip()

    @property
    def rate(self):
        # A quotient of two counts says what it is per in its name: "officers per port of entry".
        return "" if self.unit == self.per == "NUM" else self.stated_rate

    @property
    def stated_rate(self):
        """What the value is per: "a day", "a year", "each"."""
        return RATES.get(self.per, f"per {self.per}") if self.per else ""

    @property
    def hedge(self):
        return HEDGES.get(self.qualifier, "")

    @property
    def text(self):
        """The whole claim about quantity in words: "more than 759,000 lb a year"."""
        return " ".join(part for part in (self.hedge, self.number, self.rate) if part)

    @property
    def dated(self):
        return "" if self.period.endswith("/not-stated") else self.names.get("period", "")

    @property
    def placed(self):
        return "" if self.area.endswith("/not-stated") else self.names.get("area", "")

    @property
    def start(self):
        return self.passages[0][0] if self.passages else None


def grouped(value):
    """A number's lexical form with a comma between thousands."""
    sign, whole, fraction = re.fullmatch(r"([+-]?)(\d+)(\.\d+)?", value).groups()
    return f"{sign}{int(whole):,}{fraction or ''}"


def local(iri):
    """The last part of an IRI, after `#` or `/`."""
    return re.split(r"[#/]", iri)[-1]


def load(graph):
    """All figures of the dataset by IRI, in the order of the page, then derived and context ones."""
    figures = {}
    for row in graph.select(QUERY):
        key = row["m"].value
        held = figures.get(key)
        text = {name: term.value for name, term in row.items()}
        if held is None:
            held = figures[key] = Figure(
                iri=key,
                graph=text["graph"].removeprefix(GRAPH),
                dataset=text["dataset"].removeprefix(f"{ID}dataset/"),
                subject=text["subject"],
                indicator=text["indicator"],
                period=text["period"],
                area=text["area"],
                names={
                    "subject": text.get("subjectName", local(text["subject"])),
                    "indicator": text.get("indicatorName", local(text["indicator"])),
                    "period": text.get("periodName", ""),
                    "area": text.get("areaName", ""),
                    "origin": text.get("originName", text.get("origin", "")),
                },
                value=text.get("value", ""),
                words=text.get("words", ""),
                unit=local(text.get("unit", "")),
                per=local(text.get("per", "")),
                qualifier=local(text.get("qualifier", "")),
                quotation=text.get("quotation", ""),
                rounded=text.get("rounded", ""),
                formula=text.get("formula", ""),
                printed=text.get("printed", ""),
                origin=text.get("origin", ""),
                reliability=text.get("reliability", ""),
                likely=text.get("likely", ""),
            )
        superlative = text.get("superlative")
        if superlative and superlative not in held.superlatives:
            held.superlatives.append(superlative)
    for row in graph.select(NOTES):
        if row["m"].value in figures:
            figures[row["m"].value].notes.append(row["note"].value)
    for row in graph.select(INPUTS):
        result, source = row["m"].value, row["input"].value
        if result in figures and source in figures:
            figures[result].inputs.append(source)
            figures[source].results.append(result)
    for row in graph.select(PASSAGES):
        held = figures.get(row["m"].value)
        if held:
            held.passages.append((int(row["start"].value), int(row["end"].value), row["exact"].value))
    for figure in figures.values():
        figure.passages.sort(key=lambda passage: (passage[2] != figure.quotation, passage[0]))
    far = 10**9
    order = sorted(
        figures.values(), key=lambda figure: (figure.start if figure.start is not None else far, figure.iri)
    )
    return {figure.iri: figure for figure in order}

"""Which things a name in somebody's table may mean, how well each fits, and what is known of them.

A candidate's score is 0 to 100: 100 where the text is a name, a code or an IRI of the thing, less by how much
it differs from its nearest name. A match is announced only where one thing alone has 100 and nothing speaks
against it.
"""

import difflib
from dataclasses import dataclass, field

from incsr.namespaces import ID, PREFIXES
from incsr.pages import names
from incsr.pages.graph import iri as ref
from incsr.pages.searching import entries
from incsr.search import Index
from incsr.search.words import plain

# Kind of thing: (its class, its name). What a table names; figures and statements have no names to match.
TYPES = {
    "country": ("cbp:Country", "Country"),
    "region": ("cbp:Region", "Region"),
    "city": ("cbp:City", "City"),
    "agency": ("cbp:Agency", "Agency"),
    "office": ("cbp:Office", "Office"),
    "unit": ("cbp:Unit", "Unit"),
    "program": ("cbp:Program", "Program"),
    "academy": ("cbp:Academy", "Academy"),
    "indicator": ("cbp:Indicator", "Indicator"),
    "concept": ("skos:Concept", "Concept"),
    "period": ("time:ProperInterval", "Period"),
    "report": ("cbp:Report", "Report"),
}
CODES = """
SELECT ?thing ?scheme ?code WHERE {
  ?thing adms:identifier ?i . ?i skos:notation ?code ; skos:inScheme ?scheme
}
"""
SAME = "SELECT ?thing ?same WHERE { ?thing owl:sameAs|skos:exactMatch ?same FILTER isIRI(?same) }"
USED = f"""
SELECT ?kind ?p (COUNT(DISTINCT ?thing) AS ?things) WHERE {{
  ?thing ?p ?o FILTER (!isBlank(?o) && STRSTARTS(STR(?thing), "{ID}"))
  BIND (STRBEFORE(STRAFTER(STR(?thing), "{ID}"), "/") AS ?kind)
}} GROUP BY ?kind ?p
"""
# What binds a record to its words or its maker says nothing to a table.
UNSAID = ("rdf:type", "cbp:evidence", "prov:wasDerivedFrom", "prov:wasAttributedTo", "rdfs:label")
NAMES = {"skos:prefLabel": "name", "skos:altLabel": "other name", "owl:sameAs": "the same thing elsewhere"}
VALUES = """
SELECT ?value ?name WHERE {{
  {{ {thing} {path} ?value }}
  OPTIONAL {{ ?value skos:prefLabel ?name }}
}} ORDER BY STR(?value)
"""
LEAST = 40.0


@dataclass(frozen=True, slots=True)
class Type:
    id: str
    name: str
    kind: str

    def json(self):
        return {"id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Property:
    """A property to ask for; `path` is how it is written in a query."""

    id: str
    name: str
    path: str
    kinds: frozenset


@dataclass(slots=True)
class Entity:
    iri: str
    name: str
    type: Type
    description: str
    others: tuple = ()
    keys: dict = field(default_factory=dict)  # plain text -> why it fits: a name, a code, an IRI

    @property
    def id(self):
        return self.iri.removeprefix(ID)


class Book:
    """Everything that can be reconciled, for one version of the data."""

    def __init__(self, site):
        self.site = site
        self.types = [Type(id_, name, kind) for kind, (id_, name) in TYPES.items()]
        by_kind = {type_.kind: type_ for type_ in self.types}
        self.entities = {}
        for iri, label in site.names.labels.items():
            kind, slug = names.kind_of(iri)
            if kind in by_kind:
                others = tuple(sorted(site.names.others.get(iri, ())))
                about = site.names.definitions.get(iri, "") or ", ".join(others)
                entity = Entity(iri, label, by_kind[kind], about, others)
                for text in (label, *others, slug.replace("-", " "), slug, iri, entity.id):
                    entity.keys[plain(text)] = text
                self.entities[iri] = entity
        for query, column in ((CODES, "code"), (SAME, "same")):
            for row in site.graph.select(query):
                held = self.entities.get(row["thing"].value)
                if held:
                    text = row[column].value
                    held.keys[plain(text)] = text
                    if column == "same":
                        held.keys[plain(text.rstrip("/").rsplit("/", 1)[-1])] = text
        self._by_key = {}
        for entity in self.entities.values():
            for key in entity.keys:
                self._by_key.setdefault(key, []).append(entity)
        self._index = Index(entry for entry in entries(site) if entry.iri in self.entities)
        self._properties = self._read_properties()

    def _read_properties(self):
        kinds = {}
        for row in self.site.graph.select(USED):
            if row["kind"].value in TYPES:
                kinds.setdefault(names.compact(row["p"].value), set()).add(row["kind"].value)
        schemes = {}
        for row in self.site.graph.select(CODES):
            kind = names.kind_of(row["thing"].value)[0]
            if kind in TYPES:
                schemes.setdefault(row["scheme"].value, set()).add(kind)
        found = {}
        for id_, of in kinds.items():
            if id_ in UNSAID or "//" in id_:
                continue
            iri = PREFIXES[id_.split(":")[0]] + id_.split(":", 1)[1]
            name = NAMES.get(id_) or self.site.names.labels.get(iri) or id_.split(":", 1)[1]
            found[id_] = Property(id_, name, f"<{iri}>", frozenset(of))
        for scheme, of in schemes.items():
            id_ = scheme.removeprefix(ID)
            path = f"adms:identifier ?i . ?i skos:inScheme <{scheme}> ; skos:notation"
            found[id_] = Property(id_, self.site.names.label(scheme), path, frozenset(of))
        return dict(sorted(found.items(), key=lambda item: item[1].name.lower()))

    def property(self, id_):
        return self._properties.get(id_)

    def properties_of(self, type_):
        """The properties of a type's things; those of all types where it is not one of ours."""
        kind = next((known.kind for known in self.types if known.id == type_), None)
        return [p for p in self._properties.values() if kind is None or kind in p.kinds]

    def found(self, text, types, limit, properties=()):
        """Candidates for a text, best first, as the API writes them."""
        asked = plain(text).strip()
        wanted = {known.kind for known in self.types if known.id in types or known.kind in types}
        if types and not wanted:
            return []
        entities = {entity.iri: entity for entity in self._by_key.get(asked, ())}
        for hit in self._index.search(text, 60):
            entities.setdefault(hit.entry.iri, self.entities[hit.entry.iri])
        if asked:
            for key in difflib.get_close_matches(asked, self._by_key, 20, 0.75):
                for entity in self._by_key[key]:
                    entities.setdefault(entity.iri, entity)
        scored = []
        for entity in entities.values():
            if wanted and entity.type.kind not in wanted:
                continue
            score, features = fit(asked, entity)
            agreed = [self._agrees(entity, held) for held in properties]
            if agreed:
                share = sum(agreed) / len(agreed)
                features.append({"id": "properties", "value": round(share, 3)})
                score *= 0.6 + 0.4 * share
            if score >= LEAST:
                scored.append((score, entity, features))
        scored.sort(key=lambda entry: (-entry[0], entry[1].name, entry[1].iri))
        certain = sum(1 for score, _entity, _features in scored if score == 100.0) == 1
        return [
            {
                "id": entity.id,
                "name": entity.name,
                "description": entity.description,
                "score": round(score, 2),
                "match": certain and score == 100.0,
                "type": [entity.type.json()],
                "features": features,
            }
            for score, entity, features in scored[:limit]
        ]

    def _agrees(self, entity, asked):
        """Whether a property of the entity has the value, or one of the values, that the query tells."""
        known = self.property(asked["pid"])
        if known is None:
            return False
        values = asked["v"] if isinstance(asked["v"], list) else [asked["v"]]
        told = {plain(str(v.get("id", v.get("name", ""))) if isinstance(v, dict) else str(v)) for v in values}
        held = set()
        for cell in cells(self.site, entity.id, known):
            held |= {plain(str(value)) for value in cell.values()}
        return bool(told & held)

    def suggested(self, what, prefix):
        """Entities, types or properties whose name begins so, then those that have a word that does."""
        asked = plain(prefix).strip()
        if what == "type":
            pool = [(t.name, {"id": t.id, "name": t.name}) for t in self.types]
        elif what == "property":
            pool = [(p.name, {"id": p.id, "name": p.name}) for p in self._properties.values()]
        else:
            pool = [
                (
                    name,
                    {
                        "id": entity.id,
                        "name": entity.name,
                        "description": entity.description,
                        "notable": [entity.type.json()],
                    },
                )
                for entity in self.entities.values()
                for name in (entity.name, *entity.others)
            ]
        ranked = []
        for name, body in pool:
            text = plain(name)
            if text.startswith(asked):
                ranked.append((0, text, body))
            elif any(word.startswith(asked) for word in text.split()):
                ranked.append((1, text, body))
        ranked.sort(key=lambda entry: entry[:2])
        listed = []
        for _rank, _text, body in ranked:
            if body not in listed:
                listed.append(body)
        return listed

    def described(self, what, id_):
        """A type or property in words."""
        if what == "type":
            found = next((t for t in self.types if t.id == id_), None)
            return self.site.names.definitions.get(iri_of(id_), found.name) if found else f"No type {id_}"
        found = self.property(id_)
        return self.site.names.definitions.get(iri_of(id_), found.name) if found else f"No property {id_}"


def cells(site, wanted, found):
    """One entity's values of one property: things of ours with their names, numbers, else text."""
    iri = ID + wanted
    if not site.names.known(iri):
        return []
    try:
        rows = site.graph.select(VALUES.format(thing=ref(iri), path=found.path))
    except ValueError:
        return []
    values = []
    for row in rows:
        term = row["value"]
        if term.is_iri and term.value.startswith(ID) and names.kind_of(term.value)[0]:
            cell = {"id": term.value.removeprefix(ID), "name": site.names.label(term.value)}
        elif term.datatype == PREFIXES["xsd"] + "integer":
            cell = {"int": int(term.value)}
        elif term.datatype in (PREFIXES["xsd"] + "decimal", PREFIXES["xsd"] + "double"):
            cell = {"float": float(term.value)}
        elif term.kind == "bnode":
            continue
        else:
            cell = {"str": term.value}
        if cell not in values:
            values.append(cell)
    return values


def fit(asked, entity):
    """(score, features) of a text for an entity."""
    if asked in entity.keys:
        return 100.0, [{"id": "exact", "value": True}]
    nearest = 0.0
    for name in (entity.name, *entity.others):
        text = plain(name)
        ratio = difflib.SequenceMatcher(None, asked, text).ratio()
        words, held = set(asked.split()), set(text.split())
        share = len(words & held) / len(words | held) if words else 0.0
        nearest = max(nearest, ratio, share)
    return min(99.0, 99.0 * nearest), [{"id": "nearness", "value": round(nearest, 3)}]


def iri_of(id_):
    """The IRI of a prefixed name, or of a scheme."""
    prefix, _, local = id_.partition(":")
    return PREFIXES[prefix] + local if prefix in PREFIXES else ID + id_

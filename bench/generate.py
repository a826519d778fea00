"""A seeded graph in the shape of government reports: organizations, observations, the words they rest on.

    python bench/generate.py OBSERVATIONS OUT.nt [SEED]

About 16 triples an observation, one organization for 30 of them (at least 60). The same arguments give the
same bytes.
"""

import random
import sys

BASE = "http://example.org/bench/"
A = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
COMMENT = "<http://www.w3.org/2000/01/rdf-schema#comment>"
XSD = "http://www.w3.org/2001/XMLSchema#"
QB = "http://purl.org/linked-data/cube#"
ORG = "http://www.w3.org/ns/org#"
NAME = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
PROV = "http://www.w3.org/ns/prov#"
OA = "http://www.w3.org/ns/oa#"
INDICATORS = [
    f"{thing} {what}"
    for what in ("seized", "inspected", "trained", "deployed")
    for thing in ("cocaine", "currency", "vehicles", "containers", "officers", "aircraft")
]
UNITS = ("pounds", "dollars", "persons", "hours")


def organizations(observations: int) -> int:
    return max(60, observations // 30)


def lines(observations: int, seed: int = 11):
    """The graph in N-Triples, line by line."""
    chance = random.Random(seed)
    orgs = organizations(observations)

    def thing(kind, number):
        return f"<{BASE}{kind}/{number}>"

    def own(name):
        return f"<{BASE}{name}>"

    yield f"{own('set')} {A} <{QB}DataSet> ."
    for number, unit in enumerate(UNITS):
        yield f'{thing("unit", number)} {LABEL} "{unit}"@en .'
    for number, indicator in enumerate(INDICATORS):
        yield f"{thing('indicator', number)} {A} {own('Indicator')} ."
        yield f'{thing("indicator", number)} {LABEL} "{indicator}"@en .'
    for number in range(orgs):
        one = thing("org", number)
        yield f"{one} {A} <{ORG}Organization> ."
        yield f'{one} {NAME} "Office {number} of field operations"@en .'
        yield f'{one} {own("code")} "OFF-{number:06d}" .'
        if number:
            yield f"{one} <{ORG}subOrganizationOf> {thing('org', (number - 1) // 5)} ."
    for number in range(observations):
        one, words = thing("observation", number), thing("passage", number)
        indicator, org = chance.randrange(len(INDICATORS)), chance.randrange(orgs)
        year, start = 2000 + chance.randrange(15), chance.randrange(6000)
        if indicator % 6 < 2:
            value = f'"{chance.randrange(1, 2_000_000) / 100}"^^<{XSD}decimal>'
        else:
            value = f'"{chance.randrange(1, 50_000)}"^^<{XSD}integer>'
        label = f"{INDICATORS[indicator]} by office {org} in {year}"
        yield f"{one} {A} <{QB}Observation> ."
        yield f"{one} <{QB}dataSet> {own('set')} ."
        yield f'{one} {LABEL} "{label}"@en .'
        yield f"{one} {own('agency')} {thing('org', org)} ."
        yield f'{one} {own("year")} "{year}"^^<{XSD}gYear> .'
        yield f"{one} {own('indicator')} {thing('indicator', indicator)} ."
        yield f"{one} {own('value')} {value} ."
        yield f"{one} {own('unit')} {thing('unit', indicator % 4)} ."
        yield f"{one} <{PROV}wasDerivedFrom> {words} ."
        if number % 3 == 0:
            yield f'{one} {COMMENT} "an approximate figure, number {number}"@en .'
        yield f"{words} {A} <{OA}Annotation> ."
        said = f"In {year}, office {org} reported {INDICATORS[indicator]}, {number}."
        yield f'{words} <{OA}exact> "{said}"@en .'
        yield f'{words} <{OA}start> "{start}"^^<{XSD}integer> .'
        yield f'{words} <{OA}end> "{start + chance.randrange(20, 200)}"^^<{XSD}integer> .'
        yield f"{words} <{OA}hasSource> {thing('report', number // 300)} ."


def write(observations: int, path, seed: int = 11) -> int:
    """Write the graph to a file; gives the number of triples."""
    count = 0
    with open(path, "w", encoding="utf-8", buffering=1 << 20) as out:
        for line in lines(observations, seed):
            out.write(line + "\n")
            count += 1
    return count


if __name__ == "__main__":
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 11
    print(write(int(sys.argv[1]), sys.argv[2], seed), "triples")

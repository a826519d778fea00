"""What the soak sends: runaways, refused texts, and mutations of the competency questions."""

import random

PREFIX = "PREFIX cbp: <https://w3id.org/incsr/cbp#> "

# Each runs for longer than any deadline given here, each in another part of the engine.
RUNAWAYS = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?f ?a ?i LIMIT 3",
    "SELECT (SUM(?x * ?y) AS ?s) { VALUES ?x { %s } VALUES ?y { %s } VALUES ?z { %s } VALUES ?w { %s } }"
    % ((" ".join(map(str, range(300))),) * 4),
    "ASK { ?a (!<urn:x>|^!<urn:x>)* ?b . ?c (!<urn:x>)* ?d . ?e (!<urn:x>)* ?f"
    " FILTER (?a = ?f && ?b = <urn:none>) }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f FILTER REGEX(CONCAT(STR(?c), STR(?f)), '(a+)+(b+)+(c+)+zz$') }",
    "CONSTRUCT { ?a ?e ?i } { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
    " FILTER (STRLEN(STR(?c)) > STRLEN(CONCAT(STR(?f), STR(?i))) + 9000) }",
)
REFUSED = (
    ("SELECT * { SERVICE <http://127.0.0.1:9/sparql> { ?s ?p ?o } }", {403}),
    ("SELECT * { " + "{" * 3000 + "?s ?p ?o" + "}" * 3000 + " }", {400}),
    ("SELECT * { FILTER(" + "(" * 5000 + "1" + ")" * 5000 + ") }", {400}),
    ("SELECT * { ?s ?p ?o FILTER(" + "!" * 3000 + "true) }", {400}),
    ("SELECT * { ?s ?p", {400}),
    ("DELETE WHERE { ?s ?p ?o }", {400}),
)
ALLOWED = {200, 400, 403, 406, 413, 414, 422, 431, 500, 503, 504}
ALPHABET = "{}()[]<>\"'?$:;,.*+-/|^!&=\\ \n\t0aZ#@é\U0001f600"


def mutated(text: str, rng: random.Random) -> str:
    """A question's query with a few characters, words or halves changed."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text) or 1)
        match rng.randrange(4):
            case 0:
                text = text[:at] + rng.choice(ALPHABET) + text[at:]
            case 1:
                text = text[:at] + text[at + rng.randint(1, 12) :]
            case 2:
                words = text.split(" ")
                rng.shuffle(words[len(words) // 2 :])
                text = " ".join(words)
            case 3:
                text = text[:at] + text[at : at + rng.randint(1, 40)] * rng.randint(2, 30) + text[at:]
    return text

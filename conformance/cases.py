"""What each class of test does to the server, and when it passes; a failure is raised with its reason."""

import re

import pyoxigraph as ox

from conformance import compare
from conformance.manifests import BASE, MF, QT, RDFS, UT, file_of, triples_of


class Failed(Exception):
    """The test fails; the message says why."""


def expect(condition, reason):
    if not condition:
        raise Failed(reason)


def n_triples(triples) -> bytes:
    return b"".join(f"{triple} .\n".encode() for triple in triples)


def load(server, default, named):
    """Make the server hold just this dataset: triples of the default graph, and of named graphs by IRI.

    After a test that only read, a PUT of the default graph replaces what the last one has put there.
    """
    if server.changed or server.named or not default:
        answer = server.update("DROP ALL")
        expect(answer.status in (200, 204), f"DROP ALL was answered {answer.in_short()}")
    server.named = set(named)
    for graph, triples in [(None, default)] * bool(default) + list(named.items()):
        answer = server.put(graph, n_triples(triples))
        said = f"PUT of <{graph}>" if graph else "PUT of the default graph"
        expect(answer.status in (200, 201, 204), f"{said} was answered {answer.in_short()}")
    server.changed = False


def text_of(path, root):
    """The text of a query or update, with its own IRI as base; a BASE of its own comes later and wins."""
    return f"BASE <{BASE}{path.relative_to(root).as_posix()}>\n{path.read_text('utf-8')}"


_FROM = re.compile(r"\bFROM\s+(?:NAMED\s+)?<([^>]*)>", re.I)


def _from_graphs(text, path, root):
    """The files that a query's FROM clauses name: without data of its own, a test means those."""
    folder = f"{BASE}{path.parent.relative_to(root).as_posix()}/"
    graphs = {}
    for reference in _FROM.findall(text):
        iri = reference if ":" in reference else folder + reference
        if iri.startswith(BASE) and file_of(iri, root).exists():
            graphs[iri] = triples_of(file_of(iri, root), root)
    return graphs


def evaluate_query(server, test, rewrite=lambda text: text):
    """QueryEvaluationTest and CSVResultFormatTest: load the data, ask, compare."""
    manifest, root = test.manifest, test.manifest.root
    action = manifest.one(test.node, f"{MF}action")
    path = manifest.file(manifest.one(action, f"{QT}query"))
    text = text_of(path, root)
    default = [
        triple
        for node in manifest.all(action, f"{QT}data")
        for triple in triples_of(manifest.file(node), root)
    ]
    named = {}
    for node in manifest.all(action, f"{QT}graphData"):
        named[node.value] = triples_of(manifest.file(node), root)
    if not default and not named:
        named = _from_graphs(text, path, root)
    load(server, _rewritten(default, rewrite), named)
    wanted_path = manifest.file(manifest.one(test.node, f"{MF}result"))
    suffix = wanted_path.suffix
    wanted = None
    if suffix in compare.RESULT_FORMATS:
        wanted = compare.read_results(
            rewrite(wanted_path.read_text("utf-8")).encode(), compare.RESULT_FORMATS[suffix]
        )
    elif suffix == ".csv":
        wanted = compare.csv_table(wanted_path.read_bytes())
    else:
        triples = triples_of(wanted_path, root)
        wanted = compare.result_set(triples)
    accept = compare.MEDIA.get(suffix, "text/turtle" if wanted is None else compare.MEDIA[".srj"])
    answer = server.query(rewrite(text), accept)
    expect(answer.status == 200, f"answered {answer.in_short()}")
    expect(answer.media_type == accept, f"sent as {answer.media_type}, not {accept}")
    if wanted is None:
        found = ox.parse(answer.body, format=ox.RdfFormat.TURTLE, base_iri=BASE)
        expect(compare.isomorphic(found, compare.as_quads(triples)), "another graph than expected")
        return
    if suffix == ".csv":
        found = compare.csv_table(answer.body)
    else:
        found = compare.read_results(
            answer.body, compare.RESULT_FORMATS.get(suffix, ox.QueryResultsFormat.JSON)
        )
    if isinstance(wanted, bool):
        expect(found is wanted, f"answered {found}, not {wanted}")
        return
    expect(not isinstance(found, bool), "answered with a boolean")
    lax = manifest.one(test.node, f"{MF}resultCardinality") is not None
    ordered = bool(re.search(r"\bORDER\s+BY\b", text, re.I)) and suffix != ".csv"
    same = compare.same_solutions(found, wanted, lax=lax)
    expect(same, _difference(found, wanted))
    if ordered and not lax:
        expect(
            compare.same_solutions(found, wanted, ordered=True) or not _totally_ordered(text, wanted),
            "the solutions expected, in another order",
        )


def _rewritten(triples, rewrite):
    changed = []
    for triple in triples:
        text = rewrite(f"{triple} .")
        changed += [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)]
    return changed


def _totally_ordered(text, wanted):
    """Whether the order of the solutions is a promise: the last ORDER BY is the outer query's."""
    last = list(re.finditer(r"\bORDER\s+BY\b", text, re.I))[-1].start()
    return text.count("{", 0, last) == text.count("}", 0, last) and len(wanted.rows) > 1


def _difference(found, wanted):
    missing = [row for row in wanted.rows if row not in found.rows][:1]
    extra = [row for row in found.rows if row not in wanted.rows][:1]

    def shown(rows):
        return "; ".join(", ".join(f"?{name}={term}" for name, term in row.items()) for row in rows)

    parts = [f"{len(found.rows)} solutions for {len(wanted.rows)}"]
    parts += [f"missing {shown(missing)}"] if missing else []
    parts += [f"unexpected {shown(extra)}"] if extra else []
    return "; ".join(parts)


def is_syntax_error(answer):
    """Whether a server calls the text malformed: 400, and if it says why, because of its syntax."""
    type_ = answer.problem().get("type", "")
    return answer.status == 400 and (not type_ or type_.endswith("/syntax"))


def check_syntax(server, test):
    """The four classes of syntax tests: a text is well-formed unless the server calls it malformed.

    A well-formed text may still not be carried out (SERVICE, LOAD, a graph that is not there).
    """
    manifest, root = test.manifest, test.manifest.root
    text = text_of(manifest.file(manifest.one(test.node, f"{MF}action")), root)
    if test.group == "Update syntax":
        answer = server.update(text)
    else:
        answer = server.query(text, "application/sparql-results+json, text/turtle;q=0.9")
    if test.kind.startswith("Positive"):
        expect(answer.status < 500 and not is_syntax_error(answer), f"answered {answer.in_short()}")
    else:
        expect(is_syntax_error(answer), f"not refused as malformed: {answer.in_short()}")


def evaluate_update(server, test):
    """UpdateEvaluationTest: load the data, change it, compare the whole dataset."""
    manifest, root = test.manifest, test.manifest.root
    action = manifest.one(test.node, f"{MF}action")
    load(server, *_dataset(manifest, action, root))
    path = manifest.file(manifest.one(action, f"{UT}request"))
    answer = server.update(text_of(path, root))
    expect(answer.status in (200, 204), f"answered {answer.in_short()}")
    default, named = _dataset(manifest, manifest.one(test.node, f"{MF}result"), root)
    wanted = compare.as_quads(default)
    for graph, triples in named.items():
        wanted += [ox.Quad(*triple, ox.NamedNode(graph)) for triple in triples]
    found = dataset(server)
    expect(
        compare.isomorphic(found, wanted),
        f"another dataset than expected: {len(found)} quads for {len(wanted)}",
    )


def _dataset(manifest, node, root):
    if node is None:
        return [], {}
    default = [t for data in manifest.all(node, f"{UT}data") for t in triples_of(manifest.file(data), root)]
    named = {}
    for entry in manifest.all(node, f"{UT}graphData"):
        file = manifest.one(entry, f"{UT}graph") or manifest.one(entry, f"{UT}data")
        name = manifest.text(entry, f"{RDFS}label")
        named.setdefault(name, []).extend(triples_of(manifest.file(file), root))
    return default, named


def dataset(server):
    """Everything that the server holds, in one answer, so that blank nodes keep their names across graphs."""
    answer = server.query(
        "SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }", compare.MEDIA[".srj"]
    )
    expect(answer.status == 200, f"the data was asked for and answered {answer.in_short()}")
    table = compare.read_results(answer.body, ox.QueryResultsFormat.JSON)
    return [ox.Quad(row["s"], row["p"], row["o"], row.get("g", ox.DefaultGraph())) for row in table.rows]

"""A large document ends up in a graph as a small one does, whichever way it takes.

`documents.add` has the engine read the text; without it `change.apply` puts in quad by quad what the parser
gives. Both end with the same quads, union graph and notes on spellings, or with the same problem.
"""

import io
import tempfile
from functools import partial
from unittest import mock

import pyoxigraph as ox
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from test_workers_load_ways import lines

from incsr.messages import Head, Payload, Problem, WriteJob
from incsr.query import change
from incsr.store.view import View
from incsr.workers import documents, native

TYPES = {
    "nt": "application/n-triples",
    "ttl": "text/turtle",
    "rdf": "application/rdf+xml",
    "nq": "application/n-quads",
}
G, H = "http://e.org/g", "http://e.org/h"


def payload(text, syntax, broken=b""):
    """The text, which is N-Triples, in a syntax, with some bytes behind it."""
    data = text.encode()
    if syntax in ("ttl", "rdf"):
        triples = ox.parse(data, format=ox.RdfFormat.N_TRIPLES)
        format_ = ox.RdfFormat.TURTLE if syntax == "ttl" else ox.RdfFormat.RDF_XML
        data = ox.serialize(triples, format=format_)
    return Payload(TYPES[syntax], data + broken)


def held(store):
    dataset = ox.Dataset(store)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return sorted(map(str, dataset)), sorted(map(str, store.named_graphs()))


def after(jobs, union, add_text, folder=None):
    """What a store holds after some writes, and what was said of each."""
    store = ox.Store(tempfile.mkdtemp(dir=folder)) if folder else ox.Store()
    said = []
    for job in jobs:
        with mock.patch.multiple(native, PIECE_BYTES=150, _READ_BYTES=40):
            outcome = change.apply(View(store, union), job, add_text)
        said.append(outcome)
        if isinstance(outcome, Problem):
            break
    return said, None if isinstance(said[-1], Problem) else held(store)


@st.composite
def writes(draw):
    jobs = []
    for _ in range(draw(st.integers(1, 3))):
        syntax = draw(st.sampled_from(["nt", "nt", "ttl", "nq"]))
        texts = draw(st.lists(lines(quads=False), min_size=1, max_size=2))
        try:
            payloads = tuple(payload(text, syntax) for text in texts)
        except SyntaxError:
            payloads = tuple(Payload(TYPES[syntax], text.encode()) for text in texts)
        operation = draw(st.sampled_from(["post", "put"]))
        jobs.append(WriteJob(operation, graph=draw(st.sampled_from([None, G, H])), payloads=payloads))
    return jobs


@given(writes(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_text_and_quads_end_the_same_in_memory(jobs, union):
    with mock.patch.object(documents, "LARGE_BYTES", 0):
        assert after(jobs, union, partial(documents.add, on_disk=False)) == after(jobs, union, None)


@pytest.mark.parametrize("union", [False, True])
def test_text_and_quads_end_the_same_on_disk(tmp_path, union):
    text = "".join(
        f'_:b{n % 7} <urn:p{n % 3}> "0{n}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
        f"<urn:s{n}> <urn:q> _:b{n % 5} .\n<urn:s{n}> <urn:r> <urn:o> .\n"
        for n in range(60)
    )
    jobs = [
        WriteJob("post", payloads=(payload(text, "rdf"),)),
        WriteJob("put", graph=G, payloads=(payload(text, "nt"), payload(text, "ttl"))),
        WriteJob("put", graph=G, payloads=(payload(text[:2000].rpartition("\n")[0], "nt"),)),
    ]
    with mock.patch.object(documents, "LARGE_BYTES", 0):
        found = after(jobs, union, partial(documents.add, on_disk=True), tmp_path)

    assert found == after(jobs, union, None)
    assert all(isinstance(said, Head) for said in found[0])


@pytest.mark.parametrize("syntax", ["nt", "ttl", "rdf"])
def test_a_large_document_with_a_mistake_is_told_where_as_a_small_one_is(syntax):
    text = "".join(f'_:b <urn:p> "{n}" .\n' for n in range(40))
    job = WriteJob("post", payloads=(payload(text, syntax, b"<urn:s> <urn:p> nothing .\n"),))

    with mock.patch.object(documents, "LARGE_BYTES", 0):
        [problem], _ = after([job], True, partial(documents.add, on_disk=False))

    assert problem.line is not None
    assert [problem] == after([job], True, None)[0]


def test_what_the_engine_refuses_and_the_parser_reads_is_added_once():
    text = "".join(f"_:b{n} <urn:p> _:c .\n<urn:s{n}> <urn:p> _:b{n} .\n" for n in range(40))
    jobs = [WriteJob("post", payloads=(payload(text, "nt"),))]
    wait, refused = native.InTurn.wait, []

    def refuse(reading):
        refused.append(reading)
        raise SyntaxError("not this one")

    with (
        mock.patch.object(documents, "LARGE_BYTES", 0),
        mock.patch.object(native.InTurn, "wait", refuse),
        mock.patch.object(native._Held, "end", lambda held, broken: None),
    ):
        found = after(jobs, True, partial(documents.add, on_disk=False))

    assert refused and native.InTurn.wait is wait
    assert found == after(jobs, True, None)


@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
def test_a_large_document_over_http_is_all_there_or_nothing_is(serve, tmp_path, on_disk):
    options = ("--store", str(tmp_path / "store")) if on_disk else ()
    server = serve("--empty", *options, token="secret")
    text = "".join(
        f'<urn:s{n}> <urn:p> "0{n}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n' for n in range(20_000)
    )
    assert len(text) > documents.LARGE_BYTES
    store = server.url + "/store?default"
    headers = {"Content-Type": "application/n-triples", **server.authorization()}

    broken = requests.post(store, data=text + "<urn:s> <urn:p> nothing .\n", headers=headers, timeout=60)
    nothing = requests.get(store, headers={"Accept": "application/n-triples"}, timeout=60)
    whole = requests.post(store, data=text, headers=headers, timeout=60)
    there = requests.get(store, headers={"Accept": "application/n-triples"}, timeout=60)

    assert (broken.status_code, broken.json()["line"]) == (400, 20_001)
    assert nothing.text == ""
    assert whole.status_code == 204
    assert sorted(there.text.splitlines()) == sorted(text.splitlines())


def test_of_a_refused_document_no_statement_with_blank_nodes_stays():
    store = ox.Store()
    plain = b"<urn:s> <urn:p> <urn:o> .\n"
    text = b"_:b <urn:p> <urn:o> .\n" + plain * 4 + b"<urn:s> <urn:p> nothing .\n"

    with mock.patch.multiple(native, PIECE_BYTES=30, _READ_BYTES=10), pytest.raises(native.Refused):
        native.InTurn(store, ox.DefaultGraph(), False, False).read(
            io.BytesIO(text), ox.RdfFormat.N_TRIPLES, ""
        )

    assert list(map(str, store)) == ["<urn:s> <urn:p> <urn:o>"]


@pytest.mark.parametrize("syntax", ["nt", "ttl"])
def test_a_literal_that_no_parser_holds_is_413(serve, syntax):
    server = serve("--empty", "--max-body-bytes", "64M", token="secret")
    text = '<urn:s> <urn:p> "' + "x" * (17 << 20) + '" .\n'
    headers = {"Content-Type": TYPES[syntax], **server.authorization()}

    answer = requests.put(server.url + "/store?default", data=text, headers=headers, timeout=60)

    assert (answer.status_code, "16 MiB" in answer.text) == (413, True)

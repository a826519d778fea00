"""A query reaches no disk and no network: a socket that listens hears nothing, a planted file is not read,
and the system calls of the processes that evaluate, as strace sees them, are for computing alone.
"""

import shutil
import signal
import socket
import subprocess
import time

import pytest
import requests

SECRET = "planted-7f3a"
TOKEN = "secret"


@pytest.fixture
def ear():
    """A listening socket; `heard()` says whether anybody has called."""

    class Ear:
        def __init__(self, sock):
            self.sock = sock
            self.port = sock.getsockname()[1]

        def heard(self) -> bool:
            self.sock.settimeout(0.2)
            try:
                self.sock.accept()[0].close()
            except TimeoutError:
                return False
            return True

    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield Ear(sock)


@pytest.fixture
def planted(tmp_path):
    path = tmp_path / "planted.ttl"
    path.write_text(f'<urn:a> <urn:b> "{SECRET}" .\n')
    return path


@pytest.fixture(scope="module")
def server():
    import servers

    with servers.running("--timeout", "3", token=TOKEN) as started:
        yield started


QUERIES = {
    "SERVICE": "SELECT * WHERE {{ SERVICE <http://127.0.0.1:{port}/sparql> {{ ?s ?p ?o }} }}",
    "SERVICE SILENT": "SELECT * WHERE {{ SERVICE SILENT <http://127.0.0.1:{port}/sparql> {{ ?s ?p ?o }} }}",
    "SERVICE of a variable": (
        "SELECT * WHERE {{ BIND(<http://127.0.0.1:{port}/sparql> AS ?e) SERVICE ?e {{ ?s ?p ?o }} }}"
    ),
    "SERVICE in an escape": "SELECT * WHERE {{ \\u0053ERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}",
    "SERVICE of a file": "SELECT * WHERE {{ SERVICE <file://{path}> {{ ?s ?p ?o }} }}",
    "FROM an address": "SELECT * FROM <http://127.0.0.1:{port}/data.ttl> WHERE {{ ?s ?p ?o }}",
    "FROM a file": "SELECT * FROM <file://{path}> WHERE {{ ?s ?p ?o }}",
    "FROM NAMED a file": "SELECT * FROM NAMED <file://{path}> WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "GRAPH of a file": "SELECT * WHERE {{ GRAPH <file://{path}> {{ ?s ?p ?o }} }}",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_reaches_neither_network_nor_files(server, ear, planted, query):
    text = query.format(port=ear.port, path=planted)

    response = requests.get(server.url + "/sparql", params={"query": text}, timeout=30)

    assert response.status_code in (200, 400, 403)
    assert SECRET not in response.text
    assert not ear.heard()


@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
def test_a_dataset_of_the_request_is_not_fetched(server, ear, planted, parameter):
    for iri in (f"http://127.0.0.1:{ear.port}/data.ttl", f"file://{planted}"):
        response = requests.get(
            server.url + "/sparql",
            params={
                "query": "SELECT * WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }",
                parameter: iri,
            },
            timeout=30,
        )

        assert response.status_code == 200
        assert SECRET not in response.text
    assert not ear.heard()


@pytest.mark.parametrize("silent", ["", "SILENT "])
def test_load_reaches_neither_network_nor_files(server, ear, planted, silent):
    for iri in (f"http://127.0.0.1:{ear.port}/data.ttl", f"file://{planted}"):
        response = requests.post(
            server.url + "/update",
            data={"update": f"LOAD {silent}<{iri}> INTO GRAPH <urn:loaded>"},
            headers=server.authorization(),
            timeout=30,
        )

        assert response.status_code in ((204,) if silent else (400, 403, 500))
    found = requests.get(server.url + "/sparql", params={"query": f'ASK {{ ?s ?p "{SECRET}" }}'}, timeout=30)
    assert found.json()["boolean"] is False
    assert not ear.heard()


DOCUMENTS = {
    "a JSON-LD context": (
        "application/ld+json",
        '{{"@context": "http://127.0.0.1:{port}/context.jsonld", "@id": "urn:a", "name": "x"}}',
    ),
    "an XML entity of a file": (
        "application/rdf+xml",
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "file://{path}">]>'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="urn:a">'
        '<p xmlns="urn:">&e;</p></rdf:Description></rdf:RDF>',
    ),
    "an XML document type elsewhere": (
        "application/rdf+xml",
        '<?xml version="1.0"?><!DOCTYPE r SYSTEM "http://127.0.0.1:{port}/x.dtd">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
    ),
}


@pytest.mark.parametrize("case", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_that_is_sent_makes_nobody_fetch_another(server, ear, planted, case):
    media_type, text = case

    response = requests.put(
        server.url + "/store?graph=urn:sent",
        data=text.format(port=ear.port, path=planted).encode(),
        headers=server.authorization() | {"Content-Type": media_type},
        timeout=30,
    )
    found = requests.get(
        server.url + "/sparql", params={"query": "SELECT * { GRAPH <urn:sent> { ?s ?p ?o } }"}, timeout=30
    )

    assert response.status_code < 500
    assert SECRET not in found.text
    assert not ear.heard()


def test_strace_sees_evaluators_compute_and_nothing_else(serve, ear, planted, tmp_path):
    assert shutil.which("strace"), "strace is needed: scripts/system-packages installs it"
    trace = tmp_path / "trace"
    # Watched processes are slow; they must not be replaced by others that nobody watches.
    server = serve("--slow-after", "20", "--timeout", "20", "--workers", "2")
    requests.get(server.url + "/sparql", params={"query": "ASK {}"}, timeout=30)
    while len(evaluators := server.processes()[2:]) < 2:
        time.sleep(0.05)
    attached = [argument for pid in evaluators for argument in ("-p", str(pid))]
    tracer = subprocess.Popen(
        ["strace", "-f", "-o", str(trace), *attached], stderr=subprocess.PIPE, text=True
    )
    for _ in evaluators:
        assert "attached" in tracer.stderr.readline()

    for query in (
        "SELECT * WHERE { ?s ?p ?o } LIMIT 2000",
        "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o . ?o ?q ?r }",
        "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 10",
        "DESCRIBE <https://w3id.org/incsr/id/agency/cbp>",
        'SELECT (NOW() AS ?t) (RAND() AS ?r) (REGEX("a", "a+") AS ?m) (UUID() AS ?u) (SHA256("x") AS ?h) {}',
        "SELECT nonsense",
        *(query.format(port=ear.port, path=planted) for query in QUERIES.values()),
    ):
        for accept in ("application/sparql-results+json", "text/turtle, application/rdf+xml;q=0.9", "*/*"):
            requests.get(
                server.url + "/sparql", params={"query": query}, headers={"Accept": accept}, timeout=30
            )
    time.sleep(0.2)
    tracer.send_signal(signal.SIGINT)
    tracer.wait(10)
    tracer.stderr.close()

    lines = trace.read_text().splitlines()
    calls = [line.split(None, 1)[1] for line in lines if "(" in line and "<..." not in line]
    reaching = {
        *("socket", "connect", "bind", "accept", "sendmsg", "open", "openat", "openat2", "creat", "stat"),
        *("execve", "clone", "clone3", "fork", "vfork", "kill", "ptrace", "unlink", "rename", "mkdir"),
    }
    assert len(calls) > 200
    assert {"recvfrom", "sendto"} <= {call.split("(")[0] for call in calls}
    # What a library tries (how many processors are there?) is refused.
    assert [call for call in calls if call.split("(")[0] in reaching and "EPERM" not in call] == []

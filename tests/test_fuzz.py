"""Nonsense over HTTP: whatever a client sends, a started server answers with a status of the protocol, never
with an internal error, and serves the next client. `make soak` runs this module long, with other seeds.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ANSWERS = {200, 204, 303, 304, 400, 401, 403, 404, 405, 406, 408, 412, 413, 414, 415, 422, 431, 501, 503, 504}
SIGNS = """
SELECT ASK CONSTRUCT DESCRIBE WHERE { } ( ) [ ] ?a ?b <urn:x> <urn:y> a . ; , "x" 'y' 1 1.0 1e0 true
FILTER OPTIONAL UNION MINUS GRAPH SERVICE VALUES BIND AS EXISTS NOT IN GROUP BY HAVING ORDER LIMIT
OFFSET DISTINCT REDUCED FROM NAMED COUNT(*) SUM PREFIX BASE : x:y || && ! = != < > <= >= + - * / ^ |
$c _:b @en ^^ # \\u0041 << >> COPY LOAD CLEAR
"""
WORDS = st.sampled_from(SIGNS.split())
QUERIES = st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=40).map(" ".join))
NAMES = st.sampled_from(
    [
        "Accept",
        "Accept-Encoding",
        "Authorization",
        "Content-Type",
        "If-Match",
        "If-None-Match",
        "Origin",
        "Range",
        "X-Request-Id",
    ]
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "QUERY", "PATCH"])
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80).map(str.strip)
STORES = ["/store", "/store?default", "/store?graph=urn:g"]
PATHS = st.sampled_from(["/sparql", "/update", "/search", "/doc/country/GT", "/x", *STORES])
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"



def answered(response):
    """The response, once it is one that the protocol has."""
    assert response.status_code in ANSWERS, (response.status_code, response.text[:300])
    return response


@pytest.fixture(scope="module")
def address(published):
    yield published.url
    assert requests.get(f"{published.url}/health/ready", timeout=20).status_code == 200


@FUZZ
@given(text=QUERIES, accept=VALUES)
def test_any_text_as_a_query_is_answered(address, text, accept):
    data = {"query": text.encode("utf-8", "surrogatepass"), "timeout": "1"}

    answered(requests.post(f"{address}/sparql", data=data, headers={"Accept": accept}, timeout=20))


@FUZZ
@given(path=PATHS, method=METHODS, data=st.data())
def test_any_headers_and_body_are_answered(address, path, method, data):
    headers = data.draw(st.dictionaries(NAMES, VALUES, max_size=5)) | {"Connection": "close"}
    body = data.draw(st.binary(max_size=300))

    response = requests.request(
        method, address + path, headers=headers, data=body, timeout=20, allow_redirects=False
    )
    answered(response)


@FUZZ
@given(head=st.binary(max_size=300), host=st.booleans())
def test_any_bytes_on_the_wire_leave_the_server_standing(address, head, host):
    port = int(address.rsplit(":", 1)[1])

    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.settimeout(0.3)
        client.sendall((b"GET /sparql HTTP/1.1\r\nHost: x\r\n" if host else b"") + head + b"\r\n\r\n")
        try:
            first = client.recv(4096)
        except TimeoutError:
            first = b""

    assert not first or first.startswith(b"HTTP/1.")
    assert b" 500 " not in first.split(b"\r\n")[0]


def test_schemathesis_finds_no_answer_that_the_document_does_not_tell_of(address, tmp_path):
    """Schemathesis on the OpenAPI document: no server error, no status, type or header beyond the document.

    Whether any text is a good query cannot be said in a schema, so acceptance of valid data is left out.
    """
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{address}/openapi.json",
        f"--checks={CHECKS}",
        "--exclude-path-regex=^/reconcile",
        f"--max-examples={max(4, EXAMPLES // 10)}",
        "--phases=examples,coverage,fuzzing",
        "--seed=1",
        "--generation-database=none",
        "--workers=1",
        "--suppress-health-check=all",
        f"--max-time={max(15, EXAMPLES // 4)}",
    ]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)}

    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=600, env=environment
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]

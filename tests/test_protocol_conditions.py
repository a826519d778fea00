"""If-Match and If-None-Match: a write on a state that is no longer there is 412, and nothing is changed.

Source: RFC 9110, section 13.
"""

import threading

import pytest
import requests
from query_cases import quads, turtle, view_of

from incsr import conditions
from incsr.messages import Head, WriteJob
from incsr.query.evaluate import apply

GRAPH, NEW = "http://example.org/graph/a", "http://example.org/graph/new"


def tag(view, type_="text/turtle; charset=utf-8"):
    return conditions.graph_tag(view.version, type_)


@pytest.mark.parametrize("operation", ["put", "post", "delete"])
@pytest.mark.parametrize(
    ("graph", "headers", "done"),
    [
        pytest.param(GRAPH, {"if_match": '"{tag}"'}, True, id="the current tag"),
        pytest.param(GRAPH, {"if_match": '"old" , "{tag}"'}, True, id="one of several"),
        pytest.param(GRAPH, {"if_match": '"{tag}-gzip"'}, True, id="the tag of a compressed answer"),
        pytest.param(GRAPH, {"if_match": "*"}, True, id="any, and there is one"),
        pytest.param(GRAPH, {"if_match": '"old"'}, False, id="another tag"),
        pytest.param(GRAPH, {"if_match": 'W/"{tag}"'}, False, id="a weak tag never matches"),
        pytest.param(GRAPH, {"if_match": "{tag}"}, False, id="malformed"),
        pytest.param(GRAPH, {"if_match": ""}, False, id="no tag at all"),
        pytest.param(NEW, {"if_match": "*"}, False, id="any, and there is none"),
        pytest.param(NEW, {"if_match": '"{tag}"'}, False, id="a tag, and there is no graph"),
        pytest.param(GRAPH, {"if_none_match": "*"}, False, id="only a new one, and there is one"),
        pytest.param(NEW, {"if_none_match": "*"}, True, id="only a new one, and it is"),
        pytest.param(GRAPH, {"if_none_match": '"{tag}"'}, False, id="not the current"),
        pytest.param(GRAPH, {"if_none_match": 'W/"{tag}"'}, False, id="not the current, compared weakly"),
        pytest.param(GRAPH, {"if_none_match": '"old"'}, True, id="not an old one"),
        pytest.param(GRAPH, {"if_match": "*", "if_none_match": "*"}, False, id="both count"),
    ],
)
def test_a_write_is_done_where_its_conditions_hold(operation, graph, headers, done):
    view = view_of("g:a { :s :p 1 . }")
    before = quads(view)
    fields = {name: value.replace("{tag}", tag(view)) for name, value in headers.items()}

    said = apply(view, WriteJob(operation, graph=graph, payloads=(turtle(":s :p 2 ."),), **fields))

    if operation == "delete" and graph == NEW:
        # Without the condition it would be 404, and then the condition is passed over (section 13.2.1).
        assert said.status == 404
    elif done:
        assert isinstance(said, Head) and quads(view) != before
    else:
        assert (said.status, said.code) == (412, "precondition-failed")
        assert quads(view) == before


def test_of_two_clients_that_read_the_same_only_one_writes(serve):
    server = serve("--empty", token="secret")
    url = f"{server.url}/store?graph=urn:g"
    headers = {**server.authorization(), "Content-Type": "text/turtle"}

    def put(number, **conditions):
        more = {name.replace("_", "-"): value for name, value in conditions.items()}
        body = f"<urn:s> <urn:p> {number} ."
        return requests.put(url, data=body, headers=headers | more, timeout=20).status_code

    assert put(0, If_None_Match="*") == 201
    assert put(1, If_None_Match="*") == 412
    etag = requests.get(url, timeout=20).headers["etag"]
    statuses = []
    writers = [threading.Thread(target=lambda n=n: statuses.append(put(n, If_Match=etag))) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert sorted(statuses) == [204, 412, 412, 412]
    fresh = requests.get(url, timeout=20).headers["etag"]
    assert fresh != etag
    assert requests.delete(url, headers=headers | {"If-Match": etag}, timeout=20).status_code == 412
    assert requests.delete(url, headers=headers | {"If-Match": fresh}, timeout=20).status_code == 204


@pytest.mark.parametrize(
    "path",
    ["/store?graph=https://w3id.org/incsr/graph/incsr2014", "/sparql?query=SELECT * {?s ?p ?o} LIMIT 900"],
)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_read_keeps_both_conditions_in_every_coding(published, path, coding, method):
    def ask(**conditions):
        headers = {"Accept-Encoding": coding} | {n.replace("_", "-"): v for n, v in conditions.items()}
        return requests.request(method, published.url + path, headers=headers, timeout=30)

    etag = ask().headers["etag"]

    assert etag.startswith('"') and etag.endswith('-gzip"') == (coding == "gzip" and method == "GET")
    assert ask(If_Match=etag).status_code == 200
    assert ask(If_Match="*").status_code == 200
    refused = ask(If_Match='"old"')
    assert refused.status_code == 412 and (method == "HEAD" or refused.json()["status"] == 412)
    unchanged = ask(If_None_Match=etag)
    assert (unchanged.status_code, unchanged.headers["etag"]) == (304, etag)
    assert ask(If_Match=etag, If_None_Match=etag).status_code == 304
    assert ask(If_None_Match='"old"').status_code == 200

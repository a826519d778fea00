"""`/metrics`: every request, answer and job counts once, however many evaluators there are; for operators.

Source: docs/operations.md, "Metrics"; deploy/alerts.yml.
"""

import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parent.parent
SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def scraped(server, **more) -> dict:
    """The samples of a scrape: value by name and labels."""
    response = requests.get(server.url + "/metrics", timeout=20, **more)
    response.raise_for_status()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def ask(server, query, **more):
    return requests.get(server.url + "/sparql", params={"query": query, "format": "json"}, timeout=30, **more)


def total(samples, name, **labels) -> float:
    return sum(
        value
        for (found, *pairs), value in samples.items()
        if found == name and labels.items() <= dict(pairs).items()
    )


def test_each_query_is_counted_once_whichever_evaluator_answered_it(serve):
    server = serve("--workers", "3")
    queries = [f"SELECT ?s WHERE {{ ?s ?p ?o }} LIMIT {number}" for number in range(1, 31)]

    with ThreadPoolExecutor(6) as clients:
        answers = list(clients.map(lambda query: ask(server, query), queries * 2))

    samples = scraped(server)
    assert {answer.status_code for answer in answers} == {200}
    assert total(samples, "incsr_requests_total", kind="query", status="200") == 60
    assert total(samples, "incsr_operations_total", outcome="answered") == 60
    assert total(samples, "incsr_request_duration_seconds_count", kind="query") == 60
    assert total(samples, "incsr_request_duration_seconds_bucket", kind="query", le="+Inf") == 60
    assert (
        total(samples, "incsr_cache_requests_total", result="hits")
        + total(samples, "incsr_cache_requests_total", result="shared")
        == 30
    )
    assert total(samples, "incsr_cache_entries") == 30
    assert 0 < total(samples, "incsr_cache_bytes") <= total(samples, "incsr_cache_max_bytes")
    assert total(samples, "incsr_answer_rows_total") == 2 * sum(range(1, 31))
    assert total(samples, "incsr_response_body_bytes_total", kind="query") == sum(
        int(answer.headers["Content-Length"]) for answer in answers
    )


def test_what_did_not_go_well_is_counted_by_how(serve):
    server = serve("--timeout", "0.4", "--slow-query", "0.3", token="secret")

    ask(server, "SELECT nonsense")
    ask(server, SLOW)
    requests.post(server.url + "/sparql", data={"query": "ASK { FILTER(1 = ) }"}, timeout=20)
    requests.get(server.url + "/nowhere", timeout=30)

    samples = scraped(server)
    assert total(samples, "incsr_operations_total", kind="query", outcome="syntax") == 2
    assert total(samples, "incsr_operations_total", kind="query", outcome="timeout") == 1
    assert total(samples, "incsr_jobs_ended_total", how="expired") == 1
    assert total(samples, "incsr_slow_queries_total") == 1
    assert total(samples, "incsr_requests_total", kind="page", status="404") == 1


def test_a_write_shows_in_triples_version_and_writes(serve):
    server = serve("--empty", "--workers", "2", token="secret")
    before = scraped(server)
    update = "INSERT DATA { <urn:a> <urn:b> 1, 2, 3 }"

    requests.post(
        server.url + "/update", data={"update": update}, headers=server.authorization(), timeout=30
    ).raise_for_status()

    after = scraped(server)
    assert (total(before, "incsr_triples"), total(after, "incsr_triples")) == (0, 3)
    assert (total(before, "incsr_writes_total"), total(after, "incsr_writes_total")) == (0, 1)
    assert total(after, "incsr_operations_total", kind="update", outcome="answered") == 1
    versions = [next(key for key in samples if key[0] == "incsr_data_info") for samples in (before, after)]
    assert versions[0] != versions[1]


def test_the_pool_and_the_memory_of_every_process_are_told(serve):
    server = serve("--empty", "--workers", "3")
    end = time.monotonic() + 20
    while total(samples := scraped(server), "incsr_evaluators", state="idle") != 3:
        assert time.monotonic() < end, "three evaluators never were ready"
        time.sleep(0.05)

    assert total(samples, "incsr_evaluators_wanted") == 3
    assert total(samples, "incsr_ready") == 1
    for process in ("front", "mother", "evaluators"):
        assert total(samples, "incsr_resident_bytes", process=process) > 1_000_000
        proportional = total(samples, "incsr_proportional_bytes", process=process)
        assert 0 < proportional <= total(samples, "incsr_resident_bytes", process=process)


def test_a_running_slow_query_shows_while_it_runs(serve):
    server = serve("--timeout", "20", "--slow-after", "0.05")
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(f"GET /sparql?query={quote(SLOW)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        end = time.monotonic() + 15
        while total(samples := scraped(server), "incsr_evaluators", state="slow") != 1:
            assert time.monotonic() < end, "the slow query never showed"
            time.sleep(0.05)

    assert total(samples, "incsr_requests_running") == 2


@pytest.mark.parametrize(
    ("options", "headers", "status"),
    [
        pytest.param((), {}, 200, id="from the machine itself"),
        pytest.param((), {"X-Forwarded-For": "127.0.0.1"}, 403, id="through a proxy nobody declared"),
        pytest.param((), {"Forwarded": "for=127.0.0.1"}, 403, id="through one that says Forwarded"),
        pytest.param(("--trusted-proxies", "1"), {"X-Forwarded-For": "10.9.8.7"}, 403, id="a stranger"),
        pytest.param(
            ("--trusted-proxies", "1"), {"X-Forwarded-For": "127.0.0.1, 10.9.8.7"}, 403, id="one who lies"
        ),
        pytest.param(
            ("--trusted-proxies", "1", "--metrics-from", "10.9.0.0/16"),
            {"X-Forwarded-For": "10.9.8.7"},
            200,
            id="a network that was named",
        ),
        pytest.param(("--metrics-from", ""), {}, 403, id="nobody, where none is named"),
    ],
)
def test_metrics_are_told_to(serve, options, headers, status):
    server = serve("--empty", "--workers", "1", *options)

    response = requests.get(server.url + "/metrics", headers=headers, timeout=20)

    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert ("incsr_requests" in response.text) is (status == 200)


def test_metrics_are_read_only_and_stand_under_the_prefix(serve):
    server = serve("--empty", "--workers", "1", "--url-prefix", "/incsr")

    assert server.url.endswith("/incsr")
    assert requests.post(server.url + "/metrics", timeout=20).status_code == 405
    requests.get(server.url + "/sparql", params={"query": "ASK {}"}, timeout=20)
    assert total(scraped(server), "incsr_requests_total", kind="query", status="200") == 1


def test_openmetrics_is_sent_to_who_asks_for_it(published):
    response = requests.get(
        published.url + "/metrics",
        headers={"Accept": "application/openmetrics-text; version=1.0.0"},
        timeout=20,
    )

    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    assert {family.name for family in openmetrics(response.text)} > {"incsr_requests", "incsr_evaluators"}


def test_the_library_is_not_imported_before_the_first_scrape():
    code = "import sys, incsr.front, incsr.express, incsr.wire; sys.exit('prometheus_client' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def families(server) -> set[str]:
    text = requests.get(server.url + "/metrics", timeout=20).text
    return set(re.findall(r"^# TYPE (incsr_\w+)", text, re.MULTILINE))


def test_every_metric_is_documented_and_every_documented_one_is_there(published):
    requests.get(published.url + "/sparql", params={"query": "ASK {}"}, timeout=20)
    section = (ROOT / "docs/operations.md").read_text("utf-8").split("## Metrics")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `(incsr_\w+)", section, re.MULTILINE))

    assert documented == families(published)


def test_alert_rules_speak_of_metrics_that_there_are(published):
    requests.get(published.url + "/sparql", params={"query": "ASK {}"}, timeout=20)
    names = set()
    for line in requests.get(published.url + "/metrics", timeout=20).text.splitlines():
        if not line.startswith("#"):
            names.add(re.match(r"\w+", line).group())
    groups = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text("utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]

    spoken = {name for rule in rules for name in re.findall(r"\bincsr_\w+", rule["expr"])}
    assert spoken - names == set()
    assert all(rule["annotations"].keys() == {"summary", "action"} for rule in rules)
    hows = {how for rule in rules for how in re.findall(r'how="(\w+)"', rule["expr"])}
    assert hows <= {"expired", "cancelled", "refused", "crashed"}
    config = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text("utf-8"))
    assert config["scrape_configs"][0]["metrics_path"] == "/metrics"

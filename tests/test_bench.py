"""The contract of `make bench`: its figures are right, what went wrong is not fast, and no run is lost.

Nothing is timed here: held are the arithmetic, the reading of answers and processes, and the report.
"""

import os
import socket
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCH = Path(__file__).resolve().parent.parent / "bench"
sys.path.insert(0, str(BENCH))

import agreement  # noqa: E402
import asked  # noqa: E402
import load  # noqa: E402
import measure  # noqa: E402
import memory  # noqa: E402
import mixes  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402
import run  # noqa: E402
import start  # noqa: E402
import stream  # noqa: E402
import throughput  # noqa: E402

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWERING = """\
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    count = 0
    def do_GET(self):
        Handler.count += 1
        self.send_response(200 if Handler.count > 2 else 503)
        self.end_headers()
        self.wfile.write(b"the name")
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def answering():
    """A function that gives the port of a server that sends these bytes to whoever asks, then closes."""
    listeners = []

    def answer(*pieces):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                for piece in pieces:
                    connection.sendall(piece)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return listener.getsockname()[1]

    threads = []
    yield answer
    for thread in threads:
        thread.join(10)
    for listener in listeners:
        listener.close()


def served(name, ours=False, slow=False, target="/q?query="):
    """What stands for a running server where nothing is sent to it."""
    required = ours or name == "oxigraph"
    return SimpleNamespace(
        name=name, ours=ours, slow=slow, required=required, target=target, hits=lambda: None
    )


def test_a_spread_is_the_median_and_what_lies_lowest_and_highest():
    assert measure.spread([9, 1, 2], 1, " s") == "**2.0 s** (1.0 to 9.0)"


@pytest.mark.parametrize(
    ("pieces", "size", "body"),
    [
        pytest.param((b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nrows!",), 5, b"rows!", id="by length"),
        pytest.param((CHUNKED, b"4\r\nro", b"ws\r\n1\r\n!\r\n0\r\n\r\n"), 20, b"rows!", id="in chunks"),
    ],
)
def test_an_answer_is_read_to_its_end(answering, pieces, size, body):
    found = measure.streamed(answering(*pieces), "/q", "text/csv", keep=True)

    assert (found.size, found.body) == (size, body)
    assert 0 < found.first_ms <= found.last_ms


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((CHUNKED, b"4\r\nrows\r\n"), id="without its last chunk"),
        pytest.param((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nrows!",), id="shorter than it said"),
        pytest.param((b"HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nrows!",), id="refused"),
        pytest.param((b"HTTP/1.1 200 OK\r\n",), id="without a body"),
    ],
)
def test_an_answer_that_is_no_whole_200_ends_the_run(answering, pieces):
    with pytest.raises(SystemExit):
        measure.streamed(answering(*pieces), "/q", "text/csv")


@pytest.mark.parametrize(
    ("came", "at"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", 0, id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", 0, id="a head alone"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nr", 19, id="a head and a byte"),
        pytest.param(CHUNKED + b"4\r\n", 0, id="the mark of a chunk is no byte of the body"),
        pytest.param(CHUNKED + b"4\r\nr", len(CHUNKED) + 3, id="the first byte of a chunk"),
    ],
)
def test_the_first_byte_is_one_of_the_body(came, at):
    assert measure._body_at(came) == at


def test_a_command_that_fails_ends_the_run_with_what_it_said():
    with pytest.raises(SystemExit, match=r"ended with 3: no such file"):
        measure.timed((sys.executable, "-c", "print('no such file'); raise SystemExit(3)"))


def test_the_memory_of_a_command_is_its_own_and_not_that_of_who_starts_it():
    held = bytearray(b"x" * 200_000_000)

    small = measure.timed((sys.executable, "-c", "print('done')"))
    large = measure.timed((sys.executable, "-c", "held = b'x' * 100_000_000"))

    assert len(held) / 1e6 > large.largest_mb > 100 > small.largest_mb > 0
    assert small.printed == "done\n" and small.seconds > 0 and small.processor_s > 0


def test_a_start_is_over_when_the_answer_is_right_and_not_before(tmp_path):
    program = tmp_path / "answering.py"
    program.write_text(ANSWERING)
    port = measure.free_port()

    took = start.first_answer((sys.executable, program, port), port, "/", b"the name")

    # It refuses twice before it answers.
    assert took > 2 * start.EVERY_S


def test_a_program_that_ends_has_not_started():
    port = measure.free_port()

    with pytest.raises(SystemExit, match="has not answered"):
        start.first_answer((sys.executable, "-c", ""), port, "/", b"the name")


@pytest.mark.parametrize(
    ("rate", "window"),
    [
        pytest.param(1000, 3, id="a fast one keeps the window"),
        pytest.param(10, 12, id="a slow one gets what it needs"),
        pytest.param(1, 30, id="a very slow one the longest"),
    ],
)
def test_a_window_grows_until_the_mix_is_gone_through(rate, window):
    assert throughput.window(lambda seconds: rate * seconds, 96, 3, 30) == window


def test_a_server_that_refuses_a_kind_is_measured_by_the_base_without_it(monkeypatch):
    asked_for = []

    def once(server, lines, clients, seconds, folder):
        asked_for.append((server.name, len(lines)))
        # Without one kind, everybody is twice as fast.
        rate = {"oxigraph": 100, "whole": 50, "lame": 80}[server.name] * (1 if len(lines) == 12 else 2)
        return measure.Throughput(1000, rate, 1.0, 2.0)

    monkeypatch.setattr(throughput, "throughput", once)
    options = SimpleNamespace(rounds=2, seconds=1, longest=9, seed=1)
    servers = [served("oxigraph"), served("whole"), served("lame")]
    lines = throughput.compared(
        servers, "known", False, 1, 300, options, Path(), {"lame": frozenset({"path", "label"})}
    )

    assert {line.server: line.ratio for line in lines} == {"oxigraph": 1.0, "whole": 0.5, "lame": 0.8}
    assert asked_for.count(("oxigraph", 11)) == asked_for.count(("lame", 11)) == 2


@pytest.mark.parametrize("name", [pytest.param("oxigraph", id="the base"), pytest.param("incsr", id="we")])
def test_a_run_ends_where_those_fail_that_it_is_about(monkeypatch, name):
    def once(server, *_):
        if server.name == name:
            raise measure.Failed(f"{name} failed on 3 requests")
        return measure.Throughput(1000, 10, 1.0, 2.0)

    monkeypatch.setattr(throughput, "throughput", once)
    options = SimpleNamespace(rounds=1, seconds=1, longest=9, seed=1)

    with pytest.raises(SystemExit, match="failed on 3 requests"):
        servers = [served("oxigraph"), served("incsr", ours=True)]
        throughput.compared(servers, "known", True, 1, 300, options, Path(), {})


def test_a_peer_that_fails_under_load_is_told_of_and_ends_nothing(monkeypatch):
    def once(server, *_):
        if server.name == "lame":
            raise measure.Failed("lame failed on 3 requests")
        return measure.Throughput(1000, 10, 1.0, 2.0)

    monkeypatch.setattr(throughput, "throughput", once)
    options = SimpleNamespace(rounds=2, seconds=1, longest=9, seed=1)

    lines = throughput.compared(
        [served("oxigraph"), served("lame")], "known", True, 16, 300, options, Path(), {}
    )

    assert lines[1].text() == "| known | first asked | 16 | lame | 1 | lame failed on 3 requests | | | | |"
    assert "| known | first asked | 16 | lame | lame failed on 3 requests |" in throughput.grown(
        {10: lines}, {}
    )
    assert throughput.by_kind([served("lame")], 300, options, Path(), {})[0].p50 == {"lame": None}


def test_requests_of_no_kind_are_none_and_of_some_are_theirs():
    assert mixes.requests("known", "/q?query=", 300, False, 1, []) == []
    assert len(mixes.requests("known", "/q?query=", 300, False, 1, ["ask"])) == 1
    assert len(mixes.requests("known", "/q?query=", 300, False, 1)) == 12


def test_growth_puts_the_sizes_side_by_side_and_says_what_was_not_measured():
    def line(server, ratio):
        return throughput.Line("known", "again", 1, server, 3, 10, 1.5, 2.0, [ratio], None)

    lines = throughput.grown(
        {10: [line("incsr", 4), line("slow", 0.1)], 20: [line("incsr", 5)]},
        {
            10: [throughput.Kind("known", "join", {"incsr": 0.5})],
            20: [throughput.Kind("known", "join", {"incsr": None})],
        },
    )

    assert "| known | again | 1 | incsr | **4.00**, 1.50 | **5.00**, 1.50 |" in lines
    assert "| known | again | 1 | slow | **0.10**, 1.50 | - |" in lines
    assert "| known | join | 0.50 → - |" in lines


def solutions(*rows):
    """An answer in JSON with these terms for ?x."""
    terms = ", ".join(f'{{"x": {{"type": "{kind}", "value": "{value}"}}}}' for kind, value in rows)
    return f'{{"head": {{"vars": ["x"]}}, "results": {{"bindings": [{terms}]}}}}'.encode()


@pytest.mark.parametrize(
    ("template", "base", "other", "told"),
    [
        pytest.param(
            "SELECT ?x {}", (("literal", "1"), ("uri", "a")), (("uri", "a"), ("typed-literal", "1.0")),
            "", id="numbers by value, in any order",
        ),
        pytest.param("SELECT ?x {}", (("literal", "a"),), (("literal", "b"),), "1 of 1 sol", id="another"),
        pytest.param("SELECT ?x {}", (("literal", "a"),), (), "0 solutions, 1 of oxigraph", id="cut short"),
        pytest.param(
            "SELECT ?x {} LIMIT 1", (("literal", "a"),), (("literal", "b"),), "", id="any one of many will do"
        ),
        pytest.param(
            "SELECT ?x {} ORDER BY ?x LIMIT 1", (("literal", "a"),), (("literal", "b"),), "1 of 1 solutions",
            id="the first of an order",
        ),
    ],
)  # fmt: skip
def test_answers_agree_where_the_query_says_which(template, base, other, told):
    seen = [[agreement.summary(template, mixes.JSON, solutions(*rows))] for rows in (base, other)]

    said = agreement.difference(*seen)

    assert said.startswith(told) and bool(said) == bool(told)


def test_a_boolean_is_not_a_table_with_one_row():
    boolean = agreement.summary("ASK {}", mixes.JSON, b'{"head": {}, "boolean": true}')
    table = agreement.summary("ASK {}", mixes.JSON, solutions(("literal", "1")))

    assert agreement.difference([boolean], [table]) == "answers solutions with x where oxigraph answers true"


@pytest.mark.parametrize(
    ("command", "above", "role"),
    [
        pytest.param("python -m incsr.workers.mother 5", "front", "mother", id="the mother"),
        pytest.param("python -m incsr.workers.mother 5", "mother", "evaluator", id="forked of her"),
        pytest.param("python -m incsr.workers.broker 5", "front", "broker", id="the broker"),
        pytest.param("oxigraph serve", "", "server", id="a peer"),
    ],
)
def test_a_process_is_named_by_what_it_does(command, above, role):
    assert memory.role(command, above) == role


def test_growth_of_memory_is_of_one_process_also_where_another_is_larger():
    before = [memory.Process(1, "evaluator", rss=90), memory.Process(2, "evaluator", rss=10)]
    after = [
        memory.Process(1, "evaluator", peak=90),
        memory.Process(2, "evaluator", peak=30),
        memory.Process(3, "evaluator", peak=15),
    ]

    assert memory.grown(before, after) == {"evaluator": (90, 20)}


def test_memory_is_told_for_each_role_and_added_up():
    front, mother = memory.Process(1, "front", 40.2, 50, 55), memory.Process(2, "mother", 8.4, 30, 31)

    rows = memory.rows("incsr", 1.25, [front], [front, mother])

    assert rows == [
        "| incsr | front | 40 | 40 | 50 | 55 |",
        "| incsr | mother | - | 8 | 30 | 31 |",
        "| incsr | all, loaded in 1.2 s | 40 | 49 | | |",
    ]


def test_this_process_is_in_the_table_with_its_sizes():
    server = SimpleNamespace(process=SimpleNamespace(pid=os.getpid()), first_role="front")

    found = memory.processes(server)

    assert found[0].role == "front"
    assert 0 < found[0].pss <= found[0].rss <= found[0].peak


def test_loading_is_rated_round_by_round_with_and_without_compaction():
    peer = [measure.Ended(2.0, 4.0, 100, ""), measure.Ended(4.0, 4.0, 300, "")]
    ours = [measure.Ended(2.0, 2.0, 50, ""), measure.Ended(2.0, 8.0, 60, "")]

    line = load.Loaded("nt", "strict", peer, ours, [1.0, 0.0]).text()

    assert line == (
        "| nt | strict | 3.00, 2.00, 0.50 | **2.00** (2.00 to 2.00) | **1.50** (1.00 to 2.00) "
        "| **1.25** (0.50 to 2.00) | 300, 60 |"
    )


def test_the_first_byte_is_compared_with_the_engines_of_the_same_round():
    times = [
        stream.Times("scan", "oxigraph", first=[1, 5], last=[10, 20]),
        stream.Times("scan", "incsr", first=[4, 5], last=[20, 20]),
    ]

    assert stream.later(times, "incsr", "oxigraph", "scan") == [3, 0]
    assert any("**1.5** (0.0 to 3.0)" in line for line in stream.section(times, [], asked.ENGINES))


def test_what_was_asked_stands_beside_what_was_found_and_nothing_else_does():
    kinds = [throughput.Kind("known", "join", {"oxigraph": 2.0, "incsr": 1.0, "oxigraph-disk": None})]

    assert asked.of_kinds(4592, kinds) == [
        "| latency of each kind, incsr by oxigraph, 4,592 triples | ≤ 1.1 times "
        "| 1 of 1 kinds; times the engine's: **0.50** (0.50 to 0.50) |"
    ]
    assert asked.of_kinds(868_052, kinds)[-1] == (
        "| the join, 868,052 triples | ≤ 1 ms | oxigraph 2.00 ms, incsr 1.00 ms |"
    )
    assert asked.of_kinds(8_680_000, kinds)[-1].startswith("| the join, 8,680,000 triples | ≤ 3 ms |")
    assert asked.section([]) == []


def test_a_peer_that_answers_otherwise_is_told_of():
    told = report.of_disagreements({"oxigraph": {}, "virtuoso": {"path": "refused: 400 a | b"}})

    assert "| virtuoso | path | refused: 400 a / b |" in told
    assert agreement.refused({"path": "refused: 400", "ask": "answers 1"}) == {"path"}
    assert report.of_disagreements({"oxigraph": {}, "incsr": {}})[0].endswith("oxigraph, incsr.")


def test_a_peer_that_is_not_installed_is_missing_by_name(monkeypatch):
    monkeypatch.setenv("PATH", "")

    assert "not installed (virtuoso-t" in peers.Virtuoso.missing()


def test_earlier_runs_stay_behind_the_newest_one_up_to_a_number(tmp_path):
    output = tmp_path / "RESULTS.md"

    for number in range(report.KEPT + 3):
        report.written(["# Results", "", f"run {number}", ""], output)

    text = output.read_text()
    kept = [line for line in text.splitlines() if line.startswith("run")]
    assert kept == [f"run {number}" for number in range(report.KEPT + 2, 1, -1)]
    assert text.startswith("# Results") and text.count("# Results") == 1


def test_the_command_to_repeat_a_run_gives_its_options_again():
    words = ["--observations", "30", "--parts", "load", "start", "--peers", "--clients", "4"]
    options = run.options_of(words)

    again = run.options_of(report.repeat(options).split()[2:])

    assert vars(again) == vars(options)


def test_a_peer_that_refuses_or_answers_no_results_is_told_of_and_we_may_do_neither(monkeypatch):
    def answer(server, line, number):
        accept = line.split("\t")[0]
        if server.name == "oxigraph":
            return accept, b"" if accept == mixes.TRIPLES else solutions(("literal", "1"))
        return accept, b"<html>"

    monkeypatch.setattr(agreement, "asked", answer)

    told = agreement.disagreements([served("oxigraph"), served("lame")], 300, 1)
    assert told["oxigraph"] == {}
    assert told["lame"]["point"].startswith("refused: JSONDecodeError")
    assert told["lame"]["construct"] == "answers 1 where oxigraph answers 0"
    with pytest.raises(SystemExit, match=r"^incsr, point: refused"):
        agreement.disagreements([served("oxigraph"), served("incsr", ours=True)], 300, 1)

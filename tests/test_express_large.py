"""Large answers are kept too, and sent as their clients read: who reads slowly holds no more than has room.

With `--cache-bytes 48M` one answer may have 12 MB, and 24 MB may be on their way beside what is kept. Smaller
ones would find room in the sockets alone.
"""

import asyncio
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import requests
from test_front_limits import resident_mb

from incsr import express
from incsr.cache import Entry
from incsr.messages import Head, Limits

OPTIONS = ("--cache-bytes", "48M", "--body-timeout", "3")


def query(number, rows=30_000):
    """One of some queries whose answers have between 8 and 12 MB."""
    return f"SELECT * {{ ?s ?p ?o . ?s ?q ?r }} OFFSET {number} LIMIT {rows}"


def ask(server, text, **headers):
    headers = {"Accept-Encoding": "identity"} | headers
    answer = requests.get(f"{server.url}/sparql?query={quote(text)}", headers=headers, timeout=60)
    assert answer.status_code == 200
    return answer


def states(server) -> list[str]:
    """What the log says of the cache for each request that is over, in their order."""
    time.sleep(0.4)  # lines of requests are written together
    lines = map(json.loads, server.log().splitlines())
    return [line["cache"] for line in lines if line["event"] == "request" and line["path"] == "/sparql"]


def reader(server, text):
    """A client that asks and does not read."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(60)
    sock.connect(("127.0.0.1", server.port))
    sock.sendall(f"GET /sparql?query={quote(text)} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n".encode())
    return sock


@pytest.fixture
def server(serve):
    return serve(*OPTIONS)


def test_a_large_answer_comes_again_whole_and_with_its_length(server):
    first, again, third = (ask(server, query(0)) for _ in range(3))
    packed = ask(server, query(0), **{"Accept-Encoding": "gzip"})

    assert 8 << 20 < len(first.content) < 12 << 20
    assert first.content == again.content == third.content == packed.content
    assert "content-length" not in first.headers
    assert int(again.headers["content-length"]) == len(first.content)
    assert packed.headers["content-encoding"] == "gzip"
    assert states(server) == ["miss", "hit", "hit", "hit"]


def test_one_that_is_too_large_is_not_kept(server):
    for _ in range(2):
        assert len(ask(server, query(0, 45_000)).content) > 12 << 20

    assert states(server) == ["miss", "miss"]


def test_clients_that_do_not_read_hold_no_more_than_has_room(server):
    for number in range(4):
        ask(server, query(number))
    held = [reader(server, query(number)) for number in (0, 0, 0, 1)]
    time.sleep(0.5)
    held.append(reader(server, query(2)))
    time.sleep(0.5)

    # There is no room for one more kept answer, so that these are evaluated; those on their way are shared.
    evaluated = ask(server, query(3))
    shared = ask(server, query(1))
    for sock in held:
        sock.close()
    time.sleep(0.5)
    again = ask(server, query(3))

    assert evaluated.content == again.content != shared.content
    told = states(server)
    assert told[:4] == ["miss"] * 4
    assert told[4:6] == ["miss", "hit"]
    assert told[-1] == "hit"


def test_a_client_that_does_not_read_is_given_up_and_its_room_is_free(server):
    for number in range(4):
        ask(server, query(number))
    held = [reader(server, query(number)) for number in (0, 1, 2)]
    time.sleep(4.5)

    ask(server, query(3))

    assert states(server)[-1] == "hit"
    assert server.log().count('"why": "not read"') >= 2
    for sock in held:
        with pytest.raises(ConnectionResetError), sock:
            while sock.recv(65536):
                pass
            raise ConnectionResetError  # an end without all of it is as good


def test_a_slow_reader_gets_every_byte(server):
    whole = ask(server, query(0)).content
    with reader(server, query(0)) as sock:
        time.sleep(1)
        file = sock.makefile("rb")
        head = b"".join(iter(file.readline, b"\r\n"))
        body = b"".join(file.read(len(whole) // 50) for _ in range(50)) + file.read(len(whole) % 50)

    assert f"content-length: {len(whole)}".encode() in head
    assert body == whole


def test_a_stop_lets_an_answer_on_its_way_end(serve):
    server = serve("--grace", "20")
    whole = ask(server, query(0)).content
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as sock:
        sock.sendall(
            f"GET /sparql?query={quote(query(0))} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n".encode()
        )
        time.sleep(0.3)
        server.process.terminate()
        received = b""
        # Slower than the two seconds that closing takes at most, faster than the grace.
        while data := sock.recv(1 << 16):
            received += data
            time.sleep(0.03)

    assert received.partition(b"\r\n\r\n")[2] == whole
    assert server.process.wait(20) == 0


def test_a_large_answer_is_compressed_once_for_all_who_ask_at_the_same_time(serve, monkeypatch):
    made = []

    def compress(coding, body):
        made.append(coding)
        time.sleep(0.2)
        return b"packed"

    class Front:
        class cache:
            @staticmethod
            def grow(_key, _entry, size):
                made.append(size)

    async def several():
        Front.pool = SimpleNamespace(loop=asyncio.get_running_loop())
        entry = Entry(Head(200, "text/csv"), b"x" * 100_000, Limits(), "tag")
        await asyncio.gather(*(express.compressed_variant(Front, "key", entry, "gzip") for _ in range(5)))
        return entry

    monkeypatch.setattr(express, "compressed", compress)
    with ThreadPoolExecutor(1) as thread:  # this one may have a loop of another test's
        entry = thread.submit(lambda: asyncio.run(several())).result()

    assert made == ["gzip", len(b"packed")]
    assert (entry.variants, entry.coming) == ({"gzip": b"packed"}, {})


def test_a_compression_that_fails_is_tried_anew_by_the_next_who_asks(monkeypatch):
    def compress(coding, body):
        if not failed:
            failed.append(coding)
            raise MemoryError
        return b"packed"

    class Front:
        cache = SimpleNamespace(grow=lambda *_: None)

    async def twice():
        Front.pool = SimpleNamespace(loop=asyncio.get_running_loop())
        entry = Entry(Head(200, "text/csv"), b"x" * 100_000, Limits(), "tag")
        with pytest.raises(MemoryError):
            await express.compressed_variant(Front, "key", entry, "gzip")
        await express.compressed_variant(Front, "key", entry, "gzip")
        return entry

    failed = []
    monkeypatch.setattr(express, "compressed", compress)
    with ThreadPoolExecutor(1) as thread:  # this one may have a loop of another test's
        entry = thread.submit(lambda: asyncio.run(twice())).result()

    assert (entry.variants, entry.coming) == ({"gzip": b"packed"}, {})


def test_origins_of_no_matter_are_not_remembered(serve):
    server = serve("--cors", "https://a.example")

    def headers_of(origin):
        answer = ask(server, "ASK {}", **({"Origin": origin} if origin else {}))
        return {k.lower(): v for k, v in answer.headers.items() if k.lower() not in ("date", "x-request-id")}

    for _ in range(3):
        assert headers_of("https://a.example")["access-control-allow-origin"] == "https://a.example"
        assert headers_of("") == headers_of("https://b.example") == headers_of("null")
        assert "access-control-allow-origin" not in headers_of("https://b.example")

    before = resident_mb(server.pid)
    session = requests.Session()
    for number in range(1_500):
        origin = f"https://{number}.example/{'x' * 16_000}"
        session.get(f"{server.url}/sparql?query=ASK%7B%7D", headers={"Origin": origin}, timeout=20)
    assert resident_mb(server.pid) - before < 15


def test_who_no_longer_waits_for_a_compression_takes_it_from_nobody(monkeypatch):
    def compress(coding, body):
        time.sleep(0.2)
        return b"packed"

    class Front:
        cache = SimpleNamespace(grow=lambda *_: None)

    async def two():
        Front.pool = SimpleNamespace(loop=asyncio.get_running_loop())
        entry = Entry(Head(200, "text/csv"), b"x" * 100_000, Limits(), "tag")
        waiting = [asyncio.create_task(express.compressed_variant(Front, "key", entry, "gzip")) for _ in "ab"]
        await asyncio.sleep(0.05)
        waiting[0].cancel()
        return entry, await asyncio.gather(*waiting, return_exceptions=True)

    monkeypatch.setattr(express, "compressed", compress)
    with ThreadPoolExecutor(1) as thread:  # this one may have a loop of another test's
        entry, (gone, stays) = thread.submit(lambda: asyncio.run(two())).result()

    assert isinstance(gone, asyncio.CancelledError) and stays is None
    assert (entry.variants, entry.coming) == ({"gzip": b"packed"}, {})

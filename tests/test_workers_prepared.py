"""The prepared graph in the cache is the published graph: the same quads, and never a part or another's."""

import pyoxigraph as ox
import pytest

from incsr.workers import loading, prepared


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "incsr"


def quads(store):
    return sorted(map(str, store))


def put(value):
    quad = ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.Literal(value), ox.NamedNode("urn:g"))
    more = ox.Quad(ox.BlankNode("b"), ox.NamedNode("urn:p"), ox.Literal("x", language="en"))
    return lambda store: store.extend([quad, more])


def never(_store):
    raise AssertionError("it is prepared a second time")


def test_the_published_graph_comes_back_quad_for_quad(cache):
    first = loading.published_store(union=True)
    assert len(list(cache.iterdir())) == 1

    second = loading.published_store(union=True)

    plain = ox.Store()
    loading.add_published(plain, union=True)
    assert len(first) == len(second) == len(plain) > 1000
    assert [q for q in quads(second) if "_:" not in q] == [q for q in quads(plain) if "_:" not in q]
    assert sorted(map(str, second.named_graphs())) == sorted(map(str, plain.named_graphs()))


def test_what_was_prepared_is_not_prepared_again():
    first = prepared.store("key", put("1"))

    assert len(prepared.store("key", never)) == len(first) == 2


def test_another_key_is_prepared_anew():
    prepared.store("key", put("1"))

    assert '"2"' in str(prepared.store("another", put("2")))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda data: data[: data.rindex(b"\n", 0, -1) + 1], id="a line is missing"),
        pytest.param(lambda data: data[:-10], id="cut in a line"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: b"<urn:s> <urn:p> <urn:o> .\n", id="something else"),
    ],
)
def test_a_spoilt_file_is_prepared_anew(cache, spoil):
    prepared.store("key", put("1"))
    (file,) = cache.iterdir()
    file.write_bytes(spoil(file.read_bytes()))

    assert len(prepared.store("key", put("1"))) == 2


def test_no_cache_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert len(prepared.store("key", put("1"))) == 2


def test_only_the_latest_are_kept(cache):
    for number in range(prepared.KEPT + 3):
        prepared.store(f"key {number}", put("1"))

    assert len(list(cache.iterdir())) == prepared.KEPT


def test_nobody_else_may_read_or_write_it(cache):
    prepared.store("key", put("1"))
    (file,) = cache.iterdir()

    assert file.stat().st_mode & 0o077 == 0

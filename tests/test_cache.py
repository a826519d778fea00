"""Answers kept: bounded in bytes, for one version of the data, shared while they come, and never stale."""

import time

import pytest

from incsr.cache import DEADLINE_KEPT_S, OVERHEAD_BYTES, Cache, Entry
from incsr.conditions import answer_tag
from incsr.messages import Head, Limits, Problem, ReadJob
from incsr.query.repeatable import is_repeatable

LATE = Problem(504, "Deadline exceeded", "", "timeout")


def entry(size=100):
    return Entry(Head(200, "text/csv"), b"x" * size, Limits(), "tag")


def cache(max_bytes=1_000_000, clock=lambda: 0.0):
    made = Cache(max_bytes, clock)
    made.get("v1", "nothing")  # the version of the data, as each request tells it
    return made


def test_an_answer_is_given_again_for_the_same_version_alone():
    held, answer = cache(), entry()
    held.put("v1", "key", answer)

    assert held.get("v1", "key") is answer
    assert held.get("v2", "key") is None
    assert held.get("v1", "key") is None


def test_an_answer_that_comes_after_a_write_is_not_kept():
    held = cache()
    held.get("v2", "key")

    held.put("v1", "key", entry())

    assert held.get("v2", "key") is None and held.bytes == 0


def test_the_bytes_are_bounded_and_the_least_recently_used_goes_first():
    held = cache(20 * (1000 + OVERHEAD_BYTES))
    for number in range(20):
        held.put("v1", number, entry(1000))
    held.get("v1", 0)

    held.put("v1", 20, entry(1000))

    assert held.get("v1", 0) is not None and held.get("v1", 1) is None
    assert held.bytes <= held.max_bytes and len(held) == 20


def test_a_variant_counts_too():
    held, answer = cache(), entry()
    held.put("v1", "key", answer)
    before = held.bytes

    held.grow("key", answer, 50)

    assert held.bytes == before + 50


def test_an_answer_that_would_put_out_many_others_is_not_kept():
    held = cache(100_000)

    held.put("v1", "key", entry(50_000))

    assert held.get("v1", "key") is None


def test_without_bytes_nothing_is_kept_or_shared():
    held = cache(0)
    held.put("v1", "key", entry(0))
    held.failed("v1", "key", LATE)

    assert held.get("v1", "key") is None
    assert held.failure("v1", "key") is None
    assert not held.join("v1", "key", print) and not held.join("v1", "key", print)


def test_those_who_ask_the_same_meanwhile_are_told_what_came_of_it():
    held, told = cache(), []

    assert not held.join("v1", "key", told.append)
    assert held.join("v1", "key", told.append)
    assert not held.join("v2", "key", told.append)
    held.land("v1", "key", LATE)

    assert told == [LATE]
    assert not held.join("v1", "key", told.append)


def test_a_deadline_is_remembered_for_some_seconds_and_one_version():
    now = [0.0]
    held = cache(clock=lambda: now[0])
    held.failed("v1", "key", LATE)

    assert held.failure("v1", "key") is LATE
    assert held.failure("v2", "key") is None
    now[0] = DEADLINE_KEPT_S + 0.1
    assert held.failure("v1", "key") is None


@pytest.mark.parametrize(
    ("text", "repeatable"),
    [
        ("SELECT * { ?s ?p ?o }", True),
        ("SELECT (NOW() AS ?t) {}", False),
        ("SELECT (rand () AS ?t) {}", False),
        ("SELECT (NOW # a comment may stand here\n() AS ?t) {}", False),
        ("SELECT (UUID() AS ?t) {}", False),
        ("SELECT * { SERVICE <http://e/> { ?s ?p ?o } }", False),
        ("CONSTRUCT { [] :p ?o } { ?s :p ?o }", False),
        ("CONSTRUCT { ?s :p ?o } { ?s :p ?o }", True),
        ('CONSTRUCT { ?s :p "}" ; :q [] } { ?s :p ?o }', False),
        ("CONSTRUCT { # }\n [] :p ?o } { ?s :p ?o }", False),
        ("CONSTRUCT { ?s :p <urn:a#b>, (?s ?o) } { ?s :p ?o }", False),
        ("CONSTRUCT { ?s :p ?o {| :q 1 |} } { ?s :p ?o }", False),
        ("CONSTRUCT { << ?s :p ?o >> :q 1 } { ?s :p ?o }", False),
        ('CONSTRUCT { ?s :p """ " [] """, \'_:\' } { ?s :p ?o FILTER(?o<2&&?o>1) [] ?p ?o }', True),
        ("CONSTRUCT WHERE { ?s :p [] }", False),
        ("CONSTRUCTWHERE { ?s :p [] }", False),
        ("CONSTRUCT { ?s :a\\#b [] } { ?s :p ?o }", False),
        ("CONSTRUCT { ?s :a\\' [] ; :q 'x' } { ?s :p ?o }", False),
        ("CONSTRUCT { <<?s:p?o>> :q 1 } { ?s :p ?o }", False),
        ("SELECT * { ?s :p ?o } ORDER BYRAND()", False),
        ("SELECT (SAMPLE(DISTINCTRAND()) AS ?r) { ?s :p ?o }", False),
        ("SELECT * { ?s :p ?a, ?b FILTER(?a<?b&&RAND()>0.5) }", False),
        ("SELECT * { ?s :p <urn:uuid:1>, <http://a/service/now#rand> # NOW()\n }", True),
        ('SELECT ?now { ?s :p ?now, "RAND()" }', True),
        ("SELECT ?services { ?s :hasService ?services ; a sd:Service }", True),
        ("SELECT ?s { ?s :p?o FILTER(?o-RAND()>0) }", False),
        ("SELECT ?s { ?s :p ?o . SERVICEx:a { ?s :p ?o } }", False),
        ("CONSTRUCT { _:b :p ?o } { ?s :p ?o }", False),
        ("SELECT (\\u004EOW() AS ?t) {}", False),
        ("SELECT * { ?s :nowhere ?random }", True),
    ],
)
def test_what_chance_and_time_decide_is_not_kept(text, repeatable):
    assert is_repeatable(ReadJob("query", text)) is repeatable


@pytest.mark.parametrize(
    "text",
    [
        "CONSTRUCT " + "\\'" * 100_000,
        "construct " * 20_000,
        "construct " + "<a" * 100_000,
        "construct " + "'" * 200_001,
        "construct " + '"""a' * 50_001,
        "construct {" * 20_000,
        "now" + "#" * 200_000,
        "construct " + "<" * 200_000,
    ],
    ids=["escapes", "one word", "open IRIs", "strings", "long strings", "templates", "a comment", "signs"],
)
def test_that_is_told_soon_whatever_the_text(text):
    began = time.process_time()
    is_repeatable(ReadJob("query", text))

    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "other",
    [
        ReadJob("query", "ASK { }", accept="text/csv"),
        ReadJob("query", "ASK {}", accept="text/html"),
        ReadJob("query", "ASK {}", accept="text/csv", format="json"),
        ReadJob("query", "ASK {}", default_graphs=("urn:g",), accept="text/csv"),
        ReadJob("query", "ASK {}", accept="text/csv", limits=Limits(max_rows=5)),
    ],
)
def test_another_question_has_another_tag(other):
    job = ReadJob("query", "ASK {}", accept="text/csv")

    assert answer_tag("v1", job) == answer_tag("v1", job)
    assert answer_tag("v1", other) != answer_tag("v1", job) != answer_tag("v2", job)

"""The contract of form-encoded parameters: decoded as the standard says, fast, and refused where broken."""

import time
from urllib.parse import quote, quote_plus, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incsr.endpoint.parameters import query_bytes
from incsr.forms import BadEncoding, decoded, pairs


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_what_a_client_encodes_comes_back(text):
    assert decoded(quote(text).encode()) == text
    assert decoded(quote_plus(text).encode()) == text


@given(st.text(alphabet="aZ=_+.%20C341A9?\n\r", max_size=40))
def test_decoding_agrees_with_the_standard_library_wherever_it_decodes(raw):
    try:
        ours = decoded(raw.encode())
    except BadEncoding:
        return
    assert ours == unquote_plus(raw, errors="strict")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"%41=42", "A=42"),
        (b"a%3Db=", "a=b="),
        (b"%3D%3D", "=="),
        (b"_%5F", "__"),
        (b"%0D%0Aa", "\r\na"),
        (b"a =%20", "a = "),
    ],
)
def test_what_quoted_printable_would_read_otherwise_is_read_as_percent_encoding(raw, text):
    assert decoded(raw) == text


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"100%", '"%" is no percent escape'),
        (b"%zz", '"%zz" is no percent escape'),
        (b"a%4", '"%4" is no percent escape'),
        (b"%FF", "byte 1 is not UTF-8"),
        (b"caf\xe9", "byte 4 is not UTF-8"),
        (b"%ED%A0%80", "is not UTF-8"),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_the_place(raw, said):
    with pytest.raises(BadEncoding, match=said):
        decoded(raw)


def test_pairs_keep_order_and_repetition_and_allow_a_bare_name():
    assert pairs(b"a=1&b=2&a=%26%3D&&default&x==") == [
        ("a", "1"),
        ("b", "2"),
        ("a", "&="),
        ("default", ""),
        ("x", "="),
    ]


def test_a_raw_utf_8_query_string_is_read_whether_or_not_the_server_decoded_it():
    assert pairs(query_bytes("q=é".encode().decode("latin-1"))) == [("q", "é")]
    assert pairs(query_bytes("q=日")) == [("q", "日")]


def test_a_long_query_is_decoded_in_microseconds():
    raw = quote("SELECT * WHERE { ?s <http://example.org/p> ?o . FILTER (?o > 1) } # é\n" * 400).encode()

    began = time.perf_counter()
    for _ in range(20):
        decoded(raw)

    # 28 kB; the standard library takes some 4 ms each.
    assert (time.perf_counter() - began) / 20 < 0.002

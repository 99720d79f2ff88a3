from __future__ import annotations

import pytest
from django.test import RequestFactory

from portal.kit.bodies import read_json
from portal.kit.errors import Refused


def read(body: bytes, max_bytes: int = 100_000) -> dict[str, object]:
    request = RequestFactory().post("/", body, content_type="application/json")
    return read_json(request, max_bytes=max_bytes)


def test_an_object_is_read() -> None:
    assert read(b'{"label":"J\xc3\xbcrgen","list":[1,null,{"a":true}]}') == {
        "label": "Jürgen",
        "list": [1, None, {"a": True}],
    }


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"x", b"[]", b'"text"', b"\xff", b'{"a":NaN}', b'{"a":1,"a":2}', b'{"a":{"b":1,"b":2}}'),
        *(b'{"a":"\\ud800"}', b'{"a":"\\u0000"}', b'{"\\u0000":1}', b'{"a":' + b"9" * 5000 + b"}"),
        *(b"[" * 90_000, b'{"a":' * 20 + b"1" + b"}" * 20),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read(body)
    assert refused.value.code == "not_json"


def test_more_than_the_bound_is_not_read() -> None:
    with pytest.raises(Refused) as refused:
        read(b'{"a":"' + b"x" * 200 + b'"}', max_bytes=100)
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("alphabet", ["utf-16", "utf-32", "utf-16-le", "latin-1"])
def test_another_alphabet_than_utf8_is_refused(alphabet: str) -> None:
    with pytest.raises(Refused):
        read('{"a":"é"}'.encode(alphabet))


def test_a_mark_of_the_byte_order_is_no_part_of_it() -> None:
    assert read(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@pytest.mark.parametrize("length", ["abc", "-5", "1_0", "\u00b2", "0x10"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    request = RequestFactory().post("/", b"{}", content_type="application/json")
    request.META["CONTENT_LENGTH"] = length
    with pytest.raises(Refused) as refused:
        read_json(request, max_bytes=100)
    assert refused.value.code == "not_json"

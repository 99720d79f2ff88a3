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

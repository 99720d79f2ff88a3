"""Strict doors: what two readers could read differently is refused."""

import pytest

from tenants.verified_id.protocol import encoding
from tests.protocol.world import REFUSING, refused


@pytest.mark.parametrize("text", ["QUI=", "QU I", "QU\nI", "QU+I", "QU/I", "A", "QUJDR", "ÄÖ", "QU=I"])
def test_foreign_characters_and_padding_are_no_base64url(text: str) -> None:
    assert refused(lambda: encoding.unb64u(text, REFUSING)).reason == "base64url"


def test_spare_bits_are_refused_so_that_each_value_has_one_text() -> None:
    assert encoding.unb64u("QQ", REFUSING) == b"A"
    assert refused(lambda: encoding.unb64u("QR", REFUSING)).reason == "base64url_spare_bits"
    assert refused(lambda: encoding.unb64u("QUJ", REFUSING)).reason == "base64url_spare_bits"


@pytest.mark.parametrize("size", range(7))
def test_base64url_returns_what_went_in(size: int) -> None:
    data = bytes(range(250, 250 + size)) if size < 6 else b"\xff\xfe\xfd\xfc\xfb\xfa"
    assert encoding.unb64u(encoding.b64u(data), REFUSING) == data


@pytest.mark.parametrize(
    "text", ['{"a":1,"a":2}', '{"a":NaN}', '{"a":1e999}', '{"a":"\\ud800"}', "{", "", "[" * 5000, '{"a":01}']
)
def test_json_that_readers_disagree_about_is_refused(text: str) -> None:
    assert refused(lambda: encoding.parse_json(text, REFUSING)).reason == "json"


def test_invalid_utf8_is_refused() -> None:
    assert refused(lambda: encoding.parse_json(b'{"a":"\xff"}', REFUSING)).reason == "json"


def test_deep_json_is_refused() -> None:
    assert refused(lambda: encoding.parse_json("[" * 40 + "]" * 40, REFUSING)).reason == "json_depth"


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"a=1&a=2", "application/x-www-form-urlencoded", "parameter_repeated"),
        (b"a=1", "application/json", "content_type"),
        (b"a=1", "multipart/form-data", "content_type"),
        (b"a=" + b"x" * 200, "application/x-www-form-urlencoded", "body_size"),
        (b"a=%ff", "application/x-www-form-urlencoded", "form_encoding"),
        (b"a", "application/x-www-form-urlencoded", "form_encoding"),
        (b"&".join(b"a%d=1" % i for i in range(20)), "application/x-www-form-urlencoded", "body_size"),
    ],
)
def test_a_form_is_bounded_and_single_valued(body: bytes, content_type: str, reason: str) -> None:
    assert refused(lambda: encoding.parse_form(body, content_type, REFUSING, max_bytes=100)).reason == reason


def test_a_form_with_too_many_fields_is_refused() -> None:
    body = b"&".join(b"a%d=1" % i for i in range(40))
    error = refused(
        lambda: encoding.parse_form(body, "application/x-www-form-urlencoded", REFUSING, max_bytes=999)
    )
    assert error.reason == "form_encoding"


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"{}", "application/x-www-form-urlencoded", "content_type"),
        (b" " * 101, "application/json", "body_size"),
        (b"[]", "application/json", "json_object"),
    ],
)
def test_a_json_body_is_bounded_and_an_object(body: bytes, content_type: str, reason: str) -> None:
    error = refused(lambda: encoding.parse_json_body(body, content_type, REFUSING, max_bytes=100))
    assert error.reason == reason


@pytest.mark.parametrize("value", [None, "", 5, "x" * 5000, ["a"]])
def test_a_text_member_is_text_and_bounded(value: object) -> None:
    assert refused(lambda: encoding.member_text({"a": value}, "a", REFUSING)).reason == "member_text"


@pytest.mark.parametrize("value", [True, "1", -1, 2**60, None, [1]])
def test_a_date_is_a_number_in_range(value: object) -> None:
    assert refused(lambda: encoding.numeric_date({"iat": value}, "iat", REFUSING)).reason == "numeric_date"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://user@example.com",
        "https://example.com/#a",
        "ftp://example.com",
        "//x",
        "",
    ],
)
def test_only_https_urls_are_endpoints(url: str) -> None:
    with pytest.raises(ValueError, match="not an https URL"):
        encoding.check_url(url)


def test_this_machine_may_speak_http_in_development() -> None:
    assert encoding.check_url("http://acme.localhost:8000/x") == "http://acme.localhost:8000/x"


def test_an_error_never_carries_a_long_value_and_tells_the_wallet_only_its_code() -> None:
    error = REFUSING("reason", found="x" * 1000)
    assert error.found is not None and len(error.found) < 130
    assert error.body() == {"error": "invalid_request"}
    assert error.headers() == {"Cache-Control": "no-store"}

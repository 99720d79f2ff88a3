"""Whatever goes wrong reads the same: RFC 9457, words of ours, nothing of the inside."""

from __future__ import annotations

import logging

import pytest

from portal.api.base import ApiView
from tests.api.world import Script, problem, script_of


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/usage", "/api/v1/usage/", "/api/v1/x%00"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PROPFIND"])
def test_an_address_that_is_none(path, method):
    answer = Script().send(method, path, b"x", "text/plain")
    if path == "/api":
        assert answer.status_code in (301, 404)
    else:
        problem(answer, 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("path", ["/api/v1/usage", "/api/v1/budgets", "/api/v1/schema"])
def test_a_method_that_does_nothing(tenant, method, path):
    answer = script_of(tenant).send(method, path)
    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer["Allow"] and method not in answer["Allow"]


def test_the_answers_are_json_and_nothing_else(tenant):
    script = script_of(tenant)
    for accepted in ("text/html", "application/xml", "text/csv;q=0.5", "nonsense"):
        problem(script.get("/usage", Accept=accepted), 406, "not_acceptable")
    for accepted in ("*/*", "application/*", "application/json", "text/html, application/json;q=0.1"):
        assert script.get("/usage", Accept=accepted)["Content-Type"] == "application/json"
    assert script.get("/usage", {"format": "html"}).status_code == 400


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "not_json"),
        (b"[]", "application/json", 400, "not_json"),
        (b'{"name":"a","name":"b"}', "application/json", 400, "not_json"),
        (b"[" * 50_000, "application/json", 400, "not_json"),
        (b'{"name":"\\ud800"}', "application/json", 400, "not_json"),
        (b"\xff\xfe\x00", "application/json", 400, "not_json"),
        (b'{"name": NaN}', "application/json", 400, "not_json"),
        (b'{"name":"' + b"x" * 70_000 + b'"}', "application/json", 413, "too_large"),
        (b'{"name":"' + b"x" * 3_000_000 + b'"}', "application/json", 413, "too_large"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "media_type_unsupported"),
        (b"<a/>", "text/xml", 415, "media_type_unsupported"),
        (b"{}", "", 415, "media_type_unsupported"),
        (b"{}", "application/json", 400, "parameters_unusable"),
        (b"", "application/json", 400, "parameters_unusable"),
    ],
)
def test_a_body_that_cannot_be_used(tenant, body, kind, status, code):
    answer = script_of(tenant).send("POST", "/api/v1/budgets", body, kind, **{"Idempotency-Key": "a"})
    problem(answer, status, code)


def test_an_accident_is_a_problem_with_an_id_that_the_log_has(tenant, monkeypatch, caplog):
    script = script_of(tenant)
    monkeypatch.setattr("portal.api.resources.usage.usage", lambda chosen: 1 / 0)
    with caplog.at_level(logging.INFO):
        answer = script.get("/usage")
    body = problem(answer, 500, "server_error")
    assert "ZeroDivision" not in str(body) and body["request_id"] in caplog.text
    assert script.headers["Authorization"][7:] not in caplog.text


def test_an_accident_before_the_handler_is_a_problem_too(tenant, monkeypatch):
    monkeypatch.setattr(ApiView, "check_permissions", lambda self, request: 1 / 0)
    problem(script_of(tenant).get("/usage"), 500, "server_error")


def test_every_answer_is_guarded(tenant):
    for answer in (script_of(tenant).get("/usage"), Script().get("/usage"), Script().get("/schema")):
        assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff" and answer["X-Request-Id"].startswith("req_")
        assert "RateLimit" in answer or answer.status_code == 401


def test_a_request_id_is_ours_whatever_was_sent(tenant):
    answer = script_of(tenant).get("/usage", **{"X-Request-Id": "theirs"})
    assert answer["X-Request-Id"] != "theirs"

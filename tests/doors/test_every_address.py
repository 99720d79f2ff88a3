"""Whatever is sent to whichever address, the answer is never a server error, and it carries the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.kit.origins import tenant_host
from tenants.models import Tenant
from tests.doors.addresses import Address, addresses_of

METHODS = ("HEAD", "POST", "PUT", "OPTIONS", "PROPFIND")
DEEP = b"[" * 50_000
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True)
class Sent:
    """A body and how it is called."""

    name: str
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


BODIES = (
    Sent("NUL in a form", FORM, b"identifier=%00&code=%00&email=%00&name=%00&q=%00&label=%00&reason=%00"),
    Sent("broken percent and UTF-8", FORM, b"identifier=%ff%fe%zz&code=\xff&name=%ed%a0%80"),
    Sent("JSON too deep", JSON, DEEP),
    Sent("JSON of another shape", JSON, b'[{"credential":[]}]'),
    Sent("JSON with a number too long", JSON, b'{"credential":{"id":' + b"9" * 5000 + b"}}"),
    Sent("JSON with a lone surrogate", JSON, b'{"credential":{"id":"\\ud800"},"label":"\\ud800\\u0000"}'),
    Sent(
        "a multipart without an end", "multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form"
    ),
    Sent("a content type that is none", "\x7f/;=;;", b"x"),
    Sent("a packed body", JSON, b"\x1f\x8b\x08\x00", {"Content-Encoding": "gzip"}),
)
QUERIES = (
    "?q=%00&page=-1&cursor=%00&next=//evil.example&state=%00&to=%00&from=%00&sort=%00&status=%00",
    "?q=%ff&page=99999999999999999999&cursor=~&state=a&state=b&response_code=%00&from=0000-00-00&slug=%00",
    "?credential_offer_uri=%00&request_uri=%00&client_id=%00&iss=%00&code=%00&per_page=0&format=%2e%2e",
)
PLACES = ("%00", "%ff", "..%2f..", "a" * 3000, "%F0%9F%92%A9", "-1")


def _refused(answer: HttpResponse) -> bool:
    """503 is a sentence of ours ("recovery is not set up here"); everything else from 500 is an accident."""
    return answer.status_code >= 500 and answer.status_code != 503


def _complaint(address: Address, answer: HttpResponse, what: str) -> str:
    return f"{answer.status_code} {address.name} {answer.request['PATH_INFO']} {what}"  # type: ignore[attr-defined]


@pytest.fixture(scope="module", params=["site", "tenant", "wallet"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(kind: str, tenant: Tenant, staff_client: Callable[..., Client]) -> Client:
    """The browser of somebody who may do most: an owner on the site, a claimant with a case on a tenant's host."""
    made = staff_client() if kind == "site" else Client(HTTP_HOST=_host(kind, tenant))
    made.raise_request_exception = False
    return made


def _host(kind: str, tenant: Tenant) -> str:
    return "wallet.localhost:8000" if kind == "wallet" else tenant_host(tenant.slug)


@pytest.fixture
def found(kind: str) -> list[Address]:
    return addresses_of(f"portal.urls.{kind}")


def test_no_method_is_a_server_error(found: list[Address], client: Client, tenant: Tenant) -> None:
    wrong = []
    for address in found:
        for method in METHODS:
            answer = client.generic(method, address.path({"organisation": tenant.slug}))
            if _refused(answer):
                wrong.append(_complaint(address, answer, method))
    assert wrong == []


def test_no_body_is_a_server_error(found: list[Address], client: Client, tenant: Tenant) -> None:
    wrong = []
    for address in found:
        for sent in BODIES:
            path = address.path({"organisation": tenant.slug})
            answer = client.generic("POST", path, sent.body, sent.content_type, headers=sent.headers)
            if _refused(answer):
                wrong.append(_complaint(address, answer, sent.name))
            if answer.status_code == 405:
                break  # what takes no form looks at no body; what is before it is the same for every address
    assert wrong == []


def test_no_query_and_no_place_is_a_server_error(
    found: list[Address], client: Client, tenant: Tenant
) -> None:
    wrong = []
    for address in found:
        path = address.path({"organisation": tenant.slug})
        for query in QUERIES:
            answer = client.get(path + query)
            if _refused(answer):
                wrong.append(_complaint(address, answer, query))
            if answer.status_code == 405:
                break
        for place in PLACES if "<" in address.route else ():
            answer = client.generic("GET", address.path(_everywhere(address, place)))
            if _refused(answer):
                wrong.append(_complaint(address, answer, place))
    assert wrong == []


def _everywhere(address: Address, place: str) -> dict[str, str]:
    names = [part.partition(">")[0].rpartition(":")[2] for part in address.route.split("<")[1:]]
    return dict.fromkeys(names, place)


def test_every_answer_has_its_headers(found: list[Address], client: Client, tenant: Tenant) -> None:
    wrong = []
    for address in found:
        answer = client.get(address.path({"organisation": tenant.slug}))
        have = answer.headers
        missing = [
            name
            for name, word in (
                ("Content-Security-Policy", "frame-ancestors 'none'"),
                ("X-Frame-Options", "DENY"),
                ("X-Content-Type-Options", "nosniff"),
                ("Cache-Control", ""),
            )
            if name not in have or word not in have[name]
        ]
        if answer.headers.get("Referrer-Policy", "") not in ("same-origin", "no-referrer"):
            missing.append("Referrer-Policy")
        if missing:
            wrong.append(_complaint(address, answer, str(missing)))
    assert wrong == []

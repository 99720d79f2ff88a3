"""A page for what went wrong is as well guarded as any other page of its host."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from portal.kit.origins import tenant_host
from tenants.models import Tenant

# What differs with the page and guards nothing.
OF_THE_PAGE = {
    "content-type",
    "content-length",
    "content-language",
    "vary",
    "allow",
    "location",
    "cache-control",
    "expires",
}
HOSTS = {"site": "/accounts/login/", "tenant": "/recover/", "wallet": "/"}


def host_of(kind: str, tenant: Tenant) -> str:
    if kind == "tenant":
        return tenant_host(tenant.slug)
    return urlsplit(settings.SITE_ORIGIN if kind == "site" else settings.WALLET_ORIGIN).netloc


def guards(answer: object) -> dict[str, str]:
    headers = answer.headers  # type: ignore[attr-defined]
    return {name.lower(): value for name, value in headers.items() if name.lower() not in OF_THE_PAGE}


@pytest.mark.parametrize("kind", HOSTS)
def test_error_pages_bring_the_headers_of_their_hosts_other_pages(tenant: Tenant, kind: str, monkeypatch):
    client = Client(
        headers={"host": host_of(kind, tenant)}, enforce_csrf_checks=True, raise_request_exception=False
    )
    page = client.get(HOSTS[kind])
    assert page.status_code == 200
    expected = guards(page)
    assert {"content-security-policy", "permissions-policy", "referrer-policy"} <= set(expected)
    answers = {
        404: client.get("/nothing/here"),
        403: client.post(HOSTS[kind], {"x": "1"}),
        400: client.post(HOSTS[kind], b"x" * 32, content_type="multipart/form-data"),
    }
    with monkeypatch.context() as broken:
        broken.setattr("django.template.backends.django.Template.render", fail_once())
        answers[500] = client.get(HOSTS[kind])
    for status, answer in answers.items():
        assert answer.status_code in {status, 403, 405}, (status, answer.status_code)
        assert guards(answer) == expected, (status, answer.status_code)
        assert "no-store" in answer.headers["Cache-Control"] or kind == "wallet"
    assert answers[404].status_code == 404 and answers[500].status_code == 500


def fail_once() -> object:
    """The page breaks; the page that says so does not."""
    from django.template.backends.django import Template

    render, calls = Template.render, []

    def broken(self: Template, *args: object, **kwargs: object) -> str:
        calls.append(self)
        if len(calls) == 1:
            raise OSError("the page breaks")
        return str(render(self, *args, **kwargs))  # type: ignore[arg-type]

    return broken


def test_a_foreign_host_is_told_nothing_under_strict_headers():
    answer = Client(headers={"host": "evil.example"}).get("/")
    assert answer.status_code == 404
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["Cache-Control"] == "no-store"

"""Hosts, cookies and addresses in production."""

from __future__ import annotations

import json
import re
from http.cookies import SimpleCookie

import pytest

from tenants.models import Tenant
from tests.conftest import make_tenant
from tests.peers.serving import shared_origins
from tests.tls.conftest import Answer, Place

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def site(place: Place) -> str:
    return place.host("console.readmit.test")


def of(place: Place, tenant: Tenant) -> str:
    return place.host(f"{tenant.slug}.readmit-tenants.test")


def assert_bound_to_its_host(answer: Answer) -> set[str]:
    """RFC 6265bis 4.1.3.2: `__Host-` with Secure, Path=/ and no Domain; ours are HttpOnly and Lax besides."""
    names = set()
    for line in answer.cookies:
        (name, cookie), *others = SimpleCookie(line).items()
        assert not others and name.startswith("__Host-"), line
        assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/" and not cookie["domain"], (
            line
        )
        assert cookie["samesite"] == "Lax", line
        names.add(name)
    return names


def token_in(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    return found[1]


def test_pages_of_every_kind_of_host_answer_with_hsts_and_the_policy(
    place: Place, organisation: Tenant
) -> None:
    for host, path in (
        (site(place), "/accounts/login/"),
        (of(place, organisation), "/sign-in"),
        (place.host("readmit-wallet.test"), "/"),
    ):
        answer = place.ask(host, path)
        assert answer.status == 200, (host, answer.status, answer.text[:500])
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "http://" not in answer.text.replace("http://www.w3.org/", "")


@pytest.mark.parametrize(
    "name",
    [
        "nobody.readmit-tenants.test",
        "readmit-tenants.test",
        "a.b.readmit-tenants.test",
        "console.readmit.test.evil",
    ],
)
def test_a_host_that_is_nobodys_is_404_whatever_the_certificate_says(place: Place, name: str) -> None:
    tunnel = "readmit-wallet.test"
    answer = place.ask(place.host(tunnel), headers={"Host": place.host(name)})
    assert answer.status == 404 and not answer.cookies


def test_a_host_on_another_port_or_of_development_is_404(place: Place, organisation: Tenant) -> None:
    for host in (
        "console.readmit.test:1",
        "console.readmit.test",
        "localhost:8000",
        f"{organisation.slug}.localhost",
    ):
        assert place.ask(site(place), headers={"Host": host}).status == 404, host


def test_every_cookie_is_bound_to_its_host_and_says_secure(place: Place, organisation: Tenant) -> None:
    signing_in = place.ask(site(place), "/accounts/login/")
    assert assert_bound_to_its_host(signing_in) >= {"__Host-readmit_csrf"}
    host = of(place, organisation)
    start = place.ask(host, "/recover/")
    cookies = "; ".join(line.partition(";")[0] for line in start.cookies)
    asked = place.ask(host, "/sign-in")
    cookies = "; ".join(line.partition(";")[0] for line in asked.cookies)
    options = place.ask(
        host,
        "/sign-in/options",
        method="POST",
        body="{}",
        headers={
            "Content-Type": "application/json",
            "Cookie": cookies,
            "X-CSRFToken": csrf_of(asked),
            "Referer": f"https://{host}/sign-in",
            "Origin": f"https://{host}",
        },
    )
    assert options.status == 200, options.text[:300]
    assert "__Host-readmit_journey" in assert_bound_to_its_host(options)
    assert json.loads(options.text)["rpId"] == f"{organisation.slug}.readmit-tenants.test"


def csrf_of(answer: Answer) -> str:
    found = re.search(r'data-csrf="([^"]+)"', answer.text)
    assert found
    return found[1]


def test_a_form_from_another_origin_is_refused(place: Place) -> None:
    page = place.ask(site(place), "/accounts/login/")
    cookies = "; ".join(line.partition(";")[0] for line in page.cookies)
    for origin in ("https://readmit-wallet.test", "http://console.readmit.test", "null"):
        answer = place.ask(
            site(place),
            "/accounts/login/",
            method="POST",
            body=f"csrfmiddlewaretoken={token_in(page.text)}&login=a%40b.example",
            headers={**FORM, "Cookie": cookies, "Origin": origin},
        )
        assert answer.status == 403, origin


def test_redirects_and_published_addresses_say_https(place: Place, organisation: Tenant) -> None:
    host = of(place, organisation)
    moved = place.ask(site(place), "/o/")
    assert moved.status == 302 and moved.headers["Location"].startswith(("/", f"https://{site(place)}"))
    for path in (
        "/.well-known/did.json",
        "/.well-known/openid-credential-issuer",
        "/.well-known/oauth-authorization-server",
        "/credentials/VerifiedIdentity/1",
    ):
        answer = place.ask(host, path)
        assert answer.status == 200, path
        assert "http://" not in answer.text and f"{host}" in answer.text.replace("%3A", ":")
        assert answer.headers["Access-Control-Allow-Origin"] == "*" and not answer.cookies


def test_the_did_escapes_a_port_and_has_none_without(place: Place, organisation: Tenant) -> None:
    document = json.loads(place.ask(of(place, organisation), "/.well-known/did.json").text)
    assert document["id"] == f"did:web:{organisation.slug}.readmit-tenants.test%3A{place.server.port}"
    assert all(method["id"].startswith(document["id"] + "#") for method in document["verificationMethod"])


def test_without_a_port_the_did_is_the_host_alone(place: Place) -> None:
    from portal.kit.actors import SYSTEM
    from portal.kit.scope import tenant_scope
    from tenants.verified_id.services import turn_on_verified_id

    with shared_origins(
        {"SITE_ORIGIN": "https://console.readmit.test", "TENANT_BASE": "readmit-tenants.test"}
    ):
        tenant = make_tenant()
        with tenant_scope(tenant.id):
            authority = turn_on_verified_id(actor=SYSTEM)
    host = f"{tenant.slug}.readmit-tenants.test"
    assert (authority.did, authority.issuer) == (f"did:web:{host}", f"https://{host}")
    answer = place.ask(place.host(host), "/.well-known/did.json")
    assert json.loads(answer.text)["id"] == f"did:web:{host}"


def test_the_local_mailbox_and_the_demonstration_are_nowhere(place: Place, organisation: Tenant) -> None:
    Tenant.objects.filter(id=organisation.id).update(is_demonstration=True)
    assert place.ask(site(place), "/mailbox/").status == 404
    for path in ("/try", "/try/mail"):
        assert place.ask(of(place, organisation), path).status == 404, path

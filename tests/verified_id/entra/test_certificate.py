"""Signing in with a certificate that is made here, checked by the simulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from joserfc import jws
from joserfc.jwk import RSAKey

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id.entra import certificate, client, services
from tenants.verified_id.entra.certificate import ASSERTION_TYPE, KeyPair, make_assertion, make_key_pair
from tests.sandboxes.entra_served import EntraSimulator
from tests.verified_id.entra.conftest import work


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return make_key_pair("Readmit test", now=clock.now())


def test_a_connection_without_a_secret_signs_in_with_a_certificate(
    tenant: Tenant, connect: Callable[..., Any], entra: EntraSimulator, staff_client: Any
) -> None:
    found = connect(secret="")
    assert [one["problem"] for one in found] == ["certificate_unknown"]
    staff, page = staff_client(Role.ADMINISTRATOR), f"/o/{tenant.slug}/verified-id/entra"
    shown = staff.get(page).content.decode()
    assert "Upload it at Microsoft" in shown and "does not know the certificate" in shown
    file = staff.get(f"{page}/certificate")
    assert b"PRIVATE" not in file.content and "readmit-entra.pem" in file["Content-Disposition"]
    made = x509.load_pem_x509_certificate(file.content)
    assert timedelta(days=729) < made.not_valid_after_utc - clock.now() < timedelta(days=731)
    client_id, secret = entra.credentials()
    assert entra.press("/certificates/add", client_id=client_id, pem=file.content.decode())[0] == 200
    assert staff.post(f"{page}/test").status_code == 302
    work(tenant)
    assert "Everything was accepted" in staff.get(page).content.decode()
    with tenant_scope(tenant.id):
        row = services.connection()
        assert row is not None and b"PRIVATE" not in bytes(row.key_sealed or b"")
        values = services.settings_of(row)
        # A secret takes its place, and a new certificate the secret's.
        row = services.connect(given=values, secret=secret, actor=SYSTEM)
        assert row.key_sealed is None and row.certificate == ""
    assert staff.get(f"{page}/certificate").status_code == 404
    assert staff.post(f"{page}/certificate/new", {"word": "no"}).status_code == 200
    assert staff.post(f"{page}/certificate/new", {"word": "replace"}).status_code == 302
    with tenant_scope(tenant.id):
        row = services.connection()
        assert row is not None and row.secret_sealed is None and row.key_sealed is not None


def test_an_assertion_says_who_for_whom_and_for_five_minutes(pair: KeyPair) -> None:
    text = make_assertion(pair, client_id="me", audience="https://there", now=clock.now())
    key = RSAKey.import_key(x509.load_pem_x509_certificate(pair.certificate.encode()).public_key())
    read = jws.deserialize_compact(text, key, algorithms=["PS256"])
    claims = json.loads(read.payload)
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("me", "me", "https://there")
    assert claims["exp"] - claims["nbf"] == 300 and claims["jti"]
    assert "PRIVATE" not in repr(pair) and len(certificate.thumbprint(pair.certificate)) == 40
    credentials = client.Credentials("d", "c", "", pair)
    assert "BEGIN" not in repr(credentials)


def test_the_simulator_refuses_an_assertion_that_does_not_hold(entra: EntraSimulator, pair: KeyPair) -> None:
    client_id, _ = entra.credentials("May only issue")
    audience = f"{entra.origin}/{entra.known['directory']}/oauth2/v2.0/token"
    entra.press("/certificates/add", client_id=client_id, pem=pair.certificate)

    def asked(text: str) -> tuple[int, Any]:
        status, body = entra.token_answer(
            client_id=client_id,
            client_secret="",
            client_assertion=text,
            client_assertion_type=ASSERTION_TYPE,
        )
        return status, body.get("error_codes")

    def made(**changes: Any) -> str:
        now = changes.pop("now", clock.now())
        return make_assertion(pair, **{"client_id": client_id, "audience": audience, **changes}, now=now)

    good = made()
    head, body, _ = good.split(".")
    other = make_assertion(
        make_key_pair("x", now=clock.now()), client_id=client_id, audience=audience, now=clock.now()
    )
    wrong = [
        made(audience="https://login.microsoftonline.com/"),
        made(client_id=entra.credentials()[0]),
        made(now=clock.now() - timedelta(hours=1)),
        made(now=clock.now() + timedelta(hours=1)),
        f"{head}.{body}.{other.split('.')[2]}",
        other,
        "a.b",
        "a.b.c",
    ]
    assert asked(good) == (200, None)
    assert [asked(text) for text in wrong] == [(401, [700027])] * len(wrong)

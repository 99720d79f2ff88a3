"""Chromium registers a passkey at the tenant's host over https."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from portal.demo.walk.browsers import FLAGS
from portal.embedded.chromium import ensure_chromium
from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.scope import tenant_scope
from recovery.passkeys.models import Passkey, PersonSession
from tenants.directory.services import create_person
from tenants.models import Tenant
from tests.tls.conftest import Place

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def chromium(place: Place, browser: Browser) -> Iterator[Browser]:
    """A second browser beside the worker's: it must know where .test is and whose certificates to believe."""
    own = browser.browser_type.launch(
        executable_path=ensure_chromium(say=lambda _sentence: None),
        args=[
            *FLAGS,
            "--host-resolver-rules=MAP *.test 127.0.0.1",
            f"--ignore-certificate-errors-spki-list={place.certificate.spki}",
        ],
    )
    yield own
    own.close()


def signed_in(tenant: Tenant) -> str:
    """A person's session, opened here as recovery would."""
    token, moment = secrets.token_urlsafe(32), clock.now()
    with tenant_scope(tenant.id):
        person = create_person(
            user_name="ada",
            given_names="Ada",
            family_name="Example",
            emails=["ada@example.com"],
            actor=SYSTEM,
        )
        PersonSession.objects.create(
            person_id=person.id,
            token_digest=digest(token),
            expires_at=moment + timedelta(hours=1),
            last_seen_at=moment,
        )
    return token


@pytest.mark.browser
def test_a_passkey_is_registered_for_the_hosts_name_and_opens_the_account(
    place: Place, organisation: Tenant, chromium: Browser
) -> None:
    origin = f"https://{place.host(f'{organisation.slug}.readmit-tenants.test')}"
    context = chromium.new_context()
    context.set_default_timeout(60_000)
    context.add_cookies(
        [
            {
                "name": "__Host-readmit_person",
                "value": signed_in(organisation),
                "url": f"{origin}/",
                "secure": True,
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto(f"{origin}/security/")
    # The page goes on by itself afterwards; whoever leaves before that is brought back.
    with page.expect_navigation(), page.expect_response(f"{origin}/security/passkeys/complete") as answered:
        page.get_by_role("button", name="Add a passkey").click()
    assert answered.value.status == 200, answered.value.text()
    (held,) = devtools.send("WebAuthn.getCredentials", {"authenticatorId": made["authenticatorId"]})[
        "credentials"
    ]
    assert held["rpId"] == f"{organisation.slug}.readmit-tenants.test" and held["isResidentCredential"]
    with tenant_scope(organisation.id):
        assert Passkey.objects.count() == 1
    context.clear_cookies()
    page.goto(f"{origin}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{origin}/security/")
    names = {cookie["name"]: cookie for cookie in context.cookies()}
    assert names["__Host-readmit_person"]["secure"] and names["__Host-readmit_person"]["httpOnly"]
    context.close()

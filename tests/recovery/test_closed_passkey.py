"""Whoever can use a passkey that opens nothing any more is refused like anybody, and seen: they hold a lost device."""

from __future__ import annotations

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.passkeys.taking_away import freeze_passkeys, invalidate_passkeys
from tenants.audit.events import EventName
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson
from tests.recovery.authenticator import Authenticator
from tests.recovery.journey import Journey


@pytest.fixture
def key(browser: Journey, ada: DirectoryPerson) -> Authenticator:
    browser.to_pass().use_pass()
    return browser.passkey()


def close(browser: Journey, person: DirectoryPerson, how: str) -> None:
    with tenant_scope(browser.place.tenant.id):
        if how == "invalidated":
            invalidate_passkeys(person.id, keep=(), reason="recovery", actor=SYSTEM)
        elif how == "frozen":
            freeze_passkeys(person.id, reason="not_me", actor=SYSTEM)
        else:
            DirectoryPerson.objects.filter(id=person.id).update(status=DirectoryPerson.Status.SUSPENDED)


def seen(browser: Journey) -> list[tuple[str, str]]:
    with tenant_scope(browser.place.tenant.id):
        rows = AuditEvent.objects.filter(name=EventName.SIGN_IN_REFUSED)
        return [(row.actor_id, row.data["cause"]) for row in rows]


@pytest.mark.parametrize("how", ["invalidated", "frozen", "not_active"])
def test_a_proven_passkey_that_was_closed_is_refused_and_written_down(
    browser: Journey, ada: DirectoryPerson, key: Authenticator, how: str
):
    close(browser, ada, how)
    answer = browser.sign_in(key)
    assert answer.status_code == 403
    assert seen(browser) == [(ada.public_id, how)]
    # The words are those for a passkey that nobody ever registered.
    unknown = Authenticator(browser.origin, rp_id=key.rp_id, user_handle=key.user_handle)
    assert browser.sign_in(unknown).content == answer.content


def test_who_only_knows_a_passkeys_name_writes_nothing(
    browser: Journey, ada: DirectoryPerson, key: Authenticator
):
    close(browser, ada, "invalidated")
    forged = dataclasses.replace(key, key=ec.generate_private_key(ec.SECP256R1()))
    assert browser.sign_in(forged).status_code == 403
    assert seen(browser) == []

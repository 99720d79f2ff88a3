"""What becomes of the ways to sign in from before: removed, or suspended until the person confirms each; never the sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import Case
from recovery.old_ways import ends_sessions_there, keeps_old_ways, removes_there
from recovery.passkeys.models import Passkey
from recovery.passkeys.taking_away import confirm_passkey, freeze_passkeys
from recovery.tasks import take_away_unconfirmed_passkeys
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson
from tests.recovery.authenticator import Authenticator
from tests.recovery.journey import Journey, Place
from tests.recovery.racing import race


@pytest.fixture
def kept(place: Place, ada: DirectoryPerson, browser: Journey) -> tuple[Authenticator, Passkey]:
    """Ada's passkey, and its row, in a place whose profile suspends them."""
    browser.to_pass().use_pass()
    made = browser.passkey()
    place.set_profile(old_ways="confirmed")
    with tenant_scope(place.tenant.id):
        return made, Passkey.objects.get(person_id=ada.id)


def recover(place: Place) -> tuple[Journey, Authenticator]:
    again = place.browser().to_pass("ada").use_pass()
    return again, again.passkey()


def row(place: Place, passkey: Passkey) -> Passkey:
    with tenant_scope(place.tenant.id):
        return Passkey.objects.get(id=passkey.id)


def confirm(browser: Journey, passkey: Passkey) -> Any:
    return browser.post(f"/security/passkeys/{passkey.public_id}/confirm")


def test_a_suspended_passkey_opens_nothing_until_its_person_confirms_it(place: Place, kept):
    old, known = kept
    elsewhere = place.browser()
    elsewhere.sign_in(old)
    mail.outbox.clear()
    browser, new = recover(place)
    assert elsewhere.get("/security/").status_code == 302, "sessions end, always"
    assert elsewhere.sign_in(old).status_code == 403
    told = [entry.body for entry in mail.outbox if "was recovered" in entry.body]
    assert told and all(
        "suspended until you confirm each under Your security: 1. Removed: 0" in body for body in told
    )
    for page in ("/recover/done", "/recover/receipt"):
        assert "Your security" in (said := browser.get(page).content.decode()) and "uspended" in said, page
    browser.sign_in(new)
    assert "Passkeys from before your recovery are suspended" in browser.get("/security/").content.decode()
    assert (
        "you still have it" in browser.get(f"/security/passkeys/{known.public_id}/confirm").content.decode()
    )
    assert row(place, known).suspended_at is not None, "looking changes nothing"
    assert confirm(browser, known).url == "/security/"
    assert elsewhere.sign_in(old).status_code == 200
    with tenant_scope(place.tenant.id):
        named = AuditEvent.objects.filter(subject=known.public_id).values_list("name", flat=True)
        assert {"passkey:passkey:suspend", "passkey:passkey:confirm"} <= set(named)


def test_nobody_else_confirms_it_and_nothing_that_was_closed_since(place: Place, kept):
    old, known = kept
    browser, new = recover(place)
    assert confirm(place.browser(), known).status_code == 302, "nobody is signed in"
    assert place.browser().sign_in(old).status_code == 403
    with tenant_scope(place.tenant.id):
        other = Passkey.objects.create(person_id=place.profile.id, credential_id="other", public_key=b"x")
        Passkey.objects.filter(id=other.id).update(suspended_at=clock.now())
    browser.sign_in(new)
    assert confirm(browser, other).status_code == 404
    with tenant_scope(place.tenant.id):
        freeze_passkeys(known.person_id, reason="not_me", actor=SYSTEM)
        assert confirm_passkey(known.id, actor=SYSTEM) is False
    assert row(place, known).suspended_at is not None


def test_the_only_passkey_that_works_is_not_removed_for_one_that_waits(place: Place, kept):
    _old, known = kept
    browser, new = recover(place)
    browser.sign_in(new)
    with tenant_scope(place.tenant.id):
        works = Passkey.objects.get(person_id=known.person_id, suspended_at=None, invalidated_at=None)
    browser.post(f"/security/passkeys/{works.public_id}/remove")
    assert row(place, works).is_usable
    browser.post(f"/security/passkeys/{known.public_id}/remove")
    assert row(place, known).invalidated_reason == "removed_by_person"


def test_what_nobody_confirmed_is_gone_after_thirty_days_or_the_next_recovery(place: Place, kept):
    _old, known = kept
    recover(place)
    later = clock.now() + timedelta(days=30, minutes=1)
    with clock.frozen(later), tenant_scope(place.tenant.id):
        assert confirm_passkey(known.id, actor=SYSTEM) is False
    with clock.frozen(clock.now() + timedelta(days=29)):
        take_away_unconfirmed_passkeys()
    assert row(place, known).invalidated_at is None
    second, _key = recover(place)
    assert second.case.status == "recovered"
    assert row(place, known).invalidated_reason == "recovered"
    with clock.frozen(later + timedelta(days=1)):
        take_away_unconfirmed_passkeys()
    with tenant_scope(place.tenant.id):
        reasons = set(Passkey.objects.values_list("invalidated_reason", flat=True))
    assert reasons == {"", "recovered", "passkey_not_confirmed"}


def test_a_hundred_confirmations_are_one(place: Place, kept):
    _old, known = kept
    recover(place)

    def once(_number: int) -> bool:
        with tenant_scope(place.tenant.id):
            return confirm_passkey(known.id, actor=SYSTEM)

    assert race(once, times=100) == {"True": 1, "False": 99}


@pytest.mark.parametrize("why", ["privileged", "no_address"])
def test_privileged_accounts_and_who_hears_of_nothing_keep_nothing(place: Place, kept, why: str):
    _old, known = kept
    browser = place.browser().to_pass("ada").use_pass()
    with tenant_scope(place.tenant.id):
        if why == "privileged":
            DirectoryPerson.objects.filter(id=known.person_id).update(is_privileged=True)
            place.set_profile(privileged=True)
        else:
            Case.objects.filter(id=browser.case.id).update(
                proves_first_at=clock.now(), first_proof_at=clock.now()
            )
    browser.passkey()
    assert row(place, known).invalidated_reason == "recovered"
    assert "Passkeys removed: 1" in browser.get("/recover/receipt").content.decode()
    with tenant_scope(place.tenant.id):
        case = Case.objects.select_related("profile", "person").get(id=browser.case.id)
        assert not keeps_old_ways(case)
        assert removes_there(case, chosen=False) and ends_sessions_there(case, chosen=False)

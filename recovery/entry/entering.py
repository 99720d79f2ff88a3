"""From a link to a first passkey.

Protects an account from whoever got hold of a link: it works once, for a week, in one browser, while the address it went to
is still the person's, and only for somebody who has no passkey, is active, and did not say "this was not me" lately. What
it permits is one passkey; every address is told of it. What it does not do: sign anybody in, or look at passkeys that are
there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.codes import digest, same
from portal.kit.errors import Refused
from portal.kit.limits import Limit, take
from portal.kit.origins import network_of
from portal.kit.scope import require_no_transaction, tenant_scope
from recovery.entry.inviting import address_digest, stop_reminding, void_invitations
from recovery.entry.models import Entry, Invitation, Kind
from recovery.held import HELD_FOR
from recovery.models import Case
from recovery.passkeys import services as passkeys
from recovery.passkeys.models import Passkey
from recovery.statuses import CaseStatus
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson, NoticeAddress
from tenants.directory.selectors import addresses_of, emails_of
from tenants.directory.services import note_reached
from tenants.models import Tenant
from tenants.notices.services import send_notice

LIFE = timedelta(minutes=15)
MOST_TOKEN = 100
OF_NETWORK = Limit("invitations_opened_in_network", 120, 600)
PERMISSION = "entry"


def may_enter(person: DirectoryPerson) -> bool:
    """Whether a first passkey may be made for this person. A frozen one is one: it was frozen for a reason."""
    if person.status != DirectoryPerson.Status.ACTIVE or not person.recovery_allowed:
        return False
    if Passkey.objects.filter(person_id=person.id, invalidated_at=None).exists():
        return False
    since = clock.now() - HELD_FOR
    return not Case.objects.filter(
        person_id=person.id, status=CaseStatus.REPUDIATED, ended_at__gt=since
    ).exists()


def _sent_to(found: Invitation) -> NoticeAddress | None:
    """The address that the link went to, as long as it is held."""
    sent_to = bytes(found.address_digest)
    held = (one for one in addresses_of(found.person_id) if one.kind == NoticeAddress.Kind.EMAIL)
    return next((one for one in held if same(sent_to, address_digest(one.value, found.person_id))), None)


def _is_good(found: Invitation) -> bool:
    return _sent_to(found) is not None and may_enter(found.person)


def _found(token: str) -> Invitation | None:
    rows = Invitation.objects.select_related("person")
    return rows.filter(token_digest=digest(token[:MOST_TOKEN])).first()


def is_open(token: str) -> bool:
    """Whether the page with the button is worth showing. Changes nothing: scanners of mail follow links as well."""
    found = _found(token)
    return found is not None and found.used_at is None and found.expires_at > clock.now() and _is_good(found)


def open_invitation(tenant: Tenant, token: str, *, browser_digest: bytes, address: str) -> None:
    """The button was pressed: the link is used up, then it is looked whether it was good. Refused for every cause alike."""
    require_no_transaction()
    take(OF_NETWORK, f"{tenant.id}|{network_of(address)}")
    refusal = Refused("invitation_dead", _("This link does not work any more. Ask for a new one."))
    with tenant_scope(tenant.id):
        moment = clock.now()
        waiting = Invitation.objects.filter(
            token_digest=digest(token[:MOST_TOKEN]), used_at=None, expires_at__gt=moment
        )
        if not waiting.update(used_at=moment):
            raise refusal
    with tenant_scope(tenant.id):
        found = _found(token)
        sent_to = _sent_to(found) if found is not None else None
        if found is None or sent_to is None or not may_enter(found.person):
            raise refusal
        note_reached(found.person_id, sent_to.id)
        made = permit(found.person_id, browser_digest)
        record_event(
            EventName.INVITATION_OPENED,
            actor=passkeys.person_actor(found.person_id),
            subject=made.public_id,
            data={"kind": found.kind},
        )


def permit(person_id: UUID, browser_digest: bytes) -> Entry:
    """For whoever was shown to be this person; the caller has looked whether they may enter."""
    return Entry.objects.create(
        person_id=person_id, browser_digest=browser_digest, expires_at=clock.now() + LIFE
    )


def entry_of(browser_digest: bytes) -> Entry | None:
    """What this browser may do now; None when nothing, or when the person may not any more."""
    rows = Entry.objects.filter(browser_digest=browser_digest, used_at=None, expires_at__gt=clock.now())
    found = rows.select_related("person").order_by("-created_at").first()
    return found if found is not None and may_enter(found.person) else None


def begin_first_passkey(tenant: Tenant, *, browser_digest: bytes) -> dict[str, Any]:
    """Creation options. Refused where this browser may make none."""
    with tenant_scope(tenant.id):
        entry = _entry_or_refuse(browser_digest)
        person = entry.person
    return passkeys.begin_registration(
        tenant_id=tenant.id,
        person_id=person.id,
        user_name=person.user_name,
        display_name=person.display_name,
        browser_digest=browser_digest,
        permission=PERMISSION,
        permission_id=entry.id,
    )


def _entry_or_refuse(browser_digest: bytes) -> Entry:
    entry = entry_of(browser_digest)
    if entry is None:
        raise Refused("entry_over", _("That took too long. Open a new link."))
    return entry


def complete_first_passkey(
    tenant: Tenant, *, browser_digest: bytes, response: Mapping[str, Any], label: str
) -> None:
    """Verify, keep it, use the permission up, and tell every address. Two at once: the second finds the first's passkey."""
    with tenant_scope(tenant.id):
        entry = _entry_or_refuse(browser_digest)
    with passkeys.noting_refusals(tenant.id, entry.person_id):
        new = passkeys.verify_new_passkey(
            tenant=tenant,
            browser_digest=browser_digest,
            response=dict(response),
            label=label,
            expected_permission_id=entry.id,
        )
        with tenant_scope(tenant.id):
            _keep(tenant, entry, new)


def _keep(tenant: Tenant, entry: Entry, new: passkeys.VerifiedPasskey) -> None:
    person = DirectoryPerson.objects.select_for_update(no_key=True).get(id=entry.person_id)
    used = Entry.objects.filter(id=entry.id, used_at=None, expires_at__gt=clock.now())
    if not may_enter(person) or not used.update(used_at=clock.now()):
        raise Refused("entry_over", _("That took too long. Open a new link."))
    passkeys.keep_passkey(new)
    void_invitations(person.id)
    with timezone.override(tenant.time_zone):
        moment = date_format(timezone.localtime(clock.now()), "DATETIME_FORMAT")
    send_notice(
        "first_passkey",
        addresses=emails_of(person.id),
        context={"given_names": person.given_names, "moment": moment},
    )


def decline_reminders(tenant: Tenant, token: str, *, address: str) -> None:
    """By the link in a reminder, also when it is too old to get in. Quiet for one that nobody knows."""
    require_no_transaction()
    take(OF_NETWORK, f"{tenant.id}|{network_of(address)}")
    with tenant_scope(tenant.id):
        found = _found(token)
        if found is not None and found.kind == Kind.REMINDER:
            stop_reminding(found.person_id)

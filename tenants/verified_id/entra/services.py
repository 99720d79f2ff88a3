"""Entering a connection, trying it, using it for recoveries, and removing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Invalid, NotHere, Refused
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from portal.kit.sealed import seal
from portal.kit.seen import require_unchanged
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.verified_id.entra import client
from tenants.verified_id.entra.certificate import make_key_pair
from tenants.verified_id.entra.models import EntraCallback, EntraCard, EntraConnection, EntraRequest
from tenants.verified_id.entra.requests import KEPT
from tenants.verified_id.entra.tokens import Held, forget_tokens, proof_of, sealed_context, write_token

SETTINGS = (
    *("directory", "client_id", "authority", "manifest_url", "credential_type"),
    *("accepted_issuers", "photo_claim", "authority_id", "mark_claim"),
)
# Who issues: with another of these a person's card is another's.
WHO_ISSUES = ("directory", "authority", "manifest_url", "credential_type", "authority_id", "mark_claim")


def connection() -> EntraConnection | None:
    return EntraConnection.objects.first()


def settings_of(row: EntraConnection | None) -> dict[str, Any]:
    """What a form is filled from."""
    return {name: getattr(row, name) for name in SETTINGS} if row else {}


# The connection ----------------------------------------------------------------------------------------------------


@transaction.atomic
def connect(
    *, given: Mapping[str, Any], secret: str, actor: Actor, seen: str | None = None
) -> EntraConnection:
    """Enter or change the settings and try them at once. A secret left empty stays as it was; where there is none the
    connection signs in with a certificate that is made here. A secret that is given replaces the certificate. Another
    authority or contract is used for recoveries only when somebody says so again. ChangedMeanwhile when the settings are not what the page had `seen`."""
    row = EntraConnection.objects.select_for_update().first()
    require_unchanged(seen if row else None, settings_of(row))
    if not given["accepted_issuers"]:
        raise Invalid("issuers_missing", _("Name at least one issuer."), field="accepted_issuers")
    made = row or EntraConnection()
    changed = [name for name in SETTINGS if getattr(made, name, None) != given[name]]
    for name in SETTINGS:
        setattr(made, name, given[name])
    if secret:
        made.secret_sealed = seal(secret.encode(), sealed_context(made, "secret_sealed"))
        made.key_sealed, made.certificate = None, ""
    elif made.secret_sealed is None and made.key_sealed is None:
        _make_certificate(made)
    forget_tokens(made)
    made.found, made.tested_at = [], None
    if set(changed) & set(WHO_ISSUES):
        made.used_since = None
    made.test_asked_at = clock.now()
    made.save(force_insert=row is None)
    record_event(
        EventName.ENTRA_CHANGED,
        actor=actor,
        subject=made.public_id,
        data={"changed": [*changed, *(["client_secret"] if secret else [])]},
    )
    _enqueue_test()
    return made


def _make_certificate(row: EntraConnection) -> None:
    """Sets the columns; the caller saves."""
    name = Tenant.objects.values_list("slug", flat=True).get(id=current_tenant_id())
    pair = make_key_pair(f"Readmit {name}", now=clock.now())
    row.secret_sealed, row.certificate = None, pair.certificate
    row.key_sealed = seal(pair.key, sealed_context(row, "key_sealed"))


@transaction.atomic
def use_certificate(*, actor: Actor) -> EntraConnection:
    """Sign in with a new certificate from now on. The secret, or the earlier key, is destroyed."""
    row = EntraConnection.objects.select_for_update().first()
    if row is None:
        raise NotHere("no_entra_connection")
    _make_certificate(row)
    forget_tokens(row)
    row.found, row.tested_at = [], None
    row.save()
    record_event(
        EventName.ENTRA_CHANGED, actor=actor, subject=row.public_id, data={"changed": ["certificate"]}
    )
    return row


@transaction.atomic
def ask_for_test(*, actor: Actor) -> EntraConnection:
    row = EntraConnection.objects.select_for_update().first()
    if row is None:
        raise NotHere("no_entra_connection")
    row.test_asked_at = clock.now()
    row.save(update_fields=["test_asked_at"])
    _enqueue_test()
    return row


def _enqueue_test() -> None:
    enqueue("verified_id.entra_test", tenant_id=current_tenant_id())


@transaction.atomic
def disconnect(*, actor: Actor) -> None:
    """Destroy settings, secret and token, and end every request. Quiet when there is none."""
    row = EntraConnection.objects.select_for_update().first()
    if row is None:
        return
    EntraRequest.objects.all().delete()
    subject = row.public_id
    row.delete()
    record_event(EventName.ENTRA_REMOVED, actor=actor, subject=subject)


def note_test(held: Held, found: Sequence[Finding], token: client.Token | None) -> None:
    """What a test found. Quiet when the connection was removed or changed meanwhile: another test is under way."""
    row = EntraConnection.objects.select_for_update().filter(id=held.row.id).first()
    if row is None or proof_of(row) != proof_of(held.row) or settings_of(row) != settings_of(held.row):
        return
    row.found = [asdict(one) for one in found]
    row.tested_at = clock.now()
    if token is not None:
        write_token(row, token)
    row.save(update_fields=["found", "tested_at", "token_sealed", "token_expires_at"])
    problems = [f"{one.step}:{one.problem}" for one in found if not one.ok]
    record_event(EventName.ENTRA_TESTED, actor=SYSTEM, subject=row.public_id, data={"problems": problems})


@dataclass(frozen=True, slots=True)
class Finding:
    """One step of a test. `setting` is what to change, where that is known."""

    step: str
    ok: bool
    problem: str = ""
    setting: str = ""


# In recoveries -----------------------------------------------------------------------------------------------------


def may_be_used(row: EntraConnection | None) -> bool:
    """Whether everything that a recovery needs was tried and accepted."""
    return bool(
        row and row.authority_id and row.mark_claim and row.found and all(one["ok"] for one in row.found)
    )


@transaction.atomic
def use_in_recoveries(*, is_used: bool, actor: Actor) -> EntraConnection:
    """From now on recoveries that begin get their card from Microsoft's service, or from here again. Those under way go on
    as they began. Refused("entra_untested") before every step of a test was accepted."""
    row = EntraConnection.objects.select_for_update().first()
    if row is None:
        raise NotHere("no_entra_connection")
    if is_used and not may_be_used(row):
        raise Refused("entra_untested", _("Test the connection first: every step has to be accepted."))
    if bool(row.used_since) == is_used:
        return row
    row.used_since = clock.now() if is_used else None
    row.save(update_fields=["used_since"])
    record_event(EventName.ENTRA_USED, actor=actor, subject=row.public_id, data={"in_recoveries": is_used})
    return row


def cards_out() -> int:
    """How many cards that Microsoft issued are with people and not void."""
    return EntraCard.objects.filter(void_at=None).exclude(issued_at=None).count()


def cards_to_take_away() -> int:
    """How many void ones Microsoft has not confirmed to be gone."""
    return EntraCard.objects.filter(gone_at=None).exclude(void_at=None).count()


# Letting go --------------------------------------------------------------------------------------------------------


def destroy_old_requests() -> None:
    """Requests of yesterday, with what came back for them."""
    EntraRequest.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    EntraCallback.objects.filter(created_at__lt=clock.now() - timedelta(hours=1)).update(body_sealed=None)


def look_for_the_forgotten() -> None:
    """Cards whose turn came and went: whoever was to ask for them died."""
    due = EntraCard.objects.filter(gone_at=None, next_look_at__lt=clock.now() - timedelta(minutes=10))
    for card_id in due.order_by("next_look_at").values_list("id", flat=True)[:100]:
        enqueue("verified_id.entra_look", tenant_id=current_tenant_id(), card_id=card_id)


def recent_requests() -> list[EntraRequest]:
    """The newest test of each kind, for the page."""
    found: dict[str, EntraRequest] = {}
    for row in EntraRequest.objects.filter(reference=None).order_by("-created_at")[:10]:
        found.setdefault(row.kind, row)
    return sorted(found.values(), key=lambda row: row.kind)

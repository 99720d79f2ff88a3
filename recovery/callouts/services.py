"""Entering, changing, testing and removing callouts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.errors import Invalid, NotHere
from portal.kit.ids import uuid7
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from portal.kit.sealed import seal
from portal.kit.seen import require_unchanged
from recovery.callouts.asking import question_for
from recovery.callouts.models import Callout, CalloutAsk
from recovery.callouts.sending import Heard, ask_endpoint
from recovery.callouts.shape import CLAIMS, Account
from recovery.callouts.signing import ensure_key, hold_callouts, secret_context
from tenants.audit.events import EventName
from tenants.audit.services import record_event

FIELDS = ("name", "url", "audience", "claims", "on_silence", "timeout_seconds", "retries")
MOST = 20
TEST = "callouts.test"
KEEP = object()
# Nobody: the names say so, and the domain exists nowhere (RFC 2606).
EXAMPLE = Account(
    id="00000000-0000-0000-0000-000000000000",
    user_name="example.person@example.invalid",
    given_names="Example",
    family_name="Person",
    mail="example.person@example.invalid",
    employee_number="EXAMPLE-1",
    is_guest=False,
    created="2020-01-01T00:00:00+00:00",
)
EXAMPLE_CLAIMS = {
    "firstName": "Example",
    "lastName": "Person",
    "fullName": "Example Person",
    "dateOfBirth": "1990-01-15",
    "documentType": "passport",
    "documentCountry": "GBR",
}


def callouts() -> list[Callout]:
    return list(Callout.objects.order_by("name", "id"))


def callout_names() -> dict[UUID, str]:
    return dict(Callout.objects.order_by("name", "id").values_list("id", "name"))


def get_callout(callout_id: UUID) -> Callout:
    row = Callout.objects.filter(id=callout_id).first()
    if row is None:
        raise NotHere("callout_unknown")
    return row


def values_of(row: Callout) -> dict[str, Any]:
    """What a form is filled from."""
    return {name: getattr(row, name) for name in FIELDS}


def _set_secret(row: Callout, secret: Any) -> list[str]:
    if secret is KEEP:
        return []
    row.secret_sealed = seal(str(secret).encode(), secret_context(row)) if secret else None
    return ["secret"]


@transaction.atomic
def create_callout(*, given: Mapping[str, Any], secret: str, actor: Actor) -> Callout:
    """Invalid when there are as many as an organisation may have. A test is asked for at once."""
    hold_callouts()
    if Callout.objects.count() >= MOST:
        raise Invalid("callouts_too_many", _("There are 20 callouts already. Remove one first."))
    ensure_key()
    row = Callout(**{name: given[name] for name in FIELDS})
    _set_secret(row, secret)
    row.test_asked_at = clock.now()
    row.save(force_insert=True)
    record_event(EventName.CALLOUT_CREATED, actor=actor, subject=row.public_id)
    enqueue(TEST, tenant_id=current_tenant_id(), callout=row.id)
    return row


@transaction.atomic
def change_callout(
    callout_id: UUID, *, given: Mapping[str, Any], secret: Any = KEEP, actor: Actor, seen: str | None = None
) -> Callout:
    """`secret`: KEEP, empty for none, or a new one. ChangedMeanwhile when it is not what the page had `seen`."""
    row = _locked(callout_id)
    require_unchanged(seen, values_of(row))
    changed = [name for name in FIELDS if getattr(row, name) != given[name]]
    for name in changed:
        setattr(row, name, given[name])
    changed += _set_secret(row, secret)
    if changed:
        row.test_asked_at, row.tested_at, row.found = clock.now(), None, {}
        row.save()
        record_event(EventName.CALLOUT_CHANGED, actor=actor, subject=row.public_id, data={"changed": changed})
        enqueue(TEST, tenant_id=current_tenant_id(), callout=row.id)
    return row


def _locked(callout_id: UUID) -> Callout:
    row = Callout.objects.select_for_update().filter(id=callout_id).first()
    if row is None:
        raise NotHere("callout_unknown")
    return row


@transaction.atomic
def remove_callout(callout_id: UUID, *, actor: Actor) -> None:
    """With what it was ever asked. Whoever calls has looked whether a profile names it."""
    row = _locked(callout_id)
    CalloutAsk.objects.filter(callout=row).delete()
    record_event(EventName.CALLOUT_REMOVED, actor=actor, subject=row.public_id)
    row.delete()


def waits_for_answer(callout_id: UUID) -> bool:
    """Whether a case is being decided that asks it."""
    return CalloutAsk.objects.filter(callout_id=callout_id, state=CalloutAsk.State.WAITING).exists()


@transaction.atomic
def ask_for_test(callout_id: UUID) -> Callout:
    row = _locked(callout_id)
    row.test_asked_at = clock.now()
    row.save(update_fields=["test_asked_at"])
    enqueue(TEST, tenant_id=current_tenant_id(), callout=row.id)
    return row


@effect
def on_test(job: Job) -> Apply | None:
    """An example that is marked as one. One try: what is slow the first time is slow for somebody who waits."""
    if job.tenant_id is None:
        return None
    with tenant_scope(job.tenant_id):
        row = Callout.objects.filter(id=job.uuid("callout")).first()
        if row is None:
            return None
        claims = {name: EXAMPLE_CLAIMS[name] for name in CLAIMS if name in row.claims}
        question = question_for(row, account=EXAMPLE, claims=claims, correlation=str(uuid7()), is_test=True)
    return partial(_note_test, row, ask_endpoint(question, token_id=str(job.id)))


def _note_test(asked: Callout, heard: Heard) -> None:
    """Quiet when it was changed meanwhile: another test is under way."""
    row = Callout.objects.select_for_update().filter(id=asked.id).first()
    if row is None or (row.url, row.audience, row.claims) != (asked.url, asked.audience, asked.claims):
        return
    answer = heard.answer
    row.found = {
        "state": "silent" if answer is None else "passed" if answer.passed else "failed",
        "problem": heard.problem,
        "status": heard.status,
        "failed_claims": list(answer.failed_claims) if answer else [],
        "milliseconds": heard.milliseconds,
    }
    row.tested_at = clock.now()
    row.save(update_fields=["found", "tested_at"])
    record_event(
        EventName.CALLOUT_TESTED,
        actor=SYSTEM,
        subject=row.public_id,
        data={"answer": row.found["state"], "problem": heard.problem},
    )

"""Entering, testing, trying, turning on and removing the organisation's OpenID Provider."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.codes import digest, new_token
from portal.kit.errors import Invalid, NotHere, Refused
from portal.kit.origins import tenant_url
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from portal.kit.sealed import seal
from portal.kit.seen import require_unchanged
from recovery.entry import provider as contract
from recovery.entry.models import ProviderSubject, SignInAttempt, SignInProvider
from recovery.entry.signing_in import LIFE, provider_row
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant

FIELDS = ("name", "issuer", "client_id", "proof", "match", "claim")
TEST = "entry.test_provider"


def values_of(row: SignInProvider) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FIELDS}


def _locked() -> SignInProvider:
    row = SignInProvider.objects.select_for_update().first()
    if row is None:
        raise NotHere("no_provider")
    return row


@transaction.atomic
def save_provider(
    *, given: Mapping[str, Any], secret: str, actor: Actor, seen: str | None = None
) -> SignInProvider:
    """Enter or change it. What is changed is turned off until somebody turns it on anew: people are sent nowhere that nobody
    tried. A secret left empty stays, a key is made where one is chosen. ChangedMeanwhile as other forms."""
    row = SignInProvider.objects.select_for_update().first()
    if row is not None:
        require_unchanged(seen, values_of(row))
    made = row or SignInProvider()
    changed = [name for name in FIELDS if row is None or getattr(row, name) != given[name]]
    for name in FIELDS:
        setattr(made, name, given[name])
    changed += _set_proof(made, secret, anew="proof" in changed)
    if changed:
        made.memory, made.is_on, made.problem, made.tested_at = {}, False, "", None
        made.test_asked_at = clock.now()
        made.save(force_insert=row is None)
        record_event(
            EventName.PROVIDER_CHANGED, actor=actor, subject=made.public_id, data={"changed": changed}
        )
        enqueue(TEST, tenant_id=current_tenant_id())
    return made


def _set_proof(row: SignInProvider, secret: str, *, anew: bool) -> list[str]:
    if row.proof == SignInProvider.Proof.KEY:
        if not anew:
            return []
        private, row.public_jwk = contract.make_key()
        row.secret_sealed = seal(private.encode(), contract.secret_context(row))
        return ["private_key"]
    row.public_jwk = {}
    if not secret:
        if anew:
            raise Invalid("secret_missing", _("Enter the client secret."), field="client_secret")
        return []
    row.secret_sealed = seal(secret.encode(), contract.secret_context(row))
    return ["client_secret"]


@transaction.atomic
def ask_for_test() -> None:
    row = _locked()
    row.test_asked_at = clock.now()
    row.save(update_fields=["test_asked_at"])
    enqueue(TEST, tenant_id=current_tenant_id())


@effect
def on_test(job: Job) -> Apply | None:
    if job.tenant_id is None:
        return None
    with tenant_scope(job.tenant_id):
        row = provider_row()
        if row is None:
            return None
        ctx = contract.ctx_of(row)
        redirect_uri = contract.return_url(Tenant.objects.get(id=job.tenant_id))
    problem = contract.try_settings(ctx, redirect_uri=redirect_uri)
    return partial(_note_test, row, problem, dict(ctx.memory))


def _note_test(asked: SignInProvider, problem: str, memory: dict[str, Any]) -> None:
    """Quiet when it was changed meanwhile: another test is under way."""
    row = SignInProvider.objects.select_for_update().filter(id=asked.id).first()
    if row is None or values_of(row) != values_of(asked) or row.secret_sealed != asked.secret_sealed:
        return
    row.problem, row.memory, row.tested_at = problem, memory, clock.now()
    row.save(update_fields=["problem", "memory", "tested_at"])
    record_event(EventName.PROVIDER_TESTED, actor=SYSTEM, subject=row.public_id, data={"problem": problem})


def refresh() -> None:
    """Periodic: providers change addresses and keys, and a browser is sent there without asking first."""
    for tenant in Tenant.objects.filter(status=Tenant.Status.ACTIVE).iterator():
        with tenant_scope(tenant.id):
            if SignInProvider.objects.filter(is_on=True).exists():
                enqueue(TEST, tenant_id=tenant.id)


@transaction.atomic
def make_trial(*, actor: Actor) -> str:
    """A link on the tenant's host for whoever tries a sign-in; it lives ten minutes. Refused before a test was passed."""
    row = _locked()
    if row.problem or not contract.is_known(row):
        raise Refused("not_tested", _("Test the settings first."))
    token = new_token()
    SignInAttempt.objects.create(
        provider=row,
        is_trial=True,
        state=SignInAttempt.State.OFFERED,
        offer_digest=digest(token),
        expires_at=clock.now() + LIFE,
    )
    record_event(EventName.PROVIDER_TRIED, actor=actor, subject=row.public_id)
    return tenant_url(Tenant.objects.get(id=current_tenant_id()).slug, f"/sign-in/try/{token}")


@transaction.atomic
def turn(*, on: bool, actor: Actor) -> None:
    """Refused before somebody signed in by it in a trial and was somebody here."""
    row = _locked()
    if on and not was_tried(row):
        raise Refused("not_tried", _("Try a sign-in first: it has to name somebody in your directory."))
    if row.is_on != on:
        row.is_on = on
        row.save(update_fields=["is_on"])
        record_event(EventName.PROVIDER_TURNED, actor=actor, subject=row.public_id, data={"on": on})


def last_trial() -> SignInAttempt | None:
    rows = SignInAttempt.objects.filter(is_trial=True, expires_at__gt=clock.now())
    return rows.select_related("person").order_by("-created_at", "-id").first()


def was_tried(row: SignInProvider) -> bool:
    """Since the settings were changed last; attempts are kept a while after they are over."""
    if row.is_on:
        return True
    done = SignInAttempt.objects.filter(provider=row, is_trial=True, state=SignInAttempt.State.DONE)
    changed_at = row.test_asked_at or row.created_at
    return done.filter(created_at__gte=changed_at).exclude(person=None).exists()


@transaction.atomic
def remove_provider(*, actor: Actor) -> None:
    """With whose subject is whose. Passkeys that were made stay."""
    row = _locked()
    ProviderSubject.objects.filter(issuer=row.issuer).delete()
    SignInAttempt.objects.filter(provider=row).delete()
    record_event(EventName.PROVIDER_REMOVED, actor=actor, subject=row.public_id)
    row.delete()

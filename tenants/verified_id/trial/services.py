"""Trying the authority with one's own wallet: a specimen card, a request for it, and the messages in between.

Protects accounts and verifiers from a card nobody was proven for: what it holds is the same specimen for everybody, it is
of the lowest level, lives an hour and is revoked when the trial is over; a recovery, or any request that is not of the same
trial, refuses it, and a trial refuses every card that is not its own. What it does not do: say that a wallet is good.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM, Actor
from portal.kit.codes import digest
from portal.kit.errors import NotHere
from portal.kit.outbox import Job, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.verified_id import issuance, offers, presentation
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.models import Credential, Issuance, Presentation
from tenants.verified_id.portraits import outline
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.trial import reading
from tenants.verified_id.trial.models import Trial, TrialMessage

LIFE = timedelta(hours=1)
MOST_MESSAGES = 200
RETURN_PATH = "/openid4vp/returned"
SPECIMEN = {
    "given_name": "Specimen",
    "family_name": "Readmit",
    "birthdate": "1990-01-01",
    "assurance_level": "low",
    "partner": "trial",
}
# What of a claim of the specimen may be shown: issued by us, and nobody's.
SHOWS_VALUES = frozenset(["token", "credential", "deferred", "notification", "offer", "request"])


def begin_trial(member_id: UUID, *, actor: Actor) -> Trial:
    """A fresh trial in place of the member's earlier one."""
    for earlier in Trial.objects.filter(member_id=member_id, ended_at=None):
        end_trial(earlier.id, actor=actor)
    made = Trial.objects.create(member_id=member_id, expires_at=clock.now() + LIFE)
    record_event(EventName.TRIAL_BEGUN, actor=actor, subject=made.public_id)
    enqueue(
        "verified_id.end_trial",
        tenant_id=current_tenant_id(),
        available_at=made.expires_at,
        trial_id=made.id,
    )
    return made


def trial_of(member_id: UUID) -> Trial | None:
    """The member's trial that is not over."""
    found = Trial.objects.filter(member_id=member_id, ended_at=None, expires_at__gt=clock.now())
    return found.order_by("-created_at").first()


def _live(member_id: UUID) -> Trial:
    found = trial_of(member_id)
    if found is None:
        raise NotHere("trial_over")
    return found


def offer_specimen(member_id: UUID, *, actor: Actor) -> offers.Offer:
    """An offer of the specimen card to any wallet, in place of the one before. NotHere when the trial is over."""
    trial = _live(member_id)
    row = Issuance.objects.filter(trial=trial, expires_at__gt=clock.now()).exclude(sealed=None).first()
    if row is None:
        row = issuance.begin_issuance(
            claims={**SPECIMEN, "verified_at": clock.now().date().isoformat()},
            portrait=outline(),
            actor=actor,
            trial=trial,
        )
    else:
        issuance.reopen_issuance(row.id, actor=actor)
    return offers.make_offer(row.id, other_wallet=True)


def ask_for_specimen(member_id: UUID, *, actor: Actor) -> Presentation:
    """A request for the specimen card, for any wallet on any device; earlier ones answer nobody any more."""
    trial = _live(member_id)
    for earlier in Presentation.objects.filter(trial=trial).exclude(state=Presentation.State.TAKEN):
        presentation.destroy_of_reference(earlier.reference)
    return presentation.begin_presentation(
        reference=None,
        # No browser began it, so none can claim the answer with its response_code.
        browser_digest=digest(secrets.token_bytes(32)),
        purpose=_("Try a Verified ID"),
        return_path=RETURN_PATH,
        actor=actor,
        trial=trial,
    )


def end_trial(trial_id: UUID, *, actor: Actor = SYSTEM) -> None:
    """Revoke what it gave, destroy what waits, forget its messages. Quiet when it is over."""
    trial = Trial.objects.select_for_update().filter(id=trial_id, ended_at=None).first()
    if trial is None:
        return
    for row in Issuance.objects.filter(trial=trial):
        issuance.destroy_issuance(row.id)
        for card in Credential.objects.filter(issuance=row).exclude(state=Credential.State.REVOKED):
            revoke_credential(card.id, reason="trial_over", actor=actor)
    for asked in Presentation.objects.filter(trial=trial):
        presentation.destroy_of_reference(asked.reference)
    TrialMessage.objects.filter(trial=trial).delete()
    trial.ended_at = clock.now()
    trial.save(update_fields=["ended_at"])
    record_event(EventName.TRIAL_ENDED, actor=actor, subject=trial.public_id)


def on_time_over(job: Job) -> None:
    end_trial(job.uuid("trial_id"))


def note_exchange(
    trial_id: UUID,
    tenant_id: UUID,
    request: HttpRequest,
    body: bytes,
    response: HttpResponse,
    error: ProtocolError | None,
) -> None:
    """Write one exchange down, for as long as the trial lasts; the two-hundredth is the last. In a scope of its own, after
    the answer is made: nothing that goes wrong here changes what the wallet gets."""
    step = request.resolver_match.url_name if request.resolver_match else ""
    shows = step in SHOWS_VALUES
    with tenant_scope(tenant_id):
        live = Trial.objects.filter(id=trial_id, ended_at=None).exists()
        if not live or TrialMessage.objects.filter(trial_id=trial_id).count() >= MOST_MESSAGES:
            return
        TrialMessage.objects.create(
            trial_id=trial_id,
            step=str(step)[:20],
            method=str(request.method)[:8],
            path=_without_address(request),
            status=response.status_code,
            refusal=error.reason[:60] if error else "",
            clause=error.clause[:120] if error else "",
            asked=_headers(request)
            + reading.told(body, str(request.META.get("CONTENT_TYPE", "")), shows_values=shows),
            answered=reading.told(
                response.content, response.headers.get("Content-Type", ""), shows_values=shows
            ),
        )


def _without_address(request: HttpRequest) -> str:
    """The path, without the unguessable words in it."""
    path = request.path
    for value in (request.resolver_match.kwargs if request.resolver_match else {}).values():
        path = path.replace(str(value), "…")
    return path[:200]


def _headers(request: HttpRequest) -> reading.Lines:
    """Those that belong to the protocol."""
    found: reading.Lines = []
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    if scheme:
        found.append(("Authorization", f"{scheme[:10]} (not kept)"))
    if "DPoP" in request.headers:
        found += [
            (f"DPoP{path}", value)
            for path, value in reading.told(request.headers["DPoP"].encode(), "text/plain", shows_values=True)
        ]
    return found

"""A proofing attempt as the journey sees it: begun, returned from, taken.

Protects a case from an answer that belongs to another browser, attempt or tenant: what comes back must carry the word
this attempt was begun with, in the browser that began it. What it does not do: talk to partners; `tasks` does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, same
from portal.kit.errors import NotHere, Refused, Unavailable
from portal.kit.ids import uuid7
from portal.kit.outbox import enqueue
from portal.kit.scope import current_tenant_id
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from vendors.contract import (
    REFERENCE_CLAIMS,
    Assurance,
    Check,
    EidLevel,
    HandlesReturn,
    Outcome,
    Reason,
    StateMismatch,
)
from vendors.endings import NATIONAL_ID_DIGEST, destroy_result, give_up_attempt, note_refusal
from vendors.models import Connection, ProofingAttempt, ProofingReturn
from vendors.phases import MOVES, OPEN, AttemptPhase, Errand
from vendors.planning import plan_fetch
from vendors.registry import adapter_of
from vendors.sealing import open_claims, open_portrait, seal_address, seal_expected, seal_query

LIFETIME = timedelta(minutes=35)
MAX_RETURNS = 3
MAX_QUERY = 8_192
CLAIMANT = Actor(ActorKind.CLAIMANT)
USABLE = (Connection.Status.READY, Connection.Status.FAILING)
RESULT_NAMES = (
    "given_names",
    "family_name",
    "birthdate",
    "document_number",
    "document_type",
    "document_country",
    "document_expiry",
)


@dataclass(frozen=True, slots=True)
class ProofingResult:
    """What the partner proved, and in which browser. Handed out once."""

    claims: Mapping[str, str] = field(repr=False)
    portrait: bytes | None = field(repr=False)
    checks: tuple[Check, ...]
    evidence_digest: str
    browser_digest: bytes = field(repr=False)
    assurance: tuple[Assurance, ...] = ()
    # Of the national number that an eID names, keyed and bound to the tenant; the number itself is kept nowhere.
    national_id_digest: str = field(default="", repr=False)


def begin_proofing(
    *,
    connection_id: UUID,
    reference: UUID,
    browser_digest: bytes,
    return_url: str,
    locale: str,
    purpose: str,
    demonstration: bool,
    mode: str = "production",
    attempt_id: UUID | None = None,
    profile_id: UUID | None = None,
    department: str = "",
    errand: Errand = Errand.RECOVERY,
    address: str = "",
    expected: Mapping[str, str] | None = None,
    actor: Actor = CLAIMANT,
) -> ProofingAttempt:
    """Write the attempt down; the worker starts it at the partner. Unavailable while the partner is not connected.

    A connection that failed before may be tried: the next good answer makes it ready again, and nothing is charged
    for one that does not answer. `address`: the browser's; it is kept, sealed and until the attempt is over, only where the
    partner has to be told. `expected`: what it is told of the person beforehand, by the name of a claim; what its
    contract has no field for is dropped here.
    """
    connection = Connection.objects.filter(id=connection_id, status__in=USABLE, paused_at=None).first()
    if connection is None:
        raise Unavailable(
            "partner_not_ready", _("This way of proving who you are is not available right now.")
        )
    attempt = ProofingAttempt(
        id=attempt_id or uuid7(),
        connection=connection,
        reference=reference,
        browser_digest=browser_digest,
        mode=mode,
        profile_id=profile_id,
        department=department,
        is_demonstration=demonstration,
        errand=errand,
        return_url=return_url,
        locale=locale[:35],
        purpose=purpose[:300],
        expires_at=clock.now() + LIFETIME,
    )
    _keep_address(attempt, connection.vendor, address)
    _keep_expected(attempt, connection.vendor, expected or {})
    attempt.save(force_insert=True)
    record_event(
        EventName.PROOFING_STARTED,
        actor=actor,
        subject=attempt.public_id,
        case_id=reference,
        data={"vendor": connection.vendor, "partner": connection.public_id},
    )
    tenant_id = current_tenant_id()
    enqueue("vendors.start_proofing", tenant_id=tenant_id, attempt_id=attempt.id)
    enqueue(
        "vendors.expire_proofing",
        tenant_id=tenant_id,
        available_at=attempt.expires_at,
        attempt_id=attempt.id,
    )
    return attempt


def _keep_address(attempt: ProofingAttempt, vendor: str, address: str) -> None:
    if address and adapter_of(vendor).manifest.needs_address:
        attempt.address_sealed = seal_address(attempt, address)


def _keep_expected(attempt: ProofingAttempt, vendor: str, expected: Mapping[str, str]) -> None:
    taken = {name for one in adapter_of(vendor).manifest.takes for name in REFERENCE_CLAIMS[one]}
    told = {name: value for name, value in expected.items() if name in taken and value}
    if told:
        attempt.expected_sealed = seal_expected(attempt, told)


def renew_link(attempt_id: UUID, *, address: str = "") -> ProofingAttempt:
    """Ask the partner for a new link when the old one ran out unused. Quiet while the link still works."""
    attempt = locked_attempt(attempt_id)
    waiting = attempt.phase == AttemptPhase.WAITING_FOR_USER and attempt.expires_at > clock.now()
    if waiting and attempt.url_expires_at is not None and attempt.url_expires_at <= clock.now():
        move_attempt(attempt, AttemptPhase.STARTING)
        _keep_address(attempt, attempt.connection.vendor, address)
        attempt.save(update_fields=["phase", "address_sealed"])
        enqueue("vendors.start_proofing", tenant_id=current_tenant_id(), attempt_id=attempt.id)
    return attempt


def give_up_proofing(attempt_id: UUID) -> None:
    """The person stops waiting before our page: the attempt ends undecided, and the partner is told. Quiet when it has
    ended."""
    attempt = locked_attempt(attempt_id)
    if attempt.phase in OPEN:
        give_up_attempt(attempt_id)
        enqueue("vendors.cancel_proofing", tenant_id=current_tenant_id(), attempt_id=attempt_id)


def locked_attempt(attempt_id: UUID) -> ProofingAttempt:
    found = ProofingAttempt.objects.select_for_update().filter(id=attempt_id).first()
    if found is None:
        raise NotHere("attempt_unknown")
    return found


def move_attempt(attempt: ProofingAttempt, target: AttemptPhase) -> None:
    if MOVES.check(AttemptPhase(attempt.phase), target):
        attempt.phase = target


def receive_return(
    *, query: Mapping[str, Sequence[str]], browsers: Mapping[Errand, bytes], came_to: str
) -> ProofingAttempt:
    """A browser came back; `browsers` holds the digest of what it is known by, for each errand. Changes nothing before
    `state` matches this browser and an attempt, and then only writes the answer down for the worker. The same answer again
    is quiet. Refused, in one neutral way, for everything else: `came_to`, the path it came to, has to be the attempt's own,
    or another partner answers in its place."""
    words = query.get("state", ())
    attempt = None
    if len(words) == 1 and 20 <= len(words[0]) <= 200:
        attempt = ProofingAttempt.objects.select_for_update().filter(state_digest=digest(words[0])).first()
    if attempt is None or not _is_of(attempt, browsers):
        raise _not_matched()
    if urlsplit(attempt.return_url).path != came_to:
        _note_foreign_return(attempt)
        raise _not_matched()
    if isinstance(adapter_of(attempt.connection.vendor), HandlesReturn):
        _keep_return(attempt, query)
    elif attempt.phase in OPEN and attempt.expires_at > clock.now():
        # Only a hint: what it says is not even kept.
        _note_back(attempt)
        plan_fetch(attempt, clock.now())
    return attempt


def _not_matched() -> Refused:
    return Refused(
        "return_not_matched",
        _("This page does not belong to a recovery in this browser. Go back to where you began."),
    )


def _note_foreign_return(attempt: ProofingAttempt) -> None:
    """Somebody answered at another partner's address. The attempt stays open: who comes back to its own may still do so.
    Written down and told once for an attempt, however often it is reloaded."""
    row = ProofingReturn(attempt=attempt, query_digest=digest(b"at another address"), handled_at=clock.now())
    known = ProofingReturn.objects.filter(attempt=attempt, query_digest=row.query_digest)
    if not known.exists():
        row.save(force_insert=True)
        note_refusal(attempt, StateMismatch("return_address_of_another"))


def _is_of(attempt: ProofingAttempt, browsers: Mapping[Errand, bytes]) -> bool:
    """A trial was begun in no browser, and opens nothing for the one that comes back."""
    if attempt.errand == Errand.TRIAL:
        return True
    known_by = browsers.get(Errand(attempt.errand))
    return known_by is not None and same(bytes(attempt.browser_digest), known_by)


def _keep_return(attempt: ProofingAttempt, query: Mapping[str, Sequence[str]]) -> None:
    """An answer after the first is exchanged too: if it says something else, that is a contradiction."""
    body = json.dumps({name: list(values) for name, values in sorted(query.items())}).encode()
    over = attempt.expires_at <= clock.now() or attempt.phase == AttemptPhase.FAILED
    if len(body) > MAX_QUERY or over:
        return
    known = ProofingReturn.objects.filter(attempt=attempt)
    if known.filter(query_digest=digest(body)).exists() or known.count() >= MAX_RETURNS:
        return
    row = ProofingReturn(attempt=attempt, query_digest=digest(body))
    row.query_sealed = seal_query(row, body)
    row.save(force_insert=True)
    _note_back(attempt)
    enqueue("vendors.exchange_return", tenant_id=current_tenant_id(), return_id=row.id)


def _note_back(attempt: ProofingAttempt) -> None:
    if attempt.phase == AttemptPhase.WAITING_FOR_USER:
        move_attempt(attempt, AttemptPhase.PROCESSING)
        attempt.fetches = 0
        attempt.save(update_fields=["phase", "fetches"])


def portrait_at_hand(attempt_id: UUID) -> bytes | None:
    """The portrait of a verified answer that waits to be taken; None once it is gone, or where the partner contradicted
    itself."""
    attempt = ProofingAttempt.objects.filter(id=attempt_id, outcome=Outcome.VERIFIED.value).first()
    if attempt is None or attempt.contradicted_at is not None:
        return None
    return open_portrait(attempt)


def take_result(attempt_id: UUID) -> ProofingResult:
    """Hand the proven identity over, once, and destroy claims and portrait. Refused when there is nothing to take, and
    when the partner contradicted itself."""
    attempt = locked_attempt(attempt_id)
    if attempt.contradicted_at is not None:
        raise Refused("proofing_contradicted", detail={"attempt": attempt.public_id})
    if attempt.phase in OPEN or attempt.outcome != Outcome.VERIFIED.value:
        raise Refused("proofing_not_verified", detail={"attempt": attempt.public_id})
    if attempt.claims_sealed is None:
        raise Refused("proofing_result_gone", detail={"attempt": attempt.public_id})
    claims = open_claims(attempt)
    result = ProofingResult(
        claims={name: claims[name] for name in RESULT_NAMES if name in claims},
        portrait=open_portrait(attempt),
        checks=tuple(
            Check(check["name"], check["passed"], tuple(Reason(reason) for reason in check["reasons"]))
            for check in attempt.checks
        ),
        evidence_digest=attempt.evidence_digest,
        national_id_digest=claims.get(NATIONAL_ID_DIGEST, ""),
        browser_digest=bytes(attempt.browser_digest),
        assurance=tuple(
            Assurance(said["framework"], said["level"], EidLevel(said["eid"]) if said["eid"] else None)
            for said in attempt.assurance
        ),
    )
    attempt.taken_at = clock.now()
    attempt.save(update_fields=["taken_at"])
    destroy_result(attempt)
    return result

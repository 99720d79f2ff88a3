"""A run from the browser that opens it to the partner's answer.

Protects a person from being led through by somebody else's browser (the request is opened once, and the run is that browser's from
then on), and the organisation's money: what a client, a person whom it means and a network may begin is counted, and what a
decision costs is reserved, before the partner hears of anybody. What it does not do: look at an account; there is none here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import digest, new_token
from portal.kit.errors import NotHere, Refused
from portal.kit.ids import uuid7
from portal.kit.limits import Limit, over
from portal.kit.origins import network_of
from portal.kit.outbox import Job
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.models import Tenant
from tenants.privacy.services import record_consent
from vendors import selectors as partners
from vendors import services as vendor_services
from vendors.addresses import return_url_of
from vendors.bridge import face
from vendors.bridge.ending import CLAIMANT, DENIED, answer_run, end_run, locked_run, move_run, refuse_run
from vendors.bridge.models import BridgeClient, BridgeRun
from vendors.bridge.partners import Way
from vendors.bridge.pushing import URN
from vendors.bridge.sealing import Bond, open_bond, seal_bond
from vendors.bridge.statuses import RunStatus
from vendors.contract import Outcome
from vendors.phases import Errand
from vendors.services import Spender

RUN_LIFE = timedelta(minutes=45)
MAX_TRIES = 3
DAY = timedelta(hours=24)
CONSENT_VERSION = "2026-11-30 bridge 2"
PURPOSE, RETENTION = "bridge", "portrait_30min_answer_10min_record_1y"
OF_NETWORK = Limit("bridge_runs_of_network", 60, 3600)
OF_PERSON = Limit("bridge_runs_of_person", 8, 86_400)


class Admission(Enum):
    YES = "yes"
    TOO_MANY = "too_many"
    USED_UP = "used_up"
    ANOTHER_PARTNER = "another_partner"


def open_request(
    request_uri: str, *, client_id: str, state: str, browser_digest: bytes
) -> tuple[BridgeRun, str] | BridgeRun:
    """The run and the token of the browser it now belongs to; the run alone where this browser opened it before. NotHere for a
    request that is unknown, another client's, too old, or was opened in another browser. `state`: from the address, for a client
    that could not know it when it pushed."""
    token = request_uri.removeprefix(URN)
    rows = BridgeRun.objects.select_for_update(of=("self",)).select_related("client")
    run = rows.filter(request_digest=digest(token[:200])).first()
    if run is None or (client_id and client_id != run.client.public_id) or run.client.removed_at is not None:
        raise NotHere("bridge_request_unknown")
    if run.status != RunStatus.PUSHED:
        if run.browser_digest is not None and bytes(run.browser_digest) == browser_digest:
            return run
        raise NotHere("bridge_request_opened")
    if run.expires_at <= clock.now():
        raise NotHere("bridge_request_expired")
    made = new_token()
    move_run(run, RunStatus.OPENED)
    run.browser_digest, run.expires_at = digest(made), clock.now() + RUN_LIFE
    if state:
        add_state(run, state)
    run.save()
    record_event(
        EventName.BRIDGE_RUN_BEGUN,
        actor=CLAIMANT,
        subject=run.public_id,
        case_id=run.id,
        data={"bridge_client": run.client.public_id, "trial": run.is_trial},
    )
    return run, made


def add_state(run: BridgeRun, state: str) -> None:
    """Only where the client pushed none: what was pushed is never replaced by what a browser brings (RFC 9101, 5)."""
    bond = open_bond(run)
    if run.client.serves == BridgeClient.Serves.AUTH0 and not bond.state:
        run.asked_sealed = seal_bond(run, Bond(state, bond.nonce, bond.asked))


def is_over_limits(tenant: Tenant, run: BridgeRun, address: str) -> bool:
    """Count one that is about to begin, commit, then compare. Outside any scope."""
    wanted = [(OF_NETWORK, f"{tenant.id}|{network_of(address)}")]
    if run.hint_digest:
        wanted.append((OF_PERSON, f"{tenant.id}|{run.client_id}|{run.hint_digest}"))
    return any(over(*wanted))


def begin_run(
    tenant: Tenant, run_id: UUID, way: Way, *, consent: str, flashing: bool, address: str
) -> Admission:
    """The person agreed to `consent`, word for word. The client's row is locked until the run is written down, so that those who
    come at once are counted one after the other."""
    found = BridgeRun.objects.only("client_id").get(id=run_id)
    client = BridgeClient.objects.select_for_update().get(id=found.client_id)
    run = locked_run(run_id)
    if run.status != RunStatus.OPENED or run.expires_at <= clock.now() or client.removed_at is not None:
        raise Refused("step_out_of_order")
    begun = BridgeRun.objects.filter(client=client, began_at__gt=clock.now() - DAY)
    if begun.count() >= client.daily_runs or run.tries >= MAX_TRIES:
        return Admission.USED_UP
    attempt_id = uuid7()
    with_face = client.face_check and not way.by_eid
    if not vendor_services.reserve_proofing(
        way.connection.id,
        attempt_id=attempt_id,
        spender=Spender(case_id=run.id, mode=run.mode),
        until=run.expires_at,
        with_face=with_face,
    ):
        return Admission.USED_UP
    record_consent(
        case_id=run.id,
        text=consent,
        text_version=CONSENT_VERSION,
        language=get_language() or "en",
        partner=way.connection.vendor,
        flashing=flashing and with_face,
        actor=CLAIMANT,
        purpose=PURPOSE,
        retention=RETENTION,
    )
    vendor_services.begin_proofing(
        connection_id=way.connection.id,
        reference=run.id,
        browser_digest=bytes(run.browser_digest or b""),
        return_url=return_url_of(tenant.slug, way.connection.vendor),
        locale=get_language() or "en",
        purpose=_("Prove who you are to %(client)s") % {"client": client.name},
        demonstration=tenant.is_demonstration,
        mode=run.mode,
        attempt_id=attempt_id,
        errand=Errand.BRIDGE,
        address=address,
    )
    move_run(run, RunStatus.PROVING)
    run.connection, run.attempt_id = way.connection, attempt_id
    run.began_at, run.note = clock.now(), ""
    run.tries += 1
    run.save()
    return Admission.YES


def decline_run(run_id: UUID, *, why: str = "declined") -> None:
    """The person says no, or stops: the client is told that access was denied, and nothing of them."""
    end_run(locked_run(run_id), error=DENIED, why=why)


def stop_for_client(run_ids: Sequence[UUID], *, why: str, actor: Actor) -> None:
    """The client is gone: whoever is under way stops."""
    for run_id in sorted(run_ids):
        end_run(locked_run(run_id), error=DENIED, why=why, actor=actor)


# What follows an event of the room below ------------------------------------------------------------------------------


def on_completed(job: Job) -> None:
    """The partner answered, or did not."""
    run = locked_run(job.uuid("reference"))
    if run.status != RunStatus.PROVING or run.attempt_id != job.uuid("attempt_id"):
        return
    state = partners.proofing_state(job.uuid("attempt_id"))
    if state.contradicted:
        refuse_run(run, why="partner_contradicted")
    elif state.outcome == Outcome.VERIFIED.value:
        _proven(run)
    elif state.outcome == Outcome.NOT_VERIFIED.value:
        refuse_run(run, why="not_verified")
    else:
        _once_more(run, state.outcome or "")


def _proven(run: BridgeRun) -> None:
    client = BridgeClient.objects.get(id=run.client_id)
    if client.removed_at is not None:
        end_run(run, error=DENIED, why="client_removed", actor=Actor(ActorKind.SYSTEM))
        return
    run.proved_at = clock.now()
    if client.face_check and run.connection is not None and not partners.is_eid(run.connection.vendor):
        face.ask_for_face(run)
        return
    if run.attempt_id is None:
        raise Refused("step_out_of_order")
    try:
        result = vendor_services.take_result(run.attempt_id)
    except Refused:
        # It lay too long, or the partner took it back meanwhile: what is gone proves nobody.
        end_run(run, error=DENIED, why="timed_out", actor=Actor(ActorKind.SYSTEM))
        return
    answer_run(run, result.claims)


def _once_more(run: BridgeRun, outcome: str) -> None:
    """Nothing was decided: back to the first page, where the person may try again or say no."""
    if outcome == Outcome.PARTNER_FAILED.value and run.connection is not None:
        run.failed_vendors = sorted({*run.failed_vendors, run.connection.vendor})
    if run.tries >= MAX_TRIES:
        end_run(run, error=DENIED, why="tries_used_up")
        return
    move_run(run, RunStatus.OPENED)
    run.note, run.attempt_id = outcome, None
    run.save()
    vendor_services.release_case(run.id)


def on_contradicted(job: Job) -> None:
    """The partner took its answer back, or gave another: nothing that waits is handed out. What was fetched cannot be taken
    back; the audit log has it, and members were told."""
    run = locked_run(job.uuid("reference"))
    if run.attempt_id == job.uuid("attempt_id"):
        end_run(run, error=DENIED, why="partner_contradicted", actor=Actor(ActorKind.SYSTEM))

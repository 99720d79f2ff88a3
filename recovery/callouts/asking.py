"""Asking the callouts of a profile about one case, one after the other, and keeping what each answered.

Protects a decision from an endpoint that hangs, dies or lies: each question has a bounded number of tries, which are
counted before they are made, and ends in a yes, a no or silence. The first no ends it. The first answer that was kept
counts; a different one that comes after it is a contradiction, and so is silence. What it does not do: decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.conf import settings

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import Misconfigured, NotHere
from portal.kit.origins import tenant_host
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import current_tenant_id, tenant_scope
from portal.kit.sealed import unseal
from recovery.callouts import shape
from recovery.callouts.models import Callout, CalloutAsk
from recovery.callouts.sending import Heard, Question, ask_endpoint
from recovery.callouts.shape import Account, Asking
from recovery.callouts.signing import issuer_of, secret_context, signer
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson
from tenants.directory.selectors import emails_of, get_person
from tenants.models import Tenant
from tenants.verified_id import presentation

ASK = "callouts.ask"
ANSWERED = "recovery.callouts_answered"
BACK_OFF = timedelta(seconds=2)
State = CalloutAsk.State


@dataclass(frozen=True, slots=True)
class Said:
    """What the callouts came to. `refusals` end a case, `doubts` send it to review; both empty: all said yes."""

    refusals: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def begin_asking(
    callout_ids: Sequence[UUID], *, reference: UUID, presentation_id: UUID, person_id: UUID
) -> None:
    """Write the questions down, in order; the worker asks. NotHere when one of them is gone. Again for what
    was shown once: nothing."""
    if CalloutAsk.objects.filter(presentation_id=presentation_id).exists():
        return
    found = Callout.objects.in_bulk(callout_ids)
    if len(found) != len(set(callout_ids)):
        raise NotHere("callout_gone")
    CalloutAsk.objects.bulk_create(
        CalloutAsk(
            callout=found[one],
            reference=reference,
            position=position,
            presentation_id=presentation_id,
            person_id=person_id,
            on_silence=found[one].on_silence,
        )
        for position, one in enumerate(callout_ids)
    )
    enqueue(ASK, tenant_id=current_tenant_id(), reference=reference, presentation=presentation_id)


def asks_of(presentation_id: UUID) -> list[CalloutAsk]:
    return list(
        CalloutAsk.objects.filter(presentation_id=presentation_id)
        .select_related("callout")
        .order_by("position")
    )


def said_in(asks: Sequence[CalloutAsk]) -> Said:
    """Whatever is neither a yes nor spared by somebody's no counts by the rule for silence."""
    refusals, doubts = [], []
    for ask in asks:
        if ask.state == State.FAILED:
            refusals.append("callout_failed")
        elif ask.state not in (State.PASSED, State.SPARED):
            if ask.on_silence == Callout.Silence.REVIEW:
                doubts.append("callout_unanswered")
            else:
                refusals.append("callout_silent")
    return Said(tuple(dict.fromkeys(refusals)), tuple(dict.fromkeys(doubts)))


@dataclass(frozen=True, slots=True)
class _Try:
    ask_id: UUID
    number: int
    question: Question | None  # None: what was to be asked about is gone


@effect
def on_ask(job: Job) -> Apply | None:
    """One try of the first question that waits."""
    if job.tenant_id is None:
        return None
    with tenant_scope(job.tenant_id):
        made = _next_try(job.uuid("presentation"))
    if made is None:
        return partial(_go_on, job.uuid("reference"), job.uuid("presentation"))
    heard = Heard(None, "tries_used_up")
    if made.question is None:
        heard = Heard(None, "claims_gone")
    elif made.number:
        heard = ask_endpoint(made.question, token_id=f"{made.ask_id}.{made.number}")
    return partial(_note, made, heard)


def _next_try(presentation_id: UUID) -> _Try | None:
    """Counted before it is made: a worker that dies over an endpoint does not ask it for ever. Number 0: none is left."""
    waiting = CalloutAsk.objects.select_for_update(of=("self",)).select_related("callout")
    ask = waiting.filter(presentation_id=presentation_id, state=State.WAITING).order_by("position").first()
    if ask is None:
        return None
    # A try that was lost with its worker is made once more.
    if ask.tries > ask.callout.retries + 1:
        return _Try(ask.id, 0, _question_of(ask))
    ask.tries += 1
    ask.save(update_fields=["tries"])
    return _Try(ask.id, ask.tries, _question_of(ask))


def _question_of(ask: CalloutAsk) -> Question | None:
    try:
        shown = presentation.peek_presented(ask.presentation_id)
        person = get_person(ask.person_id)
    except (NotHere, Misconfigured):
        return None
    claims = shape.chosen_claims(shown.claims, ask.callout.claims)
    account = account_of(person, emails_of(person.id))
    return question_for(ask.callout, account=account, claims=claims, correlation=str(ask.id))


def account_of(person: DirectoryPerson, emails: Sequence[str]) -> Account:
    return Account(
        id=str(person.id),
        user_name=person.user_name,
        given_names=person.given_names,
        family_name=person.family_name,
        mail=emails[0] if emails else "",
        employee_number=person.employee_number,
        is_guest=person.is_guest,
        created=person.created_at.isoformat(timespec="seconds"),
    )


def question_for(
    row: Callout, *, account: Account, claims: dict[str, str], correlation: str, is_test: bool = False
) -> Question:
    """In the tenant's scope."""
    tenant = Tenant.objects.get(id=row.tenant_id)
    return Question(
        asking=Asking(
            tenant_id=str(tenant.id),
            callout_id=str(row.id),
            host=tenant_host(tenant.slug),
            organisation=tenant.name,
            correlation=correlation,
            locale=settings.LANGUAGE_CODE.lower(),
            account=account,
            claims=claims,
        ),
        url=row.url,
        audience=row.audience,
        issuer=issuer_of(tenant),
        timeout=float(row.timeout_seconds),
        signer=signer(),
        secret=unseal(row.secret_sealed, secret_context(row)).decode() if row.secret_sealed else "",
        is_test=is_test,
    )


def _note(made: _Try, heard: Heard) -> None:
    """Keep what was heard, once, and go on. A no that differs from a yes kept before it, or the other way round, makes
    both worth nothing."""
    ask = CalloutAsk.objects.select_for_update(of=("self",)).select_related("callout").get(id=made.ask_id)
    if ask.state != State.WAITING:
        _note_late(ask, heard)
    elif heard.answer is None and heard.worth_retrying and made.number <= ask.callout.retries:
        later = clock.now() + BACK_OFF * 2 ** (made.number - 1)
        CalloutAsk.objects.filter(id=ask.id).update(problem=heard.problem)
        enqueue(
            ASK,
            tenant_id=ask.tenant_id,
            available_at=later,
            reference=ask.reference,
            presentation=ask.presentation_id,
        )
        return
    else:
        _keep(ask, heard)
    _go_on(ask.reference, ask.presentation_id)


def _keep(ask: CalloutAsk, heard: Heard) -> None:
    answer = heard.answer
    ask.state = State.SILENT if answer is None else State.PASSED if answer.passed else State.FAILED
    ask.problem, ask.milliseconds, ask.answered_at = heard.problem, heard.milliseconds, clock.now()
    ask.failed_claims = list(answer.failed_claims) if answer else []
    ask.save(update_fields=["state", "problem", "milliseconds", "answered_at", "failed_claims"])
    if ask.state == State.FAILED:
        CalloutAsk.objects.filter(presentation_id=ask.presentation_id, state=State.WAITING).update(
            state=State.SPARED
        )
    _note_health(ask)


def _note_late(ask: CalloutAsk, heard: Heard) -> None:
    """Two workers asked, because one was slow. The same answer twice is one answer."""
    if heard.answer is None or ask.state == State.SILENT:
        return
    now = State.PASSED if heard.answer.passed else State.FAILED
    if now == ask.state:
        return
    ask.state, ask.problem = State.SILENT, "contradiction"
    ask.save(update_fields=["state", "problem"])
    _note_health(ask)


def _note_health(ask: CalloutAsk) -> None:
    row = Callout.objects.select_for_update().get(id=ask.callout_id)
    if ask.state == State.SILENT:
        row.silent_at, row.problem = clock.now(), ask.problem
        row.silent_in_row += 1
    else:
        row.answered_at, row.silent_in_row, row.problem = clock.now(), 0, ""
    row.save(update_fields=["silent_at", "silent_in_row", "problem", "answered_at"])
    record_event(
        EventName.CALLOUT_ANSWERED,
        actor=SYSTEM,
        subject=row.public_id,
        case_id=ask.reference,
        data={
            "answer": str(ask.state),
            "problem": ask.problem,
            "failed_claims": list(ask.failed_claims),
            "tries": ask.tries,
            "milliseconds": ask.milliseconds,
        },
    )


def _go_on(reference: UUID, presentation_id: UUID) -> None:
    """Ask the next, or say that all have answered."""
    waits = CalloutAsk.objects.filter(presentation_id=presentation_id, state=State.WAITING).exists()
    topic = ASK if waits else ANSWERED
    enqueue(topic, tenant_id=current_tenant_id(), reference=reference, presentation=presentation_id)

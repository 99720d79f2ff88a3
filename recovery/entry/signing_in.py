"""To the organisation's provider and back: attempts, what came of them, and whom they name.

Protects accounts from a sign-in that began in another browser, from an address or user name that was given to somebody else
or written beside an account lately, and from a provider that is asked twice: an attempt is bound to its browser, lives ten
minutes and is used once; the exchange is the worker's; a subject belongs to one person from its first sign-in on. It makes
nobody, and permits what a link from a mail permits: a first passkey. What it does not do: sign anybody in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.among_tenants import tenants_with_any
from portal.kit.codes import digest, same
from portal.kit.errors import Refused
from portal.kit.ids import public_id
from portal.kit.limits import Limit, take
from portal.kit.origins import network_of
from portal.kit.outbox import Apply, Job, effect, enqueue
from portal.kit.scope import require_no_transaction, tenant_scope
from portal.kit.sealed import Context, seal, unseal
from recovery.entry import provider as contract
from recovery.entry.covering import QUARTER
from recovery.entry.entering import may_enter, permit
from recovery.entry.models import Entry, Invitation, ProviderSubject, SignInAttempt, SignInProvider
from recovery.entry.provider import Bound, SignedIn
from recovery.passkeys.services import person_actor
from tenants.audit.events import EventName
from tenants.audit.services import record_event
from tenants.directory.models import DirectoryPerson, PersonKey
from tenants.directory.naming import came_with, external_since
from tenants.directory.selectors import normalise_identifier
from tenants.models import Tenant
from vendors.adapters.oidc.answers import error_code
from vendors.contract import AdapterError

LIFE = timedelta(minutes=10)
KEPT = timedelta(days=1)
OF_NETWORK = Limit("provider_sign_ins_in_network", 300, 600)
OF_BROWSER = Limit("provider_sign_ins_of_browser", 20, 600)
EXCHANGE = "entry.exchange"
MAX_CODE = 4000
State = SignInAttempt.State


def _context(row: SignInAttempt, field: str) -> Context:
    return Context("entry_signinattempt", field, row.id)


def provider_row() -> SignInProvider | None:
    return SignInProvider.objects.first()


def offered() -> str:
    """The provider's name for the sign-in page; empty where there is none. In the tenant's scope."""
    row = provider_row()
    return row.name if row is not None and row.is_on and contract.is_known(row) else ""


def count_browser(tenant: Tenant, *, browser_digest: bytes, address: str) -> None:
    require_no_transaction()
    take(OF_NETWORK, f"{tenant.id}|{network_of(address)}")
    take(OF_BROWSER, f"{tenant.id}|{browser_digest.hex()}")


def begin(tenant: Tenant, *, browser_digest: bytes, address: str) -> None:
    """Refused where the organisation offers none."""
    count_browser(tenant, browser_digest=browser_digest, address=address)
    with tenant_scope(tenant.id):
        row = provider_row()
        if row is None or not offered():
            raise Refused("no_provider", _("Your organisation does not offer this."))
        made = SignInAttempt(provider=row, state=State.BEGUN, browser_digest=browser_digest)
        made.expires_at = clock.now() + LIFE
        made.sealed = Bound.new().seal(_context(made, "sealed"))
        made.save(force_insert=True)


def begin_trial(tenant: Tenant, token: str, *, browser_digest: bytes, address: str) -> None:
    """The link of a trial, taken by the first browser that presses its button. Refused for a link that is used or old."""
    count_browser(tenant, browser_digest=browser_digest, address=address)
    with tenant_scope(tenant.id):
        row = SignInAttempt.objects.select_for_update().filter(
            offer_digest=digest(token[:100]), state=State.OFFERED, expires_at__gt=clock.now()
        )
        made = row.first()
        if made is None:
            raise Refused("trial_over", _("This link does not work any more."))
        made.state, made.browser_digest = State.BEGUN, browser_digest
        made.sealed = Bound.new().seal(_context(made, "sealed"))
        made.save(update_fields=["state", "browser_digest", "sealed"])


def attempt_of(browser_digest: bytes) -> SignInAttempt | None:
    """The newest of this browser that still lives."""
    live = SignInAttempt.objects.filter(browser_digest=browser_digest, expires_at__gt=clock.now())
    return live.select_related("provider", "person").order_by("-created_at", "-id").first()


def continue_url(tenant: Tenant, attempt: SignInAttempt) -> str:
    bound = Bound.unseal(bytes(attempt.sealed or b""), _context(attempt, "sealed"))
    return contract.authorization_url(attempt.provider, tenant, bound)


def receive_return(tenant: Tenant, query: Mapping[str, Sequence[str]], *, browser_digest: bytes) -> bool:
    """The provider sent the browser back. Whether it is this browser's: `state` is its attempt's, and `iss`, where it is sent
    or was promised, the provider's (RFC 9207, 2.4). Again: nothing."""
    attempt = attempt_of(browser_digest)
    state = _one(query, "state")
    if attempt is None or attempt.state != State.BEGUN or not attempt.sealed:
        return attempt is not None
    attempt = (
        SignInAttempt.objects.select_for_update(of=("self",)).select_related("provider").get(id=attempt.id)
    )
    if attempt.state != State.BEGUN:
        return True
    bound = Bound.unseal(bytes(attempt.sealed or b""), _context(attempt, "sealed"))
    if not same(state.encode(), bound.state.encode()):
        return False
    issuer = _one(query, "iss")
    if (issuer or contract.names_itself(attempt.provider)) and issuer != attempt.provider.issuer:
        _refuse(attempt, "answer_of_another_issuer")
        return True
    code = _one(query, "code")
    if "error" in query or not 0 < len(code) <= MAX_CODE:
        answered = error_code(_one(query, "error")) if "error" in query else "code_missing"
        _refuse(attempt, "given_up" if answered == "access_denied" else f"answered_{answered}")
        return True
    attempt.state = State.CHECKING
    attempt.code_sealed = seal(code.encode(), _context(attempt, "code_sealed"))
    attempt.save(update_fields=["state", "code_sealed"])
    enqueue(EXCHANGE, tenant_id=tenant.id, attempt=attempt.id)
    return True


def _one(query: Mapping[str, Sequence[str]], name: str) -> str:
    """A value that is there once; empty otherwise."""
    values = query.get(name, ())
    return values[0] if len(values) == 1 else ""


def _refuse(attempt: SignInAttempt, problem: str) -> None:
    attempt.state, attempt.problem = State.REFUSED, problem[:60]
    attempt.sealed = attempt.code_sealed = None
    attempt.save(update_fields=["state", "problem", "sealed", "code_sealed", "told_sealed"])
    record_event(
        EventName.PROVIDER_SIGN_IN_REFUSED,
        actor=SYSTEM,
        data={"problem": attempt.problem, "trial": attempt.is_trial},
    )


@effect
def on_exchange(job: Job) -> Apply | None:
    """The code for a token, and the token verified. A code is good once: whoever's worker died begins again."""
    if job.tenant_id is None:
        return None
    with tenant_scope(job.tenant_id):
        rows = SignInAttempt.objects.select_related("provider")
        attempt = rows.filter(id=job.uuid("attempt"), state=State.CHECKING).first()
        if attempt is None or attempt.sealed is None or attempt.code_sealed is None:
            return None
        bound = Bound.unseal(bytes(attempt.sealed), _context(attempt, "sealed"))
        code = unseal(attempt.code_sealed, _context(attempt, "code_sealed")).decode()
        ctx = contract.ctx_of(attempt.provider)
        redirect_uri = contract.return_url(Tenant.objects.get(id=job.tenant_id))
    try:
        found = contract.exchange(
            ctx, code=code, bound=bound, redirect_uri=redirect_uri, begun_at=attempt.created_at
        )
    except AdapterError as error:
        return partial(_note_refused, attempt.id, error.code)
    return partial(_note_signed_in, attempt.id, found, dict(ctx.memory))


def _locked(attempt_id: UUID) -> SignInAttempt | None:
    rows = SignInAttempt.objects.select_for_update(of=("self",)).select_related("provider")
    return rows.filter(id=attempt_id, state=State.CHECKING).first()


def _note_refused(attempt_id: UUID, problem: str) -> None:
    attempt = _locked(attempt_id)
    if attempt is not None:
        _refuse(attempt, problem)


def _note_signed_in(attempt_id: UUID, found: SignedIn, memory: dict[str, Any]) -> None:
    attempt = _locked(attempt_id)
    if attempt is None:
        return
    SignInProvider.objects.filter(id=attempt.provider_id, issuer=attempt.provider.issuer).update(
        memory=memory
    )
    person, problem = find_person(attempt.provider, found)
    if attempt.is_trial:
        claims = contract.shown_claims(found.claims, attempt.provider.claim)
        attempt.told_sealed = seal(json.dumps(claims).encode(), _context(attempt, "told_sealed"))
    attempt.person, attempt.signed_in_at = person, found.at
    if person is not None and not attempt.is_trial:
        problem = _tie(attempt.provider.issuer, found.subject, person) or _why_not(person)
    if problem:
        attempt.signed_in_at = found.at
        attempt.save(update_fields=["person", "signed_in_at"])
        _refuse(attempt, problem)
        return
    attempt.state, attempt.sealed, attempt.code_sealed = State.DONE, None, None
    attempt.save(update_fields=["state", "sealed", "code_sealed", "told_sealed", "person", "signed_in_at"])
    record_event(
        EventName.PROVIDER_SIGN_IN,
        actor=SYSTEM,
        subject=public_id("person", person.id) if person else "",
        data={"trial": attempt.is_trial, **_how(found, attempt.created_at)},
    )


def _how(found: SignedIn, begun_at: datetime) -> dict[str, Any]:
    """How sure the provider says that it was, and how old the sign-in: codes and numbers."""
    level, ways = found.claims.get("acr"), found.claims.get("amr")
    named = [str(way)[:20] for way in ways[:5]] if isinstance(ways, list) else []
    named = [way if contract.is_legible(way) else "?" for way in named]
    seconds = int((clock.now() - found.at).total_seconds())
    return {
        "level": level[:60] if isinstance(level, str) and contract.is_legible(level) else "",
        "ways": named,
        "seconds": max(0, seconds),
    }


def find_person(row: SignInProvider, found: SignedIn) -> tuple[DirectoryPerson | None, str]:
    """(person, "") or (None, why not). By the attribute the administrator chose, and nothing else."""
    # Who left the directory holds nothing any more: whoever comes back is a new person.
    ProviderSubject.objects.filter(person__status=DirectoryPerson.Status.REMOVED).delete()
    known = ProviderSubject.objects.filter(issuer=row.issuer, subject=found.subject).first()
    value = contract.value_of(found.claims, row.claim)
    if not value:
        return None, "claim_missing"
    if row.match == SignInProvider.Match.EMAIL and found.claims.get("email_verified") is not True:
        return None, "email_not_verified"
    people = DirectoryPerson.objects.exclude(status=DirectoryPerson.Status.REMOVED)
    if row.match == SignInProvider.Match.EXTERNAL_ID:
        rows = [(one, external_since(one)) for one in people.filter(external_id=value)[:2]]
    else:
        keys = PersonKey.objects.filter(kind=row.match, value=normalise_identifier(value), person__in=people)
        rows = [(key.person, key.held_since) for key in keys.select_related("person")[:2]]
    if len(rows) != 1:
        return None, "nobody" if not rows else "several"
    person, since = rows[0]
    if not came_with(person, since):
        return None, "named_lately"
    if known is not None and known.person_id != person.id:
        return None, "subject_of_another"
    return person, ""


def _tie(issuer: str, subject: str, person: DirectoryPerson) -> str:
    """From the first sign-in on this subject is this person. A second subject for them is refused: what it was matched by may
    have been given to somebody else."""
    held = ProviderSubject.objects.filter(issuer=issuer, person=person).first()
    if held is not None:
        return "" if held.subject == subject else "person_of_another_subject"
    try:
        with transaction.atomic():
            ProviderSubject.objects.create(issuer=issuer, subject=subject, person=person)
    except IntegrityError:
        return "subject_of_another"
    return ""


def _why_not(person: DirectoryPerson) -> str:
    return "" if may_enter(person) else "may_not_enter"


def complete(tenant: Tenant, *, browser_digest: bytes) -> None:
    """The person pressed the button: the attempt is used up, and this browser may make a first passkey."""
    require_no_transaction()
    refusal = Refused("sign_in_over", _("That took too long. Sign in once more."))
    with tenant_scope(tenant.id):
        attempt = attempt_of(browser_digest)
        if attempt is None or attempt.is_trial or attempt.person is None:
            raise refusal
        done = SignInAttempt.objects.filter(id=attempt.id, state=State.DONE)
        if not may_enter(attempt.person) or not done.update(state=State.USED):
            raise refusal
        made = permit(attempt.person.id, browser_digest)
        record_event(
            EventName.INVITATION_OPENED,
            actor=person_actor(attempt.person.id),
            subject=made.public_id,
            data={"kind": "provider"},
        )


def told_of(attempt: SignInAttempt) -> list[tuple[str, str]]:
    """The claims of a trial, for whoever tried."""
    if attempt.told_sealed is None:
        return []
    return [tuple(pair) for pair in json.loads(unseal(attempt.told_sealed, _context(attempt, "told_sealed")))]


def let_go() -> None:
    """Periodic: attempts and permissions that are over, and links that nobody counts any more."""
    moment = clock.now()
    everybody = Tenant.objects.values_list("id", flat=True)
    for tenant_id in set(tenants_with_any({SignInAttempt: "", Entry: "", Invitation: ""}, everybody)):
        with tenant_scope(tenant_id):
            SignInAttempt.objects.filter(expires_at__lt=moment - LIFE).delete()
            Entry.objects.filter(expires_at__lt=moment - KEPT).delete()
            Invitation.objects.filter(created_at__lt=moment - 2 * QUARTER).delete()

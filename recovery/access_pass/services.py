"""The Temporary Access Pass: made for one browser, shown once, redeemed once.

Protects an account from whoever guesses, overhears or steals a pass: it works only in the browser that recovered, the
characters rest as an HMAC under a key outside the database, a try is counted and committed before it is compared, and
one conditional update decides who redeems it. What it does not do: sign anybody in; it permits one registration.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.actors import Actor, ActorKind
from portal.kit.codes import same
from portal.kit.errors import Refused
from portal.kit.ids import ALPHABET, public_id, random_base32
from portal.kit.scope import current_tenant_id, require_no_transaction, tenant_scope
from recovery.access_pass.models import AccessPass
from tenants.audit.events import EventName
from tenants.audit.services import record_event

LENGTH = 12  # 60 bits of Crockford base32
MAX_TRIES = 5
SHORTEST, LONGEST = timedelta(minutes=10), timedelta(minutes=480)
REGISTRATION_WINDOW = timedelta(minutes=10)


# What the caller wraps around the one update that redeems a case's pass, in the same transaction.
Around = Callable[[UUID], AbstractContextManager[None]]


def _alone(_case_id: UUID) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class ShownPass:
    characters: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RedeemedPass:
    pass_id: UUID
    case_id: UUID
    person_id: UUID
    register_until: datetime


def dead() -> Refused:
    """The same words for every cause: unknown, used, expired, revoked, wrong, or another browser."""
    return Refused(
        "pass_refused", _("This pass does not work here. Start a recovery, or call your help desk.")
    )


def _digest(pass_id: UUID, characters: str) -> str:
    data = f"access_pass|{current_tenant_id()}|{pass_id}|{characters}".encode()
    return hmac.digest(settings.PASS_KEY, data, "sha256").hex()


def clean_characters(typed: str) -> str:
    """What people type: any case, O for 0, I and L for 1, hyphens and spaces aside."""
    swapped = typed.upper().translate(str.maketrans("OIL", "011"))
    return "".join(character for character in swapped if character in ALPHABET)[:64]


def issue_pass(
    *, case_id: UUID, person_id: UUID, browser_digest: bytes, lifetime: timedelta, actor: Actor
) -> AccessPass:
    """Make the case's pass, with no characters yet. ValueError for a lifetime outside 10–480 minutes."""
    if not SHORTEST <= lifetime <= LONGEST:
        raise ValueError("a pass lives from 10 to 480 minutes")
    made = AccessPass.objects.create(
        case_id=case_id,
        person_id=person_id,
        browser_digest=browser_digest,
        expires_at=clock.now() + lifetime,
    )
    record_event(
        EventName.PASS_ISSUED,
        actor=actor,
        subject=made.public_id,
        case_id=case_id,
        data={"minutes": int(lifetime.total_seconds() // 60)},
    )
    return made


def _why_dead(found: AccessPass | None) -> str:
    """The code of a refusal, for the log; the person reads the same words for each."""
    return "no_pass_here" if found is None else _cause(found) or "wrong"


def _cause(found: AccessPass) -> str:
    """Why it can never be used; empty while it can."""
    causes = {
        "used_before": found.redeemed_at is not None,
        "revoked": found.revoked_at is not None,
        "too_old": found.expires_at <= clock.now(),
        "tries_used_up": found.tries >= MAX_TRIES,
    }
    return next((cause for cause, is_so in causes.items() if is_so), "")


def is_dead(found: AccessPass) -> bool:
    """Whether it can never be used: its page says so before anybody tries."""
    return bool(_cause(found))


def _note_refusal(found: AccessPass | None, reason: str, *, tries: int = 0) -> None:
    record_event(
        EventName.PASS_REFUSED,
        actor=Actor(ActorKind.CLAIMANT),
        subject=found.public_id if found else "",
        case_id=found.case_id if found else None,
        data={"reason": reason, "tries": tries},
    )


def _usable(case_id: UUID, browser_digest: bytes) -> AccessPass | None:
    return AccessPass.objects.filter(
        case_id=case_id,
        browser_digest=browser_digest,
        redeemed_at=None,
        revoked_at=None,
        tries__lt=MAX_TRIES,
        expires_at__gt=clock.now(),
    ).first()


def show_characters(case_id: UUID, *, browser_digest: bytes) -> ShownPass:
    """New characters in place of earlier ones, for the browser that recovered. The tries stay (SP 800-63B-4, 3.2.2)."""
    found = _usable(case_id, browser_digest)
    if found is None:
        raise dead()
    characters = random_base32(LENGTH)
    found.characters_digest = _digest(found.id, characters)
    found.shown_at = clock.now()
    found.save(update_fields=["characters_digest", "shown_at"])
    shown = "-".join(characters[at : at + 4] for at in range(0, LENGTH, 4))
    return ShownPass(shown, found.expires_at)


def _redeem(pass_id: UUID, case_id: UUID) -> RedeemedPass:
    """The one conditional update. Whoever changes the row has redeemed it; everybody else reads the refusal."""
    moment = clock.now()
    window = moment + REGISTRATION_WINDOW
    changed = AccessPass.objects.filter(
        id=pass_id, redeemed_at=None, revoked_at=None, tries__lte=MAX_TRIES, expires_at__gt=moment
    ).update(redeemed_at=moment, register_until=window, characters_digest="")
    if not changed:
        raise dead()
    row = AccessPass.objects.get(id=pass_id)
    record_event(
        EventName.PASS_REDEEMED,
        actor=Actor(ActorKind.PERSON, public_id("person", row.person_id)),
        subject=row.public_id,
        case_id=case_id,
    )
    return RedeemedPass(row.id, row.case_id, row.person_id, window)


def redeem_in_browser(
    case_id: UUID, *, browser_digest: bytes, tenant_id: UUID, around: Around = _alone
) -> RedeemedPass:
    """ "Use it now": the browser's own 256-bit secret stands for the characters."""
    require_no_transaction()
    try:
        with tenant_scope(tenant_id), around(case_id):
            found = _usable(case_id, browser_digest)
            if found is None:
                raise dead()
            return _redeem(found.id, case_id)
    except Refused:
        with tenant_scope(tenant_id):
            held = AccessPass.objects.filter(case_id=case_id, browser_digest=browser_digest).first()
            _note_refusal(held, _why_dead(held))
        raise


@dataclass(frozen=True, slots=True)
class _Try:
    """This browser's newest pass, and whether the try was counted on it and may be compared."""

    found: AccessPass | None
    counted: bool


def _take_try(browser_digest: bytes) -> _Try:
    """Count one try on this browser's pass; committed by the caller's scope before anything is compared."""
    mine = AccessPass.objects.filter(browser_digest=browser_digest)
    newest = mine.order_by("-created_at").first()
    if newest is None:
        return _Try(None, counted=False)
    live = mine.filter(
        id=newest.id, redeemed_at=None, revoked_at=None, expires_at__gt=clock.now(), tries__lt=MAX_TRIES
    )
    counted = bool(live.update(tries=F("tries") + 1))
    newest.refresh_from_db()
    return _Try(newest, counted=counted)


def redeem_characters(
    characters: str, *, browser_digest: bytes, tenant_id: UUID, around: Around = _alone
) -> RedeemedPass:
    """Redeem what was typed, in the browser the pass was issued to. Five tries, then it is dead."""
    require_no_transaction()
    with tenant_scope(tenant_id):
        tried = _take_try(browser_digest)
    found = tried.found
    with tenant_scope(tenant_id):
        wanted = found.characters_digest if found and tried.counted else ""
        typed = _digest(found.id if found else tenant_id, clean_characters(characters))
        if found is not None and wanted and same(typed.encode(), wanted.encode()):
            with around(found.case_id):
                return _redeem(found.id, found.case_id)
        reason = "wrong" if tried.counted else _why_dead(found)
        _note_refusal(found, reason, tries=found.tries if found else 0)
    raise dead()


def revoke_passes(case_id: UUID, *, reason: str, actor: Actor) -> None:
    """End the case's pass, and what is left of the registration window. Quiet when there is none."""
    moment = clock.now()
    live = AccessPass.objects.filter(case_id=case_id, revoked_at=None)
    for row in live:
        live.filter(id=row.id).update(revoked_at=moment, revoked_reason=reason, register_until=None)
        record_event(
            EventName.PASS_REVOKED,
            actor=actor,
            subject=row.public_id,
            case_id=case_id,
            data={"reason": reason},
        )

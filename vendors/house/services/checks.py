"""The moves of a check. Each loads under a lock, checks, changes, saves; reading is bound to the browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.codes import same
from portal.kit.errors import NotHere, Refused
from portal.kit.sealed import Context, seal, unseal
from vendors.house.models import Check, Portrait
from vendors.house.provider.authorization_request import AuthorizationRequest
from vendors.house.provider.verified_claims import CheckMade, Facts
from vendors.house.stages import LIVE, MOVES, Outcome, Stage

DOCUMENT_KINDS = ("passport", "idcard")


def load_check(check_id: UUID, browser_digest: bytes) -> Check:
    """The check, for the browser that began it and no other."""
    check = Check.objects.select_related("client").filter(id=check_id).first()
    if check is None:
        raise NotHere("check_unknown", _("There is no check at this address, or it is long over."))
    _require_browser(check, browser_digest)
    if check.stage not in (Stage.EXPIRED, Stage.HANDED_OVER) and check.expires_at <= clock.now():
        expire_check(check.id)
        check.refresh_from_db()
    return check


@contextmanager
def locked_check(check_id: UUID, browser_digest: bytes) -> Iterator[Check]:
    """The same, locked until the block ends."""
    with transaction.atomic():
        check = Check.objects.select_for_update(of=("self",)).select_related("client").get(id=check_id)
        _require_browser(check, browser_digest)
        yield check


def _require_browser(check: Check, browser_digest: bytes) -> None:
    if not same(bytes(check.browser_digest), browser_digest):
        raise Refused(
            "other_browser",
            _("This check was begun in another browser. Go on in the browser where you began."),
        )


def request_of(check: Check) -> AuthorizationRequest:
    return AuthorizationRequest.from_json(check.parameters)


def move(check: Check, stage: Stage) -> None:
    """The one place where a stage changes; the row is locked by the caller."""
    if MOVES.check(Stage(check.stage), stage):
        check.stage = stage
        check.save(update_fields=["stage"])


def is_open(check: Check, stage: Stage) -> bool:
    return check.stage == stage and check.expires_at > clock.now()


def give_consent(check_id: UUID, browser_digest: bytes) -> None:
    with locked_check(check_id, browser_digest) as check:
        if is_open(check, Stage.CONSENT):
            check.consented_at = clock.now()
            check.save(update_fields=["consented_at"])
            move(check, Stage.CHOOSING)


def choose_document(check_id: UUID, browser_digest: bytes, kind: str) -> None:
    with locked_check(check_id, browser_digest) as check:
        if kind in DOCUMENT_KINDS and is_open(check, Stage.CHOOSING):
            check.document_kind = kind
            check.notice = ""
            check.save(update_fields=["document_kind", "notice"])
            move(check, Stage.DOCUMENT)


def choose_again(check_id: UUID, browser_digest: bytes) -> None:
    with locked_check(check_id, browser_digest) as check:
        if is_open(check, Stage.DOCUMENT):
            check.notice = ""
            check.save(update_fields=["notice"])
            move(check, Stage.CHOOSING)


def decline_check(check_id: UUID, browser_digest: bytes) -> None:
    """The person gives up: nothing is kept of them."""
    with locked_check(check_id, browser_digest) as check:
        if Stage(check.stage) in LIVE:
            finish_check(check, Outcome.DECLINED, reasons=("access_denied",))


def finish_check(check: Check, outcome: Outcome, *, reasons: Sequence[str] = ()) -> None:
    """Ends the judging of a locked row. Whatever is not verified loses its facts and portrait at once."""
    check.outcome = outcome
    check.reasons = list(reasons)
    check.decided_at = clock.now()
    check.challenge = None
    check.notice = ""
    if outcome is not Outcome.VERIFIED:
        check.facts_sealed = None
        destroy_portrait(check.id)
    check.save(update_fields=["outcome", "reasons", "decided_at", "challenge", "notice", "facts_sealed"])
    move(check, Stage.FINISHED)


def expire_check(check_id: UUID) -> None:
    with transaction.atomic():
        check = Check.objects.select_for_update(of=("self",)).get(id=check_id)
        if check.stage in (Stage.EXPIRED, Stage.HANDED_OVER) or check.expires_at > clock.now():
            return
        forget_person(check)
        move(check, Stage.EXPIRED)


def forget_person(check: Check) -> None:
    check.facts_sealed = None
    check.challenge = None
    check.working_until = None
    check.save(update_fields=["facts_sealed", "challenge", "working_until"])
    destroy_portrait(check.id)


# ---------------------------------------------------------------- what is known about the person, sealed


def seal_facts(check: Check, facts: Facts) -> None:
    told = {
        "given_name": facts.given_name,
        "family_name": facts.family_name,
        "birthdate": facts.birthdate.isoformat(),
        "document_type": facts.document_type,
        "document_number": facts.document_number,
        "date_of_expiry": facts.date_of_expiry.isoformat() if facts.date_of_expiry else "",
        "country": facts.country,
    }
    check.facts_sealed = seal(json.dumps(told).encode(), _facts_context(check))


def unseal_facts(check: Check) -> Facts:
    if check.facts_sealed is None:
        raise Refused("facts_gone")
    told = json.loads(unseal(check.facts_sealed, _facts_context(check)))
    return Facts(
        given_name=told["given_name"],
        family_name=told["family_name"],
        birthdate=date.fromisoformat(told["birthdate"]),
        document_type=told["document_type"],
        document_number=told["document_number"],
        date_of_expiry=date.fromisoformat(told["date_of_expiry"]) if told["date_of_expiry"] else None,
        country=told["country"],
    )


def _facts_context(check: Check) -> Context:
    return Context("house_check", "facts", check.id)


def remember_checks(check: Check, made: Sequence[CheckMade], *, replacing: str) -> None:
    """Keeps the checks of one kind of step (`document`, `face`), the latest only."""
    others = [entry for entry in check.checks if entry["step"] != replacing]
    check.checks = others + [
        {"step": replacing, "name": one.name, "method": one.method, "passed": one.passed} for one in made
    ]
    check.save(update_fields=["checks"])


def checks_made(check: Check) -> tuple[CheckMade, ...]:
    return tuple(
        CheckMade(
            str(entry["name"]),
            str(entry["method"]),
            None if entry["passed"] is None else bool(entry["passed"]),
        )
        for entry in check.checks
    )


def destroy_portrait(check_id: UUID) -> None:
    Portrait.objects.filter(check_row_id=check_id, destroyed_at=None).update(
        data_key=None, sealed=None, token_digest=None, destroyed_at=clock.now()
    )

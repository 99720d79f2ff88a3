"""People, profiles and cases for the console's tests, made through the rooms' own services."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.codes import digest
from portal.kit.ids import uuid7
from recovery.cases import create_case, move_case, record_step
from recovery.models import Case, Profile
from recovery.profiles import create_profile, publish_profile
from recovery.statuses import CaseStatus, StepKind, StepState
from tenants.directory.models import DirectoryPerson, Group, GroupMember
from tenants.directory.services import create_person
from vendors.models import Connection

S = CaseStatus
PATHS: dict[CaseStatus, Sequence[CaseStatus]] = {
    S.OPENED: (),
    S.PROVING: (S.PROVING,),
    S.DECIDING: (S.PROVING, S.DECIDING),
    S.IN_REVIEW: (S.PROVING, S.DECIDING, S.HELD, S.IN_REVIEW),
    S.HELD: (S.PROVING, S.DECIDING, S.HELD),
    S.GRANTED: (S.PROVING, S.DECIDING, S.GRANTED),
    S.HANDED_OVER: (S.PROVING, S.DECIDING, S.GRANTED, S.HANDED_OVER),
    S.RECOVERED: (S.PROVING, S.DECIDING, S.GRANTED, S.RECOVERED),
    S.ENROLLED: (S.PROVING, S.DECIDING, S.ENROLLED),
    S.EVALUATED: (S.PROVING, S.DECIDING, S.EVALUATED),
    S.REFUSED: (S.PROVING, S.DECIDING, S.REFUSED),
    S.CANCELED: (S.CANCELED,),
    S.EXPIRED: (S.EXPIRED,),
    S.SUPERSEDED: (S.PROVING, S.SUPERSEDED),
    S.REPUDIATED: (S.PROVING, S.DECIDING, S.GRANTED, S.REPUDIATED),
}


def make_person(name: str = "", **values: Any) -> DirectoryPerson:
    word = name or f"p{secrets.token_hex(4)}"
    given = {
        "user_name": word,
        "given_names": "Anna",
        "family_name": "Novak",
        "emails": [f"{word}@people.example"],
        "birthdate": date(1990, 4, 12),
        "department": "Finance",
        "held_since": clock.now() - timedelta(days=30),
        "actor": SYSTEM,
    }
    return create_person(**{**given, **values})


def make_group(name: str, *members: DirectoryPerson) -> str:
    """The id of a group with these members, as profiles name it."""
    made = Group.objects.create(name=name)
    for person in members:
        GroupMember.objects.create(group=made, person=person)
    return str(made.id)


def make_connection() -> Connection:
    return Connection.objects.create(vendor="house", kind="free", status="ready")


def make_profile(**values: Any) -> Profile:
    found = Connection.objects.filter(vendor="house").first() or make_connection()
    given = {"name": "Everyone", "mode": "production", "partners": [found.id]}
    return create_profile(actor=SYSTEM, **{**given, **values})


def published_profile(**values: Any) -> Profile:
    return publish_profile(make_profile(**values).id, actor=SYSTEM)


def make_case(
    profile: Profile,
    person: DirectoryPerson | None,
    status: CaseStatus = CaseStatus.PROVING,
    *,
    reasons: Sequence[str] = (),
) -> Case:
    case = create_case(
        profile=profile,
        person=person,
        decoy_reason="" if person else "unknown",
        browser_digest=digest(secrets.token_hex(8)),
    )
    if status not in (S.OPENED, S.CANCELED, S.EXPIRED):
        record_step(case, StepKind.CONFIRMED, evidence={"channel": "email", "held_hours": 800})
        record_step(case, StepKind.CONSENTED, vendor="house", evidence={"text_version": "2026-11"})
        Case.objects.filter(id=case.id).update(connection_id=profile.partners[0])
    for target in PATHS[status]:
        case = move_case(case.id, target, reasons=reasons if target is status else ())
    return case


def add_whole_journey(case: Case) -> None:
    """Every kind of step, with one that failed, as the journey writes them."""
    record_step(
        case,
        StepKind.PROOFED,
        vendor="house",
        evidence={"checks": ["document", "liveness"], "document_type": "passport", "evidence_digest": "ab"},
    )
    record_step(case, StepKind.CREDENTIAL_ISSUED)
    record_step(case, StepKind.PRESENTED, evidence={"holder": "abcdefghijkl"})
    record_step(
        case,
        StepKind.FACE_CHECKED,
        StepState.FAILED,
        vendor="readmit",
        evidence={"confidence": 41, "threshold": 70},
        reasons=["not_confirmed"],
    )
    record_step(case, StepKind.FACE_CHECKED, vendor="readmit", evidence={"confidence": 88, "threshold": 70})
    record_step(
        case,
        StepKind.MATCHED,
        evidence={"outcome": "one", "others": 2},
        reasons=["names_agree", "birthdate_agrees"],
    )


def some_id() -> str:
    return uuid7().hex

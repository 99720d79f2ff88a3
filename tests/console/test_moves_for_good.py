"""What cannot be undone waits for a typed word, on the server, whatever the page did."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from recovery.models import Case, Profile
from recovery.statuses import CaseStatus
from tenants.audit.models import AuditEvent
from tenants.models import Member, Tenant
from tenants.rights import Role
from tenants.verified_id.models import SigningKey
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import make_member
from tests.recovery.console.world import make_case, make_person, published_profile
from vendors.models import Connection

TEMPLATES = Path(__file__).parents[2] / "templates"
# A suspended person can be active again; claimants decide about what is their own; how a simulator ends its sessions is chosen
# anew at a press.
OTHERS = frozenset(
    {
        "directory/status.html",
        "elements/dangerous_move.html",
        "elements/gallery.html",
        "passkeys/remove.html",
        "recovery/forget.html",
        "recovery/not_me.html",
        "recovery/remove_card.html",
        "vendors/parts/simulator.html",
    }
)
REASON = {"reason": "They rang about it."}


@dataclass(frozen=True)
class Move:
    """`stands` tells whether what the move would take away is still there."""

    path: str
    word: str
    stands: Callable[[], bool]


@pytest.fixture
def moves(tenant: Tenant, owner: Member) -> dict[str, Move]:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
        profile, person = published_profile(), make_person()
        held, recovered = (
            make_case(profile, person, status) for status in (CaseStatus.HELD, CaseStatus.RECOVERED)
        )
        key = SigningKey.objects.get(state=SigningKey.State.ACTIVE)
        connection = Connection.objects.get(id=profile.partners[0])
    colleague = make_member(tenant, Role.AUDITOR)
    base = f"/o/{tenant.slug}"
    return {
        "end a case": Move(
            f"{base}/recovery/cases/{held.public_id}/cancel",
            "end",
            lambda: Case.objects.get(id=held.id).ended_at is None,
        ),
        "freeze a recovery": Move(
            f"{base}/recovery/cases/{recovered.public_id}/freeze",
            "freeze",
            lambda: Case.objects.get(id=recovered.id).status == CaseStatus.RECOVERED,
        ),
        "withdraw a profile": Move(
            f"{base}/recovery/profiles/{profile.public_id}/withdraw",
            "withdraw",
            lambda: Profile.objects.get(id=profile.id).status == Profile.Status.PUBLISHED,
        ),
        "rotate the key": Move(
            f"{base}/verified-id/rotate",
            "rotate",
            # The next one is published first and signs later.
            lambda: not SigningKey.objects.exclude(id=key.id).exists(),
        ),
        "revoke a key": Move(
            f"{base}/verified-id/keys/{key.kid.partition('#')[2]}/compromised",
            "compromised",
            lambda: SigningKey.objects.get(id=key.id).state != SigningKey.State.REVOKED,
        ),
        "remove a seat": Move(
            f"{base}/members/{colleague.public_id}/remove",
            "remove",
            lambda: Member.objects.get(id=colleague.id).removed_at is None,
        ),
        "remove a partner": Move(
            f"{base}/partners/{connection.vendor}/remove",
            "remove",
            lambda: Connection.objects.get(id=connection.id).status != Connection.Status.REMOVED,
        ),
    }


def test_without_the_word_nothing_happens_and_with_it_the_move_is_made(
    tenant: Tenant, owner_client: Client, moves: dict[str, Move]
) -> None:
    for name, move in moves.items():
        assert f"Type “{move.word}” to confirm" in owner_client.get(move.path).content.decode(), name
        for word in ({}, {"word": ""}, {"word": "yes"}, {"word": move.word[:-1]}):
            page = owner_client.post(move.path, {**REASON, **word}).content.decode()
            assert f"Type the word “{move.word}”." in page, (name, word)
        with tenant_scope(tenant.id):
            assert move.stands(), name
        sent = owner_client.post(move.path, {**REASON, "word": f" {move.word.upper()} "})
        assert sent.status_code == 302, (name, sent.content.decode())
        with tenant_scope(tenant.id):
            assert not move.stands(), name


def test_what_was_typed_beside_a_wrong_word_is_kept(owner_client: Client, moves: dict[str, Move]) -> None:
    page = owner_client.post(moves["end a case"].path, {**REASON, "word": "stop"}).content.decode()
    assert REASON["reason"] in page


def test_a_refused_word_is_no_event(tenant: Tenant, owner_client: Client, moves: dict[str, Move]) -> None:
    with tenant_scope(tenant.id):
        before = AuditEvent.objects.count()
    for move in moves.values():
        owner_client.post(move.path, REASON)
    with tenant_scope(tenant.id):
        assert AuditEvent.objects.count() == before


def test_no_page_draws_a_dangerous_form_but_by_the_element() -> None:
    found = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if re.search(r'element "form"[^%]*submit_variant', path.read_text())
    }
    assert found <= OTHERS

"""The design of the card in the console: colours that are judged while they are typed, what it holds, who may."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.errors import Invalid
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tenants.rights import Role
from tenants.verified_id.design import CardDesign, change_card, design_of
from tenants.verified_id.models import Authority
from tenants.verified_id.publishing import configurations
from tests.verified_id.test_flow import authority, issued
from tests.verified_id.test_issued_console import text_of
from tests.verified_id.test_keys_console import address

__all__ = ["authority"]
TYPED = {
    "card_title": "Staff card",
    "title_de": "Ausweis",
    "card_background": "#102030",
    "card_text": "",
    "left_out": ["partner"],
    "lifetime_days": "90",
    "review_first": "on",
}


def design(tenant: Tenant) -> CardDesign:
    with tenant_scope(tenant.id):
        return design_of(Authority.objects.get())


def test_the_design_is_kept_and_published(authority, staff_client):
    client = staff_client(Role.ADMINISTRATOR, authority)
    assert client.post(address(authority, "card"), TYPED).status_code == 302
    assert design(authority) == CardDesign(
        "Staff card", 90, {"de": "Ausweis"}, "#102030", "", ("partner",), review_first=True
    )
    with tenant_scope(authority.id):
        card = configurations(Authority.objects.get(), authority)["VerifiedIdentity"]
        told = AuditEvent.objects.get(name="verified_id:authority:change").data["changed"]
    assert [(display.name, display.text_color) for display in card.display] == [
        ("Staff card", "#ffffff"),
        ("Ausweis", "#ffffff"),
    ]
    assert ("partner",) not in {claim.path for claim in card.claims} and "left_out" in told


def test_a_new_card_lacks_what_is_left_out(authority, staff_client):
    whole = issued(authority).credentials[0]
    staff_client(Role.OWNER, authority).post(address(authority, "card"), TYPED | {"review_first": ""})
    assert issued(authority).credentials[0].count("~") == whole.count("~") - 1


@pytest.mark.parametrize(
    ("background", "text", "said"),
    [
        ("#ffffff", "#777777", "4.5 to 1"),
        ("#ffffff", "#ffff00", "Hard to read"),
        ("#ffffff", "", "Reads well"),
        ("", "", "Reads well"),
        ("blue", "", "Not a colour yet"),
        ("#ffffff", "<b>", "Not a colour yet"),
    ],
    ids=["grey", "yellow", "chosen-for-them", "accent", "word", "markup"],
)
def test_how_two_colours_read_is_said_while_they_are_typed(authority, staff_client, background, text, said):
    client = staff_client(Role.AUDITOR, authority)
    answer = client.get(
        address(authority, "card/contrast"), {"card_background": background, "card_text": text}
    )
    assert said in answer.content.decode() and "<b>" not in answer.content.decode()


@pytest.mark.parametrize(
    "typed",
    [
        {"card_background": "blue"},
        {"card_text": "#12345"},
        {"left_out": ["portrait"]},
        {"lifetime_days": "1826"},
        {"title_fr": "x" * 61},
    ],
    ids=["background", "text", "claim-of-a-recovery", "lifetime", "title"],
)
def test_what_cannot_be_is_not_saved(authority, staff_client, typed: dict[str, Any]):
    before = design(authority)
    answer = staff_client(Role.OWNER, authority).post(address(authority, "card"), TYPED | typed)
    assert answer.status_code == 200 and design(authority) == before


def test_a_claim_that_a_recovery_needs_is_never_left_out(authority):
    with tenant_scope(authority.id), pytest.raises(Invalid):
        change_card(CardDesign("Card", 30, {}, "", "", ("birthdate",), review_first=False), actor=SYSTEM)


def test_the_colours_on_the_preview_are_those_of_the_card(authority, staff_client):
    client = staff_client(Role.OWNER, authority)
    client.post(address(authority, "card"), TYPED)
    page = text_of(client, address(authority, "card"))
    assert re.search(r'id="card-preview"[^>]* data-ground="#102030" data-ink="#ffffff"', page)

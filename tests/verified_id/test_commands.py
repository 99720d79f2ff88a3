"""The operators' doors: the same services as the pages, JSON out, exit codes, one sentence."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from PIL import Image

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.directory.models import DirectoryPerson
from tenants.directory.services import create_person
from tenants.models import Tenant
from tenants.verified_id.models import Credential, Issuance, SigningKey
from tests.holder import Wallet
from tests.verified_id.test_flow import authority, issued
from tests.verified_id.test_keys import payload_of, published

__all__ = ["authority"]
Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def run() -> Run:
    def go(*arguments: str) -> tuple[int, Any, str]:
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit) as left:
            call_command(*arguments, stdout=out, stderr=err)
        lines = [json.loads(line) for line in out.getvalue().splitlines() if line.startswith("{")]
        return int(left.value.code or 0), lines, err.getvalue().strip()

    return go


def offering(tenant: Tenant, person: str = "ada.sample", *more: str) -> tuple[str, ...]:
    return ("offer_credential", "--tenant", tenant.slug, "--person", person, *more)


@pytest.fixture
def person(authority: Tenant) -> DirectoryPerson:
    with tenant_scope(authority.id):
        return create_person(
            user_name="ada.sample",
            given_names="Ada",
            family_name="Sample",
            emails=["ada@acme.example"],
            birthdate=date(1990, 4, 12),
            actor=SYSTEM,
        )


def test_an_offer_is_redeemed_by_any_wallet_with_its_code(
    authority: Tenant, person: DirectoryPerson, run: Run
) -> None:
    code, (told,), said = run(*offering(authority))
    assert (code, said) == (0, "") and told["offer"].startswith(
        "openid-credential-offer://?credential_offer_uri="
    )
    wallet = Wallet(authority)
    assert wallet.token(wallet.offer(told["offer"])).json() == {"error": "invalid_request"}
    wallet.accept(told["offer"], told["tx_code"])
    with tenant_scope(authority.id):
        row = Credential.objects.select_related("issuance").get()
        assert row.issuance.person_id == person.id and row.reference == row.issuance_id


def test_an_offered_card_says_where_it_comes_from_and_carries_a_picture(
    authority: Tenant, person: DirectoryPerson, run: Run, tmp_path: Path
) -> None:
    face = tmp_path / "face.png"
    Image.new("RGB", (300, 400), (200, 10, 10)).save(face)
    for more in ((), ("--portrait", str(face))):
        _code, (told,), _said = run(*offering(authority, "ada.sample", *more))
        wallet = Wallet(authority)
        text = wallet.accept(told["offer"], told["tx_code"])
        assert payload_of(text.split("~")[0])["cnf"] and text.count("~") == 8


def test_a_card_that_a_member_looks_at_first_is_deferred(
    authority: Tenant, person: DirectoryPerson, run: Run
) -> None:
    _code, (told,), _said = run(*offering(authority, "ada.sample", "--review"))
    wallet = Wallet(authority)
    made = wallet.offer(told["offer"])
    token = wallet.token(made, told["tx_code"]).json()["access_token"]
    assert wallet.credential(token, wallet.proof(made.credential_issuer)).status_code == 202


def test_what_cannot_be_offered_is_one_sentence_and_exit_code_1(
    authority: Tenant, person: DirectoryPerson, other_tenant: Tenant, run: Run, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xffnothing")
    for arguments in (
        offering(authority, "nobody"),
        offering(authority, "ada.sample", "--configuration", "Other"),
        offering(authority, "ada.sample", "--portrait", str(broken)),
        ("offer_credential", "--tenant", "no-such", "--person", "ada.sample"),
        offering(other_tenant),
    ):
        code, told, said = run(*arguments)
        assert (code, told) == (1, []) and said.endswith("."), arguments
    assert run(*offering(authority, "ada.sample", "--portrait", str(tmp_path / "absent")))[0] == 2


def test_a_card_is_revoked_by_its_identifier_or_its_offers(
    authority: Tenant, person: DirectoryPerson, run: Run
) -> None:
    _code, (told,), _said = run(*offering(authority))
    Wallet(authority).accept(told["offer"], told["tx_code"])
    with tenant_scope(authority.id):
        row = Credential.objects.get()
    for name in (told["id"], row.public_id):
        code, (line,), _said = run("revoke_credential", name, "--reason", "Phone was lost.", "--json")
        assert (code, line["id"], line["state"]) == (0, row.public_id, "revoked")
    with tenant_scope(authority.id):
        event = AuditEvent.objects.get(name="verified_id:credential:revoke")
        assert (event.actor_kind, event.case_id) == ("operator", None) and event.personal_digest


def test_an_offer_that_no_wallet_took_is_withdrawn_and_nothing_comes_of_it(
    authority: Tenant, person: DirectoryPerson, other_tenant: Tenant, run: Run
) -> None:
    _code, (told,), _said = run(*offering(authority))
    wallet = Wallet(authority)
    offer = wallet.offer(told["offer"])
    revoking = ("revoke_credential", told["id"], "--reason", "Sent to the wrong person.", "--json")
    assert run(*revoking, "--tenant", other_tenant.slug)[:2] == (1, [])
    for _again in range(2):
        code, (line,), _said = run(*revoking)
        assert (code, line["id"], line["state"]) == (0, told["id"], "withdrawn")
    answer = wallet.token(offer, told["tx_code"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    with tenant_scope(authority.id):
        assert not Credential.objects.exists()
        assert Issuance.objects.get().sealed is None
        assert AuditEvent.objects.filter(name="verified_id:offer:withdraw").count() == 1


def test_a_wallet_that_has_its_token_gets_no_card_of_an_offer_that_was_withdrawn(
    authority: Tenant, person: DirectoryPerson, run: Run
) -> None:
    _code, (told,), _said = run(*offering(authority))
    wallet = Wallet(authority)
    offer = wallet.offer(told["offer"])
    token = wallet.token(offer, told["tx_code"]).json()["access_token"]
    assert run("revoke_credential", told["id"], "--reason", "Sent to the wrong person.")[0] == 0
    answer = wallet.credential(token, wallet.proof(offer.credential_issuer))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def test_a_card_that_is_not_there_is_not_revoked(authority: Tenant, other_tenant: Tenant, run: Run) -> None:
    issued(authority)
    with tenant_scope(authority.id):
        name = Credential.objects.get().public_id
    for arguments in (
        ("credential_nonsense", "--reason", "x"),
        ("x", "--reason", "x"),
        (name, "--reason", "x", "--tenant", other_tenant.slug),
        (name, "--reason", " "),
    ):
        code, told, said = run("revoke_credential", *arguments)
        assert (code, told) == (1, []) and said.endswith(".")
    with tenant_scope(authority.id):
        assert Credential.objects.get().state == "valid"


def test_keys_are_rotated_with_overlap_at_once_and_away(authority: Tenant, run: Run) -> None:
    rotating = ("rotate_keys", "--tenant", authority.slug, "--json")
    (first,) = published(authority)
    code, (told,), _said = run(*rotating)
    assert code == 0 and {key["state"] for key in told["keys"]} == {"active", "pending"}
    assert published(authority) == {first, told["key"]}
    _code, (now,), _said = run(*rotating, "--now")
    assert now["key"] == told["key"]
    assert {key["kid"]: key["state"] for key in now["keys"]} == {first: "retired", now["key"]: "active"}
    issued(authority)
    _code, (gone,), _said = run(*rotating, "--revoke", now["key"], "--reason", "It leaked.")
    assert gone["revoked_cards"] == 1 and gone["key"] not in (first, now["key"])
    assert now["key"] not in published(authority)
    assert run(*rotating, "--revoke", "made-up")[0] == 1
    assert run("rotate_keys", "--tenant", "no-such")[0] == 1


def test_a_tenant_without_an_authority_has_no_keys_to_rotate(tenant: Tenant, run: Run) -> None:
    code, _told, said = run("rotate_keys", "--tenant", tenant.slug)
    assert code == 1 and "turned on" in said
    with tenant_scope(tenant.id):
        assert not SigningKey.objects.exists()

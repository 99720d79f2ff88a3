"""A wallet nobody here wrote takes our credential over HTTP and shows it back."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import issuance, offers, presentation
from tenants.verified_id.design import change_card, design_of
from tenants.verified_id.publishing import BATCH_SIZE
from tenants.verified_id.selectors import get_authority
from tests.peers.conftest import Wallet
from tests.verified_id.doors import run
from tests.verified_id.test_flow import CLAIMS, ask, begin, code_in, jpeg, offer


def well(said: dict[str, Any]) -> list[dict[str, Any]]:
    failed = [answer for answer in said["answers"] if "error" in answer]
    assert not failed, (failed, said["seen"])
    return list(said["answers"])


def accepting(tenant: Tenant, **more: Any) -> dict[str, Any]:
    return {"verb": "accept", "offer": offer(tenant, begin(tenant)).deep_link, **more}


def test_it_takes_the_credential_verifies_it_and_says_so(authority: Tenant, wallet: Wallet) -> None:
    issuance_id = begin(authority)
    link = offer(authority, issuance_id).deep_link
    (taken,) = well(wallet({"verb": "accept", "offer": link, "signed": True}))
    assert (taken["typ"], taken["family_name"], taken["txCodeAsked"]) == ("dc+sd-jwt", "Example", False)
    assert taken["metadataSigner"] == taken["kid"]
    assert set(CLAIMS) | {"portrait", "status", "cnf"} <= set(taken["claims"])
    with tenant_scope(authority.id):
        assert issuance.state_of(issuance_id).state == "accepted"


def test_it_takes_the_credential_with_the_transaction_code_and_not_without(
    authority: Tenant, wallet: Wallet
) -> None:
    made = offer(authority, begin(authority), other_wallet=True)
    wrong = "000000" if made.tx_code != "000000" else "111111"
    unasked, refused, taken = wallet(
        {"verb": "accept", "offer": made.deep_link},
        {"verb": "accept", "offer": made.deep_link, "txCode": wrong},
        {"verb": "accept", "offer": made.deep_link, "txCode": made.tx_code},
    )["answers"]
    assert "requires a 'tx_code'" in unasked["error"] and "invalid_grant" in refused["cause"]
    assert taken["txCodeAsked"] and taken["family_name"] == "Example"


def test_it_shows_the_credential_for_requests_by_get_by_post_and_with_its_nonce_and_only_our_browser_gets_it(
    authority: Tenant, wallet: Wallet
) -> None:
    ways: list[dict[str, Any]] = [{"method": "get"}, {"method": "post"}, {"nonce": secrets.token_urlsafe(16)}]
    asked = [(secrets.token_bytes(32), way) for way in ways]
    begun = [ask(authority, browser) for browser, _way in asked]
    steps = [{"verb": "show", "request": begun[i][1], **way} for i, (_browser, way) in enumerate(asked)]
    said = wallet(accepting(authority), *steps)
    _taken, *shown = well(said)
    assert [line.split()[0] for line in said["seen"] if "/openid4vp/requests/" in line] == [
        "GET",
        "POST",
        "POST",
    ]
    for (browser, _way), (presentation_id, _link), answer in zip(asked, begun, shown, strict=True):
        assert (answer["version"], answer["client"], answer["status"]) == (
            100,
            "decentralized_identifier",
            200,
        )
        assert answer["followed"] in (303, 302, 200)
        code = code_in(answer["body"]["redirect_uri"])
        with tenant_scope(authority.id):
            presentation.complete_presentation(response_code=code, browser_digest=browser)
            presented = presentation.take_presented(presentation_id)
        assert presented.claims["family_name"] == "Example" and presented.portrait == jpeg()


def test_what_it_shows_with_another_nonce_or_with_a_claim_withheld_is_refused(
    authority: Tenant, wallet: Wallet
) -> None:
    (_first, one), (_second, two) = (ask(authority, secrets.token_bytes(32)) for _ in range(2))
    _taken, other_nonce, withheld = well(
        wallet(
            accepting(authority),
            {"verb": "show", "request": one, "changeNonce": "another-nonce-of-sufficient-length"},
            {"verb": "show", "request": two, "withhold": "portrait"},
        )
    )
    assert (other_nonce["status"], withheld["status"]) == (400, 400)
    assert "redirect_uri" not in other_nonce["body"] and "redirect_uri" not in withheld["body"]


def test_it_takes_the_card_in_the_second_format_by_its_did(authority: Tenant, wallet: Wallet) -> None:
    with tenant_scope(authority.id):
        change_card(replace(design_of(get_authority()), offers_jwt=True), actor=SYSTEM)
        made = issuance.begin_issuance(claims=CLAIMS, portrait=jpeg(), actor=SYSTEM)
        link = offers.make_offer(made.id, configuration_id="VerifiedIdentityJwt").deep_link
    (taken,) = well(wallet({"verb": "accept", "offer": link, "byDid": True}))
    assert (taken["typ"], taken["family_name"]) == ("JWT", "Example")
    assert taken["subject"].startswith("did:jwk:")


def test_it_takes_the_card_under_as_many_keys_as_are_offered_and_shows_one(
    authority: Tenant, wallet: Wallet
) -> None:
    presentation_id, link = ask(authority, secrets.token_bytes(32))
    taken, shown = well(
        wallet(accepting(authority, keys="all"), {"verb": "show", "request": link, "method": "post"})
    )
    assert len(taken["keys"]) == BATCH_SIZE
    assert [one["key"] for one in taken["bindings"]] == taken["keys"]
    assert len({one["place"] for one in taken["bindings"]}) == BATCH_SIZE
    assert shown["status"] == 200
    with tenant_scope(authority.id):
        assert presentation.peek_presented(presentation_id).claims["family_name"] == "Example"


def test_it_reads_our_status_list_and_type_metadata(authority: Tenant, wallet: Wallet) -> None:
    _taken, read = well(wallet(accepting(authority), {"verb": "status"}))
    assert read["type"]["vct"] == read["vct"]


def test_a_credential_request_of_earlier_drafts_with_one_proof_is_answered(
    authority: Tenant, wallet: Wallet
) -> None:
    (taken,) = well(wallet(accepting(authority, singularProof=True)))
    assert taken["family_name"] == "Example"


def test_it_answers_what_an_operator_asked_from_the_command_line_encrypted_and_plain(
    authority: Tenant, wallet: Wallet
) -> None:
    ways = [[], ["--cross-device"], ["--response-mode", "direct_post"]]
    asked = [run("request_presentation", "--tenant", authority.slug, *way)[1] for way in ways]
    shows = [{"verb": "show", "request": told["request"]} for told in asked]
    _taken, *shown = well(wallet(accepting(authority), *shows))
    assert [answer["responseMode"] for answer in shown] == [
        "direct_post.jwt",
        "direct_post.jwt",
        "direct_post",
    ]
    assert ["redirect_uri" in answer["body"] for answer in shown] == [True, False, True]
    for told in asked:
        code, result, _err = run("presentation_result", told["id"])
        assert (code, result["status"], result["claims"]["family_name"]) == (0, "verified", "Example")
        assert result["claims"]["portrait"]["bytes"] == len(jpeg())

from __future__ import annotations

import io
import json
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

import pytest
from PIL import Image

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.errors import NotHere, Refused
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import credentials, issuance, offers, presentation
from tenants.verified_id.models import Credential, Issuance, IssuanceOffer
from tenants.verified_id.protocol import holder
from tenants.verified_id.protocol.encoding import b64u
from tenants.verified_id.services import turn_on_verified_id
from tenants.verified_id.views import issuing
from tests.conftest import client_of
from tests.holder import FORM, Wallet
from tests.recovery.racing import race

CLAIMS = {
    "given_name": "Ada",
    "family_name": "Example",
    "birthdate": "1990-04-12",
    "assurance_level": "substantial",
    "partner": "house",
    "document_type": "passport",
    "document_country": "UTO",
    "verified_at": "2026-11-22",
}


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (240, 320), (90, 120, 150)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def authority(tenant: Tenant) -> Tenant:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    return tenant


def begin(tenant: Tenant, reference: UUID | None = None) -> UUID:
    with tenant_scope(tenant.id):
        return issuance.begin_issuance(
            reference=reference or uuid4(), claims=CLAIMS, portrait=jpeg(), actor=SYSTEM
        ).id


def offer(tenant: Tenant, issuance_id: UUID, *, other_wallet: bool = False) -> offers.Offer:
    with tenant_scope(tenant.id):
        return offers.make_offer(issuance_id, other_wallet=other_wallet)


def ask(tenant: Tenant, browser: bytes) -> tuple[UUID, str]:
    with tenant_scope(tenant.id):
        begun = presentation.begin_presentation(
            reference=uuid4(), browser_digest=browser, purpose="Recover", return_path="/recover/presented"
        )
        return begun.id, presentation.links_of(begun).deep_link


def code_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["response_code"][0]


def issued(tenant: Tenant) -> Wallet:
    wallet = Wallet(tenant)
    wallet.accept(offer(tenant, begin(tenant)).deep_link)
    return wallet


def test_a_wallet_fetches_a_credential_and_shows_it_back(authority: Tenant) -> None:
    wallet, browser = issued(authority), secrets.token_bytes(32)
    presentation_id, link = ask(authority, browser)
    code = code_in(wallet.present(link))
    with tenant_scope(authority.id):
        presentation.complete_presentation(response_code=code, browser_digest=browser)
        shown = presentation.take_presented(presentation_id)
        assert shown.claims["family_name"] == "Example"
        assert shown.portrait == jpeg()
        with pytest.raises(NotHere):
            presentation.peek_presented(presentation_id)


def test_a_response_code_is_worth_nothing_in_another_browser(authority: Tenant) -> None:
    wallet = issued(authority)
    _presentation_id, link = ask(authority, secrets.token_bytes(32))
    code = code_in(wallet.present(link))
    with tenant_scope(authority.id), pytest.raises(Refused):
        presentation.complete_presentation(response_code=code, browser_digest=secrets.token_bytes(32))


def test_an_offer_works_once(authority: Tenant) -> None:
    wallet, made = Wallet(authority), offer(authority, begin(authority))
    first = wallet.offer(made.deep_link)
    assert wallet.token(first).status_code == 200
    again = wallet.token(first)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert wallet.offer(made.deep_link).status_code == 404


def test_an_offer_is_over_after_two_minutes(authority: Tenant) -> None:
    wallet, made = Wallet(authority), offer(authority, begin(authority))
    first = wallet.offer(made.deep_link)
    with clock.frozen(clock.now() + timedelta(seconds=121)):
        assert wallet.token(first).json() == {"error": "invalid_grant"}


def test_the_sixth_wrong_transaction_code_and_the_right_one_after_it_are_refused(authority: Tenant) -> None:
    wallet, made = Wallet(authority), offer(authority, begin(authority), other_wallet=True)
    first = wallet.offer(made.deep_link)
    wrong = "000000" if made.tx_code != "000000" else "111111"
    for _number in range(5):
        assert wallet.token(first, wrong).json() == {"error": "invalid_grant"}
    assert wallet.token(first, made.tx_code).json() == {"error": "invalid_grant"}


def test_a_missing_transaction_code_is_an_invalid_request(authority: Tenant) -> None:
    wallet, made = Wallet(authority), offer(authority, begin(authority), other_wallet=True)
    assert wallet.token(wallet.offer(made.deep_link)).json() == {"error": "invalid_request"}


def test_a_nonce_works_once(authority: Tenant) -> None:
    wallet = Wallet(authority)
    first = wallet.offer(offer(authority, begin(authority)).deep_link)
    token = wallet.token(first).json()["access_token"]
    nonce = wallet.client.post("/openid4vci/nonce").json()["c_nonce"]
    proof = wallet.proof(first.credential_issuer, nonce)
    assert wallet.credential(token, proof).status_code == 200
    second = wallet.offer(offer(authority, begin(authority)).deep_link)
    token = wallet.token(second).json()["access_token"]
    assert wallet.credential(token, proof).json() == {"error": "invalid_nonce"}


def test_a_revoked_credential_is_refused(authority: Tenant) -> None:
    wallet = issued(authority)
    with tenant_scope(authority.id):
        credentials.revoke_credential(Credential.objects.get().id, reason="test", actor=SYSTEM)
    _presentation_id, link = ask(authority, secrets.token_bytes(32))
    assert wallet.respond(wallet.request(link)).status_code == 400


def test_an_expired_credential_is_refused(authority: Tenant) -> None:
    wallet = issued(authority)
    with clock.frozen(clock.now() + timedelta(days=366)):
        _presentation_id, link = ask(authority, secrets.token_bytes(32))
        assert wallet.respond(wallet.request(link)).status_code == 400
        with tenant_scope(authority.id):
            assert credentials.status_of(Credential.objects.get().id) == "expired"


def test_a_credential_shown_by_another_key_is_refused(authority: Tenant) -> None:
    wallet = issued(authority)
    thief = Wallet(authority, credentials=wallet.credentials)
    _presentation_id, link = ask(authority, secrets.token_bytes(32))
    assert thief.respond(thief.request(link)).status_code == 400


def test_a_credential_of_another_tenant_is_refused(authority: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    foreign = issued(other_tenant)
    _presentation_id, link = ask(authority, secrets.token_bytes(32))
    here = Wallet(authority, signer=foreign.signer, credentials=foreign.credentials)
    assert here.respond(here.request(link)).status_code == 400


def test_an_answer_cannot_be_sent_twice(authority: Tenant) -> None:
    wallet = issued(authority)
    _presentation_id, link = ask(authority, secrets.token_bytes(32))
    request = wallet.request(link)
    assert wallet.respond(request).status_code == 200
    assert wallet.respond(request).status_code == 400


def test_the_portrait_is_gone_once_the_wallet_has_it(authority: Tenant) -> None:
    wallet = issued(authority)
    with tenant_scope(authority.id):
        assert Issuance.objects.get().sealed is not None
    assert wallet.notify().status_code == 204
    with tenant_scope(authority.id):
        row = Issuance.objects.get()
        assert (row.sealed, row.data_key) == (None, None)


def test_the_portrait_is_gone_after_24_hours(authority: Tenant) -> None:
    issuance_id = begin(authority)
    with clock.frozen(clock.now() + timedelta(hours=24, seconds=1)), tenant_scope(authority.id):
        issuance.destroy_old_issuances()
        assert Issuance.objects.get(id=issuance_id).sealed is None


def test_a_wallet_that_lost_its_answer_gets_another_and_the_first_is_revoked(authority: Tenant) -> None:
    issuance_id = begin(authority)
    wallet = Wallet(authority)
    wallet.accept(offer(authority, issuance_id).deep_link)
    wallet.accept(offer(authority, issuance_id).deep_link)
    with tenant_scope(authority.id):
        states = Credential.objects.order_by("created_at").values_list("state", flat=True)
        assert list(states) == ["revoked", "valid"]


def test_every_published_document_is_there_for_any_origin(authority: Tenant) -> None:
    client = client_of(authority)
    for path in (
        "/.well-known/did.json",
        "/.well-known/openid-credential-issuer",
        "/.well-known/oauth-authorization-server",
        "/.well-known/jwt-vc-issuer",
        "/credentials/VerifiedIdentity/1",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_tenant_without_an_authority_publishes_nothing(tenant: Tenant) -> None:
    assert client_of(tenant).get("/.well-known/did.json").status_code == 404


def test_one_access_token_fetches_one_credential_however_many_ask_at_once(authority: Tenant) -> None:
    wallet = Wallet(authority)
    first = wallet.offer(offer(authority, begin(authority)).deep_link)
    token = wallet.token(first).json()["access_token"]
    proofs = [wallet.proof(first.credential_issuer) for _number in range(12)]
    found = race(lambda number: str(wallet.credential(token, proofs[number]).status_code), times=12)
    assert found == {"200": 1, "401": 11}
    with tenant_scope(authority.id):
        assert list(Credential.objects.values_list("state", flat=True)) == ["valid"]


def test_one_code_buys_one_access_token_however_many_ask_at_once(authority: Tenant) -> None:
    wallet = Wallet(authority)
    first = wallet.offer(offer(authority, begin(authority)).deep_link)
    found = race(lambda _number: str(wallet.token(first).status_code), times=40)
    assert found == {"200": 1, "400": 39}


def test_a_notification_needs_the_access_token_of_its_own_credential(authority: Tenant) -> None:
    wallet, other = issued(authority), issued(authority)
    own = wallet.access_token
    for stranger in ("made-up", other.access_token):
        wallet.access_token = stranger
        answer = wallet.notify()
        assert answer.status_code == (401 if stranger == "made-up" else 400)
    assert answer.json() == {"error": "invalid_notification_id"}
    wallet.access_token = own
    assert [wallet.notify().status_code for _again in range(2)] == [204, 204]
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        late = wallet.notify()
    assert (late.status_code, late.json()) == (401, {"error": "invalid_token"})
    assert late.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_credential_identifier_works_only_where_the_token_named_one(authority: Tenant) -> None:
    """OpenID4VCI 1.0, sections 6.2 and 8.2."""
    wanted = [{"type": "openid_credential", "credential_configuration_id": "VerifiedIdentity"}]
    for details, expected in (
        ({}, {"error": "unknown_credential_identifier"}),
        ({"authorization_details": json.dumps(wanted)}, None),
    ):
        wallet = Wallet(authority)
        first = wallet.offer(offer(authority, begin(authority)).deep_link)
        asked = holder.token_request(first).decode() + (f"&{urlencode(details)}" if details else "")
        told = wallet.client.post("/openid4vci/token", asked, content_type=FORM).json()
        named = [entry["credential_identifiers"] for entry in told.get("authorization_details", [])]
        assert named == ([["VerifiedIdentity"]] if details else [])
        proof = wallet.proof(first.credential_issuer)
        answer = wallet.client.post(
            "/openid4vci/credential",
            {"credential_identifier": "VerifiedIdentity", "proofs": {"jwt": [proof]}},
            content_type="application/json",
            headers={"Authorization": f"Bearer {told['access_token']}"},
        )
        assert (answer.json() if answer.status_code == 400 else None) == expected


def test_details_of_a_credential_we_do_not_have_cost_no_code(authority: Tenant) -> None:
    wallet = Wallet(authority)
    first = wallet.offer(offer(authority, begin(authority)).deep_link)
    unknown = json.dumps([{"type": "openid_credential", "credential_configuration_id": "Other"}])
    asked = holder.token_request(first).decode() + "&" + urlencode({"authorization_details": unknown})
    answer = wallet.client.post("/openid4vci/token", asked, content_type=FORM)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_authorization_details"})
    assert wallet.token(first).status_code == 200


def test_guessing_on_does_not_overflow_the_counter(authority: Tenant) -> None:
    wallet, made = Wallet(authority), offer(authority, begin(authority), other_wallet=True)
    first = wallet.offer(made.deep_link)
    with tenant_scope(authority.id):
        IssuanceOffer.objects.update(tries=32767)
    assert wallet.token(first, "000000").json() == {"error": "invalid_grant"}


def test_issuer_metadata_differs_by_what_is_asked_for_and_says_so(authority: Tenant) -> None:
    client, path = client_of(authority), "/.well-known/openid-credential-issuer"
    plain = client.get(path)
    signed = client.get(path, headers={"Accept": "application/jwt"})
    assert (plain.headers["Content-Type"], signed.headers["Content-Type"]) == (
        "application/json",
        "application/jwt",
    )
    for answer in (plain, signed):
        assert "Accept" in {name.strip() for name in answer.headers["Vary"].split(",")}


def test_what_can_be_got_can_be_asked_about(authority: Tenant) -> None:
    """RFC 9110, 9.1: GET and HEAD; and the answer to another method names those that work."""
    client = client_of(authority)
    head = client.head("/.well-known/did.json")
    assert (head.status_code, head.content) == (200, b"")
    refused = client.put("/.well-known/did.json")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_flood_of_nonces_from_one_network_is_refused(authority: Tenant, monkeypatch: Any) -> None:
    monkeypatch.setattr(issuing, "NONCES", Limit("proof_nonces_of_network", 3, 600))
    client = client_of(authority)
    answers = [client.post("/openid4vci/nonce") for _number in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_what_a_wallet_wrote_begins_no_line_in_the_log(authority: Tenant, caplog: Any) -> None:
    forged = "ES256\n2026-11-28 CRITICAL everything is fine"
    header = b64u(json.dumps({"alg": forged}).encode())
    with caplog.at_level("INFO", "readmit.protocol"):
        wallet = Wallet(authority)
        first = wallet.offer(offer(authority, begin(authority)).deep_link)
        token = wallet.token(first).json()["access_token"]
        assert wallet.credential(token, f"{header}.e30.AA").status_code == 400
    assert "everything is fine" in caplog.text
    assert not any(line.startswith("2026-11-28 CRITICAL") for line in caplog.text.splitlines())

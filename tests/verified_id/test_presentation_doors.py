"""`request_presentation` and `presentation_result`: what any wallet answers, told to whoever asked from a command line."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from portal.kit import clock
from portal.kit.actors import SYSTEM
from portal.kit.scope import tenant_scope
from tenants.audit.models import AuditEvent
from tenants.models import Tenant
from tenants.verified_id import presentation
from tenants.verified_id.credentials import revoke_credential
from tenants.verified_id.models import Credential
from tenants.verified_id.protocol import holder
from tenants.verified_id.services import turn_on_verified_id
from tests.conftest import client_of
from tests.holder import FORM, Wallet, path_of
from tests.verified_id.doors import run
from tests.verified_id.test_flow import CLAIMS, issued, jpeg


@pytest.fixture
def authority(tenant: Tenant) -> Tenant:
    with tenant_scope(tenant.id):
        turn_on_verified_id(actor=SYSTEM)
    return tenant


def asked(tenant: Tenant, *more: str) -> tuple[str, str]:
    code, told, _err = run("request_presentation", "--tenant", tenant.slug, "--json", *more)
    assert code == 0 and told["request"].startswith("openid4vp://?client_id=decentralized_identifier")
    return told["id"], told["request"]


def test_what_a_wallet_shows_is_told_with_the_portrait_by_its_digest(authority: Tenant) -> None:
    wallet, (wanted, link) = issued(authority), asked(authority)
    assert run("presentation_result", wanted)[:2] == (
        2,
        {
            "id": wanted,
            "status": "waiting",
            "claims": {},
            "reasons": [],
            "issuer": "",
            "type": "",
            "format": "",
            "holder": "",
            "credential": "",
            "credential_status": "",
        },
    )
    back = wallet.present(link)
    code, told, _err = run("presentation_result", wanted, "--tenant", authority.slug)
    assert (code, told["status"], told["reasons"]) == (0, "verified", [])
    portrait = told["claims"].pop("portrait")
    assert told["claims"] == {name: CLAIMS[name] for name in presentation_claims()}
    assert portrait == {
        "media_type": "image/jpeg",
        "bytes": len(jpeg()),
        "sha256": hashlib.sha256(jpeg()).hexdigest(),
    }
    assert told["credential_status"] == "valid" and told["issuer"].startswith("did:web:")
    assert run("presentation_result", wanted)[1]["status"] == "verified"
    page = client_of(authority).get(path_of(back))
    assert page.status_code == 200 and "response_code" not in page.content.decode()
    with tenant_scope(authority.id):
        event = AuditEvent.objects.get(name="verified_id:presentation:request")
        assert (event.actor_kind, event.actor_id, event.case_id) == ("operator", "request_presentation", None)


def presentation_claims() -> list[str]:
    return ["given_name", "family_name", "birthdate", "assurance_level", "verified_at"]


def test_across_devices_no_browser_is_sent_back(authority: Tenant) -> None:
    wallet, (wanted, link) = issued(authority), asked(authority, "--cross-device")
    answer = wallet.respond(wallet.request(link))
    assert (answer.status_code, answer.json()) == (200, {})
    assert run("presentation_result", wanted)[1]["status"] == "verified"


def test_a_response_code_of_an_operators_request_is_worth_nothing_in_a_browser(authority: Tenant) -> None:
    wallet, (_wanted, link) = issued(authority), asked(authority)
    browser = client_of(authority)
    back = path_of(wallet.present(link))
    assert browser.get(back).status_code == 200
    assert browser.get(back.replace("/openid4vp/returned", "/recover/presented")).status_code != 500
    with tenant_scope(authority.id):
        assert presentation.Presentation.objects.get().state == "received"


def test_a_wallet_that_declines_is_told_as_one(authority: Tenant) -> None:
    wallet, (wanted, link) = issued(authority), asked(authority)
    request = wallet.request(link)
    answer = wallet.client.post(
        path_of(request.response_uri), holder.error_response(request), content_type=FORM
    )
    assert answer.status_code == 200
    page = client_of(authority).get(path_of(answer.json()["redirect_uri"]))
    assert "Nothing was shared" in page.content.decode()
    code, told, _err = run("presentation_result", wanted)
    assert (code, told["status"], told["reasons"]) == (1, "declined", ["wallet_access_denied"])


def test_wrong_answers_are_told_by_their_reasons_and_the_sixth_is_one_too_many(authority: Tenant) -> None:
    wallet, (wanted, link) = issued(authority), asked(authority)
    thief = Wallet(authority, credentials=wallet.credentials)
    request = thief.request(link)
    for _number in range(5):
        assert thief.respond(request).json() == {"error": "invalid_request"}
    code, told, _err = run("presentation_result", wanted)
    assert (code, told["status"], told["reasons"], told["claims"]) == (1, "refused", ["signature"], {})
    assert wallet.respond(request).status_code == 400


def test_what_is_old_or_revoked_since_is_told(authority: Tenant) -> None:
    wallet, (wanted, link) = issued(authority), asked(authority)
    wallet.present(link)
    with tenant_scope(authority.id):
        revoke_credential(Credential.objects.get().id, reason="lost", actor=SYSTEM)
    assert run("presentation_result", wanted)[1]["credential_status"] == "revoked"
    with clock.frozen(clock.now() + timedelta(minutes=31)), tenant_scope(authority.id):
        presentation.destroy_old_presentations()
    code, told, _err = run("presentation_result", wanted)
    assert (code, told["status"], told["claims"]) == (1, "forgotten", {})
    waiting, _link = asked(authority)
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        assert run("presentation_result", waiting)[1]["status"] == "expired"


def test_an_unknown_tenant_an_unknown_id_and_another_tenants_id_are_refused(
    authority: Tenant, other_tenant: Tenant
) -> None:
    code, told, err = run("request_presentation", "--tenant", "nobody")
    assert (code, told) == (1, {}) and "no organisation nobody" in err
    assert run("request_presentation", "--tenant", other_tenant.slug)[0] == 1
    wanted, _link = asked(authority)
    assert run("presentation_result", wanted, "--tenant", other_tenant.slug)[:2] == (1, {})
    for unknown in ("nonsense", "presentation_00000000000000000000000000", wanted[:-1]):
        assert run("presentation_result", unknown)[:2] == (1, {})

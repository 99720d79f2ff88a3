"""Whatever is sent to the protocol's endpoints, the answer is one of the standard's and says nothing of anybody.

A few hundred requests in every run of the suite, the same ones each time; `READMIT_MALFORMED=20000` for many more of others.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from typing import Any
from uuid import uuid4

import pytest

from portal.kit.actors import SYSTEM
from portal.kit.limits import Limit
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import answering, issuance, offers, presentation
from tenants.verified_id.models import StatusList
from tenants.verified_id.protocol import holder
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.trial import services
from tenants.verified_id.views import issuing
from tests.conftest import client_of
from tests.holder import Wallet, path_of
from tests.verified_id.malformed import JSON, Spoiler, Spoilt
from tests.verified_id.test_flow import CLAIMS, authority, begin, issued, jpeg, offer

__all__ = ["authority"]
MANY = int(os.environ.get("READMIT_MALFORMED", "0"))
KNOWN = {
    "invalid_request",
    "invalid_grant",
    "invalid_token",
    "invalid_dpop_proof",
    "use_dpop_nonce",
    "unsupported_grant_type",
    "invalid_authorization_details",
    "invalid_credential_request",
    "unknown_credential_configuration",
    "unknown_credential_identifier",
    "invalid_proof",
    "invalid_nonce",
    "invalid_encryption_parameters",
    "credential_request_denied",
    "invalid_transaction_id",
    "invalid_notification_id",
    "invalid_notification_request",
    "not_found",
    "not_implemented",
}
PERSONAL = (b"Ada", b"Example", b"1990-04-12", b"data:image")


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """More tries than one wallet has, so that one transaction meets every shape."""
    monkeypatch.setattr(answering, "MAX_TRIES", 30_000)
    monkeypatch.setattr(services, "MOST_MESSAGES", 30_000)
    monkeypatch.setattr(issuing, "NONCES", Limit("nonces_of_a_test", 10**6, 600))


def with_token(path: str, token: str, body: dict[str, Any]) -> Spoilt:
    return Spoilt(
        path, content_type=JSON, body=json.dumps(body).encode(), headers={"Authorization": f"Bearer {token}"}
    )


def issuer_side(tenant: Tenant, wallet: Wallet) -> list[Spoilt]:
    """A good request to each endpoint of the issuer, of wallets that stand at different places of the way."""
    fresh = wallet.offer(offer(tenant, begin(tenant)).deep_link)
    used = wallet.access_token
    with tenant_scope(tenant.id):
        waits = issuance.begin_issuance(
            claims=CLAIMS, portrait=jpeg(), actor=SYSTEM, person_id=uuid4(), review_first=True
        )
        link = offers.make_offer(waits.id).deep_link
        (list_id,) = StatusList.objects.values_list("id", flat=True)
    waiting = wallet.token(wallet.offer(link)).json()["access_token"]
    told = wallet.credential(waiting, wallet.proof(fresh.credential_issuer)).json()["transaction_id"]
    proof = wallet.proof(fresh.credential_issuer)
    token = wallet.token(wallet.offer(offer(tenant, begin(tenant)).deep_link)).json()["access_token"]
    asked = {"credential_configuration_id": "VerifiedIdentity", "proofs": {"jwt": [proof]}}
    details = [{"type": "openid_credential", "credential_configuration_id": "VerifiedIdentity"}]
    coded = holder.token_request(fresh) + b"&authorization_details=" + json.dumps(details).encode()
    return [
        Spoilt("/openid4vci/token", body=coded.replace(b" ", b"+").replace(b'"', b"%22")),
        Spoilt("/openid4vci/nonce"),
        with_token("/openid4vci/credential", token, asked),
        with_token("/openid4vci/credential", token, {**asked, "proofs": {"jwt": ["a.b.c"]}}),
        with_token("/openid4vci/deferred", waiting, {"transaction_id": told}),
        with_token(
            "/openid4vci/notification",
            used,
            {
                "notification_id": wallet.notification_id,
                "event": "credential_accepted",
                "event_description": "x",
            },
        ),
        *(
            Spoilt(path, method="GET", headers={"Accept": "application/jwt", "If-None-Match": '"x"'})
            for path in (
                "/.well-known/openid-credential-issuer",
                "/.well-known/did.json",
                f"/status/{list_id.hex}",
                "/openid4vci/offers/x",
            )
        ),
    ]


def answers(wallet: Wallet, link: str) -> list[tuple[Spoilt, dict[str, Any] | None]]:
    """How a wallet fetches a request by POST, and what it answers; a sealed answer opened, with its recipient."""
    found: list[tuple[Spoilt, dict[str, Any] | None]] = []
    request = wallet.request(link)
    (query,) = request.query.credentials
    shown = holder.build_vp_token(
        request, {query.id: wallet.credentials[-1]}, signer=wallet.signer, now=int(time.time())
    )
    where = path_of(request.response_uri)
    if request.encryption_jwk is None:
        found.append((Spoilt(where, body=holder.authorization_response(request, shown)), None))
    else:
        inside = json.dumps({"vp_token": shown, "state": request.state}).encode()
        found.append((Spoilt(where, body=inside), dict(request.encryption_jwk)))
    key = {
        **(request.encryption_jwk or wallet.signer.public_jwk),
        "kid": "1",
        "use": "enc",
        "alg": "ECDH-ES",
    }
    metadata = {"jwks": {"keys": [key]}, "vp_formats_supported": {"dc+sd-jwt": {}}}
    said = holder.urlencode({"wallet_nonce": "abc", "wallet_metadata": json.dumps(metadata)}).encode()
    found.append((Spoilt(path_of(holder.parse_request_link(link).request_uri), body=said), None))
    return found


def tried(tenant: Tenant, wallet: Wallet) -> list[tuple[Spoilt, dict[str, Any] | None]]:
    """The same by a wallet that an administrator tries, whose messages are written down as they come."""
    member_id = uuid4()
    with tenant_scope(tenant.id):
        services.begin_trial(member_id, actor=SYSTEM)
        specimen = services.offer_specimen(member_id, actor=SYSTEM)
        asked = services.ask_for_specimen(member_id, actor=SYSTEM)
        link = presentation.links_of(asked).deep_link
    offered = wallet.offer(specimen.deep_link)
    token = wallet.token(offered, specimen.tx_code).json()["access_token"]
    proofs = {"jwt": [wallet.proof(offered.credential_issuer)]}
    body = {"credential_configuration_id": "VerifiedIdentity", "proofs": proofs}
    return [(with_token("/openid4vci/credential", token, body), None), *answers(wallet, link)]


def verifier_side(tenant: Tenant, wallet: Wallet) -> list[tuple[Spoilt, dict[str, Any] | None]]:
    """Requests in both modes."""
    found: list[tuple[Spoilt, dict[str, Any] | None]] = []
    for mode in ResponseMode:
        with tenant_scope(tenant.id):
            begun = presentation.begin_presentation(
                reference=uuid4(),
                browser_digest=secrets.token_bytes(32),
                purpose="Recover",
                return_path="/recover/presented",
                response_mode=mode,
            )
            link = presentation.links_of(begun).deep_link
        found += answers(wallet, link)
    return found


def problem(answer: Any, sent: Spoilt) -> str:
    """What is wrong with the answer; empty when it is one of the standard's."""
    if answer.status_code >= 500:
        return f"status {answer.status_code}"
    if answer.status_code >= 400:
        if answer.status_code not in (400, 401, 404, 405, 501):
            return f"status {answer.status_code}"
        if any(value in answer.content for value in PERSONAL):
            return "a claim in an error"
        if (
            sent.method == "POST"
            and answer.headers.get("Cache-Control") != "no-store"
            and answer.status_code != 405
        ):
            return "an error that may be cached"
        kind = answer.headers["Content-Type"].partition(";")[0]
        if kind == JSON and answer.json()["error"] not in KNOWN:
            return f"error {answer.json()['error']}"
        if answer.status_code == 401 and "WWW-Authenticate" not in answer.headers:
            return "no challenge"
    return ""


def test_a_spoilt_request_is_answered_as_the_standards_say(authority: Tenant, _patient: None) -> None:
    wallet = issued(authority)
    starts = [(good, None) for good in issuer_side(authority, wallet)] + verifier_side(authority, wallet)
    starts += tried(authority, wallet)
    client = client_of(authority)
    client.raise_request_exception = False
    wrong = {}
    for number in range(MANY or 500):
        good, recipient = starts[number % len(starts)]
        seed = number if not MANY else secrets.randbits(48)
        sent = Spoiler(seed, wallet.signer).spoil(good, recipient=recipient)
        answer = client.generic(
            sent.method, sent.path, sent.body, content_type=sent.content_type, headers=sent.headers
        )
        if found := problem(answer, sent):
            wrong[f"{seed} {sent.path[:60]}"] = (found, sent.body[:200], sent.headers)
    assert wrong == {}

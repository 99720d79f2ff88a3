"""Issuers beside the tenant: what they publish on a pretended network, and the cards they give to wallets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.apps import apps

from portal.kit import clock, http, outbox
from portal.kit.actors import SYSTEM
from portal.kit.errors import Unavailable
from portal.kit.scope import tenant_scope
from tenants.models import Tenant
from tenants.verified_id import tasks, trusting
from tenants.verified_id.models import TrustedIssuer
from tenants.verified_id.protocol import did_web, holder, jwt_vc, status_list
from tenants.verified_id.protocol.did_key import did_jwk, resolve_did_url
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.keys import LocalSigner
from tenants.verified_id.protocol.linked_domain import build_domain_linkage_credential, did_configuration
from tenants.verified_id.protocol.presentation_request import ResponseMode
from tenants.verified_id.protocol.status_list import StatusReference
from tests.holder import FORM, Wallet, path_of
from tests.verified_id.doors import run

REFUSING = Refusing("invalid_request", "test")
EMPLOYER, HOST = "did:web:employer.example.com", "https://employer.example.com"
PID_HOST = "https://pid.example.eu"
EMPLOYEE = {"displayName": "Megan Bowen", "mail": "megan@employer.example.com"}
Pages = dict[str, Any]


def now() -> int:
    return int(clock.now().timestamp())


def signer(did: str) -> LocalSigner:
    made = LocalSigner(ec.generate_private_key(ec.SECP256R1()))
    made.kid = did_web.verification_method_id(did, made.public_jwk)
    return made


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Pages:
    """What the network answers by address; anything else is nobody."""
    found: Pages = {}

    def send(_method: str, url: str, **_more: Any) -> http.Reply:
        if url not in found:
            raise Unavailable("name_not_found")
        status, body = found[url] if isinstance(found[url], tuple) else (200, found[url])
        return http.Reply(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())

    monkeypatch.setattr(tasks.http, "send", send)
    return found


def publish(pages: Pages, key: LocalSigner, did: str = EMPLOYER, host: str = HOST) -> None:
    """A DID document, a linked domain and an empty status list."""
    domain = "https://www." + host.removeprefix("https://")
    linkage = build_domain_linkage_credential(
        signer=key, did=did, origin=domain, issued_at=now() - 10, expires_at=now() + 1000
    )
    pages[f"{host}/.well-known/did.json"] = did_web.did_document(
        did, keys=[key.public_jwk], linked_origins=[domain]
    )
    pages[f"{domain}/.well-known/did-configuration.json"] = did_configuration([linkage])
    publish_status(pages, key, host)


def publish_status(pages: Pages, key: LocalSigner, host: str = HOST, **entries: int) -> None:
    packed = status_list.pack_statuses({int(index[1:]): value for index, value in entries.items()}, size=64)
    token = status_list.build_status_list_token(
        signer=key,
        uri=f"{host}/status/1",
        packed=packed,
        bits=2,
        issued_at=now() - 10,
        expires_at=now() + 600,
        time_to_live=60,
    )
    pages[f"{host}/status/1"] = token.encode()


def trust(tenant: Tenant, **changes: Any) -> TrustedIssuer:
    wanted: dict[str, Any] = {"name": "Employer", "purpose": "employee", "did": EMPLOYER, "actor": SYSTEM}
    with tenant_scope(tenant.id):
        row = trusting.add_trusted_issuer(**(wanted | changes))
    work(tenant)
    with tenant_scope(tenant.id):
        return trusting.get_trusted_issuer(row.id)


def work(tenant: Tenant) -> None:
    model = apps.get_model("tenants", "Outbox")
    wanted = model.objects.filter(tenant_id=tenant.id, topic__startswith="verified_id.check_")
    for row_id in list(wanted.exclude(topic="verified_id.check_published").values_list("id", flat=True)):
        outbox.run(row_id)


def employee_card(key: LocalSigner, wallet: Wallet, **changes: Any) -> str:
    wanted: dict[str, Any] = {
        "signer": key,
        "issuer": EMPLOYER,
        "types": ["VerifiedEmployee"],
        "subject": did_jwk(wallet.signer.public_jwk),
        "jti": "urn:uuid:1",
        "issued_at": now() - 10,
        "expires_at": now() + 1000,
        "claims": EMPLOYEE,
        "status": StatusReference(f"{HOST}/status/1", 7),
    }
    return jwt_vc.issue_jwt_credential(**(wanted | changes))


def asked(tenant: Tenant, *accept: str) -> tuple[str, str]:
    more = [word for purpose in accept for word in ("--accept", purpose)]
    code, told, err = run("request_presentation", "--tenant", tenant.slug, *more)
    assert code == 0, err
    return told["id"], told["request"]


def show(wallet: Wallet, link: str, shown: Callable[[holder.VerifiedRequest], dict[str, list[str]]]) -> Any:
    request = wallet.request(link)
    assert request.response_mode is ResponseMode.DIRECT_POST_JWT
    body = holder.authorization_response(request, shown(request))
    return wallet.client.post(path_of(request.response_uri), body, content_type=FORM)


def in_a_jwt(wallet: Wallet, card: str) -> Callable[[holder.VerifiedRequest], dict[str, list[str]]]:
    def shown(request: holder.VerifiedRequest) -> dict[str, list[str]]:
        query = next(query for query in request.query.credentials if query.format == "jwt_vc_json")
        presented = jwt_vc.build_jwt_presentation(
            signer=wallet.signer,
            holder=resolve_did_url(did_jwk(wallet.signer.public_jwk) + "#0", REFUSING),
            credential=card,
            audience=request.client_id,
            nonce=request.nonce,
            issued_at=now(),
        )
        return {query.id: [presented]}

    return shown


def result(wanted: str) -> dict[str, Any]:
    return run("presentation_result", wanted)[1]

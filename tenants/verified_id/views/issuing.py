"""The issuer's endpoints (OpenID4VCI 1.0): offer, token, nonce, credential, deferred credential, notification."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from portal.kit.limits import Limit, take
from portal.kit.origins import client_address, network_of
from portal.kit.scope import tenant_scope
from tenants.verified_id import issuing, nonces, offers, publishing, tokens
from tenants.verified_id.encryption_keys import private_jwks
from tenants.verified_id.models import Authority, IssuanceOffer
from tenants.verified_id.protocol.credential_request import (
    ENCRYPTED,
    PrivateKeys,
    ResponseEncryption,
    credential_response,
    deferred_response,
    encrypt_response,
    is_encrypted,
    parse_credential_request,
    parse_deferred_request,
)
from tenants.verified_id.protocol.errors import ProtocolError
from tenants.verified_id.protocol.issuance import (
    SentToken,
    nonce_response,
    parse_notification,
    parse_token_request,
    read_access_token,
    token_response,
    unknown_access_token,
)
from tenants.verified_id.protocol.key_proof import unverified_nonces, verify_key_proofs
from tenants.verified_id.selectors import get_authority
from tenants.verified_id.views.endpoint import body_of, endpoint, now_in_seconds, tenant_of, type_of

# Anybody may ask for a nonce and each is a row; wallets behind one address are many.
NONCES = Limit("proof_nonces_of_network", 3000, 600)
NO_STORE = {"Cache-Control": "no-store"}
Find = Callable[[SentToken], IssuanceOffer]


def _with_dpop_nonce(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """A wallet that uses DPoP always learns the nonce for its next proof (RFC 9449, 8.2)."""
    if "DPoP" in request.headers:
        answer.headers["DPoP-Nonce"] = nonces.dpop_nonces(tenant_of(request).id)[0]
    return answer


def dpop_endpoint(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """An endpoint of ours that takes POST, with or without DPoP."""

    answered = endpoint("POST")(view)

    @wraps(answered)
    def served(request: HttpRequest) -> HttpResponse:
        return _with_dpop_nonce(request, answered(request))

    return served


def _json(made: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return JsonResponse(made, status=status, headers=NO_STORE)


@endpoint("GET")
def offer(request: HttpRequest, address: str) -> HttpResponse:
    with tenant_scope(tenant_of(request).id):
        return _json(offers.offer_object(address).to_object())


@dpop_endpoint
def token(request: HttpRequest) -> HttpResponse:
    tenant_id = tenant_of(request).id
    with tenant_scope(tenant_id):
        authority = get_authority()
        known, issuer = publishing.configuration_ids(authority), authority.issuer
    wanted = parse_token_request(body_of(request), type_of(request), known_configurations=known)
    thumbprint = ""
    if "DPoP" in request.headers:
        proof = nonces.take_dpop_proof(
            tenant_id, request.headers["DPoP"], method="POST", url=f"{issuer}{request.path}"
        )
        thumbprint = proof.key_thumbprint
    access = tokens.redeem_code(tenant_id, wanted, dpop_thumbprint=thumbprint)
    made = token_response(
        access.token,
        expires_in=access.expires_in,
        token_type="DPoP" if access.is_bound else "Bearer",
        credential_identifiers={name: [name] for name in wanted.configuration_ids} or None,
    )
    return _json(made)


@endpoint("POST")
def nonce(request: HttpRequest) -> HttpResponse:
    tenant_id = tenant_of(request).id
    take(NONCES, f"{tenant_id}|{network_of(client_address(request))}")
    with tenant_scope(tenant_id):
        get_authority()
        made = nonces.new_nonce()
    return _json(nonce_response(made))


def _admitted(request: HttpRequest, find: Find) -> tuple[SentToken, IssuanceOffer, Authority]:
    """The offer behind the access token; with a bound one only for whoever shows its key (RFC 9449, section 7)."""
    tenant_id = tenant_of(request).id
    sent = read_access_token(request.headers.get("Authorization"))
    with tenant_scope(tenant_id):
        found, authority = find(sent), get_authority()
    if sent.is_bound:
        _require_key(request, sent, found, authority)
    return sent, found, authority


def _require_key(request: HttpRequest, sent: SentToken, found: IssuanceOffer, authority: Authority) -> None:
    proof = request.headers.get("DPoP")
    if proof is None:
        raise unknown_access_token()
    try:
        nonces.take_dpop_proof(
            found.tenant_id,
            proof,
            method="POST",
            url=f"{authority.issuer}{request.path}",
            access_token=sent.unverified_token,
            thumbprint=found.dpop_thumbprint,
        )
    except ProtocolError as error:
        error.status = 401  # at a protected resource (RFC 9449, sections 7.1 and 9)
        raise


def _opened_by(request: HttpRequest, authority: Authority) -> PrivateKeys:
    """The keys are unsealed for whoever sends something that is encrypted."""
    if not is_encrypted(type_of(request)):
        return {}
    with tenant_scope(authority.tenant_id):
        return private_jwks(authority)


def _answer(answer: issuing.Issued | issuing.Deferred) -> HttpResponse:
    if isinstance(answer, issuing.Deferred):
        made = deferred_response(answer.transaction_id, interval=issuing.INTERVAL)
        return _sealed(made, answer.encryption, status=202)
    made = credential_response(answer.credentials, notification_id=answer.notification_id or None)
    return _sealed(made, answer.encryption)


def _sealed(made: dict[str, Any], to: ResponseEncryption | None, *, status: int = 200) -> HttpResponse:
    if to is None:
        return _json(made, status=status)
    return HttpResponse(encrypt_response(made, to), content_type=ENCRYPTED, status=status, headers=NO_STORE)


@dpop_endpoint
def credential(request: HttpRequest) -> HttpResponse:
    tenant_id = tenant_of(request).id
    sent, found, authority = _admitted(request, tokens.find_access)
    named = sent.unverified_token.startswith(tokens.IDENTIFIED)
    wanted = parse_credential_request(
        body_of(request),
        type_of(request),
        known_configurations={found.configuration_id},
        known_identifiers={found.configuration_id} if named else (),
        max_proofs=publishing.BATCH_SIZE,
        private_jwks=_opened_by(request, authority),
    )
    live = nonces.take_nonces(tenant_id, unverified_nonces(wanted.unverified_proofs))
    proofs = verify_key_proofs(
        wanted.unverified_proofs,
        expected_issuer=authority.issuer,
        expected_nonces=live,
        now=now_in_seconds(),
        max_proofs=publishing.BATCH_SIZE,
        expected_client_id=found.client_id or None,
        needs_did=found.configuration_id == publishing.JWT_CONFIGURATION_ID,
    )
    with tenant_scope(tenant_id):
        answer = issuing.answer_request(found, wanted, proofs)
    return _answer(answer)


@dpop_endpoint
def deferred(request: HttpRequest) -> HttpResponse:
    tenant_id = tenant_of(request).id
    _sent, found, authority = _admitted(request, tokens.find_answered)
    opened_by = _opened_by(request, authority)
    wanted = parse_deferred_request(body_of(request), type_of(request), private_jwks=opened_by)
    with tenant_scope(tenant_id):
        answer = issuing.answer_deferred(found, wanted)
    return _answer(answer)


@dpop_endpoint
def notification(request: HttpRequest) -> HttpResponse:
    _sent, found, _authority = _admitted(request, tokens.find_answered)
    sent = parse_notification(body_of(request), type_of(request))
    with tenant_scope(tenant_of(request).id):
        issuing.notify(found, sent.notification_id, sent.event)
    return HttpResponse(status=204)

"""The wallet's side, pure: what tests and scripts use to play a wallet against the issuer and the verifier.

The product's own wallet is JavaScript in the browser; this is no wallet to keep credentials in. It reads offers
and requests as strictly as a wallet should, because a test with a gullible wallet proves little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509

from tenants.verified_id.protocol.certificates import HASH_PREFIX, SAN_DNS_PREFIX, verify_chain
from tenants.verified_id.protocol.credential_offer import (
    PRE_AUTHORIZED_CODE_GRANT,
    CredentialOffer,
    TxCode,
)
from tenants.verified_id.protocol.dcql import ClaimQuery, CredentialQuery, DcqlQuery, parse_dcql_query, select
from tenants.verified_id.protocol.did_key import did_jwk, did_key
from tenants.verified_id.protocol.encoding import parse_json_object, to_json
from tenants.verified_id.protocol.encryption import encrypt
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.jws import UnverifiedJws, parse_jws, sign_jws, trusted_key, verify_jws
from tenants.verified_id.protocol.key_binding import build_kb_jwt
from tenants.verified_id.protocol.keys import Signer
from tenants.verified_id.protocol.presentation_request import TYP as REQUEST_TYP
from tenants.verified_id.protocol.presentation_request import ResponseMode, transaction_data_for
from tenants.verified_id.protocol.sd_jwt import decode_disclosure, disclosure_digest, split_sd_jwt

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
_REFUSING = Refusing("invalid_request", "OpenID4VCI 1.0 section 4.1")
_DECLINING = Refusing("access_denied", "OpenID4VP 1.0 section 8.5")


@dataclass(frozen=True)
class RequestLink:
    client_id: str
    request_uri: str
    by_post: bool


@dataclass(frozen=True)
class VerifiedRequest:
    """A presentation request whose signature and client the wallet has checked."""

    client_id: str
    response_uri: str
    response_mode: ResponseMode
    nonce: str
    state: str | None
    query: DcqlQuery
    transaction_data: tuple[str, ...]
    encryption_jwk: Mapping[str, Any] | None
    encs: tuple[str, ...]


def parse_offer_link(link: str) -> str | CredentialOffer:
    """OpenID4VCI 4.1: the URL to fetch the offer from, or the offer itself; never both."""
    parameters = parse_qs(urlsplit(link).query, keep_blank_values=True)
    named = parameters.keys() & {"credential_offer", "credential_offer_uri"}
    if len(named) != 1 or len(parameters[min(named)]) != 1:
        raise _REFUSING("offer_link", found=sorted(named))
    if "credential_offer_uri" in named:
        return parameters["credential_offer_uri"][0]
    return parse_offer(parameters["credential_offer"][0])


def parse_offer(body: bytes | str) -> CredentialOffer:
    """OpenID4VCI 4.1.1, pre-authorized code grant."""
    members = parse_json_object(body, _REFUSING)
    ids = members.get("credential_configuration_ids")
    grant = (members.get("grants") or {}).get(PRE_AUTHORIZED_CODE_GRANT)
    if not isinstance(ids, list) or not isinstance(grant, dict) or "pre-authorized_code" not in grant:
        raise _REFUSING("offer_members")
    tx_code = grant.get("tx_code")
    shape = (
        TxCode(**{name: tx_code[name] for name in ("length", "input_mode") if name in tx_code})
        if tx_code
        else None
    )
    return CredentialOffer(members["credential_issuer"], tuple(ids), grant["pre-authorized_code"], shape)


def token_request(offer: CredentialOffer, *, tx_code: str | None = None) -> bytes:
    """OpenID4VCI 6.1, a form body."""
    form = {"grant_type": PRE_AUTHORIZED_CODE_GRANT, "pre-authorized_code": offer.pre_authorized_code}
    return urlencode(form | ({"tx_code": tx_code} if tx_code else {})).encode()


def build_key_proof(
    signer: Signer,
    *,
    issuer: str,
    nonce: str,
    issued_at: int,
    binding: Literal["jwk", "did:key", "did:jwk"] = "jwk",
) -> str:
    """OpenID4VCI F.1, anonymous: no `iss`."""
    jwk = signer.public_jwk
    if binding == "jwk":
        header: dict[str, Any] = {"jwk": dict(jwk)}
    elif binding == "did:key":
        header = {"kid": f"{did_key(jwk)}#{did_key(jwk).removeprefix('did:key:')}"}
    else:
        header = {"kid": f"{did_jwk(jwk)}#0"}
    claims = {"aud": issuer, "iat": issued_at, "nonce": nonce}
    return sign_jws(signer, typ="openid4vci-proof+jwt", claims=claims, header=header, with_kid=False)


def credential_request(configuration_id: str, proofs: Sequence[str]) -> bytes:
    """OpenID4VCI 8.2, a JSON body."""
    return to_json({"credential_configuration_id": configuration_id, "proofs": {"jwt": list(proofs)}})


def parse_request_link(link: str) -> RequestLink:
    """OpenID4VP 5: the link that starts a presentation."""
    parameters = parse_qs(urlsplit(link).query, strict_parsing=True)
    method = parameters.get("request_uri_method", ["get"])[0]
    return RequestLink(parameters["client_id"][0], parameters["request_uri"][0], method == "post")


def verify_request_object(
    unverified_request: str,
    *,
    expected_client_id: str,
    trusted_keys: Mapping[str, Mapping[str, str]],
    now: int,
    wallet_nonce: str | None = None,
    anchors: Sequence[x509.Certificate] = (),
) -> VerifiedRequest:
    """OpenID4VP 5: signed by a key of the client's DID (`trusted_keys`, from its document) or with the certificate it is
    known by (`anchors`), for us, in time.

    1. `typ` and signature (RFC 9101);  2. the key belongs to the client (5.9.3);
    3. `client_id` is that of the link (5.10.1);  4. `wallet_nonce` comes back (5.10.1);  5. not expired;
    6. `response_uri` without `redirect_uri` (8.2), the query understood.
    """
    # 1
    token = parse_jws(unverified_request, _DECLINING, expected_typ=REQUEST_TYP)
    owner, key = _client_key(token, expected_client_id, trusted_keys, anchors, now)
    claims = verify_jws(token, key, _DECLINING)
    # 2, 3
    if claims.get("client_id") != expected_client_id:
        raise _DECLINING("request_client_id", expected=expected_client_id)
    if expected_client_id not in owner:
        raise _DECLINING("request_key", expected=expected_client_id)
    # 4
    if claims.get("wallet_nonce") != wallet_nonce:
        raise _DECLINING("request_wallet_nonce")
    # 5
    if now >= claims.get("exp", now):
        raise _DECLINING("request_expired")
    # 6
    if "redirect_uri" in claims or not isinstance(claims.get("response_uri"), str):
        raise _DECLINING("request_response_uri", clause="OpenID4VP 1.0 section 8.2")
    metadata = claims.get("client_metadata", {})
    keys = metadata.get("jwks", {}).get("keys", [])
    return VerifiedRequest(
        client_id=expected_client_id,
        response_uri=claims["response_uri"],
        response_mode=ResponseMode(claims["response_mode"]),
        nonce=claims["nonce"],
        state=claims.get("state"),
        query=parse_dcql_query(claims.get("dcql_query"), _DECLINING),
        transaction_data=tuple(claims.get("transaction_data", ())),
        encryption_jwk=keys[0] if keys else None,
        encs=tuple(metadata.get("encrypted_response_enc_values_supported", ("A128GCM",))),
    )


def _client_key(
    token: UnverifiedJws,
    client_id: str,
    trusted_keys: Mapping[str, Mapping[str, str]],
    anchors: Sequence[x509.Certificate],
    now: int,
) -> tuple[frozenset[str], Mapping[str, str]]:
    """The names whoever signed may be called by, and the key."""
    if client_id.startswith((SAN_DNS_PREFIX, HASH_PREFIX)):
        chain = verify_chain(token.header, anchors=anchors, now=now, refusing=_DECLINING)
        names = {SAN_DNS_PREFIX + name for name in chain.dns_names} | {HASH_PREFIX + chain.leaf_digest}
        return frozenset(names), chain.jwk
    kid, key = trusted_key(token, trusted_keys, _DECLINING)
    return frozenset({"decentralized_identifier:" + kid.partition("#")[0]}), key


def select_disclosures(credential: str, query: CredentialQuery) -> str:
    """The credential with only what the query asks for (OpenID4VP 6.4.1): the first option it can satisfy."""
    parts = split_sd_jwt(credential, _DECLINING)
    located = _locate(parts.issuer_jwt, parts.disclosures)
    for option in query.options():
        if all(select(located.claims, claim.path) for claim in option):
            chosen = [text for text, path in located.paths if _is_asked(path, option)]
            return "~".join([parts.issuer_jwt, *chosen, ""])
    raise _DECLINING("claims_not_held", clause="OpenID4VP 1.0 section 6.4.1", found=query.id)


def build_vp_token(
    request: VerifiedRequest, credentials: Mapping[str, str], *, signer: Signer, now: int
) -> dict[str, list[str]]:
    """One presentation for each query id; `credentials` maps the id to the credential to show."""
    vp_token = {}
    for query in request.query.credentials:
        shown = select_disclosures(credentials[query.id], query)
        kb_jwt = build_kb_jwt(
            signer=signer,
            sd_jwt=shown,
            audience=request.client_id,
            nonce=request.nonce,
            issued_at=now,
            transaction_data=transaction_data_for(query.id, request.transaction_data),
        )
        vp_token[query.id] = [shown + kb_jwt]
    return vp_token


def authorization_response(request: VerifiedRequest, vp_token: Mapping[str, Sequence[str]]) -> bytes:
    """OpenID4VP 8.2 or 8.3.1: the form body for `response_uri`."""
    state = {"state": request.state} if request.state is not None else {}
    if request.response_mode is ResponseMode.DIRECT_POST:
        return urlencode({"vp_token": to_json(vp_token).decode(), **state}).encode()
    if request.encryption_jwk is None:
        raise _DECLINING("request_encryption_key", clause="OpenID4VP 1.0 section 8.3")
    response = encrypt({"vp_token": dict(vp_token), **state}, request.encryption_jwk, enc=request.encs[0])
    return urlencode({"response": response}).encode()


def error_response(request: VerifiedRequest, error: str = "access_denied") -> bytes:
    """OpenID4VP 8.5, unencrypted in either mode."""
    return urlencode({"error": error, **({"state": request.state} if request.state else {})}).encode()


@dataclass
class _Located:
    claims: Any
    paths: list[tuple[str, tuple[str | int, ...]]]


def _locate(issuer_jwt: str, disclosures: Sequence[str]) -> _Located:
    """The full claims, and the path of each disclosure in them."""
    by_digest = {disclosure_digest(text): text for text in disclosures}
    payload = parse_jws(issuer_jwt, _DECLINING, expected_typ=None).unverified_claims
    located = _Located(None, [])

    def open_value(value: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(value, dict):
            opened = {name: open_value(item, (*path, name)) for name, item in value.items() if name != "_sd"}
            for text in (by_digest[digest] for digest in value.get("_sd", []) if digest in by_digest):
                _, name, item = decode_disclosure(text, _DECLINING)
                located.paths.append((text, (*path, name)))
                opened[name] = open_value(item, (*path, name))
            return opened
        if isinstance(value, list):
            return [open_element(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def open_element(item: Any, path: tuple[str | int, ...]) -> Any:
        text = by_digest.get(item["..."]) if isinstance(item, dict) and "..." in item else None
        if text is None:
            return open_value(item, path)
        located.paths.append((text, path))
        return open_value(decode_disclosure(text, _DECLINING)[1], path)

    located.claims = open_value(payload, ())
    return located


def _is_asked(path: tuple[str | int, ...], option: Sequence[ClaimQuery]) -> bool:
    """A disclosure is needed if it lies on the way to an asked claim, or below one."""
    return any(
        all(wanted is None or wanted == step for wanted, step in zip(claim.path, path, strict=False))
        for claim in option
    )

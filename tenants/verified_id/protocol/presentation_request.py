"""The verifier's request (OpenID4VP 1.0 section 5): a signed object that a wallet fetches by link.

Signing keeps a phisher from asking in our name, `nonce` and `state` tie the answer to one transaction, and the
encryption key is made for that transaction alone. What it cannot do: tell on whose screen the link was shown.
A link that crosses devices must therefore name the case in `transaction_data` and be short-lived.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography import x509

from tenants.verified_id.protocol.certificates import (
    HASH_PREFIX,
    SAN_DNS_PREFIX,
    check_client_certificate,
    x5c_of,
)
from tenants.verified_id.protocol.dcql import DcqlQuery
from tenants.verified_id.protocol.encoding import (
    b64u,
    check_url,
    member_text,
    parse_form,
    parse_json_object,
    to_json,
    unb64u,
)
from tenants.verified_id.protocol.encryption import ALG, ENCS, EncryptionKey, check_recipient, encrypt
from tenants.verified_id.protocol.errors import Refusing
from tenants.verified_id.protocol.jws import sign_jws
from tenants.verified_id.protocol.keys import Signer, public_jwk

TYP = "oauth-authz-req+jwt"
MEDIA_TYPE = "application/oauth-authz-req+jwt"
STATIC_DISCOVERY_AUDIENCE = "https://self-issued.me/v2"
WALLET_SCHEME = "openid4vp://"
MAX_LIFETIME = 300
TRANSACTION_DATA_TYPES = "transaction_data_types_supported"
"""In `wallet_metadata`: the types a wallet can show. The standard has no member for it, so this name is ours."""
CASE_TYPE = "urn:readmit:case:1"
"""A type of transaction data: who asks, what for, and for which case; plain texts that a wallet shows as they are."""
_DID_PREFIX = "decentralized_identifier:"
# 22 base64url characters carry the 128 bits that section 5.2 asks for.
_UNGUESSABLE = re.compile(r"[A-Za-z0-9._~-]{22,128}")
_REFUSING = Refusing("invalid_request", "OpenID4VP 1.0 section 5.10")
_MAX_BODY = 64 * 1024
_WANTED_KEY = ("P-256", "enc", ALG)


class ResponseMode(StrEnum):
    DIRECT_POST = "direct_post"
    DIRECT_POST_JWT = "direct_post.jwt"


@dataclass(frozen=True)
class WalletRequest:
    """What a wallet said when it fetched the request object by POST (section 5.10)."""

    wallet_nonce: str | None = None
    encryption_jwk: Mapping[str, str] | None = None
    transaction_data_types: frozenset[str] = frozenset()


def client_id_of_did(did: str) -> str:
    """Section 5.9.3. The whole text, prefix included, is the audience of every answer (14.10)."""
    return _DID_PREFIX + did


def encode_transaction_data(kind: str, credential_id: str, details: Mapping[str, Any]) -> str:
    """Section 5.1: one entry of `transaction_data`. The wallet signs a hash of this very text.

    It names one credential query, so that it is never in doubt which key binding must carry the hash.
    """
    entry = {
        "type": kind,
        "credential_ids": [credential_id],
        "transaction_data_hashes_alg": ["sha-256"],
        **details,
    }
    return b64u(to_json(entry))


def transaction_data_for(credential_id: str, transaction_data: Sequence[str]) -> tuple[str, ...]:
    """The entries that one credential's key binding must carry."""
    return tuple(
        text
        for text in transaction_data
        if credential_id in parse_json_object(unb64u(text, _REFUSING), _REFUSING).get("credential_ids", ())
    )


def build_request_object(
    *,
    signer: Signer,
    client_id: str,
    response_uri: str,
    response_mode: ResponseMode,
    nonce: str,
    state: str,
    query: DcqlQuery,
    issued_at: int,
    expires_at: int,
    encryption_key: EncryptionKey | Mapping[str, str] | None = None,
    transaction_data: Sequence[str] = (),
    wallet_nonce: str | None = None,
    client_name: str = "",
    certificates: Sequence[x509.Certificate] = (),
) -> str:
    """The signed request object (RFC 9101, section 5). `encryption_key` may be its public JWK alone; `certificates` are
    those of a client that is known by one, leaf first.

    No `redirect_uri` beside `response_uri` (8.2), no `request_uri_method` inside (5.1), `wallet_nonce` only
    when one was received (5.10).
    """
    if not _UNGUESSABLE.fullmatch(nonce) or not _UNGUESSABLE.fullmatch(state):
        raise ValueError("nonce and state carry 128 bits in URL-safe characters (section 5.2)")
    if not issued_at < expires_at <= issued_at + MAX_LIFETIME:
        raise ValueError(f"a request lives at most {MAX_LIFETIME} seconds")
    if (encryption_key is not None) != (response_mode is ResponseMode.DIRECT_POST_JWT):
        raise ValueError("direct_post.jwt, and it alone, needs an encryption key (section 8.3.1)")
    _check_client(client_id, signer, certificates, response_uri)
    claims: dict[str, Any] = {
        "client_id": client_id,
        "aud": STATIC_DISCOVERY_AUDIENCE,
        "response_type": "vp_token",
        "response_mode": response_mode.value,
        "response_uri": check_url(response_uri),
        "nonce": nonce,
        "state": state,
        "dcql_query": query.to_object(),
        "client_metadata": _client_metadata(encryption_key, client_name),
        "iat": issued_at,
        "exp": expires_at,
    }
    if transaction_data:
        claims["transaction_data"] = list(transaction_data)
    if wallet_nonce is not None:
        claims["wallet_nonce"] = wallet_nonce
    if certificates:
        return sign_jws(signer, typ=TYP, claims=claims, header={"x5c": x5c_of(certificates)}, with_kid=False)
    return sign_jws(signer, typ=TYP, claims=claims)


def _check_client(
    client_id: str, signer: Signer, certificates: Sequence[x509.Certificate], response_uri: str
) -> None:
    """Section 5.9.3: who is named signs. A prefix whose requests are not signed (`redirect_uri`) is no choice here."""
    if client_id.startswith(_DID_PREFIX):
        if signer.kid.partition("#")[0] != client_id[len(_DID_PREFIX) :] or certificates:
            raise ValueError("the request is signed with a key of the client's DID (section 5.9.3)")
        return
    if not client_id.startswith((SAN_DNS_PREFIX, HASH_PREFIX)):
        raise ValueError("a request is signed by a DID or with a certificate (section 5.9.3)")
    check_client_certificate(client_id, certificates, urlsplit(response_uri).hostname or "")
    if public_jwk(certificates[0].public_key()) != dict(signer.public_jwk):  # type: ignore[arg-type]
        raise ValueError("the request is signed with the certificate's key")


def request_link(
    *, client_id: str, request_uri: str, by_post: bool = False, wallet: str = WALLET_SCHEME
) -> str:
    """Section 5: the link or QR code. `wallet` is the custom scheme or a wallet's own https endpoint."""
    parameters = {"client_id": client_id, "request_uri": check_url(request_uri)}
    if by_post:
        parameters["request_uri_method"] = "post"
    return f"{wallet}{'&' if '?' in wallet else '?'}{urlencode(parameters)}"


def parse_request_uri_post(body: bytes, content_type: str) -> WalletRequest:
    """Section 5.10.

    1. a form, each parameter once;  2. `wallet_nonce`, if there, bounded text;
    3. `wallet_metadata`, if there, a JSON object; a P-256 key in its `jwks` asks for encryption.
    """
    # 1
    form = parse_form(body, content_type, _REFUSING, max_bytes=_MAX_BODY)
    # 2
    wallet_nonce = member_text(form, "wallet_nonce", _REFUSING, max_length=512)
    # 3
    text = member_text(form, "wallet_metadata", _REFUSING, max_length=_MAX_BODY)
    metadata = parse_json_object(text, _REFUSING) if text else {}
    return WalletRequest(
        wallet_nonce,
        _encryption_jwk(metadata.get("jwks")),
        _texts(metadata.get(TRANSACTION_DATA_TYPES)),
    )


def encrypt_request_object(request_object: str, wallet: WalletRequest) -> str:
    """Section 5.10.1: the signed object inside a JWE, when the wallet gave a key; else as it is."""
    if wallet.encryption_jwk is None:
        return request_object
    return encrypt(request_object.encode("ascii"), wallet.encryption_jwk, enc="A256GCM", cty=TYP)


def _client_metadata(key: EncryptionKey | Mapping[str, str] | None, client_name: str) -> dict[str, Any]:
    algs = ["ES256", "EdDSA"]
    formats = {
        "dc+sd-jwt": {"sd-jwt_alg_values": algs, "kb-jwt_alg_values": algs},
        "jwt_vc_json": {"alg_values": algs},
    }
    metadata: dict[str, Any] = {"vp_formats_supported": formats}
    if client_name:
        metadata["client_name"] = client_name
    if key is not None:
        jwk = dict(key.public_jwk if isinstance(key, EncryptionKey) else key)
        if "d" in jwk:
            raise ValueError("only the public key goes into a request")
        metadata["jwks"] = {"keys": [jwk]}
        metadata["encrypted_response_enc_values_supported"] = list(ENCS)
    return metadata


def _texts(values: object) -> frozenset[str]:
    """The texts of a list a wallet sent; whatever else it is says nothing."""
    found = values if isinstance(values, list) and len(values) <= 64 else []
    return frozenset(value for value in found if isinstance(value, str))


def _encryption_jwk(jwks: object) -> dict[str, str] | None:
    """The first key in there that may be encrypted to, by its own word and by its shape; none at all is refused."""
    if jwks is None:
        return None
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    for key in keys if isinstance(keys, list) else []:
        if (
            isinstance(key, dict)
            and (key.get("crv"), key.get("use", "enc"), key.get("alg", ALG)) == _WANTED_KEY
        ):
            recipient = check_recipient(key, _REFUSING)
            if "kid" in recipient:
                return recipient
    raise _REFUSING("wallet_jwks", clause="OpenID4VP 1.0 section 5.10", expected="ECDH-ES on P-256 with kid")

"""Which client asks, proven by its secret or by an assertion of its key (RFC 6749, 2.3; RFC 7523, 3; OpenID Connect Core 1.0, 9).

Protects a client from whoever knows its id, from an assertion that was made for another server or was seen before, and from keys
and algorithms it never named. Every refusal reads alike. What it does not do: look at what is asked for.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from portal.kit import clock
from portal.kit.bodies import is_plain, read_once
from portal.kit.codes import digest
from portal.kit.ids import parse_public_id
from tenants.models import Tenant
from vendors.bridge.errors import invalid_client, invalid_request
from vendors.bridge.metadata import ASSERTION_ALGORITHMS, endpoint_of, issuer_of
from vendors.bridge.models import BridgeAssertion, BridgeClient, BridgeSecret

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW = timedelta(seconds=30)
LONGEST = timedelta(minutes=5)
MAX_ASSERTION = 8_192
MAX_SECRET = 200


def prove_client(tenant: Tenant, *, authorization: str, form: Mapping[str, Any]) -> BridgeClient:
    """In the tenant's scope. What must hold: 1. one way of proving, not two (RFC 6749, 2.3); 2. the client is here; 3. it proves
    itself in the way it is registered for. An assertion is used up, whatever becomes of the request."""
    basic = _basic(authorization) if authorization else None
    has_assertion = "client_assertion" in form or "client_assertion_type" in form
    if sum((basic is not None, "client_secret" in form, has_assertion)) != 1:  # 1
        raise invalid_client("not_one_proof")
    named = _text(form.get("client_id"))
    if has_assertion:
        return _by_key(
            tenant, _text(form.get("client_assertion")), _text(form.get("client_assertion_type")), named
        )
    client_id, secret = basic or (named, _text(form.get("client_secret")))
    if basic and named and named != client_id:
        raise invalid_request("client_id is another in the form than in the header.", why="two_clients")
    return _by_secret(client_id, secret)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _basic(header: str) -> tuple[str, str]:
    """RFC 6749, 2.3.1: both halves are form-encoded before they are joined."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic" or len(given) > 1_000:
        raise invalid_client("header_unusable")
    try:
        name, joint, secret = base64.b64decode(given, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError) as error:
        raise invalid_client("header_unusable") from error
    if not joint:
        raise invalid_client("header_unusable")
    return unquote_plus(name), unquote_plus(secret)


def find_client(public_id: str) -> BridgeClient | None:
    try:
        client_id: UUID = parse_public_id(BridgeClient.prefix, public_id)
    except ValueError:
        return None
    return BridgeClient.objects.filter(id=client_id, removed_at=None).first()


def _by_secret(public_id: str, secret: str) -> BridgeClient:
    client = find_client(public_id)
    if client is None or client.proof != BridgeClient.Proof.SECRET:  # 2
        raise invalid_client("client_unknown")
    moment = clock.now()
    live = BridgeSecret.objects.filter(Q(ends_at=None) | Q(ends_at__gt=moment), client=client)
    given = digest(secret[:MAX_SECRET])
    # The digest of 256 random bits is looked up: where it differs says nothing of the secret.
    found = live.filter(digest=given).first()
    if found is None:  # 3
        raise invalid_client("secret_wrong")
    if found.last_used_on != moment.date():
        BridgeSecret.objects.filter(id=found.id).update(last_used_on=moment.date())
    return client


def _by_key(tenant: Tenant, assertion: str, assertion_type: str, named: str) -> BridgeClient:
    """What must hold of the assertion, in the order of RFC 7523, section 3: 1. and 2. `iss` and `sub` are the client; 3. `aud` is
    this server, and it alone; 4. it has not expired, and lives minutes; 5. `nbf` and 6. `iat`, where they are, lie not ahead;
    7. `jti` is there and was not used; 9. the signature holds under a key of this client, by an algorithm on our list."""
    if assertion_type != ASSERTION_TYPE or len(assertion) > MAX_ASSERTION:
        raise invalid_client("assertion_type")
    header, claims = _unverified(assertion)
    client = find_client(_text(claims.get("sub")))
    if client is None or client.proof != BridgeClient.Proof.KEY:
        raise invalid_client("client_unknown")
    _verify_signature(assertion, header, client.jwks)  # 9
    if claims.get("iss") != client.public_id or named not in ("", client.public_id):  # 1, 2
        raise invalid_client("assertion_of_another")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if len(audiences) != 1 or audiences[0] not in _audiences(tenant):  # 3
        raise invalid_client("assertion_audience")
    moment = clock.now()
    expires_at = _moment(claims, "exp")
    if expires_at is None or expires_at <= moment - SKEW or expires_at > moment + LONGEST + SKEW:  # 4
        raise invalid_client("assertion_time")
    for name in ("nbf", "iat"):  # 5, 6
        at = _moment(claims, name)
        if name in claims and (at is None or at > moment + SKEW):
            raise invalid_client("assertion_time")
    _use_once(client, claims.get("jti"), expires_at + SKEW)  # 7
    return client


def _unverified(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        parts = jws.extract_compact(assertion.encode("ascii"))
        claims = read_once(parts.payload.decode())
    except (JoseError, ValueError, RecursionError) as error:
        raise invalid_client("assertion_unreadable") from error
    if not isinstance(claims, dict) or not is_plain(claims, 4):
        raise invalid_client("assertion_unreadable")
    return dict(parts.headers()), claims


def _verify_signature(assertion: str, header: Mapping[str, Any], jwks: Mapping[str, Any]) -> None:
    """`none` and MACs are on no list of ours; the key is the client's own, never one that the header brings."""
    algorithm = header.get("alg")
    if algorithm not in ASSERTION_ALGORITHMS:
        raise invalid_client("assertion_algorithm")
    kind = "EC" if algorithm == "ES256" else "RSA"
    keys = [key for key in jwks.get("keys", []) if key.get("kty") == kind]
    if header.get("kid") is not None:
        keys = [key for key in keys if key.get("kid") in (None, header["kid"])]
    for key in keys:
        try:
            jws.deserialize_compact(assertion, import_key(key), algorithms=[str(algorithm)])
        except (JoseError, ValueError, TypeError):
            continue
        return
    raise invalid_client("assertion_signature")


def _audiences(tenant: Tenant) -> tuple[str, ...]:
    """RFC 9126, section 2: the issuer, or the endpoint at which it is used."""
    return (issuer_of(tenant), endpoint_of(tenant, "token"), endpoint_of(tenant, "par"))


def _moment(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**33:
        return None
    return datetime.fromtimestamp(value, UTC)


def _use_once(client: BridgeClient, jti: object, expires_at: datetime) -> None:
    if not isinstance(jti, str) or not 8 <= len(jti) <= 255:
        raise invalid_client("assertion_id")
    try:
        with transaction.atomic():
            BridgeAssertion.objects.create(client=client, jti_digest=digest(jti), expires_at=expires_at)
    except IntegrityError as error:
        raise invalid_client("assertion_used") from error


def read_public_keys(text: str) -> dict[str, Any]:
    """A JWK Set, or one key, as an administrator pastes it: at most five public keys for our algorithms. ValueError."""
    value = read_once(text)
    if not isinstance(value, dict) or not is_plain(value, 6):
        raise ValueError("not an object")
    keys = value.get("keys", [value])
    if not isinstance(keys, list) or not 0 < len(keys) <= 5:
        raise ValueError("between one and five keys")
    kept = []
    for key in keys:
        if not isinstance(key, dict) or any(name in key for name in ("d", "p", "q", "k")):
            raise ValueError("a private key, or none")
        try:
            found = import_key(key)
            KeySet([found])
        except (JoseError, TypeError, KeyError) as error:
            raise ValueError("no key") from error
        is_fit = (found.key_type == "EC" and key.get("crv") == "P-256") or (
            found.key_type == "RSA" and len(base64.urlsafe_b64decode(key["n"] + "==")) >= 256
        )
        if not is_fit or key.get("use", "sig") != "sig":
            raise ValueError("a key of another kind")
        kept.append(
            {
                name: key[name]
                for name in ("kty", "crv", "x", "y", "n", "e", "kid", "use", "alg")
                if name in key
            }
        )
    return {"keys": kept}


def dumped(jwks: Mapping[str, Any]) -> str:
    return json.dumps(jwks, indent=2)

"""What is asked of the organisation's OpenID Provider, and what of its answer is believed.

Protects accounts from an answer that was made for another client, browser or moment, and from a sign-in that is older than
the attempt: whoever sits at an open session cannot turn it into a passkey. The token is verified as a partner's is
(`vendors.adapters.oidc`). What it does not do: find the person, or change anything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from joserfc import jws
from joserfc.jwk import ECKey

from portal.kit import clock
from portal.kit.origins import tenant_url
from portal.kit.sealed import Context, seal, unseal
from recovery.entry.models import SignInProvider
from tenants.models import Tenant
from vendors.adapters.oidc import client
from vendors.adapters.oidc.answers import text_of
from vendors.adapters.oidc.discovery import ProviderKeys, find_provider
from vendors.adapters.oidc.id_token import SKEW, verify_id_token
from vendors.context import Egress
from vendors.contract import AdapterError, ContractBroken, Ctx, SessionOver, SignatureInvalid, Stale

MAX_TOKEN = 100_000
SHOWN = (
    "sub",
    "preferred_username",
    "email",
    "email_verified",
    "upn",
    "oid",
    "name",
    "acr",
    "amr",
    "auth_time",
)
HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


def secret_context(row: SignInProvider) -> Context:
    return Context("entry_signinprovider", "secret_sealed", row.id)


def return_url(tenant: Tenant) -> str:
    return tenant_url(tenant.slug, "/sign-in/returned")


def ctx_of(row: SignInProvider) -> Ctx:
    """Inside the tenant's scope; what it returns may be used outside."""
    held = {}
    if row.secret_sealed is not None:
        held[row.proof] = unseal(row.secret_sealed, secret_context(row)).decode()
    return Ctx(
        config={"issuer": row.issuer, "client_id": row.client_id},
        secrets=held,
        memory=dict(row.memory),
        http=Egress(),
        now=clock.now(),
        random=secrets.token_bytes,
    )


@dataclass(frozen=True, slots=True)
class Bound:
    """What one attempt is bound with."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> Bound:
        return cls(*(client.url_safe(secrets.token_bytes(32)) for _each in range(3)))

    def seal(self, context: Context) -> bytes:
        return seal(json.dumps([self.state, self.nonce, self.code_verifier]).encode(), context)

    @classmethod
    def unseal(cls, blob: bytes, context: Context) -> Bound:
        return cls(*json.loads(unseal(blob, context)))


def is_known(row: SignInProvider) -> bool:
    """Whether its metadata was read, so that a browser can be sent there without asking it first."""
    kept = row.memory.get("provider")
    return isinstance(kept, dict) and kept.get("issuer") == row.issuer


def names_itself(row: SignInProvider) -> bool:
    document = row.memory["provider"]["document"]
    return document.get("authorization_response_iss_parameter_supported") is True


def authorization_url(row: SignInProvider, tenant: Tenant, bound: Bound) -> str:
    """OpenID Connect Core 3.1.2.1: code, PKCE (RFC 7636), state, nonce; a new sign-in and when it was."""
    endpoint = str(row.memory["provider"]["document"]["authorization_endpoint"])
    scope = "openid email" if row.match == SignInProvider.Match.EMAIL else "openid profile"
    parameters = {
        "response_type": "code",
        "client_id": row.client_id,
        "redirect_uri": return_url(tenant),
        "scope": scope,
        "state": bound.state,
        "nonce": bound.nonce,
        "code_challenge": client.challenge_of(bound.code_verifier),
        "code_challenge_method": "S256",
        "prompt": "login",
        "max_age": "0",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, by the provider's own words for it, verified."""

    subject: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    at: datetime


def exchange(ctx: Ctx, *, code: str, bound: Bound, redirect_uri: str, begun_at: datetime) -> SignedIn:
    """What must hold: 1. the code is exchanged with the attempt's verifier; 2. the ID Token passes `verify_id_token` with the
    attempt's nonce; 3. `at_hash`, if it is there, is the access token's (Core 3.1.3.8); 4. `auth_time` is there and not
    before the attempt. Raises AdapterError."""
    found = find_provider(ctx, pushes=False)
    answer = client.exchange_code(  # 1
        ctx, found, code=code, code_verifier=bound.code_verifier, redirect_uri=redirect_uri
    )
    token = text_of(answer, "id_token", longest=MAX_TOKEN)
    verified = verify_id_token(  # 2
        token,
        keys=ProviderKeys(ctx, found),
        expected_issuer=found.issuer,
        expected_client_id=client.client_id(ctx),
        expected_nonce=bound.nonce,
        now=ctx.now,
    )
    _check_at_hash(verified.claims, token, answer.get("access_token"))  # 3
    at = _signed_in_at(verified.claims)
    if at < begun_at - SKEW or at > ctx.now + SKEW:  # 4
        raise Stale("sign_in_not_fresh")
    return SignedIn(str(verified.claims["sub"]), verified.claims, at)


def _check_at_hash(claims: Mapping[str, Any], token: str, access_token: object) -> None:
    """With the hash that `alg` names: the left half, base64url."""
    told = claims.get("at_hash")
    if told is None:
        return
    algorithm = str(jws.extract_compact(token.encode()).headers()["alg"])
    if not isinstance(told, str) or not isinstance(access_token, str):
        raise SignatureInvalid("access_token_differs")
    whole = HASHES[algorithm[-3:]](access_token.encode("ascii", "replace")).digest()
    half = base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()
    if not hmac.compare_digest(half.encode(), told.encode("ascii", "replace")):
        raise SignatureInvalid("access_token_differs")


def _signed_in_at(claims: Mapping[str, Any]) -> datetime:
    value = claims.get("auth_time")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**33:
        raise ContractBroken("auth_time_missing")
    return datetime.fromtimestamp(value, tz=UTC)


def try_settings(ctx: Ctx, *, redirect_uri: str) -> str:
    """Metadata, keys, and whether the client is known: a code that was never given is refused as one, not the client.
    The code of a problem; empty when there is none."""
    try:
        found = find_provider(ctx, pushes=False)
        ProviderKeys(ctx, found).read()
        client.exchange_code(
            ctx,
            found,
            code=client.url_safe(ctx.random(24)),
            code_verifier=client.url_safe(ctx.random(32)),
            redirect_uri=redirect_uri,
        )
    except SessionOver:
        return ""
    except AdapterError as error:
        return error.code
    return "answers_any_code"


def value_of(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) and len(value) <= 254 and is_legible(value) else ""


def is_legible(text: str) -> bool:
    """Whether it can be kept and shown: no control characters, and no halves of characters, which JSON may hold."""
    return text.strip().isprintable()


def shown_claims(claims: Mapping[str, Any], chosen: str) -> list[tuple[str, str]]:
    """For whoever tries it out: the claims that could name a person, and how they signed in."""
    names = dict.fromkeys((*SHOWN, chosen))
    told = [(name, str(claims[name])[:200]) for name in names if name in claims]
    return [(name, value if is_legible(value) else ascii(value)) for name, value in told]


def make_key() -> tuple[str, dict[str, Any]]:
    """(private JWK as text, public JWK) for private_key_jwt."""
    key = ECKey.generate_key("P-256")
    private = {**key.as_dict(private=True), "kid": key.thumbprint()}
    public = {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": "ES256"}
    return json.dumps(private), public

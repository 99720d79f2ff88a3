"""Where an OpenID Provider's endpoints and keys are, read from the configured issuer and from nowhere else.

Protects the exchange from addresses and keys that a message names. What was read is kept in the connection's memory;
what it does not do: trust a document whose issuer is not exactly the configured one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal.kit.bodies import is_plain
from vendors.adapters.oidc.answers import fault_of, is_web_address, origin_of, read_object
from vendors.contract import BadConfig, ContractBroken, Ctx, PartnerDown, RateLimited

PROVIDER_AGE = timedelta(hours=12)
KEYS_AGE = timedelta(hours=1)
MAX_KEYS = 32
MAX_KEY_DEPTH = 8
_ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "pushed_authorization_request_endpoint",
    "jwks_uri",
)


@dataclass(frozen=True, slots=True)
class Provider:
    """The parts of the provider's metadata that are used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    pushed_authorization_request_endpoint: str
    jwks_uri: str
    names_itself: bool  # RFC 9207: the authorization response carries `iss`

    @property
    def origins(self) -> frozenset[str]:
        addresses = (
            self.issuer,
            self.token_endpoint,
            self.pushed_authorization_request_endpoint,
            self.jwks_uri,
        )
        return frozenset(origin_of(address) for address in addresses)


def configured_issuer(ctx: Ctx) -> str:
    issuer = str(ctx.config.get("issuer", ""))
    if not is_web_address(issuer) or "?" in issuer:
        raise BadConfig("issuer_unusable", setting="issuer")
    return issuer


def find_provider(ctx: Ctx, *, pushes: bool = True) -> Provider:
    """The provider behind the configured issuer, from memory while that is fresh. `pushes`: it has to take pushed requests."""
    issuer = configured_issuer(ctx)
    kept = ctx.memory.get("provider")
    if isinstance(kept, dict) and kept.get("issuer") == issuer and _is_fresh(kept, ctx.now, PROVIDER_AGE):
        return _provider(kept["document"], issuer, pushes)
    document = fetch_document(ctx, issuer.rstrip("/") + "/.well-known/openid-configuration")
    provider = _provider(document, issuer, pushes)
    used = {name: document.get(name) for name in ("issuer", *_ENDPOINTS)}
    used["authorization_response_iss_parameter_supported"] = provider.names_itself
    ctx.memory["provider"] = {"issuer": issuer, "read_at": ctx.now.isoformat(), "document": used}
    return provider


def _is_fresh(kept: Mapping[str, Any], now: datetime, age: timedelta) -> bool:
    return timedelta(0) <= now - datetime.fromisoformat(str(kept["read_at"])) < age


def fetch_document(ctx: Ctx, url: str) -> dict[str, Any]:
    """The metadata as it is served, unverified. BadConfig when there is none."""
    reply = ctx.http.send("GET", url, headers={"Accept": "application/json"}, max_bytes=200_000)
    if reply.status == 429 or reply.status >= 500:
        raise fault_of(reply)
    if reply.status != 200:
        raise BadConfig("issuer_has_no_metadata", setting="issuer", http_status=reply.status)
    return read_object(reply)


def _provider(document: Mapping[str, Any], issuer: str, pushes: bool) -> Provider:
    """OpenID Connect Discovery 1.0, section 4.3: the issuer must be the one that was asked, to the letter."""
    if document.get("issuer") != issuer:
        raise BadConfig("issuer_is_another", setting="issuer")
    for name in _ENDPOINTS:
        value = document.get(name)
        if value is None and name == "pushed_authorization_request_endpoint":
            if not pushes:
                continue
            raise BadConfig("pushed_requests_missing", setting="issuer")
        if not isinstance(value, str) or not is_web_address(value):
            raise ContractBroken(f"{name}_unusable")
    return Provider(
        issuer=issuer,
        authorization_endpoint=str(document["authorization_endpoint"]),
        token_endpoint=str(document["token_endpoint"]),
        pushed_authorization_request_endpoint=str(
            document.get("pushed_authorization_request_endpoint") or ""
        ),
        jwks_uri=str(document["jwks_uri"]),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


class ProviderKeys:
    """The issuer's signing keys, refreshed at most once in its lifetime (one exchange)."""

    def __init__(self, ctx: Ctx, provider: Provider) -> None:
        self.ctx = ctx
        self.provider = provider
        self.was_refreshed = False

    def find(self, key_id: str | None, algorithm: str) -> dict[str, Any]:
        """The one key for this header. ContractBroken("key_unknown") when there is none or more than one."""
        keys = self._kept()
        found = _matching(keys, key_id, algorithm)
        if not found and not self.was_refreshed:
            found = _matching(self._refresh(), key_id, algorithm)
        if len(found) != 1:
            raise ContractBroken("key_unknown")
        return found[0]

    def read(self) -> None:
        """Reads the keys, to see whether they can be read."""
        self._refresh()

    def _kept(self) -> list[dict[str, Any]]:
        kept = self.ctx.memory.get("keys")
        is_ours = isinstance(kept, dict) and kept.get("uri") == self.provider.jwks_uri
        if isinstance(kept, dict) and is_ours and _is_fresh(kept, self.ctx.now, KEYS_AGE):
            return list(kept["keys"])
        return self._refresh()

    def _refresh(self) -> list[dict[str, Any]]:
        self.was_refreshed = True
        reply = self.ctx.http.send("GET", self.provider.jwks_uri, max_bytes=200_000)
        if reply.status == 429:
            raise RateLimited("rate_limited", http_status=429)
        if reply.status != 200:
            raise PartnerDown("keys_unreachable", http_status=reply.status)
        listed = read_object(reply).get("keys")
        if not isinstance(listed, list) or len(listed) > MAX_KEYS:
            raise ContractBroken("keys_unusable")
        # A key that cannot be kept is none: the memory that all others are in could not be written.
        keys = [key for key in listed if isinstance(key, dict) and is_plain(key, MAX_KEY_DEPTH)]
        self.ctx.memory["keys"] = {
            "uri": self.provider.jwks_uri,
            "read_at": self.ctx.now.isoformat(),
            "keys": keys,
        }
        return keys


_KEY_TYPES = {"ES256": ("EC", "P-256"), "PS256": ("RSA", None), "RS256": ("RSA", None)}


def key_types(algorithms: Iterable[str]) -> list[tuple[str, str | None]]:
    """The kinds of key, with their curves, that these algorithms are signed with."""
    return [_KEY_TYPES[algorithm] for algorithm in algorithms]


def _matching(keys: list[dict[str, Any]], key_id: str | None, algorithm: str) -> list[dict[str, Any]]:
    key_type, curve = _KEY_TYPES[algorithm]
    return [
        key
        for key in keys
        if key.get("kty") == key_type
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (key_id is None or key.get("kid") == key_id)
    ]

"""Any OpenID Provider that returns `verified_claims`, by configuration alone.

Settings: issuer, client_id, trust_framework; secrets: client_secret or private_key (a private JWK). The flow is the
authorization code flow with pushed requests, PKCE, state, nonce and `iss` in the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vendors.adapters.oidc import client
from vendors.adapters.oidc.answers import error_code, text_of
from vendors.adapters.oidc.attachments import PortraitNotice, fetch_portrait
from vendors.adapters.oidc.discovery import Provider, ProviderKeys, find_provider
from vendors.adapters.oidc.id_token import verify_id_token
from vendors.adapters.oidc.verified_claims import claims_request, read_verified_claims
from vendors.contract import (
    BadConfig,
    ConfigProblem,
    ContractBroken,
    Ctx,
    InboundReturn,
    IssuerUntrusted,
    Listing,
    Manifest,
    MediaRef,
    Outcome,
    PartnerAuthFailed,
    Phase,
    Reason,
    RequestRejected,
    SessionRef,
    Snapshot,
    Started,
    StartRequest,
    StateMismatch,
)

DEFAULT_FRAMEWORK = "IDV-DELEGATED"
MAX_TOKEN = 100_000
SANDBOX_MARKER = "readmit_demonstration"


@dataclass(frozen=True, slots=True)
class OidcAdapter:
    """`HandlesReturn` and `GivesMedia`. Holds nothing but its manifest and listing."""

    manifest: Manifest
    listing: Listing

    def check(self, ctx: Ctx, *, return_urls: Sequence[str]) -> Sequence[ConfigProblem]:
        """Reads the metadata and keys, then pushes a request that nobody will follow: that proves the client id, the
        secret and each return address."""
        setting = "issuer"
        try:
            provider = find_provider(ctx)
            ProviderKeys(ctx, provider).read()
            for return_url in return_urls:
                setting = "return_url"
                parameters = {**_parameters(_Secrets.new(ctx), return_url), **self.asked(ctx, "")}
                client.push_request(ctx, provider, parameters)
        except PartnerAuthFailed as error:
            return [
                ConfigProblem(_credential_setting(ctx), error.code, error.answered or str(error.http_status))
            ]
        except BadConfig as error:
            return [ConfigProblem(error.setting or setting, error.code, error.answered)]
        except (RequestRejected, ContractBroken) as error:
            return [ConfigProblem(setting, error.code, error.answered or str(error.http_status or ""))]
        return []

    def start(self, ctx: Ctx, request: StartRequest) -> Started:
        provider = find_provider(ctx)
        made = _Secrets.new(ctx, state=request.return_state)
        parameters = _parameters(made, request.return_url, request.locale)
        parameters |= self.asked(ctx, request.purpose) | self.own_parameters(request)
        request_uri, lifetime = client.push_request(ctx, provider, parameters)
        state = {
            "nonce": made.nonce,
            "code_verifier": made.code_verifier,
            "state": made.state,
            "return_url": request.return_url,
        }
        return Started(
            ref=SessionRef(request.attempt_id, "", ctx.now, state),
            url=client.authorization_url(ctx, provider, request_uri),
            expires_at=ctx.now + timedelta(seconds=lifetime),
        )

    def asked(self, ctx: Ctx, purpose: str) -> dict[str, str]:
        """What is asked for: verified claims, under the framework of the settings."""
        framework = str(ctx.config.get("trust_framework") or DEFAULT_FRAMEWORK)
        claims = json.dumps(claims_request(framework, purpose), separators=(",", ":"))
        return {"scope": "openid", "claims": claims}

    def own_parameters(self, request: StartRequest) -> dict[str, str]:
        """What only this provider reads. A foreign one is told nothing that the standards do not name."""
        return {}

    def handle_return(self, ctx: Ctx, ref: SessionRef, inbound: InboundReturn) -> Snapshot:
        """What must hold: 1. state is this attempt's; 2. `iss` is the provider's (RFC 9207, section 2.4), before
        anything else of the answer is used; 3. the token passes `verify_id_token`; 4. the claims are of this attempt.
        """
        if inbound.one("state") != ref.state["state"]:  # 1
            raise StateMismatch("state_wrong")
        provider = find_provider(ctx)
        _check_issuer_of_answer(inbound.one("iss"), provider)  # 2
        error = inbound.one("error")
        if error is not None:
            return _refused_answer(error)
        code = inbound.one("code")
        if not code:
            raise ContractBroken("code_missing")
        answer = client.exchange_code(
            ctx,
            provider,
            code=code,
            code_verifier=ref.state["code_verifier"],
            redirect_uri=ref.state["return_url"],
        )
        token = verify_id_token(  # 3
            text_of(answer, "id_token", longest=MAX_TOKEN),
            keys=ProviderKeys(ctx, provider),
            expected_issuer=provider.issuer,
            expected_client_id=client.client_id(ctx),
            expected_nonce=ref.state["nonce"],
            now=ctx.now,
        )
        return self.read_answer(ctx, ref, token.claims, token.digest)

    def read_answer(self, ctx: Ctx, ref: SessionRef, claims: Mapping[str, Any], digest: str) -> Snapshot:
        """From the claims of a token that was verified to neutral words."""
        read = read_verified_claims(  # 4
            claims.get("verified_claims"),
            trust_framework=str(ctx.config.get("trust_framework") or DEFAULT_FRAMEWORK),
            asked_at=ref.started_at,
            now=ctx.now,
        )
        media = (MediaRef("portrait_document", read.portrait.to_key()),) if read.portrait else ()
        return Snapshot(
            phase=Phase.DONE,
            outcome=read.outcome,
            claims=read.claims,
            checks=read.checks,
            assurance=read.assurance,
            reasons=read.reasons,
            media=media,
            partner_ref=read.process,
            sandbox=claims.get(SANDBOX_MARKER) is True,
            evidence_digest=digest,
        )

    def media(self, ctx: Ctx, ref: SessionRef, item: MediaRef) -> bytes:
        return fetch_portrait(ctx, find_provider(ctx), PortraitNotice.from_key(item.key))


@dataclass(frozen=True, slots=True)
class _Secrets:
    """What one authorization request is bound with."""

    state: str
    nonce: str
    code_verifier: str

    @classmethod
    def new(cls, ctx: Ctx, *, state: str = "") -> _Secrets:
        def fresh() -> str:
            return client.url_safe(ctx.random(32))

        return cls(state or fresh(), fresh(), fresh())


def _parameters(made: _Secrets, return_url: str, locale: str = "") -> dict[str, str]:
    """OpenID Connect Core 3.1.2.1 and RFC 7636 section 4.3."""
    parameters = {
        "response_type": "code",
        "redirect_uri": return_url,
        "state": made.state,
        "nonce": made.nonce,
        "code_challenge": client.challenge_of(made.code_verifier),
        "code_challenge_method": "S256",
    }
    return {**parameters, "ui_locales": locale} if locale else parameters


def _credential_setting(ctx: Ctx) -> str:
    return "private_key" if ctx.secrets.get("private_key") else "client_secret"


def _check_issuer_of_answer(issuer: str | None, provider: Provider) -> None:
    if issuer is None and provider.names_itself:
        raise IssuerUntrusted("answer_without_issuer")
    if issuer is not None and issuer != provider.issuer:
        raise IssuerUntrusted("answer_of_another_issuer")


def _refused_answer(error: str) -> Snapshot:
    """An error of OpenID Connect Core 3.1.2.6 instead of a code. Only giving up says anything about the person."""
    code = error_code(error)
    if code == "access_denied":
        return Snapshot(Phase.DONE, Outcome.USER_ABORTED, reasons=(Reason.USER_CANCELLED,))
    if code in ("server_error", "temporarily_unavailable"):
        return Snapshot(Phase.DONE, Outcome.PARTNER_FAILED, reasons=(Reason.PARTNER_ERROR,))
    raise RequestRejected("authorization_refused", answered=code)

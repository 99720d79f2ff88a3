"""Asking a vendor's provider what the contract asks of it: with the adapter that asks in earnest, and where it has to refuse.

Runs in the worker. Protects others from being asked through us: addresses go through the guarded client (no private network, no
redirects, bounded), and one round ends after so many seconds. Nothing of the person who signs in is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from vendors.adapters.oidc import client
from vendors.adapters.oidc.answers import text_of
from vendors.adapters.oidc.discovery import (
    Provider,
    ProviderKeys,
    configured_issuer,
    fetch_document,
    find_provider,
    key_types,
)
from vendors.adapters.oidc.id_token import ALLOWED_ALGORITHMS, verify_id_token
from vendors.adapters.oidc.listing import ADAPTER
from vendors.contract import (
    AdapterError,
    ContractBroken,
    Ctx,
    InboundReturn,
    IssuerUntrusted,
    SessionOver,
    SessionRef,
    StateMismatch,
)
from vendors.trying.requirements import REQUIREMENTS, Finding, Result, Round

PATIENCE = 40.0
MAX_TOKEN = 100_000


class Unmet(Exception):
    """The provider did something else than it had to."""

    def __init__(self, code: str, answered: str = "") -> None:
        super().__init__(code)
        self.code, self.answered = code, answered


class Sheet:
    """Results in the order of the requirements; after one that everything hangs on nothing more is asked."""

    def __init__(self, round_: Round) -> None:
        self.wanted = [each.code for each in REQUIREMENTS if each.round is round_]
        self.found: dict[str, Result] = {}
        self.until = time.monotonic() + PATIENCE
        self.is_over = False

    def ask(self, requirement: str, question: Callable[[], Any], *, vital: bool = False) -> Any:
        """What the question answered, None where it was not met or not asked."""
        if self.is_over:
            return None
        answer = None
        try:
            if time.monotonic() > self.until:
                raise Unmet("took_too_long")
            answer = question()
            self.found[requirement] = Result(requirement, Finding.PASSED)
        except Unmet as error:
            self.found[requirement] = Result(requirement, Finding.FAILED, error.code, error.answered)
        except AdapterError as error:
            told = error.answered or str(error.http_status or "")
            self.found[requirement] = Result(requirement, Finding.FAILED, error.code, told)
        if vital and self.found[requirement].finding is Finding.FAILED:
            self.is_over = True
        return answer

    def skip(self, requirement: str, code: str) -> None:
        self.found[requirement] = Result(requirement, Finding.SKIPPED, code)

    @property
    def results(self) -> tuple[Result, ...]:
        return tuple(
            self.found.get(code, Result(code, Finding.SKIPPED, "not_reached")) for code in self.wanted
        )


def _true(value: object, code: str) -> None:
    if value is not True:
        raise Unmet(code)


def look(ctx: Ctx, return_url: str) -> tuple[Result, ...]:
    """Everything that can be known without a person."""
    sheet, issuer = Sheet(Round.ALONE), configured_issuer(ctx)
    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    document = sheet.ask("metadata", lambda: fetch_document(ctx, address), vital=True) or {}
    sheet.ask("issuer", lambda: _true(document.get("issuer") == issuer, "issuer_is_another"), vital=True)
    provider = sheet.ask("pushed", lambda: find_provider(ctx), vital=True)
    methods = document.get("code_challenge_methods_supported")
    sheet.ask("pkce", lambda: _true(isinstance(methods, list) and "S256" in methods, "s256_not_named"))
    announced = document.get("authorization_response_iss_parameter_supported")
    sheet.ask("names_itself", lambda: _true(announced, "issuer_not_announced"))
    sheet.ask("keys", lambda: _read_keys(ctx, provider))
    sheet.ask("accepts", lambda: _push(ctx, return_url), vital=True)
    stranger = replace(ctx, secrets={"client_secret": client.url_safe(ctx.random(32))})
    sheet.ask("refuses_secret", lambda: _refuses(stranger, return_url, "client_secret"))
    sheet.ask("refuses_address", lambda: _refuses(ctx, f"{return_url}/elsewhere", "return_url"))
    never = client.url_safe(ctx.random(32))
    sheet.ask("refuses_code", lambda: _refuses_code(ctx, provider, never, never, return_url))
    return sheet.results


def _read_keys(ctx: Ctx, provider: Provider) -> None:
    keys = ProviderKeys(ctx, provider)
    keys.read()
    kept = ctx.memory["keys"]["keys"]
    if not any(key.get("kty") in {kind for kind, _curve in key_types(ALLOWED_ALGORITHMS)} for key in kept):
        raise Unmet("no_usable_key")


def _push(ctx: Ctx, return_url: str) -> None:
    problems = ADAPTER.check(ctx, return_urls=[return_url])
    if problems:
        raise Unmet(problems[0].code, problems[0].answered)


def _refuses(ctx: Ctx, return_url: str, setting: str) -> None:
    """A request that has to be refused, and for the right reason."""
    problems = ADAPTER.check(ctx, return_urls=[return_url])
    if not problems:
        raise Unmet("was_accepted")
    if problems[0].setting != setting:
        raise Unmet(problems[0].code, problems[0].answered)


def _refuses_code(ctx: Ctx, provider: Provider, code: str, verifier: str, return_url: str) -> None:
    try:
        client.exchange_code(ctx, provider, code=code, code_verifier=verifier, redirect_uri=return_url)
    except SessionOver:
        return
    raise Unmet("was_accepted")


def first_return(ctx: Ctx, ref: SessionRef, inbound: InboundReturn) -> tuple[Result, ...]:
    """A person signed in and came back: what the code is worth, once."""
    sheet = Sheet(Round.FIRST)
    provider = find_provider(ctx)
    code = sheet.ask("answer", lambda: _code_of(provider, ref, inbound), vital=True)
    token = sheet.ask("token", lambda: _exchange(ctx, provider, ref, code), vital=True)
    snapshot = None
    if token is not None:
        snapshot = sheet.ask(
            "verified_claims", lambda: ADAPTER.read_answer(ctx, ref, token.claims, token.digest)
        )
    if snapshot is not None and snapshot.media:
        sheet.ask("portrait", lambda: ADAPTER.media(ctx, ref, snapshot.media[0]))
    elif snapshot is not None:
        sheet.skip("portrait", "none_sent")
    verifier, back = ref.state["code_verifier"], ref.state["return_url"]
    sheet.ask("replay", lambda: _refuses_code(ctx, provider, code, verifier, back))
    return sheet.results


def second_return(ctx: Ctx, ref: SessionRef, inbound: InboundReturn) -> tuple[Result, ...]:
    """A code that is given out, and a verifier that is not its own."""
    sheet, provider = Sheet(Round.SECOND), find_provider(ctx)
    other = client.url_safe(ctx.random(32))

    def question() -> None:
        code = _code_of(provider, ref, inbound)
        _refuses_code(ctx, provider, code, other, ref.state["return_url"])

    sheet.ask("verifier", question)
    return sheet.results


def _code_of(provider: Provider, ref: SessionRef, inbound: InboundReturn) -> str:
    if inbound.one("state") != ref.state["state"]:
        raise StateMismatch("state_wrong")
    issuer = inbound.one("iss")
    if issuer is None:
        raise IssuerUntrusted("answer_without_issuer")
    if issuer != provider.issuer:
        raise IssuerUntrusted("answer_of_another_issuer")
    error = inbound.one("error")
    if error is not None:
        raise Unmet("error_instead_of_code", error if error.isascii() and error.isidentifier() else "")
    code = inbound.one("code")
    if not code:
        raise ContractBroken("code_missing")
    return code


def _exchange(ctx: Ctx, provider: Provider, ref: SessionRef, code: str) -> Any:
    answer = client.exchange_code(
        ctx,
        provider,
        code=code,
        code_verifier=ref.state["code_verifier"],
        redirect_uri=ref.state["return_url"],
    )
    return verify_id_token(
        text_of(answer, "id_token", longest=MAX_TOKEN),
        keys=ProviderKeys(ctx, provider),
        expected_issuer=provider.issuer,
        expected_client_id=client.client_id(ctx),
        expected_nonce=ref.state["nonce"],
        now=ctx.now,
    )


def failed(results: Sequence[Result]) -> bool:
    return any(each.finding is Finding.FAILED for each in results)

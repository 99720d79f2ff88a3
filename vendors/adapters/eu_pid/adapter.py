"""EU PID: our own verifier asks the person's wallet for the identity their state put into it (OpenID4VP 1.0, HAIP 1.0).

Settings: client (the prefix by which a wallet knows us, both by the access certificate under Verified ID), environment
(production or test), app_base (a simulator's wallet, in development). No secret: the certificate's key never leaves the
authority. Two requests are made for each session: one opens the wallet on this device and counts with the `response_code` its
browser brings back, the other is a code for a wallet elsewhere. What it does not do: judge a credential; the core does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from vendors.adapters.eu_pid.claims import OPTIONS, neutral_claims
from vendors.adapters.oidc.answers import is_web_address
from vendors.adapters.rest.api import with_state
from vendors.contract import (
    Assurance,
    BadConfig,
    Check,
    ConfigProblem,
    Ctx,
    EidLevel,
    Hint,
    InboundReturn,
    Listing,
    Manifest,
    Outcome,
    Phase,
    Reason,
    SessionRef,
    Snapshot,
    Started,
    StartRequest,
    StateMismatch,
    WalletAnswer,
    WalletState,
)

FRAMEWORK, LEVEL = "eidas", "high"
SCHEME = "openid4vp://"
ENVIRONMENTS = ("production", "test")
# How a wallet says no (OpenID4VP 1.0, section 8.5). Any other word decides nothing: the wallet could not answer.
NO = "access_denied"
# The two requests of a session are one question: what was answered to its end comes first.
ORDER = (
    *(WalletState.SHOWN, WalletState.TAKEN_BACK, WalletState.UNKNOWN, WalletState.DECLINED),
    *(WalletState.CHECKING, WalletState.OPENED, WalletState.WAITING, WalletState.OVER),
)


@dataclass(frozen=True, slots=True)
class EuPidAdapter:
    """`Fetches`, `HandlesReturn`, `ShowsCode`, `NamesLevel` and `Cancels`. Holds nothing but its manifest and listing."""

    manifest: Manifest
    listing: Listing

    def check(self, ctx: Ctx, *, return_urls: Sequence[str]) -> Sequence[ConfigProblem]:
        """Whether there is a certificate to ask with, and anybody to believe. No wallet is asked."""
        try:
            _is_rehearsal(ctx)
            _wallet(ctx)
        except BadConfig as error:
            return [ConfigProblem(error.setting, error.code)]
        problem = ctx.wallets.problem_with(_client(ctx))
        return [ConfigProblem("client", problem)] if problem else []

    def start(self, ctx: Ctx, request: StartRequest) -> Started:
        """A pair of requests. Asking for another link makes another pair."""
        wallet, back = _wallet(ctx), with_state(request.return_url, request.return_state)
        here, elsewhere = (
            ctx.wallets.ask(
                request.attempt_id,
                client=_client(ctx),
                options=OPTIONS,
                purpose=request.purpose,
                back=back,
                across_devices=across,
            )
            for across in (False, True)
        )
        state = {"elsewhere": elsewhere.reference, "code": wallet + elsewhere.link.removeprefix(SCHEME)}
        return Started(
            ref=SessionRef(request.attempt_id, here.reference, ctx.now, state),
            url=wallet + here.link.removeprefix(SCHEME),
            expires_at=min(here.expires_at, elsewhere.expires_at),
        )

    def code_at(self, ref: SessionRef, moment: datetime) -> str:
        """It stands for as long as its request does: what it opens is signed, and made to be scanned."""
        return ref.state["code"]

    def level_of(self, config: Mapping[str, str]) -> EidLevel | None:
        """Every PID is issued at this level (Regulation (EU) No 910/2014, article 5a)."""
        return EidLevel.HIGH

    def handle_return(self, ctx: Ctx, ref: SessionRef, inbound: InboundReturn) -> Snapshot:
        """OpenID4VP 1.0, section 8.2: the browser that began is back with the `response_code`, or was told that the wallet
        said no."""
        code = inbound.one("response_code")
        if not code:
            answer = ctx.wallets.answer(ref.attempt_id, ref.partner_ref)
            if answer.state is not WalletState.DECLINED:
                raise StateMismatch("response_code_missing")
            return _told(ctx, ref, answer)
        return _told(ctx, ref, ctx.wallets.complete(ref.attempt_id, ref.partner_ref, code))

    def fetch(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        """Whichever of the two requests was answered to its end; else the one that is further along."""
        elsewhere = ctx.wallets.answer(ref.attempt_id, ref.state["elsewhere"])
        here = ctx.wallets.answer(ref.attempt_id, ref.partner_ref)
        return _told(ctx, ref, min((elsewhere, here), key=lambda answer: ORDER.index(answer.state)))

    def cancel(self, ctx: Ctx, ref: SessionRef) -> None:
        for reference in (ref.partner_ref, ref.state.get("elsewhere", "")):
            with suppress(StateMismatch):  # gone with the case
                ctx.wallets.drop(ref.attempt_id, reference)


def _client(ctx: Ctx) -> str:
    return str(ctx.config.get("client") or "")


def _is_rehearsal(ctx: Ctx) -> bool:
    named = str(ctx.config.get("environment") or ENVIRONMENTS[0])
    if named not in ENVIRONMENTS:
        raise BadConfig("environment_unknown", setting="environment")
    return named != ENVIRONMENTS[0] or bool(ctx.config.get("app_base"))


def _wallet(ctx: Ctx) -> str:
    """The scheme every wallet answers to, or the page of a simulator on this machine."""
    app = str(ctx.config.get("app_base") or "")
    if not app:
        return SCHEME
    host = urlsplit(app).hostname or ""
    if not is_web_address(app) or not (host == "localhost" or host.endswith(".localhost")):
        raise BadConfig("api_base_unusable", setting="app_base")
    return app


def _told(ctx: Ctx, ref: SessionRef, answer: WalletAnswer) -> Snapshot:
    """One answer in neutral words."""
    state, sandbox = answer.state, _is_rehearsal(ctx) or answer.is_here
    if state is WalletState.SHOWN and answer.credential is not None:
        return Snapshot(
            Phase.DONE,
            Outcome.VERIFIED,
            claims=tuple(neutral_claims(answer.credential.claims)),
            checks=(Check("eid", True), Check("credential", True)),
            assurance=(Assurance(FRAMEWORK, LEVEL, EidLevel.HIGH),),
            partner_ref=ref.partner_ref,
            sandbox=sandbox,
            evidence_digest=answer.credential.digest,
        )
    if state is WalletState.DECLINED:
        is_no = answer.problem == NO
        outcome = Outcome.USER_ABORTED if is_no else Outcome.RETRY_ALLOWED
        return _ended(ref, outcome, Reason.USER_CANCELLED if is_no else Reason.DEVICE_UNSUPPORTED, sandbox)
    if state is WalletState.TAKEN_BACK:
        return _ended(ref, Outcome.NOT_VERIFIED, Reason.EID_BLOCKED, sandbox)
    if state is WalletState.UNKNOWN:
        return _ended(ref, Outcome.PARTNER_FAILED, Reason.PARTNER_ERROR, sandbox)
    hints = {WalletState.OPENED: Hint.CONFIRM, WalletState.CHECKING: Hint.WORKING}
    return Snapshot(
        Phase.WAITING_FOR_USER,
        None,
        partner_ref=ref.partner_ref,
        sandbox=sandbox,
        hint=hints.get(state, Hint.OPEN_APP),
        is_link_over=state is WalletState.OVER,
    )


def _ended(ref: SessionRef, outcome: Outcome, reason: Reason, sandbox: bool) -> Snapshot:
    return Snapshot(Phase.DONE, outcome, reasons=(reason,), partner_ref=ref.partner_ref, sandbox=sandbox)

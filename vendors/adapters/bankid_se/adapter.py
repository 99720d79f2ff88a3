"""Swedish BankID, directly: an order at BankID, an app that the person opens, and `collect` until it is over.

Settings: environment (production or test), strength (what the app asks for), most_risk, server_root (PEM: BankID's own root,
which is the only one that is believed), api_base and app_base (a simulator's, in development); secret: identity (PEM: the
organisation's certificate with its key). Protects the person by showing in the app what it is for, and the order by a code
that holds for a second. What it does not do: verify the signature inside the answer; what vouches for it is the connection.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from vendors.adapters.bankid_se.api import IDENTITY, ask, is_rehearsal
from vendors.adapters.bankid_se.orders import EID_LEVEL, RISKS, read_order
from vendors.adapters.oidc.answers import is_web_address, text_of
from vendors.adapters.rest.api import with_state
from vendors.contract import (
    BadConfig,
    ConfigProblem,
    ContractBroken,
    Ctx,
    EidLevel,
    Listing,
    Manifest,
    PartnerAuthFailed,
    RequestRejected,
    SessionOver,
    SessionRef,
    Snapshot,
    Started,
    StartRequest,
    StateMismatch,
)

APP = "https://app.bankid.com/"
MOST_SHOWN = 1_500  # characters of userVisibleData, encoded
# RFC 5737: an address that is nobody's, for an order that nobody will follow.
NOBODY = "192.0.2.1"
STRENGTHS: dict[str, dict[str, bool]] = {"any": {}, "code": {"pinCode": True}, "chip": {"mrtd": True}}
ANY_RISK = "any"
# A new order when nobody came; an order that was opened lives for minutes, and says so itself.
LINK_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class BankIdAdapter:
    """`Fetches`, `ShowsCode`, `NamesLevel` and `Cancels`. Holds nothing but its manifest and listing."""

    manifest: Manifest
    listing: Listing

    def check(self, ctx: Ctx, *, return_urls: Sequence[str]) -> Sequence[ConfigProblem]:
        """Makes an order that nobody will follow and cancels it: that proves certificate, key, root and environment."""
        try:
            _most_risk(ctx)
            made, _ = ask(ctx, "auth", {"endUserIp": NOBODY, "requirement": _requirement(ctx)})
            with suppress(SessionOver):
                ask(ctx, "cancel", {"orderRef": text_of(made, "orderRef", longest=200)})
        except PartnerAuthFailed as error:
            return [ConfigProblem(IDENTITY, error.code, error.answered or str(error.http_status))]
        except BadConfig as error:
            return [ConfigProblem(error.setting or "environment", error.code, error.answered)]
        except (RequestRejected, ContractBroken) as error:
            return [ConfigProblem("environment", error.code, error.answered or str(error.http_status or ""))]
        return []

    def start(self, ctx: Ctx, request: StartRequest) -> Started:
        """A new order each time: BankID takes no key by which it would know the attempt again, and an order that nobody
        scanned is over within half a minute and is charged to nobody."""
        if not request.address:
            raise RequestRejected("address_missing")
        asked: dict[str, Any] = {
            "endUserIp": request.address,
            "requirement": _requirement(ctx),
            "userVisibleData": _shown(request),
            "userVisibleDataFormat": "simpleMarkdownV1",
            "userNonVisibleData": _encoded(f"attempt {request.attempt_id}"),
        }
        if _most_risk(ctx):
            asked["returnRisk"] = True
        made, moment = ask(ctx, "auth", asked)
        state = {
            "qr_token": text_of(made, "qrStartToken", longest=200),
            "qr_secret": text_of(made, "qrStartSecret", longest=200),
            "qr_since": moment.isoformat(),
            "address": request.address,
        }
        back = with_state(request.return_url, request.return_state)
        return Started(
            ref=SessionRef(request.attempt_id, text_of(made, "orderRef", longest=200), ctx.now, state),
            url=_app_link(ctx, text_of(made, "autoStartToken", longest=200), back),
            expires_at=moment + LINK_LIFE,
        )

    def code_at(self, ref: SessionRef, moment: datetime) -> str:
        """`bankid.<token>.<seconds>.<HMAC-SHA256 of the seconds>`, seconds since the order was made."""
        since = datetime.fromisoformat(ref.state["qr_since"])
        seconds = str(max(0, int((moment - since).total_seconds())))
        word = hmac.new(ref.state["qr_secret"].encode(), seconds.encode(), hashlib.sha256).hexdigest()
        return f"bankid.{ref.state['qr_token']}.{seconds}.{word}"

    def level_of(self, config: Mapping[str, str]) -> EidLevel | None:
        """The same for everybody who holds one."""
        return EID_LEVEL

    def fetch(self, ctx: Ctx, ref: SessionRef) -> Snapshot:
        """What must hold: 1. the order is the one that was asked for; 2. every word of it that decides is known."""
        order, _ = ask(ctx, "collect", {"orderRef": ref.partner_ref})
        if order.get("orderRef") != ref.partner_ref:  # 1
            raise StateMismatch("record_of_another_session")
        return read_order(  # 2
            order,
            partner_ref=ref.partner_ref,
            most_risk=_most_risk(ctx),
            address=ref.state.get("address", ""),
            is_rehearsal=is_rehearsal(ctx),
        )

    def cancel(self, ctx: Ctx, ref: SessionRef) -> None:
        with suppress(SessionOver, RequestRejected):  # it was over
            ask(ctx, "cancel", {"orderRef": ref.partner_ref})


def _requirement(ctx: Ctx) -> Mapping[str, bool]:
    named = str(ctx.config.get("strength") or "any")
    if named not in STRENGTHS:
        raise BadConfig("strength_unknown", setting="strength")
    return STRENGTHS[named]


def _most_risk(ctx: Ctx) -> str:
    """Empty where no risk is asked for."""
    named = str(ctx.config.get("most_risk") or RISKS[1])
    if named == ANY_RISK:
        return ""
    if named not in RISKS[:2]:
        raise BadConfig("risk_unknown", setting="most_risk")
    return named


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _shown(request: StartRequest) -> str:
    """What the app shows while it asks: the purpose, where it was begun, and what the person may read out there."""
    host = urlsplit(request.return_url).hostname or ""
    plain = "".join(letter for letter in request.purpose if letter not in "*#+|\n")
    shown = _encoded(f"# {plain}\n{host}\n{request.case_reference}".strip())
    if len(shown) > MOST_SHOWN:
        raise RequestRejected("purpose_too_long")
    return shown


def _app_link(ctx: Ctx, token: str, back: str) -> str:
    """Opens the app on this device, and the page again after it."""
    app = str(ctx.config.get("app_base") or APP)
    host = urlsplit(app).hostname or ""
    is_here = is_web_address(app) and (host == "localhost" or host.endswith(".localhost"))
    if app != APP and not (is_here and ctx.config.get("api_base")):
        raise BadConfig("api_base_unusable", setting="app_base")
    return f"{app}?{urlencode({'autostarttoken': token, 'redirect': back}, quote_via=quote)}"

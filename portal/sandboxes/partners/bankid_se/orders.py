"""An order from its making to its end: what it waits for, whether a code is this second's, and what was answered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime
from typing import Any

from portal.sandboxes.partners.world import WORLD, Session, has, shown_person

SCENARIOS = {
    "verified": "Confirmed in the app",
    "coordination_number": "Confirmed, with a coordination number",
    "diacritics": "Confirmed, with names that need more than ASCII",
    "other_address": "Confirmed on a phone in another network",
    "risk_moderate": "Confirmed, and the risk is moderate",
    "risk_high": "Confirmed, and the risk is high",
    "user_cancel": "Canceled in the app",
    "expired": "Opened, and not confirmed in time",
    "certificate_error": "The BankID is blocked",
    "used_elsewhere": "Another sign-in with it began meanwhile",
    "app_too_old": "The app cannot do what was asked for",
    "risk_blocked": "BankID itself stopped it as too risky",
    "hint_unknown": "Failed for a reason nobody knows",
}
FAILED = {
    "user_cancel": "userCancel",
    "expired": "expiredTransaction",
    "certificate_error": "certificateErr",
    "used_elsewhere": "cancelled",
    "app_too_old": "notSupportedByUserApp",
    "risk_blocked": "transactionRiskBlocked",
    "hint_unknown": "moonInTheSeventhHouse",
}
RISKS = {"risk_moderate": "moderate", "risk_high": "high"}
# The personal numbers are of BankID's test series: nobody has them.
PERSON = {"personal_number": "199002012384"}
CHANGES = {
    "coordination_number": {"personal_number": "199002612381"},
    "diacritics": {"given": "Åsa Märta", "family": "Öström"},
}
UNOPENED_SECONDS = 30.0
OPENED_SECONDS = 180.0
CODE_SECONDS = 10


def is_over(order: Session) -> bool:
    return bool(order.scenario or order.ended_early) or bool(_timed_out(order))


def _timed_out(order: Session) -> str:
    now, opened = time.time(), order.wanted["opened"]
    if not opened:
        return "startFailed" if now > order.wanted["begun"] + UNOPENED_SECONDS else ""
    return "expiredTransaction" if now > opened + OPENED_SECONDS else ""


def open_order(order: Session) -> bool:
    """The app has it. False where it is over."""
    with WORLD.lock:
        if is_over(order):
            return False
        order.wanted["opened"] = order.wanted["opened"] or time.time()
    return True


def scan(code: str) -> Session | str:
    """The order whose code this is, or why there is none. A code holds for seconds, not for whoever photographed it."""
    parts = code.strip().split(".")
    if len(parts) != 4 or parts[0] != "bankid" or not parts[2].isdigit():
        return "not_a_code"
    order = next((each for each in WORLD.newest(500) if each.wanted["qr_token"] == parts[1]), None)
    if order is None:
        return "token_unknown"
    wanted = hmac.new(order.wanted["qr_secret"].encode(), parts[2].encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, parts[3]):
        return "word_wrong"
    age = time.time() - order.wanted["begun"] - int(parts[2])
    if not -2 < age <= CODE_SECONDS:
        return "code_old"
    return order if open_order(order) else "order_over"


def hint_of(order: Session) -> str:
    if not order.wanted["opened"]:
        return "outstandingTransaction"
    if order.reads <= 1:
        return "started"
    return "userMrtd" if order.wanted["asked"].get("requirement", {}).get("mrtd") else "userSign"


def collected(order: Session) -> dict[str, Any]:
    """What `collect` answers."""
    shown = {"orderRef": "another" if has("another_session") else order.id}
    if has("unknown_word"):
        return {**shown, "status": "pondering", "hintCode": "started"}
    failed = order.ended_early or FAILED.get(order.scenario) or ("" if order.scenario else _timed_out(order))
    if failed:
        return {**shown, "status": "failed", "hintCode": failed}
    if not order.scenario:
        if order.wanted["opened"]:
            order.reads += 1
        return {**shown, "status": "pending", "hintCode": hint_of(order)}
    return {**shown, "status": "complete", "completionData": _completion(order)}


def _completion(order: Session) -> dict[str, Any]:
    person = {**PERSON, **shown_person(order), **CHANGES.get(order.scenario, {})}
    asked = order.wanted["asked"]
    address = "198.51.100.7" if order.scenario == "other_address" else asked["endUserIp"]
    data: dict[str, Any] = {
        "user": {
            "personalNumber": person["personal_number"],
            "name": f"{person['given']} {person['family']}",
            "givenName": person["given"],
            "surname": person["family"],
        },
        "device": {"ipAddress": address, "uhi": "c2ltdWxhdGVkIGRldmljZQ"},
        "bankIdIssueDate": datetime(2026, 1, 1, tzinfo=UTC).date().isoformat(),
        "signature": base64.b64encode(b"<simulated/>").decode(),
        "ocspResponse": base64.b64encode(b"simulated").decode(),
    }
    if asked.get("requirement", {}).get("mrtd"):
        data["stepUp"] = {"mrtd": True}
    if asked.get("returnRisk"):
        data["risk"] = RISKS.get(order.scenario, "low")
    return data


def finish(order: Session) -> None:
    """Whoever answers has opened it."""
    order.wanted["opened"] = order.wanted["opened"] or time.time()


def settle(order: Session) -> None:
    """Nothing here takes time."""

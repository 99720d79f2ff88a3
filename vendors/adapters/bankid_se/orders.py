"""From an order, as `collect` shows it, to neutral words. A status nobody knows is a broken contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from vendors.adapters.values import mapping, plain_text
from vendors.contract import (
    Assurance,
    Check,
    Claim,
    ClaimState,
    ContractBroken,
    EidLevel,
    Hint,
    Outcome,
    Phase,
    Reason,
    Snapshot,
)

# What a pending order waits for. BankID may add words; one that is not here says nothing to the person and stops nothing.
HINTS = {
    "outstandingTransaction": Hint.OPEN_APP,
    "noClient": Hint.OPEN_APP,
    "started": Hint.APP_STARTING,
    "userMrtd": Hint.READ_DOCUMENT,
    "userCallConfirm": Hint.CONFIRM,
    "userSign": Hint.CONFIRM,
    "processing": Hint.WORKING,
}
# How a failed order failed. One that is not here is no refusal: nobody knows what it means.
ENDS = {
    "expiredTransaction": (Outcome.EXPIRED, Reason.TIMED_OUT),
    "certificateErr": (Outcome.NOT_VERIFIED, Reason.EID_BLOCKED),
    "userCancel": (Outcome.USER_ABORTED, Reason.USER_CANCELLED),
    "userDeclinedCall": (Outcome.USER_ABORTED, Reason.USER_CANCELLED),
    "cancelled": (Outcome.RETRY_ALLOWED, Reason.EID_USED_ELSEWHERE),
    "notSupportedByUserApp": (Outcome.RETRY_ALLOWED, Reason.DEVICE_UNSUPPORTED),
    "transactionRiskBlocked": (Outcome.NOT_VERIFIED, Reason.RISK_SIGNAL),
}
NEVER_STARTED = "startFailed"
RISKS = ("low", "moderate", "high")
# Svensk e-legitimation, level 3, which those who broker it call substantial.
FRAMEWORK, LEVEL, EID_LEVEL = "se_eid", "loa3", EidLevel.SUBSTANTIAL


def read_order(
    order: Mapping[str, Any], *, partner_ref: str, most_risk: str, address: str, is_rehearsal: bool
) -> Snapshot:
    """`most_risk`: the highest of RISKS that is taken, empty where none was asked for. `address`: the browser's."""
    about: dict[str, Any] = {"partner_ref": partner_ref, "sandbox": is_rehearsal}
    status, hint = order.get("status"), order.get("hintCode")
    if status == "pending":
        return Snapshot(Phase.WAITING_FOR_USER, None, hint=HINTS.get(str(hint)), **about)
    about["evidence_digest"] = hashlib.sha256(json.dumps(order, sort_keys=True).encode()).hexdigest()
    if status == "failed":
        if hint == NEVER_STARTED:
            return Snapshot(Phase.WAITING_FOR_USER, None, hint=Hint.OPEN_APP, is_link_over=True, **about)
        if hint not in ENDS:
            raise ContractBroken("hint_unknown")
        outcome, reason = ENDS[str(hint)]
        return Snapshot(Phase.DONE, outcome, reasons=(reason,), **about)
    if status != "complete":
        raise ContractBroken("status_unknown")
    return _complete(
        mapping(order.get("completionData"), "completion_missing"),
        most_risk=most_risk,
        address=address,
        about=about,
    )


def _complete(data: Mapping[str, Any], *, most_risk: str, address: str, about: Mapping[str, Any]) -> Snapshot:
    """What must hold: 1. the person is named, with a number that can be one; 2. the risk, where it was asked for, is one of
    the words and not above what is taken."""
    user = mapping(data.get("user"), "user_missing")
    claims = _claims(user)  # 1
    device = mapping(data.get("device", {}), "device_unusable")
    checks = [Check("eid", True)]
    # Another address is no fault: a computer and a phone are often in different networks.
    checks.append(Check("same_address", True if address and device.get("ipAddress") == address else None))
    if most_risk:  # 2
        risk = data.get("risk")
        if risk not in RISKS:
            raise ContractBroken("risk_missing" if risk is None else "risk_unknown")
        is_taken = RISKS.index(str(risk)) <= RISKS.index(most_risk)
        checks.append(Check("risk", is_taken, () if is_taken else (Reason.RISK_SIGNAL,)))
        if not is_taken:
            return Snapshot(
                Phase.DONE, Outcome.NOT_VERIFIED, checks=tuple(checks), reasons=(Reason.RISK_SIGNAL,), **about
            )
    return Snapshot(
        phase=Phase.DONE,
        outcome=Outcome.VERIFIED,
        claims=claims,
        checks=tuple(checks),
        assurance=(Assurance(FRAMEWORK, LEVEL, EID_LEVEL),),
        **about,
    )


def _claims(user: Mapping[str, Any]) -> tuple[Claim, ...]:
    given, family = plain_text(user.get("givenName")), plain_text(user.get("surname"))
    if not given or not family:
        raise ContractBroken("name_missing")
    number = plain_text(user.get("personalNumber"))
    return (
        Claim("given_names", ClaimState.VALUE, given),
        Claim("family_name", ClaimState.VALUE, family),
        Claim("birthdate", ClaimState.VALUE, birthdate_of(number)),
        Claim("national_id", ClaimState.VALUE, number),
        Claim("national_id_country", ClaimState.VALUE, "SWE"),
    )


def birthdate_of(number: str) -> str:
    """Of a Swedish personal or coordination number in twelve digits: the latter has sixty added to the day. ContractBroken
    for what is neither, a wrong check digit included."""
    if len(number) != 12 or not (number.isascii() and number.isdigit()) or _check_sum(number[2:]) % 10:
        raise ContractBroken("personal_number_unusable")
    day = int(number[6:8])
    try:
        born = date(int(number[:4]), int(number[4:6]), day - 60 if day > 60 else day)
    except ValueError as error:
        raise ContractBroken("personal_number_unusable") from error
    return born.isoformat()


def _check_sum(digits: str) -> int:
    """Luhn, over ten digits."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(value // 10 + value % 10 for value in doubled)

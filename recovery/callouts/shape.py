"""The request and the answer of Microsoft's `verifiedIdClaimValidation` event, so that endpoints made for it work here.

Built after Microsoft's tutorial on claim validation in account recovery and the endpoint it publishes as a sample
(Azure-Samples/active-directory-verifiable-credentials-dotnet, folder 7). Pure. Protects a decision from an answer that
says nothing, two things, or something nobody knows: each of them is silence. What it does not do: send.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EVENT = "microsoft.graph.authenticationEvent.verifiedIdClaimValidation"
ASKED = "microsoft.graph.onVerifiedIdClaimValidationCalloutData"
ANSWERED = "microsoft.graph.onVerifiedIdClaimValidationResponseData"
PASS = "microsoft.graph.verifiedIdClaimValidation.pass"  # noqa: S105
FAILED = "microsoft.graph.verifiedIdClaimValidation.failed"
MEDIA_TYPE = "application/json"
MOST_FAILED = 20
OTHER = "other"
# What can be told of a Verified ID, by Microsoft's name for it. The portrait and the document's number are not among it:
# the one never leaves, the other is not kept.
CLAIMS: Mapping[str, str] = {
    "firstName": "given_name",
    "lastName": "family_name",
    "fullName": "",
    "dateOfBirth": "birthdate",
    "documentType": "document_type",
    "documentCountry": "document_country",
}
USUAL = ("firstName", "lastName", "fullName", "dateOfBirth")


class Silence(Exception):
    """The endpoint did not answer in a way that can be believed. `worth_retrying`: it may answer another time."""

    def __init__(self, code: str, *, worth_retrying: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.worth_retrying = worth_retrying


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account it is about, as the directory has it."""

    id: str
    user_name: str
    given_names: str
    family_name: str
    mail: str
    employee_number: str
    is_guest: bool
    created: str


@dataclass(frozen=True, slots=True)
class Asking:
    """`correlation` is the same for every try of one question."""

    tenant_id: str
    callout_id: str
    host: str
    organisation: str
    correlation: str
    locale: str
    account: Account = field(repr=False)
    claims: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """`failed_claims`: of the names that were sent; any other is `other`."""

    passed: bool
    failed_claims: tuple[str, ...] = ()


def chosen_claims(shown: Mapping[str, str], chosen: Sequence[str]) -> dict[str, str]:
    """By Microsoft's names; what the card does not hold is left out."""
    whole = {name: shown.get(ours, "") for name, ours in CLAIMS.items()}
    whole["fullName"] = " ".join(part for part in (whole["firstName"], whole["lastName"]) if part)
    return {name: whole[name] for name in CLAIMS if name in chosen and whole[name]}


def write_request(asking: Asking) -> bytes:
    """The body. Members that Microsoft sends and this product has nothing for are null."""
    account = asking.account
    body = {
        "type": EVENT,
        "source": f"/tenants/{asking.tenant_id}/applications/{asking.callout_id}",
        "data": {
            "@odata.type": ASKED,
            "tenantId": asking.tenant_id,
            "authenticationEventListenerId": asking.callout_id,
            "customAuthenticationExtensionId": asking.callout_id,
            "authenticationContext": {
                "correlationId": asking.correlation,
                "protocol": "OAUTH2",
                "client": {"clientIp": None, "locale": asking.locale, "market": asking.locale},
                "clientServicePrincipal": {
                    "id": asking.callout_id,
                    "appId": asking.callout_id,
                    "displayName": asking.organisation,
                },
                "resourceServicePrincipal": None,
                "user": {
                    "id": account.id,
                    "userPrincipalName": account.user_name,
                    "givenName": account.given_names,
                    "surname": account.family_name,
                    "mail": account.mail or None,
                    "onPremisesSamAccountName": None,
                    "userType": "Guest" if account.is_guest else "Member",
                    "createdDateTime": account.created,
                },
            },
            "verifiedIdClaimsContext": {
                "identities": [
                    {
                        "issuer": asking.host,
                        "issuerAssignedId": account.user_name,
                        "signInType": "userPrincipalName",
                    }
                ],
                "additionalInfo": {"employeeId": account.employee_number or None},
                "claims": dict(asking.claims),
            },
        },
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def read_answer(status: int, media_type: str, body: bytes, *, sent: Sequence[str]) -> Answer:
    """What must hold: 1. status 200; 2. JSON, and called so; 3. one object, no name twice; 4. the type of the answer;
    5. exactly one action; 6. an action that is known. Silence for anything else."""
    if status != 200:  # 1
        raise Silence(f"status_{status}", worth_retrying=status == 429 or status >= 500)
    if media_type.partition(";")[0].strip().lower() != MEDIA_TYPE:  # 2
        raise Silence("not_json")
    data = _object(body).get("data")  # 3
    if not isinstance(data, dict) or _type_of(data) != ANSWERED:  # 4
        raise Silence("not_an_answer")
    actions = data.get("actions")
    if not isinstance(actions, list) or len(actions) != 1 or not isinstance(actions[0], dict):  # 5
        raise Silence("not_one_action")
    action = _type_of(actions[0])
    if action == PASS:
        # A yes that names failed claims says two things.
        if actions[0].get("failedClaims"):
            raise Silence("contradiction")
        return Answer(True)
    if action == FAILED:
        return Answer(False, _failed(actions[0].get("failedClaims"), sent))
    raise Silence("unknown_action")  # 6


def _type_of(part: Mapping[str, Any]) -> str:
    """OData writes types with and without the number sign."""
    value = part.get("@odata.type")
    return value.removeprefix("#") if isinstance(value, str) else ""


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Silence("not_json") from error
    if not isinstance(value, dict):
        raise Silence("not_an_answer")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _failed(named: Any, sent: Sequence[str]) -> tuple[str, ...]:
    """An endpoint may write anything there, a value too: only names that were sent are kept."""
    if not isinstance(named, list):
        return ()
    kept = [name if isinstance(name, str) and name in sent else OTHER for name in named[:MOST_FAILED]]
    return tuple(dict.fromkeys(kept))

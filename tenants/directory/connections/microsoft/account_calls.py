"""Asking Microsoft Graph about one account: its ways to sign in, its Temporary Access Pass, and the policy of passes.

Protects the characters of a pass (they are in no log, error or repr) and an account from answers about another one: what
is asked is asked by the account's own id, and a pass counts as made only when it stands among the passes of that account.
What it does not do: keep or decide anything. Reference: Microsoft Graph v1.0, "authentication methods".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from portal.kit import http
from portal.kit.errors import Unavailable
from portal.kit.remote import RemoteRefused, Token, read_object, require_well, time_of
from tenants.directory.connections.contract import (
    Account,
    AccountGone,
    FoundPass,
    MadePass,
    Method,
    Policy,
)
from tenants.directory.connections.microsoft import addresses

TIMEOUT = 8.0
MAX_ANSWER = 1_000_000
ROLES = {
    "policy": (
        "Policy.Read.All",
        "Policy.Read.AuthenticationMethod",
        "Policy.ReadWrite.AuthenticationMethod",
    ),
    "methods": ("UserAuthenticationMethod.ReadWrite.All",),
    "sessions": ("User.RevokeSessions.All", "User.ReadWrite.All"),
}
# What a user registers for themselves, and the collection it is deleted from. A password is no such thing: it cannot be.
COLLECTIONS = {
    "fido2AuthenticationMethod": "fido2Methods",
    "microsoftAuthenticatorAuthenticationMethod": "microsoftAuthenticatorMethods",
    "windowsHelloForBusinessAuthenticationMethod": "windowsHelloForBusinessMethods",
    "platformCredentialAuthenticationMethod": "platformCredentialMethods",
    "phoneAuthenticationMethod": "phoneMethods",
    "softwareOathAuthenticationMethod": "softwareOathMethods",
    "emailAuthenticationMethod": "emailMethods",
}
# What takes a person there, and says when it was made.
COUNTED = frozenset(
    {
        "fido2AuthenticationMethod",
        "windowsHelloForBusinessAuthenticationMethod",
        "platformCredentialAuthenticationMethod",
        "microsoftAuthenticatorAuthenticationMethod",
    }
)
_TYPE = "#microsoft.graph."
_METHOD_ID = re.compile(r"[A-Za-z0-9_.=+-]{1,300}")
_CHARACTERS = re.compile(r"[\x21-\x7e]{8,48}")
_ENTITY = re.compile(r"users\('([^']*)'\)")


def _send(
    method: str, path: str, token: Token, *, what: str, body: Mapping[str, Any] | None = None
) -> http.Reply:
    headers = {"Authorization": f"Bearer {token.value}", "Accept": "application/json"}
    sent = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        sent = json.dumps(body).encode()
    reply = http.send(
        method, addresses.api_url(path), headers=headers, body=sent, timeout=TIMEOUT, max_bytes=MAX_ANSWER
    )
    require_well(reply)
    if reply.status == 401:
        raise RemoteRefused("token_rejected", http_status=401)
    if reply.status == 403:
        raise RemoteRefused(f"permission_missing_{what}", http_status=403)
    return reply


def _user(object_id: str, rest: str = "") -> str:
    # Read as a UUID before it becomes part of an address.
    return f"users/{UUID(object_id)}{rest}"


def _object(reply: http.Reply, *, status: int = 200) -> Mapping[str, Any]:
    if reply.status != status:
        raise RemoteRefused("request_refused", http_status=reply.status)
    return read_object(reply)


def _values(reply: http.Reply) -> list[Mapping[str, Any]]:
    """A collection that is told at once. AccountGone for an account that is not there."""
    if reply.status == 404:
        raise AccountGone
    body = _object(reply)
    value = body.get("value")
    # A page would be half of it, and half of it would say that the rest is new.
    if (
        not isinstance(value, list)
        or "@odata.nextLink" in body
        or not all(isinstance(one, dict) for one in value)
    ):
        raise Unavailable("answer_unusable")
    return value


def read_account(token: Token, object_id: str) -> Account:
    """AccountGone where there is none."""
    path = _user(object_id, "?$select=id,accountEnabled,userType")
    reply = _send("GET", path, token, what="users")
    if reply.status == 404:
        raise AccountGone
    body = _object(reply)
    if str(body.get("id")).lower() != str(UUID(object_id)) or not isinstance(
        body.get("accountEnabled"), bool
    ):
        raise Unavailable("answer_unusable")
    return Account(body["accountEnabled"], str(body.get("userType")).lower() == "guest")


def read_policy(token: Token) -> Policy:
    path = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass"
    body = _object(_send("GET", path, token, what="policy"))
    numbers = [
        body.get(name)
        for name in (
            "minimumLifetimeInMinutes",
            "maximumLifetimeInMinutes",
            "defaultLifetimeInMinutes",
            "defaultLength",
        )
    ]
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 < one <= 43_200 for one in numbers):
        raise Unavailable("answer_unusable")
    shortest, longest, usual, length = (int(str(one)) for one in numbers)
    if shortest > longest or not isinstance(body.get("isUsableOnce"), bool):
        raise Unavailable("answer_unusable")
    included, excluded = _targets(body.get("includeTargets")), _targets(body.get("excludeTargets"))
    is_enabled = body.get("state") == "enabled"
    return Policy(is_enabled, shortest, longest, usual, length, body["isUsableOnce"], included, excluded)


def _targets(value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else []
    return tuple(str(one["id"])[:60] for one in found if isinstance(one, dict) and "id" in one)


def list_methods(token: Token, object_id: str) -> list[Method]:
    """Everything the account signs in with, passes left out."""
    reply = _send("GET", _user(object_id, "/authentication/methods"), token, what="methods")
    found = []
    for one in _values(reply):
        kind = str(one.get("@odata.type", "")).removeprefix(_TYPE)
        name = one.get("id")
        if not isinstance(name, str) or not _METHOD_ID.fullmatch(name):
            raise Unavailable("answer_unusable")
        if kind != "temporaryAccessPassAuthenticationMethod":
            since = time_of(one.get("createdDateTime") or one.get("creationDateTime"))
            found.append(Method(name, kind[:60], since, kind in COLLECTIONS, kind in COUNTED))
    return found


def list_passes(token: Token, object_id: str) -> list[FoundPass]:
    """One at most, used and expired ones among them."""
    path = _user(object_id, "/authentication/temporaryAccessPassMethods")
    return [_found(one) for one in _values(_send("GET", path, token, what="methods"))]


def _found(body: Mapping[str, Any]) -> FoundPass:
    name = body.get("id")
    if not isinstance(name, str) or not _METHOD_ID.fullmatch(name):
        raise Unavailable("answer_unusable")
    return FoundPass(name, body.get("methodUsabilityReason") == "OneTimeUsed")


def make_pass(token: Token, object_id: str, *, minutes: int) -> MadePass:
    """It takes the place of an earlier one."""
    path = _user(object_id, "/authentication/temporaryAccessPassMethods")
    reply = _send(
        "POST", path, token, what="methods", body={"lifetimeInMinutes": minutes, "isUsableOnce": True}
    )
    if reply.status == 404:
        raise AccountGone
    if reply.status == 400:
        raise RemoteRefused("pass_refused", http_status=400)
    body = _object(reply, status=201)
    whose = _ENTITY.search(str(body.get("@odata.context", "")))
    if whose is not None and whose[1].lower() != str(UUID(object_id)):
        raise Unavailable("pass_of_another")
    # One for several uses is never said to be used, and whoever overhears it uses it as well.
    if body.get("isUsableOnce") is False:
        raise Unavailable("pass_not_once")
    found, characters = _found(body), body.get("temporaryAccessPass")
    created_at, lifetime = time_of(body.get("createdDateTime")), body.get("lifetimeInMinutes")
    if not isinstance(characters, str) or not _CHARACTERS.fullmatch(characters) or created_at is None:
        raise Unavailable("answer_unusable")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or not 0 < lifetime <= 43_200:
        raise Unavailable("answer_unusable")
    is_usable = body.get("methodUsabilityReason") in ("EnabledByPolicy", "NotYetValid")
    return MadePass(found.id, characters, created_at, lifetime, is_usable)


def _delete(token: Token, path: str) -> bool:
    """Whether it is gone; what was not there is. False where the service says no."""
    reply = _send("DELETE", path, token, what="methods")
    return reply.status in (200, 204, 404)


def delete_pass(token: Token, object_id: str, pass_id: str) -> bool:
    name = quote(pass_id, safe="")
    return _delete(token, _user(object_id, f"/authentication/temporaryAccessPassMethods/{name}"))


def delete_method(token: Token, object_id: str, method: Method) -> bool:
    collection = COLLECTIONS.get(method.kind)
    if collection is None:
        return False
    name = quote(method.id, safe="")
    return _delete(token, _user(object_id, f"/authentication/{collection}/{name}"))


def end_sessions(token: Token, object_id: str) -> None:
    """Refresh tokens and cookies stop working; it may take the service some minutes."""
    reply = _send("POST", _user(object_id, "/revokeSignInSessions"), token, what="sessions")
    if reply.status == 404:
        raise AccountGone
    if reply.status not in (200, 204):
        raise RemoteRefused("request_refused", http_status=reply.status)

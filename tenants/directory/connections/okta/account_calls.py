"""Asking Okta about one account: its ways to sign in, its temporary access code, and the authenticator behind it.

Protects the characters of a code (they are in no log, error or repr) and an account from answers about another one: what is
asked is asked by the account's own id, and a code counts as made only when it stands among the enrolments of that account.
What it does not do: keep or decide anything. Reference: Okta management API, UserAuthenticatorEnrollments, Authenticator,
UserSessions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.kit import http
from portal.kit.errors import Unavailable
from portal.kit.remote import RemoteRefused, read_object, time_of
from tenants.directory.connections.contract import (
    Account,
    AccountGone,
    Fate,
    FoundPass,
    MadePass,
    Method,
    Policy,
    Span,
)
from tenants.directory.connections.okta import addresses, reading
from tenants.directory.connections.okta.calls import Caller, read_list

TIMEOUT = 8.0
TAC = "tac"
# What takes a person there. A telephone or a mailbox does too, and is what thieves add.
COUNTED = frozenset({"webauthn", "okta_verify", "yubikey_token", "google_otp", "custom_app"})
# A password and the mailbox are not what somebody registers for themselves.
KEPT = frozenset({"okta_password", "okta_email", TAC})
_ENROLLED = re.compile(r"[A-Za-z0-9]{10,60}")
_CHARACTERS = re.compile(r"[\x21-\x7e]{6,128}")
_LONGEST = 14_400


def _user(object_id: str, rest: str = "") -> str:
    return f"users/{addresses.read_id(object_id)}{rest}"


def _url(caller: Caller, object_id: str, rest: str = "", **query: str) -> str:
    return addresses.api_url(caller.host, _user(object_id, rest), **query)


def read_account(caller: Caller, object_id: str) -> Account:
    reply = caller.send("GET", _url(caller, object_id), what="users", timeout=TIMEOUT)
    if reply.status == 404:
        raise AccountGone
    if reply.status != 200:
        raise RemoteRefused("request_refused", http_status=reply.status)
    body = read_object(reply)
    is_enabled = reading.is_enabled(body.get("status"))
    if body.get("id") != object_id or is_enabled is None:
        raise Unavailable("answer_unusable")
    return Account(is_enabled, signed_in_at=time_of(body.get("lastLogin")))


def read_policy(caller: Caller) -> Policy:
    """Of the authenticator that makes codes. Not enabled where the organisation has none."""
    url = addresses.api_url(caller.host, "authenticators")
    for one in read_list(caller.send("GET", url, what="policy", timeout=TIMEOUT)):
        if isinstance(one, dict) and one.get("key") == TAC:
            return _policy(one)
    return Policy(False, 10, _LONGEST, 10, 0, True)


def _policy(body: Mapping[str, Any]) -> Policy:
    provider = body.get("provider")
    found = provider.get("configuration") if isinstance(provider, dict) else None
    if not isinstance(found, dict):
        raise Unavailable("answer_unusable")
    numbers = [found.get(name) for name in ("minTtl", "maxTtl", "defaultTtl", "length")]
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 < one <= _LONGEST for one in numbers):
        raise Unavailable("answer_unusable")
    shortest, longest, usual, length = (int(str(one)) for one in numbers)
    if shortest > longest:
        raise Unavailable("answer_unusable")
    try:
        reference = addresses.read_id(body.get("id"))
    except ValueError as error:
        raise Unavailable("answer_unusable") from error
    is_enabled = body.get("status") == "ACTIVE"
    return Policy(
        is_enabled,
        shortest,
        longest,
        usual,
        length,
        found.get("multiUseAllowed") is not True,
        reference=reference,
    )


def _enrolments(caller: Caller, object_id: str) -> list[Mapping[str, Any]]:
    """Told at once. AccountGone for an account that is not there."""
    url = _url(caller, object_id, "/authenticator-enrollments")
    reply = caller.send("GET", url, what="methods", timeout=TIMEOUT)
    if reply.status == 404:
        raise AccountGone
    found = read_list(reply)
    # A page would be half of it, and half of it would say that the rest is new.
    if 'rel="next"' in reply.headers.get("link", "") or not all(isinstance(one, dict) for one in found):
        raise Unavailable("answer_unusable")
    for one in found:
        if not isinstance(one.get("id"), str) or not _ENROLLED.fullmatch(one["id"]):
            raise Unavailable("answer_unusable")
    return found


def list_methods(caller: Caller, object_id: str) -> list[Method]:
    found = []
    for one in _enrolments(caller, object_id):
        key = str(one.get("key"))[:60]
        if key != TAC:
            counts = key in COUNTED and one.get("status") == "ACTIVE"
            found.append(Method(one["id"], key, time_of(one.get("created")), key not in KEPT, counts))
    return found


def list_passes(caller: Caller, object_id: str) -> list[FoundPass]:
    return [FoundPass(one["id"]) for one in _enrolments(caller, object_id) if one.get("key") == TAC]


def make_pass(caller: Caller, object_id: str, policy: Policy, *, minutes: int) -> MadePass:
    """It takes the place of an earlier one. Once, whatever the organisation would allow."""
    wanted = policy.lifetime(minutes)
    body = {"authenticatorId": policy.reference, "profile": {"ttl": str(wanted), "multiUse": False}}
    url = _url(caller, object_id, "/authenticator-enrollments/tac")
    reply = caller.send("POST", url, what="methods", body=body, timeout=TIMEOUT)
    if reply.status == 404:
        raise AccountGone
    if reply.status == 400:
        raise RemoteRefused("pass_refused", http_status=400)
    if reply.status not in (200, 201):
        raise RemoteRefused("request_refused", http_status=reply.status)
    return _made(object_id, read_object(reply), wanted)


def _made(object_id: str, body: Mapping[str, Any], wanted: int) -> MadePass:
    if not _is_of(object_id, body):
        raise Unavailable("pass_of_another")
    name, profile, created_at = body.get("id"), body.get("profile"), time_of(body.get("created"))
    characters = profile.get("tac") if isinstance(profile, dict) else None
    if not isinstance(name, str) or not _ENROLLED.fullmatch(name) or created_at is None:
        raise Unavailable("answer_unusable")
    if (
        not isinstance(characters, str)
        or not _CHARACTERS.fullmatch(characters)
        or not isinstance(profile, dict)
    ):
        raise Unavailable("answer_unusable")
    minutes = _minutes(profile.get("expiresAt"), created_at) or wanted
    return MadePass(name, characters, created_at, min(minutes, wanted), body.get("status") == "ACTIVE")


def _is_of(object_id: str, body: Mapping[str, Any]) -> bool:
    """Whether the answer says that it is about this account, or does not say whose it is."""
    links = body.get("_links")
    whose = links.get("user") if isinstance(links, dict) else None
    href = whose.get("href") if isinstance(whose, dict) else None
    return not isinstance(href, str) or href.rpartition("/users/")[2] == object_id


def _minutes(expires: Any, created_at: datetime) -> int:
    """Between two times of Okta's; the end is told in UTC without saying so. Nothing where it does not say."""
    try:
        until = datetime.fromisoformat(str(expires))
    except ValueError:
        return 0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0, round((until - created_at) / timedelta(minutes=1)))


def fate_of_pass(
    caller: Caller, object_id: str, pass_id: str, *, account: Account, valid: Span, is_over: bool
) -> Fate:
    """Okta does not say that a code was used. It was when it is not valid any more, and somebody signed in to this account
    while it was: every session had been ended before it was made."""
    found = next((one for one in _enrolments(caller, object_id) if one["id"] == pass_id), None)
    if found is not None and found.get("status") == "ACTIVE":
        return Fate.WAITS
    # Times of Okta's only, to the second.
    since = valid.begins_at.replace(microsecond=0)
    if account.signed_in_at is not None and since <= account.signed_in_at <= valid.ends_at:
        return Fate.USED
    return Fate.WAITS if is_over or found is not None else Fate.GONE


def _delete(caller: Caller, object_id: str, enrolment_id: str) -> bool:
    if not _ENROLLED.fullmatch(enrolment_id):
        raise ValueError("not an enrolment")
    url = _url(caller, object_id, f"/authenticator-enrollments/{enrolment_id}")
    reply: http.Reply = caller.send("DELETE", url, what="methods", timeout=TIMEOUT)
    return reply.status in (200, 204, 404)


def delete_pass(caller: Caller, object_id: str, pass_id: str) -> bool:
    return _delete(caller, object_id, pass_id)


def delete_method(caller: Caller, object_id: str, method: Method) -> bool:
    return method.is_removable and _delete(caller, object_id, method.id)


def end_sessions(caller: Caller, object_id: str) -> None:
    """With refresh tokens and remembered devices."""
    url = _url(caller, object_id, "/sessions", oauthTokens="true", forgetDevices="true")
    reply = caller.send("DELETE", url, what="sessions", timeout=TIMEOUT)
    if reply.status == 404:
        raise AccountGone
    if reply.status not in (200, 204):
        raise RemoteRefused("request_refused", http_status=reply.status)

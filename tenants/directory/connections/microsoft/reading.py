"""Reading what a page of Microsoft Graph tells, held against what we can keep. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from tenants.directory.connections.told import (
    LONGEST_NAME,
    Group,
    User,
    keep_emails,
    keep_text,
    read_each,
)

# Microsoft's property, ours
_TEXTS = (
    ("userPrincipalName", "user_name"),
    ("givenName", "given_names"),
    ("surname", "family_name"),
    ("displayName", "display_name"),
    ("employeeId", "employee_number"),
    ("department", "department"),
    ("mobilePhone", "phone"),
    # Where somebody works; where they may be licensed to, if that is all that is known.
    ("usageLocation", "country"),
    ("country", "country"),
)


def _object_id(unverified: object) -> str:
    """ValueError when it is none."""
    if not isinstance(unverified, str):
        raise ValueError("an object has no id")
    return str(UUID(unverified))


def read_users(unverified: Iterable[object]) -> tuple[dict[str, User], int]:
    return read_each(unverified, _user)


def read_groups(unverified: Iterable[object]) -> tuple[dict[str, Group], int]:
    return read_each(unverified, _group)


def _user(unverified: object) -> User:
    if not isinstance(unverified, dict):
        raise ValueError("not an object")
    user = User(_object_id(unverified.get("id")))
    if "@removed" in unverified:
        user.is_removed = True
        return user
    for name, own in _TEXTS:
        if name in unverified and (unverified[name] or own not in user.texts):
            keep_text(user, own, unverified[name])
    user.mail = keep_emails(user, unverified["mail"]) if "mail" in unverified else None
    others = unverified.get("otherMails")
    user.other_mails = keep_emails(user, others) if "otherMails" in unverified else None
    enabled, kind = unverified.get("accountEnabled"), unverified.get("userType")
    user.is_enabled = enabled if isinstance(enabled, bool) else None
    user.is_guest = kind.lower() == "guest" if isinstance(kind, str) else None
    return user


def _group(unverified: object) -> Group:
    if not isinstance(unverified, dict):
        raise ValueError("not an object")
    group = Group(_object_id(unverified.get("id")))
    if "@removed" in unverified:
        group.is_removed = True
        return group
    name = unverified.get("displayName")
    if isinstance(name, str) and name.strip() and "\x00" not in name:
        group.name = name.strip()[:LONGEST_NAME]
    members = unverified.get("members@delta", [])
    if not isinstance(members, list):
        raise ValueError("members are no list")
    for member in members:
        _note_member(group, member)
    return group


def _note_member(group: Group, unverified: object) -> None:
    if not isinstance(unverified, dict):
        raise ValueError("a member is no object")
    member = _object_id(unverified.get("id"))
    if "@removed" in unverified:
        group.joined.pop(member, None)
        group.left.add(member)
    else:
        group.left.discard(member)
        group.joined[member] = str(unverified.get("@odata.type", "")).endswith(".user")

"""Reading what Okta tells of people and groups, held against what we can keep. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tenants.directory.connections.okta.addresses import read_id
from tenants.directory.connections.told import (
    LONGEST_NAME,
    Group,
    User,
    keep_emails,
    keep_text,
    read_each,
)

# Okta's property of the profile, ours
_TEXTS = (
    ("login", "user_name"),
    ("firstName", "given_names"),
    ("lastName", "family_name"),
    ("displayName", "display_name"),
    ("employeeNumber", "employee_number"),
    ("department", "department"),
    ("mobilePhone", "phone"),
    ("manager", "manager"),
    ("countryCode", "country"),
)
# Who is suspended or was deactivated may not sign in; who was never activated has nothing to recover.
DISABLED = frozenset({"SUSPENDED", "DEPROVISIONED", "STAGED", "PROVISIONED"})
ENABLED = frozenset({"ACTIVE", "RECOVERY", "LOCKED_OUT", "PASSWORD_EXPIRED"})
PROFILE = (*(theirs for theirs, _ours in _TEXTS), "email", "secondEmail")
FIELDS = f"id,status,profile:({','.join(PROFILE)})"
# Everybody is in it: it says nothing of anybody, and would be read from the beginning whenever somebody comes.
EVERYONE = "BUILT_IN"


def is_enabled(status: object) -> bool | None:
    """None for a word that is not known: whoever it is about stays as they are."""
    if status in ENABLED:
        return True
    return False if status in DISABLED else None


def read_users(unverified: Iterable[object]) -> tuple[dict[str, User], int]:
    return read_each(unverified, _user)


def _user(unverified: object) -> User:
    if not isinstance(unverified, dict):
        raise ValueError("not an object")
    user, profile = User(read_id(unverified.get("id"))), unverified.get("profile")
    if not isinstance(profile, dict):
        raise ValueError("a user without a profile")
    for theirs, own in _TEXTS:
        # A property that has no value is left out of the answer.
        keep_text(user, own, profile.get(theirs))
    user.mail = keep_emails(user, profile.get("email"))
    user.other_mails = keep_emails(user, profile.get("secondEmail"))
    user.is_enabled = is_enabled(unverified.get("status"))
    if user.is_enabled is None:
        user.problems.append("status_unknown")
    return user


def read_groups(unverified: Iterable[object]) -> tuple[dict[str, Group], int]:
    """Without their members, which are told group by group."""
    wanted = [one for one in unverified if not (isinstance(one, dict) and one.get("type") == EVERYONE)]
    return read_each(wanted, _group)


def _group(unverified: object) -> Group:
    if not isinstance(unverified, dict):
        raise ValueError("not an object")
    group, profile = Group(read_id(unverified.get("id"))), unverified.get("profile")
    name = profile.get("name") if isinstance(profile, dict) else None
    if isinstance(name, str) and name.strip() and "\x00" not in name:
        group.name = name.strip()[:LONGEST_NAME]
    return group


def read_members(group_id: str, unverified: Iterable[object]) -> tuple[Group, int]:
    """Some of the members of a group, and how many could not be read."""
    group, unreadable = Group(group_id), 0
    for one in unverified:
        try:
            group.joined[read_id(one.get("id") if isinstance(one, dict) else None)] = True
        except ValueError:
            unreadable += 1
    return group, unreadable

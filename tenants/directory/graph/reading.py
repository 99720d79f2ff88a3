"""Reading what a page tells: people and groups as Microsoft writes them, held against what we can keep. Pure.

Every value is optional: a property that did not come stays as it is. An object that cannot be read is left out and
counted; it takes nobody with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tenants.directory.import_file import LENGTHS

LONGEST_NAME = 250
LONGEST_EMAIL, LONGEST_PHONE = 254, 40
MOST_EMAILS = 20
# Microsoft's property, ours, how long it may be
_TEXTS = (
    ("userPrincipalName", "user_name", LENGTHS["user_name"]),
    ("givenName", "given_names", LENGTHS["given_names"]),
    ("surname", "family_name", LENGTHS["family_name"]),
    ("displayName", "display_name", LONGEST_NAME),
    ("employeeId", "employee_number", LENGTHS["employee_number"]),
    ("department", "department", LENGTHS["department"]),
    ("mobilePhone", "phone", LONGEST_PHONE),
)


@dataclass(slots=True)
class User:
    """`texts` holds what was told, by our names; None stands for what was not told."""

    id: str
    is_removed: bool = False
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    mail: list[str] | None = field(default=None, repr=False)
    other_mails: list[str] | None = field(default=None, repr=False)
    is_enabled: bool | None = None
    is_guest: bool | None = None
    # What of it cannot be kept: codes of `wording`.
    problems: list[str] = field(default_factory=list)

    def merge(self, later: User) -> None:
        """The same person, told once more further on: what is said later holds."""
        self.is_removed = later.is_removed
        self.texts |= later.texts
        self.mail = later.mail if later.mail is not None else self.mail
        self.other_mails = later.other_mails if later.other_mails is not None else self.other_mails
        self.is_enabled = later.is_enabled if later.is_enabled is not None else self.is_enabled
        self.is_guest = later.is_guest if later.is_guest is not None else self.is_guest
        self.problems += later.problems


@dataclass(slots=True)
class Group:
    """`members` is (object id, is it a user) of who joined, `left` of who left."""

    id: str
    is_removed: bool = False
    name: str | None = None
    joined: dict[str, bool] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)

    def merge(self, later: Group) -> None:
        self.is_removed = later.is_removed
        self.name = later.name if later.name is not None else self.name
        self.joined = {name: is_user for name, is_user in self.joined.items() if name not in later.left}
        self.left = (self.left - set(later.joined)) | later.left
        self.joined |= later.joined


def _object_id(unverified: object) -> str:
    """ValueError when it is none."""
    if not isinstance(unverified, str):
        raise ValueError("an object has no id")
    return str(UUID(unverified))


def read_users(unverified: Iterable[object]) -> tuple[dict[str, User], int]:
    """Each person once, and how many objects could not be read at all."""
    found: dict[str, User] = {}
    unreadable = 0
    for each in unverified:
        try:
            user = _user(each)
        except ValueError:
            unreadable += 1
            continue
        if user.id in found:
            found[user.id].merge(user)
        else:
            found[user.id] = user
    return found, unreadable


def _user(unverified: object) -> User:
    if not isinstance(unverified, dict):
        raise ValueError("not an object")
    user = User(_object_id(unverified.get("id")))
    if "@removed" in unverified:
        user.is_removed = True
        return user
    for name, own, longest in _TEXTS:
        if name in unverified:
            _keep_text(user, own, unverified[name], longest)
    user.mail = _emails(user, unverified, "mail")
    user.other_mails = _emails(user, unverified, "otherMails")
    enabled, kind = unverified.get("accountEnabled"), unverified.get("userType")
    user.is_enabled = enabled if isinstance(enabled, bool) else None
    user.is_guest = kind.lower() == "guest" if isinstance(kind, str) else None
    return user


def _keep_text(user: User, name: str, value: object, longest: int) -> None:
    if value is None:
        value = ""
    if not isinstance(value, str) or "\x00" in value or len(value.strip()) > longest:
        user.problems.append(f"{name}_unusable")
        return
    user.texts[name] = value.strip()


def _emails(user: User, unverified: Mapping[str, Any], name: str) -> list[str] | None:
    if name not in unverified:
        return None
    told = unverified[name]
    given = told if isinstance(told, list) else [told]
    found: dict[str, str] = {}
    for each in given:
        if each is None or each == "":
            continue
        if _is_email(each):
            found.setdefault(each.strip().casefold(), each.strip())
        else:
            user.problems.append("email_unusable")
    if len(found) > MOST_EMAILS:
        user.problems.append("too_many_emails")
    return list(found.values())[:MOST_EMAILS]


def _is_email(value: object) -> bool:
    if not isinstance(value, str) or len(value.strip()) > LONGEST_EMAIL:
        return False
    try:
        validate_email(value.strip())
    except ValidationError:
        return False
    return True


def read_groups(unverified: Iterable[object]) -> tuple[dict[str, Group], int]:
    """Each group once, its members merged, and how many objects could not be read at all."""
    found: dict[str, Group] = {}
    unreadable = 0
    for each in unverified:
        try:
            group = _group(each)
        except ValueError:
            unreadable += 1
            continue
        if group.id in found:
            found[group.id].merge(group)
        else:
            found[group.id] = group
    return found, unreadable


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

"""What a directory tells of people and groups, by our names. Pure.

Every value is optional: a property that did not come stays as it is. An object that cannot be read is left out and counted; it
takes nobody with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from tenants.directory.import_file import LENGTHS

LONGEST_NAME = 250
LONGEST_EMAIL, LONGEST_PHONE = 254, 40
MOST_EMAILS = 20
# How long each text may be.
LONGEST = {
    **{name: LENGTHS[name] for name in ("user_name", "given_names", "family_name", "employee_number")},
    **{name: LENGTHS[name] for name in ("department", "manager", "country")},
    "display_name": LONGEST_NAME,
    "phone": LONGEST_PHONE,
}


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
    """`joined` is (object id, is it a user) of who is a member, `left` of who is none any more. Where a directory tells the
    members of a group whole, in parts, `begins` with the first and `ends` with the last of them."""

    id: str
    is_removed: bool = False
    name: str | None = None
    joined: dict[str, bool] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    begins: bool = False
    ends: bool = False

    def merge(self, later: Group) -> None:
        self.is_removed = later.is_removed
        self.name = later.name if later.name is not None else self.name
        self.joined = {name: is_user for name, is_user in self.joined.items() if name not in later.left}
        self.left = (self.left - set(later.joined)) | later.left
        self.joined |= later.joined


Told = TypeVar("Told", User, Group)


def read_each(unverified: Iterable[object], read: Callable[[object], Told]) -> tuple[dict[str, Told], int]:
    """Each object once, what is told further on merged in, and how many could not be read at all. `read` raises ValueError."""
    found: dict[str, Told] = {}
    unreadable = 0
    for each in unverified:
        try:
            one = read(each)
        except ValueError:
            unreadable += 1
            continue
        if one.id in found:
            found[one.id].merge(one)
        else:
            found[one.id] = one
    return found, unreadable


def keep_text(user: User, name: str, value: object) -> None:
    """By our name; a value that cannot be kept is told and left out."""
    if value is None:
        value = ""
    if not isinstance(value, str) or "\x00" in value or len(value.strip()) > LONGEST[name]:
        user.problems.append(f"{name}_unusable")
        return
    user.texts[name] = value.strip()


def keep_emails(user: User, told: object) -> list[str]:
    """One address or a list of them, each once."""
    given = told if isinstance(told, list) else [told]
    found: dict[str, str] = {}
    for each in given:
        if each is None or each == "":
            continue
        if isinstance(each, str) and _is_email(each):
            found.setdefault(each.strip().casefold(), each.strip())
        else:
            user.problems.append("email_unusable")
    if len(found) > MOST_EMAILS:
        user.problems.append("too_many_emails")
    return list(found.values())[:MOST_EMAILS]


def _is_email(value: str) -> bool:
    if len(value.strip()) > LONGEST_EMAIL:
        return False
    try:
        validate_email(value.strip())
    except ValidationError:
        return False
    return True

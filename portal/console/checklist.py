"""The set-up checklist: what stands between an organisation and its people recovering by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from allauth.mfa.models import Authenticator
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal import registry
from tenants.models import Tenant, User
from tenants.rights import Right

Status = Literal["done", "todo", "problem", "blocked"]


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """`right` is what its page asks for. `can_be_sent`: by a set-up link, to somebody who gets this one right. `about` is the
    partner of a task that is about one."""

    key: str
    title: str
    hint: str
    status: Status
    url_name: str
    right: Right
    can_be_sent: bool = True
    is_needed: bool = True
    about: str = ""


Item = Callable[[Tenant], ChecklistItem]


def organisation_items(tenant: Tenant) -> list[ChecklistItem]:
    """The items of the organisation, in the registry's order. In its scope."""
    return [import_string(name)(tenant) for name in registry.CHECKLIST_ITEMS]


def has_passkey(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists())


def own_passkey(user: User) -> ChecklistItem:
    """The reader's own: no colleague can do it for them."""
    done = has_passkey(user)
    hint = (
        _("You sign in with a passkey.") if done else _("Stronger than a password, and nobody can phish it.")
    )
    return ChecklistItem(
        "own_passkey",
        _("Create a passkey of your own"),
        hint,
        "done" if done else "todo",
        "mfa_add_webauthn",
        Right.SEE_OVERVIEW,
        can_be_sent=False,
        is_needed=False,
    )


def find_item(tenant: Tenant, key: str, about: str = "") -> ChecklistItem | None:
    """Of the checklist, or another task that can be sent, `about` one partner."""
    if key in registry.SENT_ITEMS:
        made: Callable[[str], ChecklistItem | None] = import_string(registry.SENT_ITEMS[key])
        return made(about)
    if about:
        return None
    # An item's function is called like the item: that one is asked first, and mostly no other.
    asked = sorted(registry.CHECKLIST_ITEMS, key=lambda name: not name.endswith(f".{key}"))
    return next((item for name in asked if (item := import_string(name)(tenant)).key == key), None)


def is_live(items: list[ChecklistItem]) -> bool:
    """People can recover: everything that is needed is done."""
    return bool(items) and all(item.status == "done" for item in items if item.is_needed)

"""What a key may be allowed, and the right that whoever makes it must have, then and later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.rights import Right


class Scope(models.TextChoices):
    USAGE_READ = "usage:read", _("Read usage")
    INVOICES_READ = "invoices:read", _("Read invoices")
    BUDGETS_READ = "budgets:read", _("Read budgets")
    BUDGETS_WRITE = "budgets:write", _("Open and change budgets")


@dataclass(frozen=True, slots=True)
class Allows:
    """`sees` is a sentence for whoever chooses."""

    right: Right
    sees: str | Promise


ALLOWS: dict[Scope, Allows] = {
    Scope.USAGE_READ: Allows(
        Right.SEE_USAGE,
        _("Every check with its price and reason, and sums by day. Persons are case references."),
    ),
    Scope.INVOICES_READ: Allows(
        Right.SEE_USAGE, _("Invoices and credit notes of closed periods with their lines. No addresses.")
    ),
    Scope.BUDGETS_READ: Allows(Right.SEE_USAGE, _("Budgets, what is spent in them and what is left.")),
    Scope.BUDGETS_WRITE: Allows(
        Right.MANAGE_BILLING, _("Opens budgets and changes amounts, alerts and caps. Closes and lifts none.")
    ),
}
if set(ALLOWS) != set(Scope):
    raise TypeError("every scope names its right")


def scopes_to_give(rights: frozenset[Right]) -> list[Scope]:
    """Nobody gives a key more than they may do themselves."""
    return [scope for scope in Scope if ALLOWS[scope].right in rights]


def known_scopes(words: Iterable[str]) -> list[Scope]:
    """In the order of the list; a word nobody knows any more allows nothing."""
    given = set(words)
    return [scope for scope in Scope if scope.value in given]

"""What the pages that try a profile have in common: where they stand, and each other's addresses."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from recovery.allowance import most_of
from recovery.console.showing import crumbs, slug_of
from recovery.models import Profile
from recovery.statuses import Mode


def crumbs_of(request: HttpRequest, profile: Profile, *labels: str) -> list[dict[str, str]]:
    found = crumbs(request, "profiles", _("Profiles"))
    address = reverse("profiles:edit", args=[slug_of(request), profile.public_id])
    return [*found, {"label": profile.name, "url": address}, *({"label": label} for label in labels)]


def tabs_of(request: HttpRequest, profile: Profile, current: str) -> list[dict[str, Any]]:
    """Rehearse it, look at what people's trials came to, go live or back."""
    live = ("go_back", _("Back to evaluation")) if is_live(profile) else ("go_live", _("Go live"))
    pages = (("home", _("Rehearsal")), ("evaluation", _("Evaluation")), live)
    return [
        {
            "label": label,
            "url": reverse(f"rehearsals:{name}", args=[slug_of(request), profile.public_id]),
            "current": name == current,
        }
        for name, label in pages
    ]


def maximum_of(profile: Profile) -> dict[str, Any] | None:
    """What one recovery costs at most; None without a partner."""
    found = most_of(profile)
    if found is None:
        return None
    totals = [{"currency": currency, "amount": amount} for currency, amount in found.totals.items()]
    return {"is_known": found.is_known, "totals": totals}


def is_live(profile: Profile) -> bool:
    return profile.mode == Mode.PRODUCTION

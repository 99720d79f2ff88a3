"""Which page a check is on, and what every page of it shows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kit import clock
from portal.kit.errors import NotHere
from portal.kit.ids import parse_public_id
from vendors.house.browser import browser_digest
from vendors.house.models import Check
from vendors.house.services.checks import load_check, request_of
from vendors.house.stages import LIVE, Stage

PAGE_OF = {
    Stage.CONSENT: "consent",
    Stage.CHOOSING: "choose",
    Stage.DOCUMENT: "document",
    Stage.FACE: "face",
    Stage.FINISHED: "result",
    Stage.HANDED_OVER: "continue",
    Stage.EXPIRED: "continue",
}
STEPS = {"consent": 1, "choose": 2, "document": 3, "face": 4}


def check_id(public_id: str) -> UUID:
    try:
        return parse_public_id(Check.prefix, public_id)
    except ValueError as error:
        raise NotHere("check_unknown") from error


def find_check(request: HttpRequest, public_id: str) -> Check:
    return load_check(check_id(public_id), browser_digest(request))


def address(check: Check, name: str) -> str:
    return reverse(name, args=[check.public_id])


def present_address(check: Check) -> str:
    """Where the person is now; while work is under way, the page that waits for it."""
    working = check.working_until is not None and check.working_until > clock.now()
    return address(
        check, "checking" if working and Stage(check.stage) in LIVE else PAGE_OF[Stage(check.stage)]
    )


def see_other(url: str) -> HttpResponse:
    """POST, then 303, always to an address of ours."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def elsewhere(check: Check, name: str) -> HttpResponse | None:
    """Back, reload and second tabs: a page whose time is over sends on to the present one."""
    there = present_address(check)
    return None if there == address(check, name) else see_other(there)


def show(
    request: HttpRequest, check: Check, name: str, *, template: str = "", **context: Any
) -> HttpResponse:
    minutes = max(0, round((check.expires_at - clock.now()).total_seconds() / 60))
    live = Stage(check.stage) in LIVE
    step = {"number": STEPS[name], "total": len(STEPS)} if name in STEPS else None
    shared = {
        "check": check,
        "on_behalf_of": check.client.name,
        "demonstration": check.client.demonstration,
        "case_reference": request_of(check).case_reference,
        "step": step,
        "minutes_left": minutes,
        "exit_url": address(check, "leave") if live else "",
        "exit_label": _("Stop"),
        "here": address(check, name),
    }
    return render(request, f"house/{template or name}.html", shared | context)

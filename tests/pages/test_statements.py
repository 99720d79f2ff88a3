"""No page asks the database for more than it may, and no page is forgotten here."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings as product
from django.urls import URLPattern, URLResolver, get_resolver

from tests.pages import claimants, staff
from tests.pages.limits import EXCEPTIONS, IMAGES, LIMIT
from tests.pages.meter import Meter, metering, queries_of
from tests.recovery.journey import Place

URLCONFS = {"site": product.ROOT_URLCONF, "tenant": product.TENANT_URLCONF, "wallet": product.WALLET_URLCONF}
# Not walked: they need what these walks do not have, and cost what their neighbours cost.
NOT_WALKED = {
    "site /readyz": "asks every process; not a page",
    "tenant /try/recover": "POST /recover/who for the visitor of the browser",
    "tenant /security/passkeys/complete": "POST /recover/passkey/register with a session instead of a pass",
}


def test_no_page_is_forgotten_or_takes_more_statements_than_it_may(place: Place) -> None:
    with metering(Meter()) as meter:
        claimants.walk_everything(place, "ada")
        claimants.trying_it()
        staff.everything(place.tenant)
    counted = {name: len(queries_of(cost.worst)) for name, cost in meter.costs.items() if name not in IMAGES}
    allowed = {name: number for name, (number, _why) in EXCEPTIONS.items()}
    assert {name: number for name, number in counted.items() if number > allowed.get(name, LIMIT)} == {}
    # Somebody made it better: write the smaller number down, or take the page off the list.
    assert {
        name: counted.get(name, 0) for name, most in allowed.items() if counted.get(name, 0) < most - 2
    } == {}
    # 501 is what SCIM says of what a service does not do (RFC 7644, 3.12).
    assert [
        name for name, cost in meter.costs.items() if max(set(cost.statuses) - {501}, default=0) >= 500
    ] == []
    ours = {
        f"{kind} /{route}"
        for kind, conf in URLCONFS.items()
        for route in _routes(get_resolver(conf).url_patterns)
    }
    # A page that is new is walked as well, or says why not.
    assert sorted(ours - meter.routes() - set(NOT_WALKED)) == []


def _routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            # The pages of a staff member's own sign-in are allauth's; the ones we show are walked.
            if route != "accounts/":
                yield from _routes(entry.url_patterns, route)
        else:
            yield route
